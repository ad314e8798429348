"""What a condition is: it reads its limit from the file, looks at a case, and tells what it saw.

Some conditions need only the call and its market: those also have a ``mask``, which answers for all calls at once
before the walk begins. The others are about the account and have a quick ``holds``, because they are asked at every
call and nearly always say no. Either way ``look`` is what decides and tells, and a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from engine.domain import Account, Proposal
from engine.units import duration_ms, fraction

if TYPE_CHECKING:
    from engine.market.candles import Floats, Ints
    from engine.simulate.judge import Course
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools

TOLERANCE = 1e-9


@dataclass(slots=True)
class Case:
    """What a condition looks at: a trade, the account at that moment, and the zone whose days and hours count.

    Neither this nor a finding is frozen: both are made for every call, and nobody keeps them.
    """

    proposal: Proposal
    account: Account
    timezone: str = "UTC"

    @property
    def clock(self) -> datetime:
        """The moment on a clock of the zone."""
        return datetime.fromtimestamp(self.account.now_ms / 1000, ZoneInfo(self.timezone))


@dataclass(slots=True)
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
    holds
        The same answer without words, for conditions about the account.
    mask
        The same answer for many calls, shape (n,), for conditions that need nothing else: limit, calls, time zone.
    along
        The same answer for every moment of a course, shape (n,), for conditions about the account and the clock alone:
        limit, course, time zone. Such a one can also be asked between calls.
    floor
        Above which equity it does not hold, whatever trades are open, until a day begins, the peak rises or a trade
        closes: limit, account. A condition without one may hold at any equity.
    resizable
        Whether a smaller size can mend it: then ``Finding.factor`` says how much smaller.
    grouped
        Whether it asks which symbols move together: its limit is then the pair of what ``read`` gave and the groups.
    """

    key: str
    read: Callable[[Any], Any]
    look: Callable[[Any, Case], Finding]
    holds: Callable[[Any, Case], bool] | None = None
    mask: Callable[[Any, Offers, str], Bools] | None = None
    along: Callable[[Any, Course, str], Bools] | None = None
    floor: Callable[[Any, Account], float] | None = None
    resizable: bool = False
    grouped: bool = False


def exceeds(seen: float, limit: float) -> bool:
    """Whether a figure is over a limit by more than rounding: a trade sized to risk 1% does not risk more than 1%."""
    return seen > limit + abs(limit) * TOLERANCE


def falls_short(seen: float, limit: float) -> bool:
    """Whether a figure is under a limit by more than rounding."""
    return seen < limit - abs(limit) * TOLERANCE


def all_exceed(seen: Floats | Ints, limit: float) -> Bools:
    """``exceeds`` for many figures; one that is not known (NaN) does not."""
    return seen > limit + abs(limit) * TOLERANCE


def all_fall_short(seen: Floats, limit: float) -> Bools:
    """``falls_short`` for many figures; one that is not known (NaN) does not."""
    return seen < limit - abs(limit) * TOLERANCE


def fallen(start: float, limit: float) -> float:
    """Above which equity no more than ``limit`` of ``start`` is lost, for sure; with nothing to begin with, nowhere."""
    return start * (1 - limit + TOLERANCE) if start > 0 else inf


def is_in(names: Sequence[str], limit: tuple[str, ...]) -> Bools:
    """Whether each name is in a list."""
    import numpy as np

    wanted = frozenset(limit)
    return np.fromiter((name in wanted for name in names), np.bool_, len(names))


def unknown(what: str, limit: str) -> Finding:
    """The finding of a guard that cannot see: it holds, because nothing says that the trade is harmless."""
    return Finding(True, "not known", limit, f"{what} is not known, the limit is {limit}")


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


def read_size(value: str) -> float:
    """A limit such as ``30%`` or ``250%`` as a fraction of the equity; leverage may bring it over the whole."""
    limit = fraction(value)
    if not 0 < limit <= 500:
        raise ValueError("more than 0% and at most 50000%")
    return limit


def read_wait(value: str) -> int:
    """A duration in milliseconds."""
    limit = duration_ms(value)
    if limit <= 0:
        raise ValueError("more than 0s")
    return limit


def count_trades(count: int, limit: int, which: str = "") -> Finding:
    """The finding of a condition that counts trades: it holds from the limit on; ``which`` says which were counted."""
    text = f"{count} {'trade' if count == 1 else 'trades'}{which} {'is' if count == 1 else 'are'} resting or open"
    return Finding(count >= limit, str(count), str(limit), f"{text}, the limit is {limit}")
