"""``side: short`` - the trade is a long, or a short.

On its own it allows one direction only; inside ``all`` it narrows another condition to one side.

    rules:
      - name: longs-only
        when: {side: short}
        then: reject
    tests:
      - name: a long passes
        given: {side: long, entry: 100, stop: 98}
        expect: {action: take}
      - name: a short is refused
        given: {side: short, entry: 100, stop: 102}
        expect: {action: reject, rule: longs-only}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.domain import Side
from engine.risk.condition import Case, Condition, Finding, is_in

if TYPE_CHECKING:
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools


def look(limit: Side, case: Case) -> Finding:
    """Holds when the proposal has this side."""
    seen = case.proposal.side
    return Finding(seen is limit, seen.value, limit.value, f"the trade is a {seen.value}")


def mask(limit: Side, offers: Offers, _zone: str) -> Bools:
    """``look`` for many calls."""
    return is_in(offers.side, (limit.value,))


CONDITION = Condition("side", Side, look, mask=mask)
