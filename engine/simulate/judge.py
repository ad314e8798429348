"""Who may refuse a trade: the walk asks, the rules of ``engine.risk`` answer."""

from __future__ import annotations

from typing import Protocol

from engine.domain import Account, Decision, Proposal


class Judge(Protocol):
    """Decides on a proposal, given the account at that moment."""

    def decide(self, proposal: Proposal, account: Account) -> Decision:
        """Take it (at a factor of its size) or not, and say which rules spoke."""
        ...


class TakeAll:
    """A judge without rules."""

    def decide(self, proposal: Proposal, account: Account) -> Decision:  # noqa: ARG002 - the protocol's names
        """Everything is taken as proposed."""
        return Decision(True, 1.0)
