"""How often FOLLOW is wrong and how often it finds an edge, in a few seeded worlds; ``worlds.py`` runs all of them.

The bounds are those of a binomial count at the promised rate, at three standard errors: a run of the whole is in
docs/verdict.md.
"""

from __future__ import annotations

import os

import numpy as np

from tests.verdict.worlds import bursts, far_stop, ladder, share, skilled_world

WORLDS = max(8, int(os.environ.get("SIGNALPROOF_EXAMPLES", "0")) // 10)


def most(rate: float, number: int) -> float:
    """The largest count that a rate explains."""
    return number * rate + 3 * np.sqrt(number * rate * (1 - rate))


def test_without_skill_nobody_is_followed_in_nineteen_worlds_of_twenty() -> None:
    got = share(WORLDS, 1, lambda rng: [ladder(rng, 300, 0.0, 1.3) for _ in range(20)])
    assert got.any(axis=1).sum() <= most(0.05, WORLDS)


def test_three_of_twenty_with_an_edge_are_found() -> None:
    got = share(WORLDS, 2, lambda rng: skilled_world(rng, 1.3))
    found = 3 * WORLDS
    assert got[:, :3].sum() >= 0.8 * found - 3 * np.sqrt(found * 0.16)
    assert got[:, 3:].sum() <= most(0.05, max(1, int(got.sum())))


def test_bursts_without_skill_are_not_followed() -> None:
    got = share(WORLDS, 3, lambda rng: [bursts(rng, 60, 8, 0.6, 1.3) for _ in range(10)])
    assert got.sum() <= most(0.05, got.size)


def test_ninety_percent_won_by_a_far_stop_is_not_followed() -> None:
    got = share(25 * WORLDS, 4, lambda rng: [far_stop(rng, 300)])
    assert got.sum() <= most(1 / 200, got.size)
