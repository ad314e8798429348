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

from engine.domain import Account, Proposal
from engine.risk.condition import Condition, Finding, exceeds


def look(limit: float, proposal: Proposal, _account: Account) -> Finding:
    """Holds when the proposal's leverage is over the limit."""
    text = f"the leverage is {proposal.leverage:g}, the limit is {limit:g}"
    return Finding(exceeds(proposal.leverage, limit), f"{proposal.leverage:g}", f"{limit:g}", text)


CONDITION = Condition("leverage over", float, look)
