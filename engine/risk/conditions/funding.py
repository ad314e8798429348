"""``funding over: 0.05%`` - the trade's side pays more than this at a funding settlement.

What counts is the last rate that was settled before the call: longs pay a positive one, shorts a negative one. A side
that is paid never meets the condition. Where the run pays no funding it is 0; where it is not known the condition
holds.

    rules:
      - name: crowded
        when: {funding over: 0.05%}
        then: reject
    tests:
      - name: a short passes while longs pay 0.1%
        given: {side: short, entry: 100, stop: 102, funding: 0.1%}
        expect: {action: take}
      - name: a long is refused then
        given: {side: long, entry: 100, stop: 98, funding: 0.1%}
        expect: {action: reject, rule: crowded}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.risk.condition import Case, Condition, Finding, all_exceed, exceeds, unknown
from engine.units import fraction

if TYPE_CHECKING:
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools


def read(value: str) -> float:
    """The limit as a fraction; 0% is one."""
    limit = fraction(value)
    if not 0 <= limit <= 0.1:
        raise ValueError("at least 0% and at most 10%")
    return limit


def look(limit: float, case: Case) -> Finding:
    """Holds when the side of the trade pays more than the limit."""
    rate, told = case.proposal.market.funding, f"{limit:.4%}"
    if rate is None:
        return unknown("the funding rate", told)
    seen = rate * case.proposal.side.sign
    does = f"a {case.proposal.side.value} {'pays' if seen >= 0 else 'is paid'}"
    text = f"{does} {abs(seen):.4%} funding, the limit is {told}"
    return Finding(exceeds(seen, limit), f"{seen:.4%}", told, text)


def mask(limit: float, offers: Offers, _zone: str) -> Bools:
    """``look`` for many calls."""
    rate = offers.market.funding
    return np.isnan(rate) | all_exceed(rate * offers.sign, limit)


CONDITION = Condition("funding over", read, look, mask=mask)
