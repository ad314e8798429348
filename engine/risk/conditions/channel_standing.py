"""``channel standing under: {mean r: 0, after trades: 20}`` - the channel has done worse than this so far.

What counts are the channel's own calls that had closed before this one was acted on, whether the account took them or
not: never the whole history, and a channel that is kept out can prove itself again. ``mean r`` is their mean R;
``low r`` and ``high r`` are the ends of its 95% interval: ``low r: 0`` asks for a proof of skill, ``high r: 0`` is met
by a proven loser only. All that are given must be undercut. Before ``after trades`` calls have closed it never holds.

    rules:
      - name: loser
        when: {channel standing under: {mean r: 0, after trades: 20}}
        then: reject
    tests:
      - name: a channel that has lost on 19 calls passes
        given: {entry: 100, stop: 98, standing: {trades: 19, mean r: -0.2}}
        expect: {action: take}
      - name: with one call more it is refused
        given: {entry: 100, stop: 98, standing: {trades: 20, mean r: -0.2}}
        expect: {action: reject, rule: loser}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from engine.risk.condition import Case, Condition, Finding, all_fall_short, falls_short

if TYPE_CHECKING:
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools

FIGURES = {"mean r": "mean_r", "low r": "low", "high r": "high"}
Limit = tuple[int, tuple[tuple[str, float], ...]]


def read(value: Mapping[str, float]) -> Limit:
    """How many closed calls, and the figures with their limits."""
    figures = tuple((name, float(value[name])) for name in FIGURES if name in value)
    if not figures:
        raise ValueError("at least one of mean r, low r and high r must stand here")
    return int(value["after trades"]), figures


def look(limit: Limit, case: Case) -> Finding:
    """Holds when there are enough closed calls and each figure given is under its limit."""
    (after, figures), standing = limit, case.proposal.standing
    trades = standing.trades if standing else 0
    told = ", ".join(f"{name} {value:g}R" for name, value in figures)
    if standing is None or trades < after:
        text = f"{trades} calls of the channel have closed, {after} are needed to judge it"
        return Finding(False, f"{trades} closed calls", told, text)
    seen = [float(getattr(standing, FIGURES[name])) for name, _ in figures]
    shown = ", ".join(f"{name} {value:+.2f}R" for (name, _), value in zip(figures, seen, strict=True))
    under = all(falls_short(value, bound) for value, (_, bound) in zip(seen, figures, strict=True))
    return Finding(
        under, shown, told, f"the channel stands at {shown} after {trades} closed calls, the limit is {told}"
    )


def mask(limit: Limit, offers: Offers, _zone: str) -> Bools:
    """``look`` for many calls."""
    after, figures = limit
    under = [all_fall_short(getattr(offers.standings, FIGURES[name]), bound) for name, bound in figures]
    judged: Bools = np.logical_and.reduce([offers.standings.trades >= after, *under])
    return judged


CONDITION = Condition("channel standing under", read, look, mask=mask)
