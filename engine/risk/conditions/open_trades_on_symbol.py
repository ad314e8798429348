"""``open trades on symbol at least: 1`` - this many trades on the trade's symbol, or more, are resting or open.

Two channels that call the same coin at the same time are one bet. Longs and shorts of every channel are counted.

    rules:
      - name: one-per-symbol
        when: {open trades on symbol at least: 1}
        then: reject
    tests:
      - name: a trade passes while another symbol is open
        given: {entry: 100, stop: 98, symbol: BTCUSDT, open trades: [{symbol: ETHUSDT}]}
        expect: {action: take}
      - name: a second trade on the symbol is refused
        given: {entry: 100, stop: 98, symbol: BTCUSDT, open trades: [{symbol: BTCUSDT}]}
        expect: {action: reject, rule: one-per-symbol}
"""

from __future__ import annotations

from engine.risk.condition import Case, Condition, Finding, count_trades


def look(limit: int, case: Case) -> Finding:
    """Holds when as many trades on the trade's symbol as the limit, or more, are open."""
    return count_trades(_count(case), limit, f" on {case.proposal.symbol}")


def _count(case: Case) -> int:
    """How many there are."""
    wanted = case.proposal.symbol
    return sum([trade.symbol == wanted for trade in case.account.open_trades])


def holds(limit: int, case: Case) -> bool:
    """Whether ``look`` holds."""
    return _count(case) >= limit


CONDITION = Condition("open trades on symbol at least", int, look, holds)
