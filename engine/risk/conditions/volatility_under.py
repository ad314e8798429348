"""``volatility under: 0.5%`` - the average true range of an hour is lower than this part of the price.

It is the mean of the last 14 hours that are over when the call is acted on (of the strategy's candles where those are
longer than an hour). Where it is not known, as in the first hours of the candles, the condition holds.

    rules:
      - name: asleep
        when: {volatility under: 0.5%}
        then: reject
    tests:
      - name: hours of 0.5% pass
        given: {entry: 100, stop: 98, volatility: 0.5%}
        expect: {action: take}
      - name: hours of 0.4% are refused
        given: {entry: 100, stop: 98, volatility: 0.4%}
        expect: {action: reject, rule: asleep}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.risk.condition import Case, Condition, Finding, all_fall_short, falls_short, read_share, unknown

if TYPE_CHECKING:
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools


def look(limit: float, case: Case) -> Finding:
    """Holds when the average true range is lower than the limit."""
    seen, told = case.proposal.market.atr, f"{limit:.2%}"
    if seen is None:
        return unknown("the volatility", told)
    text = f"the average hour moves {seen:.2%} of the price, the limit is {told}"
    return Finding(falls_short(seen, limit), f"{seen:.2%}", told, text)


def mask(limit: float, offers: Offers, _zone: str) -> Bools:
    """``look`` for many calls."""
    atr = offers.market.atr
    return np.isnan(atr) | all_fall_short(atr, limit)


CONDITION = Condition("volatility under", read_share, look, mask=mask)
