"""What is known of the market live: closed candles as they come, and the last price of each symbol."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.market.candles import Candles, Floats, Ints
from engine.market.feedevents import ClosedCandle
from engine.simulate.books import Marks

FIRST_ROOM = 4096
MOST_BARS = 40_000


@dataclass
class _Line:
    """The candles of one symbol in arrays with room at their end."""

    columns: np.ndarray[Any, np.dtype[np.float64]]
    ts: np.ndarray[Any, np.dtype[np.int64]]
    count: int = 0
    view: Candles | None = None


@dataclass
class PriceBook(Mapping[str, Candles]):
    """Closed candles by symbol, each series growing at its end; older ones than the newest 20,000 may be let go."""

    timeframe_ms: int
    _lines: dict[str, _Line] = field(default_factory=dict)

    def add(self, candle: ClosedCandle) -> bool:
        """Take a candle; whether it was a new one."""
        line = self._lines.get(candle.symbol)
        if line is None:
            line = self._lines[candle.symbol] = _Line(np.empty((5, FIRST_ROOM)), np.empty(FIRST_ROOM, np.int64))
        if line.count and candle.ts_ms <= line.ts[line.count - 1]:
            return False
        if line.count == MOST_BARS:
            keep = slice(MOST_BARS // 2, MOST_BARS)
            line.columns, line.ts, line.count = line.columns[:, keep].copy(), line.ts[keep].copy(), MOST_BARS // 2
        if line.count == len(line.ts):  # what was handed out before keeps the old arrays
            line.columns = np.concatenate([line.columns, np.empty_like(line.columns)], axis=1)
            line.ts = np.concatenate([line.ts, np.empty_like(line.ts)])
        line.ts[line.count] = candle.ts_ms
        line.columns[:, line.count] = (candle.open, candle.high, candle.low, candle.close, candle.volume)
        line.count += 1
        line.view = None
        return True

    def __getitem__(self, symbol: str) -> Candles:
        line = self._lines[symbol]
        if line.view is None:
            open_, high, low, close, volume = line.columns[:, : line.count]
            line.view = Candles(symbol, self.timeframe_ms, line.ts[: line.count], open_, high, low, close, volume)
        return line.view

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


class LiveMarks(Marks):
    """Marks over candles that are still coming.

    ``before`` has the prices that were known before a restart, for symbols whose candles have not come again yet.
    """

    foreseen = False

    def __init__(self, candles: Mapping[str, Candles]) -> None:
        super().__init__(candles)
        self.before: dict[str, float] = {}

    def price(self, symbol: str, now_ms: int) -> float:
        """See ``Marks``."""
        if symbol not in self._candles and symbol in self.before:
            return self.before[symbol]
        return super().price(symbol, now_ms)

    def prices(self, symbol: str, moments_ms: Ints) -> Floats:
        """See ``Marks``."""
        if symbol not in self._candles:
            return np.full(len(moments_ms), self.before.get(symbol, np.nan))
        return super().prices(symbol, moments_ms)

    def closes(self, symbols: Collection[str], after_ms: int, until_ms: int) -> Ints:
        """See ``Marks``."""
        return super().closes([symbol for symbol in symbols if symbol in self._candles], after_ms, until_ms)
