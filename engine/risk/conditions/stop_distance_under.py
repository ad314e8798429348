"""``stop distance under: 0.5%`` - the stop is nearer to the entry than this part of the entry's price.

So near a stop is hit by noise, and fees eat a large part of what is risked. A trade without a stop has none that is too
near: this does not hold for it.

    rules:
      - name: stop-too-near
        when: {stop distance under: 0.5%}
        then: reject
    tests:
      - name: a stop 1% away passes
        given: {entry: 100, stop: 99}
        expect: {action: take}
      - name: a stop 0.2% away is refused
        given: {entry: 100, stop: 99.8}
        expect: {action: reject, rule: stop-too-near}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.risk.condition import Case, Condition, Finding, all_fall_short, falls_short, read_share

if TYPE_CHECKING:
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools


def look(limit: float, case: Case) -> Finding:
    """Holds when the distance from the planned entry to the stop is under the limit."""
    entry, stop = case.proposal.entry, case.proposal.stop
    if stop is None:
        return Finding(False, "no stop", f"{limit:.2%}", "the trade has no stop")
    seen = abs(entry - stop) / entry
    text = f"the stop is {seen:.2%} from the entry, the limit is {limit:.2%}"
    return Finding(falls_short(seen, limit), f"{seen:.2%}", f"{limit:.2%}", text)


def mask(limit: float, offers: Offers, _zone: str) -> Bools:
    """``look`` for many calls."""
    return all_fall_short(np.abs(offers.entry - offers.stop) / offers.entry, limit)


CONDITION = Condition("stop distance under", read_share, look, mask=mask)
