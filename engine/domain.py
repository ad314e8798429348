"""The vocabulary of the house: what a message, a signal, a plan, a path and a trade are.

Frozen dataclasses without behaviour beyond what follows from their own fields. Times are UTC epoch
milliseconds (``*_ms``), prices are float64 in quote currency per base unit, shares and fractions lie in
0..1, money is in the account's currency.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter
from typing import Literal, TypeVar

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


# --------------------------------------------------------------------------- message


@quick
@dataclass(frozen=True, slots=True)
class Entity:
    """A formatted stretch of a message: Telegram's name for it, half-open offsets into the text, a link's address."""

    kind: str
    start: int
    end: int
    url: str | None = None


@quick
@dataclass(frozen=True, slots=True)
class Message:
    """One version of one post.

    ``channel`` is the profile's id (the stem of its file). ``version`` counts from 1. ``posted_ms`` is the
    time of the first version (0 where nobody knows it), ``edited_ms`` the time at which *this* version appeared (None
    for the original). An export knows only last versions: such a message has ``origin="export"``, ``version`` 1 and
    its last edit time in ``edited_ms``.
    """

    channel: str
    chat_id: int
    message_id: int
    version: int
    kind: Literal["post", "edit", "deletion"]
    posted_ms: int
    edited_ms: int | None
    received_ms: int
    text: str
    reply_to: int | None = None
    sender: str | None = None
    forwarded_from: str | None = None
    grouped_id: int | None = None
    media: str | None = None
    origin: Literal["live", "export", "demo"] = "live"
    entities: tuple[Entity, ...] = ()

    @property
    def known_ms(self) -> int:
        """When this text was first there to be read: the edit time of an edited version, else the post time."""
        return self.posted_ms if self.edited_ms is None else self.edited_ms

    @property
    def key(self) -> str:
        """``channel/message_id``: the name of the post, the same for all its versions."""
        return f"{self.channel}/{self.message_id}"


# --------------------------------------------------------------------------- signal


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


# --------------------------------------------------------------------------- plan


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
    those of the plan have 1, 2 ..., 0 stands for none. ``by`` says who: the channel, or a later call. A stop or target
    at a Distance counts from the first fill; said before it, it acts with it. ``unfilled``: a level goes with entries
    or a stop that it counts from, and only while nothing is filled.
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


# --------------------------------------------------------------------------- rules


@quick
@dataclass(frozen=True, slots=True)
class OpenTrade:
    """What the rules may know of a trade that is resting or open."""

    signal_id: str
    channel: str
    symbol: str
    side: Side
    notional: float
    margin: float
    risk: float


@dataclass(slots=True)
class History:
    """What the account's closed trades were so far; the account notes each that closes, rules only read it.

    ``losses`` counts how many of the last ones in a row ended with a loss, ``lost_ms`` is when the last of those
    closed; ``on_symbol`` and ``of_channel`` say when the last trade on a symbol and of a channel closed.
    """

    losses: int = 0
    lost_ms: int | None = None
    on_symbol: dict[str, int] = field(default_factory=dict)
    of_channel: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Account:
    """The account as a rule sees it at one moment: money marked to market at the last closed candle.

    ``open_trades`` and ``history`` may be the account's own, which go on with it: who keeps them copies them.
    ``week_start_equity`` None: the week began with this day. Not frozen, like ``Proposal``: a walk makes both for every
    call, and a frozen one takes eight times as long to make.
    """

    now_ms: int
    equity: float
    day_start_equity: float
    peak_equity: float
    open_trades: Collection[OpenTrade] = ()
    week_start_equity: float | None = None
    history: History = field(default_factory=History)


@quick
@dataclass(frozen=True, slots=True)
class MarketFacts:
    """What is known of a symbol's market when a call is acted on, from bars that are over; None: not known.

    ``price`` is the last close (live: the last trade). Fractions of it: ``atr``, the average true range, and
    ``spread``, between bid and ask, which is an estimate unless it was ``quoted``. ``volume`` is what was traded in the
    last 24 hours, in quote currency; ``funding`` the last settled rate, positive where longs pay.
    """

    price: float | None = None
    atr: float | None = None
    spread: float | None = None
    quoted: bool = False
    volume: float | None = None
    funding: float | None = None


@quick
@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a channel at one moment, from trades closed before it.

    ``low`` and ``high`` bound the mean R (95%); NaN where two trades are not there yet, as is ``mean_r`` without any.
    """

    channel: str
    trades: int
    mean_r: float
    low: float
    high: float


