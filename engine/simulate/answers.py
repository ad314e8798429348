"""What an account is asked, and what it answers (``account.py``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.domain import Close, Halt, OpenTrade, Plan, Proposal, RuleNote


class Calls(Protocol):
    """The calls that an account may be asked about, by row."""

    @property
    def plans(self) -> Sequence[Plan]:
        """The plans."""
        ...

    @property
    def entries(self) -> Sequence[float]:
        """The price that all risk figures refer to, NaN where none is known."""
        ...

    @property
    def risks(self) -> Sequence[float]:
        """What a unit loses at its stop, NaN without one."""
        ...

    def proposal(self, row: int, quantity: float) -> Proposal:
        """One call asking to be taken with a quantity."""
        ...


@dataclass(slots=True)
class Answer:
    """What an account says to a call: taken with a ``quantity``, or refused; ``notes`` has who spoke.

    ``facts`` is the taken trade as rules see it, ``plan`` its plan where the size changed that (another margin tier, an
    impact on the price; None: it stays). ``halt`` is the pause that a rule asked for (it is in force already),
    ``close`` what the rules want ended: that is for the asker to do. ``holders`` are the open trades where they hold
    the margin that it needed.
    """

    taken: bool
    notes: tuple[RuleNote, ...]
    quantity: float = 0.0
    facts: OpenTrade | None = None
    plan: Plan | None = None
    halt: Halt | None = None
    close: Close | None = None
    holders: tuple[OpenTrade, ...] = ()
