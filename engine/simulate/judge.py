"""Who may refuse a trade: the walk asks, the rules of ``engine.risk`` answer."""

from __future__ import annotations

from typing import Protocol, Self

from engine.domain import Account, Decision, Proposal
from engine.simulate.offers import Offers


class Judge(Protocol):
    """Decides on a proposal, given the account at that moment."""

    def prepare(self, offers: Offers) -> Judge:
        """The judge for these calls: what depends on no account may be looked at now, for all of them at once."""
        ...

    def decide(self, proposal: Proposal, account: Account) -> Decision:
        """Take it (at a factor of its size) or not, and say which rules spoke."""
        ...


class TakeAll:
    """A judge without rules."""

    def prepare(self, offers: Offers) -> Self:  # noqa: ARG002 - the protocol's names
        """There is nothing to prepare."""
        return self

    def decide(self, proposal: Proposal, account: Account) -> Decision:  # noqa: ARG002
        """Everything is taken as proposed."""
        return Decision(True, 1.0)
