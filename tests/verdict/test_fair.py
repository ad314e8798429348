"""The fair chance of a target: closed formulas against prices that walk at random in small steps."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.domain import Distance, Order, Plan, Side, StopMove, Trail
from engine.verdict.fair import Following, chance, follows

WALKS = 4000
STEP = 0.02


def walked(at: float, to: float, stop: float, following: Following | None) -> float:
    """The share of random walks that reach ``to`` before the stop."""
    rng = np.random.default_rng(11)
    price, best = np.full(WALKS, float(at)), np.full(WALKS, float(at))
    state = np.zeros(WALKS, np.int64)
    while (going := np.flatnonzero(state == 0)).size:
        price[going] += rng.choice((-STEP, STEP), going.size)
        best[going] = np.maximum(best[going], price[going])
        level = np.full(going.size, stop)
        if following is not None:
            behind = best[going] - following.fraction * np.abs(best[going]) - following.points
            level = np.where(best[going] >= following.start, np.maximum(level, behind), level)
        state[going[price[going] <= level + 1e-9]] = -1
        state[going[price[going] >= to - 1e-9]] = 1
    return float((state == 1).mean())


@pytest.mark.parametrize(
    ("at", "to", "stop", "following"),
    [
        (100, 101, 98, None),
        (100, 101, 98, Following(0, 1.0, -math.inf)),  # follows from the entry on, nearer than the stop
        (100, 101, 99.5, Following(0, 1.0, -math.inf)),  # overtakes the stop half way
        (100, 101, 99.8, Following(0, 3.0, -math.inf)),  # never overtakes it
        (100, 101.2, 99, Following(0, 0.5, 100.6)),  # begins half way and jumps up
        (100, 101, 98, Following(0.01, 0, -math.inf)),
        (-100, -99, -102, Following(0.01, 0, -math.inf)),  # a short
        (-100, -98.8, -100.8, Following(0.012, 0, -99.7)),
        (100, 101, 99, Following(0, 0.5, 102)),  # would begin beyond the target
    ],
)
def test_the_formula_is_what_random_walks_do(at, to, stop, following) -> None:
    p, after = chance(at, to, stop, following)
    seen = walked(at, to, stop, following)
    assert p == pytest.approx(seen, abs=4 * (seen * (1 - seen) / WALKS) ** 0.5 + STEP)
    assert after >= stop


def test_levels_that_make_no_sense_have_no_chance() -> None:
    assert math.isnan(chance(100, 99, 98)[0])
    assert math.isnan(chance(100, 101, 100.5)[0])
    assert math.isnan(chance(100, 101, math.nan)[0])


def test_when_a_stop_follows() -> None:
    plan = Plan("x/1", "x", "C", Side.LONG, 0, 9, (Order("market", None, 1.0),), 98.0, ((101.0, 1.0),), (StopMove(1),))
    assert follows(plan, 100, 98, 0) is None
    after = Plan(*_parts(plan), trail=Trail(Distance(1, "R"), after_target=1))
    assert follows(after, 100, 98, 0) is None
    assert follows(after, 100, 98, 1) == Following(0.0, 2.0, -math.inf)
    gain = Plan(*_parts(plan), trail=Trail(Distance(2, "percent"), after_gain=0.01))
    assert follows(gain, -100, -102, 0) == Following(0.02, 0.0, -99.0)


def _parts(plan: Plan) -> tuple[object, ...]:
    """The first fields of a plan, up to its targets."""
    return (
        plan.signal_id, plan.channel, plan.symbol, plan.side, plan.act_ms, plan.expire_ms, plan.orders, plan.stop,
        plan.targets,
    )  # fmt: skip
