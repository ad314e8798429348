"""What a condition is: it reads its limit from the file, looks at a case, and tells what it saw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.domain import Account, Proposal
from engine.units import fraction

TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Case:
    """What a condition looks at: a trade, the account at that moment, and the zone whose days and hours count."""

    proposal: Proposal
    account: Account
    timezone: str = "UTC"

    @property
    def clock(self) -> datetime:
        """The moment on a clock of the zone."""
        return datetime.fromtimestamp(self.account.now_ms / 1000, ZoneInfo(self.timezone))


@dataclass(frozen=True, slots=True)
class Finding:
    """What a condition saw.

    ``seen`` and ``limit`` are figures as people write them; ``text`` is a clause that is true whether the condition
    holds or not. ``factor`` is the part of the present size at which the condition just no longer holds (1 where it
    does not hold, or where size makes no difference).
    """

    holds: bool
    seen: str
    limit: str
    text: str
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Condition:
    """One kind of condition.

    Parameters
    ----------
    key
        What stands in the file, such as ``risk per trade over``.
    read
        Turns the value in the file (it has passed the schema) into the limit. Raises ValueError, with the range that
        is allowed as its text, for a limit that cannot be meant.
    look
        Holds the limit against a case.
    resizable
        Whether a smaller size can mend it: then ``Finding.factor`` says how much smaller.
    """

    key: str
    read: Callable[[Any], Any]
    look: Callable[[Any, Case], Finding]
    resizable: bool = False


def exceeds(seen: float, limit: float) -> bool:
    """Whether a figure is over a limit by more than rounding: a trade sized to risk 1% does not risk more than 1%."""
    return seen > limit * (1 + TOLERANCE)


def falls_short(seen: float, limit: float) -> bool:
    """Whether a figure is under a limit by more than rounding."""
    return seen < limit * (1 - TOLERANCE)


def read_share(value: str) -> float:
    """A limit such as ``1%`` as a fraction, the whole included."""
    limit = fraction(value)
    if not 0 < limit <= 1:
        raise ValueError("more than 0% and at most 100%")
    return limit


def read_loss(value: str) -> float:
    """A limit such as ``5%`` as a fraction of something that cannot lose more than itself."""
    limit = fraction(value)
    if not 0 < limit < 1:
        raise ValueError("more than 0% and less than 100%")
    return limit


def count_trades(count: int, limit: int, which: str = "") -> Finding:
    """The finding of a condition that counts trades: it holds from the limit on; ``which`` says which were counted."""
    text = f"{count} {'trade' if count == 1 else 'trades'}{which} {'is' if count == 1 else 'are'} resting or open"
    return Finding(count >= limit, str(count), str(limit), f"{text}, the limit is {limit}")
