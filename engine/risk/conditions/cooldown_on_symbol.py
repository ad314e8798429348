"""``cooldown on symbol: 4h`` - the account's last trade on the symbol closed less than this long ago.

Trades of every channel count. A call that never filled was no trade.

    rules:
      - name: rest
        when: {cooldown on symbol: 4h}
        then: reject
    tests:
      - name: four hours after the last trade a new one passes
        given: {entry: 100, stop: 98, closed on symbol: 4h}
        expect: {action: take}
      - name: an hour after it a trade is refused
        given: {entry: 100, stop: 98, closed on symbol: 1h}
        expect: {action: reject, rule: rest}
"""

from __future__ import annotations

from engine.risk.condition import Case, Condition, Finding, read_wait
from engine.units import show_duration


def look(limit: int, case: Case) -> Finding:
    """Holds when the last trade on the symbol closed less than the limit ago."""
    name, told = case.proposal.symbol, show_duration(limit)
    last = case.account.history.on_symbol.get(name)
    if last is None:
        return Finding(False, "no trade", told, f"no trade on {name} has closed yet")
    ago = show_duration(case.account.now_ms - last)
    return Finding(holds(limit, case), ago, told, f"the last trade on {name} closed {ago} ago, the limit is {told}")


def holds(limit: int, case: Case) -> bool:
    """Whether ``look`` holds."""
    last = case.account.history.on_symbol.get(case.proposal.symbol)
    return last is not None and case.account.now_ms - last < limit


CONDITION = Condition("cooldown on symbol", read_wait, look, holds)