@quick
@dataclass(frozen=True, slots=True)
class Opinion:
    """The verdict on a channel at one moment: its word, as in a report, from ``trades`` that had closed before."""

    word: str
    trades: int


NOTHING_KNOWN = Opinion("NOT ENOUGH DATA", 0)


@dataclass(slots=True)
class Proposal:
    """A trade asking to be taken, with the size the strategy gives it.

    ``entry`` is the price all risk figures refer to (average planned entry); ``risk`` the money lost between it
    and the stop (0 when there is no stop); ``margin`` = notional / leverage. ``target_shares`` empty: even shares;
    ``asked`` is the price at which the call wants to get in: the average of its orders, the stated price of a market
    call (None: it states none). ``standing`` is that of its channel, from all its calls that
    closed before, whether the account took them or not (None: not known); ``verdict`` the one on it (None: not judged).
    """

    signal_id: str
    channel: str
    symbol: str
    side: Side
    posted_ms: int
    act_ms: int
    entry: float
    stop: float | None
    targets: tuple[float, ...]
    quantity: float
    notional: float
    risk: float
    margin: float
    leverage: float
    target_shares: tuple[float, ...] = ()
    asked: float | None = None
    market: MarketFacts = MarketFacts()
    standing: Standing | None = None
    verdict: Opinion | None = None


@quick
@dataclass(frozen=True, slots=True)
class RuleNote:
    """One rule that spoke: its name, where it stands (``rules/x.yaml:12``), what it did, the figure seen, the limit."""

    rule: str
    where: str
    action: Literal["reject", "warn", "resize", "scale", "halt", "close"]
    seen: str
    limit: str
    text: str


BY_HAND = "by hand"
UNTIL_RESUMED_MS = 4_102_444_800_000  # 2100-01-01: a pause that only a person ends


@quick
@dataclass(frozen=True, slots=True)
class Halt:
    """No new trades until ``until_ms``; ``channels`` or ``symbols`` narrow it (empty: the whole account).

    A call is judged by its moment of action: those that act before ``from_ms`` are not concerned. 0 for the pauses of
    rules, which come in the order of the calls; a person's word may come while earlier calls are still to be decided.
    """

    until_ms: int
    rule: str
    where: str
    channels: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    from_ms: int = 0

    @property
    def by(self) -> str:
        """Who asked for it: ``by daily-stop``; a person's own pause carries ``by hand`` in the place of a rule."""
        return self.rule if self.rule == BY_HAND else f"by {self.rule}"


@quick
@dataclass(frozen=True, slots=True)
class Close:
    """Cancel what rests and close at the market what is open, of these channels, symbols and sides (empty: of all)."""

    rule: str
    where: str
    channels: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    sides: tuple[Side, ...] = ()

    def covers(self, trade: OpenTrade) -> bool:
        """Whether a trade is to be closed."""
        pairs = ((trade.channel, self.channels), (trade.symbol, self.symbols), (trade.side, self.sides))
        return all(not names or value in names for value, names in pairs)


@quick
@dataclass(frozen=True, slots=True)
class Decision:
    """The answer of the rules: taken or not, at which factor of the proposed size, and who said so.

    A refused one may also pause new trades (``halt``) and end the open ones (``close``).
    """

    taken: bool
    factor: float
    notes: tuple[RuleNote, ...] = ()
    halt: Halt | None = None
    close: Close | None = None


@quick
@dataclass(frozen=True, slots=True)
class Trade:
    """A path taken with a size. Money in account currency; ``r`` = net / planned risk."""

    path: Path
    quantity: float
    risk: float
    gross: float
    fees: float
    funding: float
    net: float
    r: float | None
    notes: tuple[RuleNote, ...] = field(default=())
