"""A strategy as the engine sees it: the YAML of ``strategies/*.yaml``, validated, every value in its unit.

The dataclasses mirror the file key by key; ``building.py`` makes them from validated data. Percent become fractions,
durations milliseconds, dates UTC epoch milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


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
    """How a call is entered. ``zone`` ladder needs ``rungs`` orders spread evenly over the zone."""

    latency_ms: int = 5_000
    zone: Literal["near", "middle", "far", "ladder"] = "ladder"
    rungs: int = 3
    valid_for_ms: int = 86_400_000
    cancel_on_target: bool = True


@dataclass(frozen=True, slots=True)
class Exit:
    """How a trade is left. ``shares`` per target, nearest first; a call's own shares win over them."""

    shares: tuple[float, ...] = (1.0,)
    target_gap: Literal["level", "open"] = "level"
    missing_stop: Literal["refuse", "trade"] = "refuse"
    breakeven_after: int = 0
    close_after_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Calls:
    """What happens to a call while an earlier one of the channel on the symbol lives: ignored, or its own trade."""

    repeat: Literal["ignore", "add"] = "ignore"
    opposite: Literal["ignore", "add"] = "ignore"


@dataclass(frozen=True, slots=True)
class Fees:
    """Fractions of notional. ``source`` says where the figures come from."""

    maker: float
    taker: float
    source: str


@dataclass(frozen=True, slots=True)
class Costs:
    """``fees`` is a name of the dated fee table or own figures; ``funding`` a fraction per 8 h when constant."""

    fees: str | Fees = "mexc"
    slippage: float = 0.0002
    funding: Literal["history", "none"] | float = "history"


@dataclass(frozen=True, slots=True)
class Strategy:
    """One strategy file. ``path`` is where it stands; ``overrides`` holds a channel's own entry and exit settings."""

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
    rules: tuple[str, ...] = ()
    seed: int = 1
    overrides: dict[str, tuple[Entry, Exit]] = field(default_factory=dict)

    def entry_of(self, channel: str) -> Entry:
        """The entry settings that hold for a channel."""
        return self.overrides[channel][0] if channel in self.overrides else self.entry

    def exit_of(self, channel: str) -> Exit:
        """The exit settings that hold for a channel."""
        return self.overrides[channel][1] if channel in self.overrides else self.exit
