"""What a call becomes under a strategy: orders, stop, targets, and what changes them later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.domain.signals import Distance, Side
from engine.records import quick


@quick
@dataclass(frozen=True, slots=True)
class Order:
    """One entry order; ``weight`` is its share of the planned quantity (they sum to 1).

    ``price`` is None for market. A ``stop`` order (a breakout) goes in at the market once its price is reached.
    """

    kind: Literal["market", "limit", "stop"]
    price: float | None
    weight: float


@quick
@dataclass(frozen=True, slots=True)
class StopMove:
    """After target ``after`` (from 1) the stop goes to the average entry, the same with the fees of both ways paid, or
    to an earlier target (its number). It never goes further away.
    """

    after: int
    to: Literal["breakeven", "breakeven with fees"] | int = "breakeven"


@quick
@dataclass(frozen=True, slots=True)
class Trail:
    """A stop that follows the best price at a ``distance``: percent of that price, points, or R (entry to first stop).

    It starts after target ``after_target``, or once the best price is ``after_gain`` (a fraction) better than the
    average entry, or with the entry (both 0).
    """

    distance: Distance
    after_target: int = 0
    after_gain: float = 0.0


@quick
@dataclass(frozen=True, slots=True)
class Change:
    """What the channel, or a later call, does to a trade: it acts at the first open at or after ``act_ms``.

    ``close`` takes ``share`` of what is held (1: all, and the orders that rest); ``cancel`` takes away the entry order
    number ``order`` (from 1, nearest first; None: all that rest); ``stop`` moves the stop to ``stop`` (a price or the
    average entry), or to the price of the target whose number is ``target`` (to ``stop`` where none that is taken or
    ahead has it); ``orders`` replaces the orders that rest (weights sum to 1,
    of what is not filled yet); ``targets`` are all targets from now on (shares sum to 1): those taken already, or not
    beyond the last one taken, are left out, and the others share, in proportion, what those taken have not sold of what
    was filled. Which are taken is told by ``numbers``, one for each: a target keeps its number wherever it is moved,
    those of the plan have 1, 2 ..., 0 stands for none. Those numbered in ``stay``, which the channel said before in the
    same words, stay where they are once something is filled. ``by`` says who: the channel, or a later call. A stop or
    target at a Distance counts from the first fill; said before it, it acts with it. ``unfilled``: a level goes with
    entries or a stop that it counts from, and only while nothing is filled.
    """

    act_ms: int
    kind: Literal["close", "cancel", "stop", "orders", "targets"]
    share: float = 1.0
    order: int | None = None
    stop: float | Distance | Literal["breakeven"] | None = None
    target: int | None = None
    orders: tuple[Order, ...] = ()
    targets: tuple[tuple[float | Distance, float], ...] = ()
    by: Literal["channel", "call"] = "channel"
    numbers: tuple[int, ...] = ()
    unfilled: bool = False
    stay: tuple[int, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class Plan:
    """A signal under a strategy: every price decided before the first candle is looked at.

    ``act_ms`` = time the text was known + latency. Orders are sorted from the near edge (filled first) to the far one;
    they are limits behind an optional market order, or one stop order. ``stop`` is a price or a Distance from the
    first fill, which only a market order leaves open; so are the prices of ``targets``, which are (price, share of the
    filled quantity), nearest first, shares summing to 1. ``close_stop_ms``: the stop waits for the close of a candle of
    that length beyond it; ``hard_stop`` is the price at which the trade ends at once all the same. ``stop_moves`` are
    sorted by target; ``changes`` by time. ``target_gap`` says where a target fills that a bar opens beyond.
    ``leverage`` is the call's where it names a lower one than the strategy; ``maintenance`` the margin rate at which an
    isolated position of that leverage is liquidated (None: never, as on spot). ``reference`` is the price that a
    market call states. ``tick`` is the smallest price step, to which stops and targets that the trade itself decides
    are rounded (None: not known). ``impact`` is how far, as a fraction of the price, a market order for the whole
    planned quantity moves the price against itself; one for a part of it moves it by the square root of that part.
    """

    signal_id: str
    channel: str
    symbol: str
    side: Side
    act_ms: int
    expire_ms: int
    orders: tuple[Order, ...]
    stop: float | Distance | None
    targets: tuple[tuple[float | Distance, float], ...]
    stop_moves: tuple[StopMove, ...] = ()
    close_after_ms: int | None = None
    cancel_on_target: bool = True
    target_gap: Literal["level", "open"] = "level"
    leverage: float | None = None
    reference: float | None = None
    cancel_on_stop: bool = True
    close_stop_ms: int | None = None
    hard_stop: float | None = None
    trail: Trail | None = None
    changes: tuple[Change, ...] = ()
    maintenance: float | None = None
    tick: float | None = None
    impact: float = 0.0
