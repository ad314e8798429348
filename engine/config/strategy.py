"""A strategy as the engine sees it: the YAML of ``strategies/*.yaml``, validated, every value in its unit.

The dataclasses mirror the file key by key; ``building.py`` makes them from validated data. Percent become fractions,
durations milliseconds, dates UTC epoch milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from engine.domain import Distance, StopMove

Split = Literal["even", "first", "last", "half first", "halving", "falling", "rising"]


@dataclass(frozen=True, slots=True)
class Market:
    """Whose prices: ``source`` mexc, another exchange, imported or synthetic; ``seed`` for the synthetic one."""

    source: str
    type: Literal["swap", "spot"]
    timeframe: str
    timeframe_ms: int
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Size:
    """Position size: exactly one of a risked fraction of equity, a notional fraction of equity, a fixed notional."""

    risk: float | None = None
    fraction: float | None = None
    fixed: float | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """How a call is entered. ``zone`` ladder needs ``rungs`` orders spread evenly over the zone.

    ``weights`` says how the quantity is spread over several orders, nearest first; ``grace`` how much worse than the
    call's price the nearest limit may be (a fraction of it).
    """

    latency_ms: int = 5_000
    zone: Literal["near", "middle", "far", "ladder"] = "ladder"
    rungs: int = 3
    valid_for_ms: int = 86_400_000
    cancel_on_target: bool = True
    cancel_on_stop: bool = True
    weights: Literal["even", "rising", "falling"] | tuple[float, ...] = "even"
    grace: float = 0.0


@dataclass(frozen=True, slots=True)
class Trailing:
    """A stop that follows the price at a distance: ``value`` percent, R, or ATR of candles of ``timeframe_ms``.

    It starts after target ``after_target``, at a gain of ``after_gain`` (a fraction), or with the entry (both 0).
    """

    value: float
    unit: Literal["percent", "R", "ATR"]
    timeframe_ms: int = 0
    after_target: int = 0
    after_gain: float = 0.0


@dataclass(frozen=True, slots=True)
class Exit:
    """How a trade is left. ``shares`` per target, nearest first, or a named split; a call's own shares win over them.

    ``missing_stop`` as a fraction is the distance of the stop that a call without one gets; ``stop_at`` puts every stop
    at a percentage from the entry, or at a multiple of the call's own distance (R). ``close_stop_ms`` lets stops wait
    for the close of a candle of that length. ``stop_follows``: after each target the stop goes to the one before.
    """

    shares: tuple[float, ...] | Split = (1.0,)
    target_gap: Literal["level", "open"] = "level"
    missing_stop: Literal["refuse", "trade"] | float = "refuse"
    stop_moves: tuple[StopMove, ...] = ()
    close_after_ms: int | None = None
    stop_at: Distance | None = None
    close_stop_ms: int | None = None
    stop_follows: bool = False
    trailing: Trailing | None = None


@dataclass(frozen=True, slots=True)
class Calls:
    """What happens to a call while an earlier one of the channel on the symbol lives.

    It is ignored or a trade of its own (add). Of the same side it may replace the earlier one, of the other side close
    it, without (close) or with a trade of its own (reverse). ``edits``: whether a later version of a call changes its
    trade; ``deleted``: what becomes of a trade whose call is deleted, from when that was seen.
    """

    repeat: Literal["ignore", "add", "replace"] = "ignore"
    opposite: Literal["ignore", "add", "close", "reverse"] = "ignore"
    edits: Literal["follow", "ignore"] = "follow"
    deleted: Literal["keep", "close"] = "keep"


@dataclass(frozen=True, slots=True)
class Fees:
    """Fractions of notional. ``source`` says where the figures come from."""

    maker: float
    taker: float
    source: str


@dataclass(frozen=True, slots=True)
class Costs:
    """``fees`` is a name of the dated fee table or own figures; ``funding`` a fraction per 8 h when constant.

    ``funding_else`` is such a fraction for the time that a history does not cover (None: refused). ``impact`` is the
    factor of the square-root law by which an order's size moves the price (0: it does not).
    """

    fees: str | Fees = "mexc"
    slippage: float = 0.0002
    funding: Literal["history", "none"] | float = "history"
    funding_else: float | None = None
    impact: float = 0.0


@dataclass(frozen=True, slots=True)
class Strategy:
    """One strategy file.

    ``path`` is where it stands; ``overrides`` holds a channel's own entry and exit settings; ``testnet`` is the address
    of a test exchange that paper trades are sent to as well ("": none). ``finer``: candles of shorter time frames
    decide what ``same_candle`` would assume, where the store has them.
    """

    name: str
    path: str
    channels: tuple[str, ...]
    market: Market
    from_ms: int | None
    to_ms: int | None
    equity: float
    currency: str
    leverage: float
    size: Size
    entry: Entry = field(default_factory=Entry)
    exit: Exit = field(default_factory=Exit)
    calls: Calls = field(default_factory=Calls)
    costs: Costs = field(default_factory=Costs)
    same_candle: Literal["stop first", "target first"] = "stop first"
    finer: bool = False
    compounding: bool = True
    rules: tuple[str, ...] = ()
    seed: int = 1
    overrides: dict[str, tuple[Entry, Exit]] = field(default_factory=dict)
    testnet: str = ""
    stale_after_ms: int = 300_000

    def entry_of(self, channel: str) -> Entry:
        """The entry settings that hold for a channel."""
        return self.overrides[channel][0] if channel in self.overrides else self.entry

    def exit_of(self, channel: str) -> Exit:
        """The exit settings that hold for a channel."""
        return self.overrides[channel][1] if channel in self.overrides else self.exit
