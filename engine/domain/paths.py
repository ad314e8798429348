"""What the candles make of a plan: fills, exits, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.domain.plans import Plan
from engine.records import quick


class PathStatus(StrEnum):
    """How a plan ended. Only CLOSED and OPEN ones were ever filled."""

    CLOSED = "closed"
    OPEN = "open"  # candles ended inside the trade
    RESTING = "resting"  # candles ended while the orders were still waiting
    EXPIRED = "expired"  # never filled within `valid for`
    TARGET_FIRST = "target first"  # the first target came before the entry
    STOP_FIRST = "stop first"  # the stop came before the entry
    CANCELLED = "cancelled"  # before anything was filled: by the channel, by a later call, or by a rule of the account
    TOO_LATE = "too late"  # the market was already beyond the stop or the first target
    NO_DATA = "no data"  # no candles for the symbol or the time


class ExitReason(StrEnum):
    """Why a leg was closed."""

    TARGET = "target"
    STOP = "stop"
    BREAKEVEN = "breakeven"
    MOVED = "moved stop"  # a stop at an earlier target, or where the channel put it
    TRAILING = "trailing"
    LIQUIDATION = "liquidation"
    CHANNEL = "channel"  # closed by an update
    REPLACED = "replaced"  # closed by a later call
    TIME = "time"
    END = "end of data"
    RULE = "rule"  # a risk rule closed the open trades
    HAND = "by hand"  # a person closed it


@quick
@dataclass(frozen=True, slots=True)
class Fill:
    """An entry fill: bar open time, price (slippage included), share of the planned quantity, maker or taker."""

    ts_ms: int
    price: float
    share: float
    maker: bool


@quick
@dataclass(frozen=True, slots=True)
class Leg:
    """An exit fill; ``share`` is of the planned quantity, ``target`` counts from 1 for target legs (else 0)."""

    ts_ms: int
    price: float
    share: float
    reason: ExitReason
    maker: bool
    target: int = 0

    @property
    def name(self) -> str:
        """In a word or two: ``target 2``, ``stop``."""
        return exit_name(self.reason, self.target)


def exit_name(reason: ExitReason, target: int) -> str:
    """An exit in a word or two: ``target 2``, ``stop``; ``target`` is 0 where none was reached."""
    return f"{reason.value} {target}" if target else reason.value


@quick
@dataclass(frozen=True, slots=True)
class Path:
    """What the candles make of one plan, for one unit of planned quantity."""

    plan: Plan
    status: PathStatus
    fills: tuple[Fill, ...] = ()
    legs: tuple[Leg, ...] = ()
    ambiguous: bool = False
