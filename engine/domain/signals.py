"""What messages say: calls with their levels, updates of calls, and refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Literal, TypeVar

from engine.domain.messages import Message
from engine.records import quick


class Side(StrEnum):
    """The direction of a trade."""

    LONG = "long"
    SHORT = "short"

    @property
    def sign(self) -> int:
        """+1 for a long, -1 for a short."""
        return 1 if self is Side.LONG else -1

    @property
    def opposite(self) -> Side:
        """The other direction."""
        return Side.SHORT if self is Side.LONG else Side.LONG


class EntryKind(StrEnum):
    """How a call wants to get in."""

    MARKET = "market"
    LIMIT = "limit"
    ZONE = "zone"  # two bounds of one order area
    LADDER = "ladder"  # separate orders
    BREAKOUT = "breakout"  # a stop entry: in when price goes through the level in the trade's direction


@quick
@dataclass(frozen=True, slots=True)
class Value:
    """A field's value and the characters it was read from: half-open offsets into the message as posted."""

    field: str
    text: str
    start: int
    end: int


Base = Literal["near", "middle", "far"]


@quick
@dataclass(frozen=True, slots=True)
class Distance:
    """A level said relative to the entry: ``5%`` (value 5, unit percent), ``600 points`` or ``2R``. Always positive.

    ``R`` is the distance between entry and stop, so only a target can be said in it. ``base`` says from where in a
    zone or ladder it counts: the edge that price reaches first, the far one, the middle.
    """

    value: float
    unit: Literal["percent", "points", "R"]
    base: Base = "middle"


@quick
@dataclass(frozen=True, slots=True)
class Target:
    """A take-profit level; ``share`` is the fraction the call names.

    ``price`` None with a ``distance`` is a target said relative to the entry, without one an open target (moon).
    """

    price: float | None
    share: float | None = None
    distance: Distance | None = None


AnyTarget = TypeVar("AnyTarget", bound=Target)


def nearest_first(targets: Sequence[AnyTarget], side: Side) -> list[AnyTarget]:
    """Targets in the order in which price reaches them, open ones last.

    Prices and distances together, which nothing puts in order before a fill, stay as they were said.
    """
    if len(targets) < 2:
        return list(targets)
    prices = [target.price for target in targets]
    if None not in prices:
        return sorted(targets, key=attrgetter("price"), reverse=side is Side.SHORT)
    placed = [target for target in targets if target.price is not None or target.distance is not None]
    if all(target.price is not None for target in placed):
        placed = nearest_first(placed, side)
    elif len({target.distance.unit if target.distance else None for target in placed}) == 1:
        placed.sort(key=lambda target: target.distance.value if target.distance else 0.0)
    return [*placed, *(target for target in targets if target.price is None and target.distance is None)]


@quick
@dataclass(frozen=True, slots=True)
class CloseStop:
    """A stop that acts only when a candle of ``timeframe_ms`` closes beyond it (``4h close below 63,000``).

    ``hard`` is the price at which the call leaves at once all the same, where it names one.
    """

    timeframe_ms: int
    hard: float | None = None


@quick
@dataclass(frozen=True, slots=True)
class Setup:
    """What one layout read in a message, after the checks: one trade that a channel proposes.

    ``entries`` is empty for a plain market call, one price for a limit or a breakout, the two bounds (low, high) for a
    zone, several prices in the order given for a ladder. ``reference`` is the stated price of a market entry.
    ``market_leg``: a ladder whose first order is at the market, before the limits of ``entries``. ``entry_shares`` are
    the fractions that the call gives its orders, the market leg's first (empty: it names none). ``stop`` is a price, a
    Distance or None; ``close_stop`` says that it waits for a candle's close. ``leverage`` is the first number the call
    names. ``ref`` is the channel's own id of the call, in capitals, without ``#``.
    """

    symbol: str
    side: Side
    entry_kind: EntryKind
    entries: tuple[float, ...]
    targets: tuple[Target, ...]
    stop: float | Distance | None
    layout: str
    reference: float | None = None
    leverage: float | None = None
    leverage_high: float | None = None
    values: tuple[Value, ...] = ()
    market_leg: bool = False
    entry_shares: tuple[float, ...] = ()
    close_stop: CloseStop | None = None
    ref: str | None = None


ActionKind = Literal[
    "close", "cancel", "move-stop", "change", "add-targets", "re-enter",
    "target-hit", "stop-hit", "entry-filled",
]  # fmt: skip
REPORTS: frozenset[ActionKind] = frozenset({"target-hit", "stop-hit", "entry-filled"})  # they never trade


@quick
@dataclass(frozen=True, slots=True)
class Action:
    """What one update layout read: a change to an open or resting trade, or a report (``REPORTS``).

    ``level`` of a move-stop is a price or "breakeven"; with ``target`` n the stop goes to the n-th target (from 1); of
    a target-hit ``target`` is the one that was hit. ``share`` of a close is the fraction closed (1 = whole).
    ``order`` n of a cancel is the n-th entry order, its ``entries`` are the prices of single orders (neither: all that
    still rest). A change carries the new levels, each empty or None where it stays, and with ``target`` n only the
    n-th target, nearest first; ``entry_kind`` says how new entries are meant. add-targets carries ``targets``; re-enter
    carries ``entries`` (empty: as before), and ``targets`` and ``stop`` where it names new ones; it makes a signal of
    its own.

    ``side``, ``signal_ref`` (the channel's own id of a signal, as ``Setup.ref``) and ``links`` (chat, 0 where the link
    names none, and message of each t.me link) help to bind it. ``every``: meant for all trades of the channel, of
    ``side`` where there is one. ``whole``: the call is posted again with all its levels, also those that stay.
    """

    kind: ActionKind
    symbol: str | None
    layout: str
    level: float | Literal["breakeven"] | None = None
    share: float = 1.0
    values: tuple[Value, ...] = ()
    target: int | None = None
    order: int | None = None
    entries: tuple[float, ...] = ()
    targets: tuple[Target, ...] = ()
    stop: float | Distance | None = None
    side: Side | None = None
    signal_ref: str | None = None
    entry_kind: EntryKind | None = None
    links: tuple[tuple[int, int], ...] = ()
    every: bool = False
    whole: bool = False


@quick
@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message gave nothing: a stable ``code`` (a slug), a sentence, and where in the message (offset)."""

    code: str
    text: str
    position: int | None = None


@quick
@dataclass(frozen=True, slots=True)
class Reading:
    """What a profile made of one text: setups, or actions, or a refusal (exactly one of the three is filled).

    ``running`` stands beside a refusal: the calls of a text whose only fault is that a stop does not lie behind its
    entries. No call begins so, but a later version of one that runs may put its stop there; at a distance of 0 it is
    the entry.
    """

    setups: tuple[Setup, ...] = ()
    actions: tuple[Action, ...] = ()
    refusal: Refusal | None = None
    running: tuple[Setup, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class Signal:
    """A setup bound to the message version it was read from. ``index`` counts the setups of one message from 0.

    ``again`` is the id of the call that this one enters once more (``re-enter``): its message names only what is new.
    """

    message: Message
    setup: Setup
    index: int = 0
    hindsight: bool = False  # edited after posting, original text unknown
    again: str | None = None

    @property
    def id(self) -> str:
        """``channel/message_id``, with ``#2`` behind it for the second setup of one message."""
        return self.message.key if self.index == 0 else f"{self.message.key}#{self.index + 1}"


@quick
@dataclass(frozen=True, slots=True)
class Update:
    """An action bound to its message and, where the reply chain or the symbol tells, to a signal's id."""

    message: Message
    action: Action
    signal_id: str | None
