"""``reward to risk under: 1.5`` - the first target is less than this many times as far away as the stop.

Both ways are measured from the planned entry, before costs. A trade without a stop or without a target shows no reward
for its risk: this holds for it.

    rules:
      - name: poor-reward
        when: {reward to risk under: 1.5}
        then: reject
    tests:
      - name: a first target at 1.5 times the risk passes
        given: {entry: 100, stop: 98, targets: [103, 110]}
        expect: {action: take}
      - name: a first target as far away as the stop is refused
        given: {entry: 100, stop: 98, targets: [102, 110]}
        expect: {action: reject, rule: poor-reward}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.risk.condition import Case, Condition, Finding, all_fall_short, falls_short

if TYPE_CHECKING:
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools


def look(limit: float, case: Case) -> Finding:
    """Holds when the way to the nearest target, divided by the way to the stop, is under the limit."""
    trade = case.proposal
    if trade.stop is None or not trade.targets:
        missing = "stop" if trade.stop is None else "target"
        return Finding(True, f"no {missing}", f"{limit:g}", f"the trade has no {missing} to weigh")
    reward = min((target - trade.entry) * trade.side.sign for target in trade.targets)
    seen = reward / abs(trade.entry - trade.stop)
    text = f"the first target is {seen:.2f} times as far away as the stop, the limit is {limit:g}"
    return Finding(falls_short(seen, limit), f"{seen:.2f}", f"{limit:g}", text)


def mask(limit: float, offers: Offers, _zone: str) -> Bools:
    """``look`` for many calls."""
    reward = (offers.first_target - offers.entry) * offers.sign
    seen = reward / np.abs(offers.entry - offers.stop)
    return np.isnan(seen) | all_fall_short(seen, limit)


CONDITION = Condition("reward to risk under", float, look, mask=mask)
