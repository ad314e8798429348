"""``no stop: true`` - the trade has no stop.

Such a trade has no planned loss, so no size and no R multiple can be worked out from it.

    rules:
      - name: needs-a-stop
        when: {no stop: true}
        then: reject
    tests:
      - name: with a stop it passes
        given: {entry: 100, stop: 98}
        expect: {action: take}
      - name: without one it is refused
        given: {entry: 100}
        expect: {action: reject, rule: needs-a-stop}
"""

from __future__ import annotations

from engine.domain import Account, Proposal
from engine.risk.condition import Condition, Finding


def look(_limit: bool, proposal: Proposal, _account: Account) -> Finding:
    """Holds when the proposal carries no stop."""
    if proposal.stop is None:
        return Finding(True, "no stop", "a stop", "the trade has no stop")
    return Finding(False, f"{proposal.stop:g}", "a stop", f"the trade has a stop at {proposal.stop:g}")


CONDITION = Condition("no stop", bool, look)
