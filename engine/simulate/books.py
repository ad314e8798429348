"""The books of an account at one moment of its walk, and the prices it is marked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from engine.domain import Halt, History, OpenTrade
from engine.market.candles import Candles
from engine.simulate.flows import Flow
from engine.units import MINUTE_MS

STRETCH = 4096  # minutes


@dataclass
class Holding:
    """A trade that is resting or open."""

    end_ms: int
    row: int
    facts: OpenTrade


@dataclass
class Books:
    """Cash, positions and what is open, at the present moment of the walk."""

    cash: float
    wallet: float  # what is realised: open profit and loss are not in it
    held: dict[str, float] = field(default_factory=dict)  # signed quantity by symbol
    flows: list[tuple[int, int, Flow]] = field(default_factory=list)  # a heap: time, sequence, flow
    open: list[Holding] = field(default_factory=list)
    halts: list[Halt] = field(default_factory=list)
    peak: float = 0.0
    day: datetime | None = None
    day_equity: float = 0.0
    week_equity: float = 0.0
    history: History = field(default_factory=History)
    booked: dict[int, list[int]] = field(default_factory=dict)  # by row: the sequence numbers of its flows


class Marks:
    """The last close of each symbol before a moment.

    An account looks often and time goes on slowly: the prices of a stretch of minutes are worked out at once, for each
    symbol that is asked for. Candles that do not end with a minute are looked up one by one.
    """

    def __init__(self, candles: Mapping[str, Candles]) -> None:
        self._candles = candles
        self._stretch = -1
        self._columns: dict[str, list[float]] = {}  # by symbol: the price at each minute of the stretch

    def price(self, symbol: str, now_ms: int) -> float:
        """The close of the last bar that is over at ``now_ms`` (the first open before any is)."""
        return self.worth({symbol: 1.0}, now_ms)

    def worth(self, held: Mapping[str, float], now_ms: int) -> float:
        """What quantities by symbol are worth at ``now_ms``."""
        minute = now_ms // MINUTE_MS
        if minute // STRETCH != self._stretch:
            self._stretch = minute // STRETCH
            self._columns.clear()
        columns, at = self._columns, minute % STRETCH
        for symbol in held:
            if symbol not in columns:
                columns[symbol] = self._column(symbol)
        return sum([
            quantity * (columns[symbol][at] if columns[symbol] else self._looked_up(symbol, now_ms))
            for symbol, quantity in held.items()
        ])  # fmt: skip

    def _column(self, symbol: str) -> list[float]:
        """The price at each minute of the stretch; empty where bars end between minutes."""
        bars = self._candles[symbol]
        minutes = (self._stretch * STRETCH + np.arange(STRETCH, dtype=np.int64)) * MINUTE_MS
        first, last = np.searchsorted(bars.ts, (minutes[0] - bars.timeframe_ms, minutes[-1] + MINUTE_MS))
        if np.any((bars.ts[first:last] + bars.timeframe_ms) % MINUTE_MS):
            return []
        at = np.searchsorted(bars.ts, minutes - bars.timeframe_ms, side="right") - 1
        prices: list[float] = np.where(at >= 0, bars.close[np.maximum(at, 0)], bars.open[0]).tolist()
        return prices

    def _looked_up(self, symbol: str, now_ms: int) -> float:
        bars = self._candles[symbol]
        i = int(bars.ts.searchsorted(now_ms - bars.timeframe_ms, side="right")) - 1
        return float(bars.close[i]) if i >= 0 else float(bars.open[0])
