"""``open trades of channel at least: 2`` - this many trades of the trade's channel, or more, are resting or open.

Keeps one busy channel from filling the account. Trades of other channels are not counted.

    rules:
      - name: two-per-channel
        when: {open trades of channel at least: 2}
        then: reject
    tests:
      - name: a second trade of the channel passes
        given: {entry: 100, stop: 98, channel: vip, open trades: [{channel: vip}, {channel: other}]}
        expect: {action: take}
      - name: a third one is refused
        given: {entry: 100, stop: 98, channel: vip, open trades: [{channel: vip}, {channel: vip}]}
        expect: {action: reject, rule: two-per-channel}
"""

from __future__ import annotations

from engine.risk.condition import Case, Condition, Finding, count_trades


def look(limit: int, case: Case) -> Finding:
    """Holds when as many trades of the trade's channel as the limit, or more, are open."""
    return count_trades(_count(case), limit, f" of {case.proposal.channel}")


def _count(case: Case) -> int:
    """How many there are."""
    wanted = case.proposal.channel
    return sum([trade.channel == wanted for trade in case.account.open_trades])


def holds(limit: int, case: Case) -> bool:
    """Whether ``look`` holds."""
    return _count(case) >= limit


CONDITION = Condition("open trades of channel at least", int, look, holds)
