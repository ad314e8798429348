"""What the live feed tells: closed candles, trades, quotes, and how it is doing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ClosedCandle:
    """A candle that is over. ``ts_ms`` is its open time; volume in coins; prices of the venue.

    ``origin``: ``socket`` when its whole time was watched without a break, ``history`` when it was asked for.
    """

    symbol: str
    ts_ms: int
    timeframe_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    origin: Literal["socket", "history"]

    @property
    def end_ms(self) -> int:
        """When it was over."""
        return self.ts_ms + self.timeframe_ms


@dataclass(frozen=True, slots=True)
class TradeSeen:
    """A public trade: ``amount`` in coins, ``side`` of the taker ("" where the venue does not say)."""

    symbol: str
    ts_ms: int
    price: float
    amount: float
    side: str


@dataclass(frozen=True, slots=True)
class Quote:
    """Prices at a moment; None where the venue does not give one. ``spread`` is a fraction of the middle."""

    symbol: str
    ts_ms: int
    last: float | None
    bid: float | None
    ask: float | None
    mark: float | None

    @property
    def spread(self) -> float | None:
        """(ask - bid) / middle; None without both."""
        if self.bid is None or self.ask is None or self.bid + self.ask <= 0:
            return None
        return (self.ask - self.bid) / ((self.ask + self.bid) / 2)


@dataclass(frozen=True, slots=True)
class FeedState:
    """A change in how a symbol is served: ``live`` (sockets), ``restarted`` (they were replaced), ``polling``."""

    symbol: str
    ts_ms: int
    state: Literal["live", "restarted", "polling"]
    reason: str


FeedEvent = ClosedCandle | TradeSeen | Quote | FeedState
