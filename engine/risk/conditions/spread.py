"""``spread over: 0.1%`` - bid and ask lie farther apart than this part of the price.

In live trading it is the quoted spread. Candles hold no quotes, so in a backtest it is estimated from the last 1,000
candles before the call, where they are no longer than 15 minutes: F. Abdi and A. Ranaldo, A Simple Estimation of
Bid-Ask Spreads from Daily Close, High, and Low Prices, Review of Financial Studies 30 (2017). The estimate is rough: on
candles that move 0.1% its own noise is about 0.03%. Where the spread is not known the condition holds.

    rules:
      - name: too-wide
        when: {spread over: 0.1%}
        then: reject
    tests:
      - name: a spread of 0.1% passes
        given: {entry: 100, stop: 98, spread: 0.1%}
        expect: {action: take}
      - name: a spread of 0.2% is refused
        given: {entry: 100, stop: 98, spread: 0.2%}
        expect: {action: reject, rule: too-wide}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.risk.condition import Case, Condition, Finding, all_exceed, exceeds, read_share, unknown

if TYPE_CHECKING:
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools


def look(limit: float, case: Case) -> Finding:
    """Holds when the spread is over the limit."""
    market, told = case.proposal.market, f"{limit:.3%}"
    if market.spread is None:
        return unknown("the spread", told)
    how = "" if market.quoted else " (estimated from candles)"
    text = f"the spread is {market.spread:.3%} of the price{how}, the limit is {told}"
    return Finding(exceeds(market.spread, limit), f"{market.spread:.3%}", told, text)


def mask(limit: float, offers: Offers, _zone: str) -> Bools:
    """``look`` for many calls."""
    spread = offers.market.spread
    return np.isnan(spread) | all_exceed(spread, limit)


CONDITION = Condition("spread over", read_share, look, mask=mask)
