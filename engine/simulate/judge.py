"""Who may refuse a trade: the walk asks, the rules of ``engine.risk`` answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Protocol, Self

from engine.domain import Account, Close, Decision, Halt, OpenTrade, Proposal, RuleNote
from engine.market.candles import Floats, Ints
from engine.simulate.offers import Offers


@dataclass(frozen=True, slots=True)
class Course:
    """What an account goes through while nothing is booked, shape (n,) each: the moment, the equity, the peak so far.

    The moments are closes of candles, behind the one at which something was booked. ``account`` is the account before
    them; ``halts`` are in force; ``closable`` are the open trades that no rule has
    ended yet.
    """

    ts_ms: Ints
    equity: Floats
    peak: Floats
    account: Account
    halts: Sequence[Halt] = ()
    closable: Sequence[OpenTrade] = ()

    def account_at(self, i: int) -> Account:
        """The account at one of the moments."""
        ts_ms, equity, peak = int(self.ts_ms[i]), float(self.equity[i]), float(self.peak[i])
        return replace(self.account, now_ms=ts_ms, equity=equity, peak_equity=peak)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A rule that speaks between calls: when, what it saw, and the pause or the end of trades that it asks for."""

    at_ms: int
    note: RuleNote
    halt: Halt | None = None
    close: Close | None = None


class Judge(Protocol):
    """Decides on a proposal, given the account at that moment."""

    @property
    def watches(self) -> bool:
        """Whether every close of a candle matters: something is asked between calls, or how high equity ever was."""
        ...

    @property
    def about_peak(self) -> bool:
        """Whether the highest equity of all closes of candles is asked for."""
        ...

    @property
    def about_history(self) -> bool:
        """Whether anything is asked of the closed trades between calls, so that each may move the floor."""
        ...

    def prepare(self, offers: Offers) -> Judge:
        """The judge for these calls: what depends on no account may be looked at now, for all of them at once."""
        ...

    def decide(self, proposal: Proposal, account: Account) -> Decision:
        """Take it (at a factor of its size) or not, and say which rules spoke."""
        ...

    def watch(self, course: Course) -> Alarm | None:
        """The first rule that speaks on a course, None when none does."""
        ...

    def floor(self, account: Account) -> float:
        """Above which equity nobody speaks between calls, until a day begins, the peak rises or a trade closes.

        Only those of the account's figures may be used. Infinite where it cannot be told, or somebody may speak at any
        equity; minus infinite where nobody can.
        """
        ...


class TakeAll:
    """A judge without rules."""

    watches = about_peak = about_history = False

    def prepare(self, offers: Offers) -> Self:  # noqa: ARG002 - the protocol's names
        """There is nothing to prepare."""
        return self

    def decide(self, proposal: Proposal, account: Account) -> Decision:  # noqa: ARG002
        """Everything is taken as proposed."""
        return Decision(True, 1.0)

    def watch(self, course: Course) -> Alarm | None:  # noqa: ARG002
        """Nothing is said between calls."""
        return None

    def floor(self, account: Account) -> float:  # noqa: ARG002
        """Nothing is said at any equity."""
        return -inf
