"""``cooldown of channel: 4h`` - the account's last trade of the channel closed less than this long ago.

Trades on every symbol count. A call that never filled was no trade.

    rules:
      - name: rest
        when: {cooldown of channel: 4h}
        then: reject
    tests:
      - name: four hours after the last trade a new one passes
        given: {entry: 100, stop: 98, closed of channel: 4h}
        expect: {action: take}
      - name: an hour after it a trade is refused
        given: {entry: 100, stop: 98, closed of channel: 1h}
        expect: {action: reject, rule: rest}
"""

from __future__ import annotations

from engine.risk.condition import Case, Condition, Finding, read_wait
from engine.units import show_duration


def look(limit: int, case: Case) -> Finding:
    """Holds when the last trade of the channel closed less than the limit ago."""
    name, told = case.proposal.channel, show_duration(limit)
    last = case.account.history.of_channel.get(name)
    if last is None:
        return Finding(False, "no trade", told, f"no trade of {name} has closed yet")
    ago = show_duration(case.account.now_ms - last)
    return Finding(holds(limit, case), ago, told, f"the last trade of {name} closed {ago} ago, the limit is {told}")


def holds(limit: int, case: Case) -> bool:
    """Whether ``look`` holds."""
    last = case.account.history.of_channel.get(case.proposal.channel)
    return last is not None and case.account.now_ms - last < limit


CONDITION = Condition("cooldown of channel", read_wait, look, holds)
