"""What a condition is: it reads its limit from the file, looks at a trade and an account, and tells what it saw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.domain import Account, Proposal

TOLERANCE = 1e-9


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
        Holds the limit against a proposal and an account.
    resizable
        Whether a smaller size can mend it: then ``Finding.factor`` says how much smaller.
    """

    key: str
    read: Callable[[Any], Any]
    look: Callable[[Any, Proposal, Account], Finding]
    resizable: bool = False


def exceeds(seen: float, limit: float) -> bool:
    """Whether a figure is over a limit by more than rounding: a trade sized to risk 1% does not risk more than 1%."""
    return seen > limit * (1 + TOLERANCE)
