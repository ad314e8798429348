"""``stop distance over: 5%`` - the stop is farther from the entry than this part of the entry's price.

A trade without a stop has one that is endlessly far away: this holds for it. A smaller size leaves the distance
as it is.

    rules:
      - name: stop-too-far
        when: {stop distance over: 5%}
        then: reject
    tests:
      - name: a stop 4% away passes
        given: {entry: 100, stop: 96}
        expect: {action: take}
      - name: a stop 10% away is refused
        given: {entry: 100, stop: 90}
        expect: {action: reject, rule: stop-too-far}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.risk.condition import Case, Condition, Finding, all_exceed, exceeds, read_share

if TYPE_CHECKING:
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools


def look(limit: float, case: Case) -> Finding:
    """Holds when the distance from the planned entry to the stop is over the limit."""
    entry, stop = case.proposal.entry, case.proposal.stop
    if stop is None:
        return Finding(True, "no stop", f"{limit:.2%}", "the trade has no stop")
    seen = abs(entry - stop) / entry
    text = f"the stop is {seen:.2%} from the entry, the limit is {limit:.2%}"
    return Finding(exceeds(seen, limit), f"{seen:.2%}", f"{limit:.2%}", text)


def mask(limit: float, offers: Offers, _zone: str) -> Bools:
    """``look`` for many calls."""
    return np.isnan(offers.stop) | all_exceed(np.abs(offers.entry - offers.stop) / offers.entry, limit)


CONDITION = Condition("stop distance over", read_share, look, mask=mask)
