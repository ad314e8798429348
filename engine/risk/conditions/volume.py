"""``volume under: 1_000_000 USDT`` - less than this was traded on the symbol in the 24 hours before the call.

The amount is in the currency in which the symbol is quoted; nothing is converted. Where candles do not reach back a day
the volume is not known, and the condition holds.

    rules:
      - name: thin
        when: {volume under: 1_000_000 USDT}
        then: reject
    tests:
      - name: a day with two millions passes
        given: {entry: 100, stop: 98, volume: 2_000_000 USDT}
        expect: {action: take}
      - name: a day with half a million is refused
        given: {entry: 100, stop: 98, volume: 500_000 USDT}
        expect: {action: reject, rule: thin}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.risk.condition import Case, Condition, Finding, all_fall_short, falls_short, unknown
from engine.risk.conditions.notional import read

if TYPE_CHECKING:
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools


def look(limit: tuple[float, str], case: Case) -> Finding:
    """Holds when the volume of the last 24 hours is under the limit."""
    (amount, currency), seen = limit, case.proposal.market.volume
    told = f"{amount:,.0f} {currency}"
    if seen is None:
        return unknown("the volume of the last 24 hours", told)
    text = f"{seen:,.0f} {currency} were traded in the last 24 hours, the limit is {told}"
    return Finding(falls_short(seen, amount), f"{seen:,.0f} {currency}", told, text)


def mask(limit: tuple[float, str], offers: Offers, _zone: str) -> Bools:
    """``look`` for many calls."""
    volume = offers.market.volume
    return np.isnan(volume) | all_fall_short(volume, limit[0])


CONDITION = Condition("volume under", read, look, mask=mask)
