"""``leverage over: 5`` - the trade's leverage is higher than this.

A smaller size leaves the leverage as it is, so this cannot be resized: reject it, warn, or scale it.

    rules:
      - name: cap-leverage
        when: {leverage over: 5}
        then: reject
    tests:
      - name: leverage 5 passes
        given: {entry: 100, stop: 98, leverage: 5}
        expect: {action: take}
      - name: leverage 10 is refused
        given: {entry: 100, stop: 98, leverage: 10}
        expect: {action: reject, rule: cap-leverage}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.risk.condition import Case, Condition, Finding, all_exceed, exceeds

if TYPE_CHECKING:
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools


def look(limit: float, case: Case) -> Finding:
    """Holds when the proposal's leverage is over the limit."""
    seen = case.proposal.leverage
    text = f"the leverage is {seen:g}, the limit is {limit:g}"
    return Finding(exceeds(seen, limit), f"{seen:g}", f"{limit:g}", text)


def mask(limit: float, offers: Offers, _zone: str) -> Bools:
    """``look`` for many calls."""
    return all_exceed(offers.leverage, limit)


CONDITION = Condition("leverage over", float, look, mask=mask)
