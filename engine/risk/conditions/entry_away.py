"""``entry away from market over: 2%`` - the call wants to get in farther from the market than this part of its price.

What a call wants is the average of its entry orders, or the price that a market call states ("long now, 64800"); the
market is the last price before the orders would be placed. Guards against levels of another coin or another day. A
market call that states no price is never away. Where the market is not known the condition holds.

    rules:
      - name: another-world
        when: {entry away from market over: 2%}
        then: reject
    tests:
      - name: an entry 2% below the market passes
        given: {entry: 98, stop: 96, market: 100}
        expect: {action: take}
      - name: an entry 3% below it is refused
        given: {entry: 97, stop: 96, market: 100}
        expect: {action: reject, rule: another-world}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.risk.condition import Case, Condition, Finding, all_exceed, exceeds, read_share, unknown

if TYPE_CHECKING:
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools


def look(limit: float, case: Case) -> Finding:
    """Holds when the price asked for lies farther from the last price than the limit."""
    asked, price, told = case.proposal.asked, case.proposal.market.price, f"{limit:.2%}"
    if asked is None:
        return Finding(False, "no price", told, "the call states no price")
    if price is None:
        return unknown("the market's price", told)
    seen = abs(asked - price) / price
    text = f"the entry of {asked:g} is {seen:.2%} away from the market at {price:g}, the limit is {told}"
    return Finding(exceeds(seen, limit), f"{seen:.2%}", told, text)


def mask(limit: float, offers: Offers, _zone: str) -> Bools:
    """``look`` for many calls."""
    price = offers.market.price
    far = np.isnan(price) | all_exceed(np.abs(offers.asked - price) / price, limit)
    return far & ~np.isnan(offers.asked)


CONDITION = Condition("entry away from market over", read_share, look, mask=mask)
