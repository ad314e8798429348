"""``symbol not in: [BTCUSDT, ETHUSDT]`` - the trade's symbol is none of these.

For a list of markets that may be traded: everything else is refused.

    rules:
      - name: majors-only
        when: {symbol not in: [BTCUSDT, ETHUSDT]}
        then: reject
    tests:
      - name: BTCUSDT passes
        given: {entry: 100, stop: 98, symbol: BTCUSDT}
        expect: {action: take}
      - name: DOGEUSDT is refused
        given: {entry: 100, stop: 98, symbol: DOGEUSDT}
        expect: {action: reject, rule: majors-only}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.risk.condition import Case, Condition, Finding, is_in

if TYPE_CHECKING:
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools


def look(limit: tuple[str, ...], case: Case) -> Finding:
    """Holds when the symbol is not in the list."""
    seen, listed = case.proposal.symbol, ", ".join(limit)
    return Finding(seen not in limit, seen, listed, f"the symbol is {seen}, the list is {listed}")


def mask(limit: tuple[str, ...], offers: Offers, _zone: str) -> Bools:
    """``look`` for many calls."""
    return ~is_in(offers.symbol, limit)


CONDITION = Condition("symbol not in", tuple, look, mask=mask)
