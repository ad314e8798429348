"""``open trades on side at least: 3`` - this many trades on the trade's side, or more, are resting or open.

Many longs at once are one large bet on the whole market. The trades of all channels and symbols are counted; for a long
the longs, for a short the shorts.

    rules:
      - name: three-per-side
        when: {open trades on side at least: 3}
        then: reject
    tests:
      - name: a third long passes
        given: {entry: 100, stop: 98, open trades: [{side: long}, {side: long}, {side: short}]}
        expect: {action: take}
      - name: a fourth one is refused
        given: {entry: 100, stop: 98, open trades: 3}
        expect: {action: reject, rule: three-per-side}
"""

from __future__ import annotations

from engine.risk.condition import Case, Condition, Finding, count_trades


def look(limit: int, case: Case) -> Finding:
    """Holds when as many trades on the trade's side as the limit, or more, are open."""
    return count_trades(_count(case), limit, f" on the {case.proposal.side} side")


def _count(case: Case) -> int:
    """How many there are."""
    wanted = case.proposal.side
    return sum([trade.side == wanted for trade in case.account.open_trades])


def holds(limit: int, case: Case) -> bool:
    """Whether ``look`` holds."""
    return _count(case) >= limit


CONDITION = Condition("open trades on side at least", int, look, holds)
