"""``symbol in: [BTCUSDT]`` - the trade's symbol is one of these.

For a rule about a few markets only; inside ``all`` or ``any`` it does what ``only`` does for a whole rule.

    rules:
      - name: no-bitcoin
        when: {symbol in: [BTCUSDT]}
        then: reject
    tests:
      - name: ETHUSDT passes
        given: {entry: 100, stop: 98, symbol: ETHUSDT}
        expect: {action: take}
      - name: BTCUSDT is refused
        given: {entry: 100, stop: 98, symbol: BTCUSDT}
        expect: {action: reject, rule: no-bitcoin}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.risk.condition import Case, Condition, Finding, is_in

if TYPE_CHECKING:
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools


def look(limit: tuple[str, ...], case: Case) -> Finding:
    """Holds when the symbol is in the list."""
    seen, listed = case.proposal.symbol, ", ".join(limit)
    return Finding(seen in limit, seen, listed, f"the symbol is {seen}, the list is {listed}")


def mask(limit: tuple[str, ...], offers: Offers, _zone: str) -> Bools:
    """``look`` for many calls."""
    return is_in(offers.symbol, limit)


CONDITION = Condition("symbol in", tuple, look, mask=mask)
