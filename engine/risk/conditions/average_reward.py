"""``average reward to risk under: 1.5`` - the targets lie, on average, less than this many times as far as the stop.

The average is weighted with the share that is sold at each target. Without a stop or without a target nothing can be
weighed, and the condition holds.

    rules:
      - name: worth-it
        when: {average reward to risk under: 1.5}
        then: reject
    tests:
      - name: targets of 1R and 3R pass
        given: {entry: 100, stop: 98, targets: [102, 106]}
        expect: {action: take}
      - name: targets of 1R and 1.5R are refused
        given: {entry: 100, stop: 98, targets: [102, 103]}
        expect: {action: reject, rule: worth-it}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.risk.condition import Case, Condition, Finding, all_fall_short, falls_short

if TYPE_CHECKING:
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools


def look(limit: float, case: Case) -> Finding:
    """Holds when the way to the average target, divided by the way to the stop, is under the limit."""
    trade = case.proposal
    if trade.stop is None or not trade.targets:
        missing = "stop" if trade.stop is None else "target"
        return Finding(True, f"no {missing}", f"{limit:g}", f"the trade has no {missing} to weigh")
    shares = trade.target_shares or (1.0,) * len(trade.targets)
    target = sum(price * share for price, share in zip(trade.targets, shares, strict=True)) / sum(shares)
    seen = (target - trade.entry) * trade.side.sign / abs(trade.entry - trade.stop)
    text = f"the targets are on average {seen:.2f} times as far away as the stop, the limit is {limit:g}"
    return Finding(falls_short(seen, limit), f"{seen:.2f}", f"{limit:g}", text)


def mask(limit: float, offers: Offers, _zone: str) -> Bools:
    """``look`` for many calls."""
    seen = (offers.mean_target - offers.entry) * offers.sign / np.abs(offers.entry - offers.stop)
    return np.isnan(seen) | all_fall_short(seen, limit)


CONDITION = Condition("average reward to risk under", float, look, mask=mask)
