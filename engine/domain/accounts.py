"""What an account and its rules see and say: trades, facts of the market and of channels, halts, decisions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

from engine.domain.paths import Path
from engine.domain.signals import Side
from engine.records import quick


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
