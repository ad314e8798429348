"""How low and how high an account can get while it holds what it holds, without looking at every minute.

Time is cut into blocks, and for each the lowest and the highest price of a symbol is known: that at which the block
begins, and every close in it. Longs are worth least at the lowest price, shorts at the highest; so an account's equity
stays between two bounds for the rest of the block. A move changes them by its cash and by what its symbol adds, so they
are kept up to date from move to move and worked out anew only when a block begins.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.market.candles import Candles
from engine.units import MINUTE_MS

BLOCK_MS = 128 * MINUTE_MS


class Extremes(dict[str, tuple[list[float], list[float]]]):
    """By symbol the lowest and the highest price in each block, worked out when they are first asked for."""

    def __init__(self, candles: Mapping[str, Candles]) -> None:
        super().__init__()
        self._candles = candles
        ends = [(int(bars.ts[0]), bars.end_ms) for bars in candles.values() if len(bars)]
        self._first = min([begin for begin, _ in ends], default=0) // BLOCK_MS
        self._last = max([end for _, end in ends], default=0) // BLOCK_MS - self._first

    def place(self, block: int) -> int:
        """Where a block stands; before the first one and after the last one prices stand still."""
        return min(max(block - self._first, 0), self._last)

    def __missing__(self, symbol: str) -> tuple[list[float], list[float]]:
        bars = self._candles[symbol]
        edges = (self._first + np.arange(self._last + 2, dtype=np.int64)) * BLOCK_MS
        price = np.concatenate([bars.open[:1], bars.close])  # that of a moment: by how many bars are over then
        at = bars.over(edges - 1) + 1
        low, high = (f(f.reduceat(price, at[:-1]), price[at[1:]]) for f in (np.minimum, np.maximum))
        self[symbol] = low.tolist(), high.tolist()
        return self[symbol]


class Reach:
    """The bounds of one account's equity in one block of time, kept up to date from move to move."""

    def __init__(self, extremes: Extremes) -> None:
        self._extremes = extremes
        self._begin_ms = self._end_ms = self._place = 0  # of the block; none yet
        self._worst = self._best = 0.0

    def stays(
        self, cash: float, held: Mapping[str, float], now_ms: int, until_ms: int, floor: float, peak: float
    ) -> bool:
        """Whether it is sure that equity stays above a floor and not above a peak, from now up to a moment.

        ``cash`` and ``held`` are those of now; every move since the last time was told (``move``).
        """
        while True:
            if not self._begin_ms <= now_ms < self._end_ms:
                self._go(now_ms // BLOCK_MS, cash, held)
            if self._worst <= floor or self._best > peak:
                return False
            if until_ms < self._end_ms:
                return True
            now_ms = self._end_ms

    def move(self, symbol: str, before: float, after: float, cash: float) -> None:
        """A position changed, and the cash by so much."""
        if self._end_ms:
            lows, highs = self._extremes[symbol]
            low, high = lows[self._place], highs[self._place]
            self._worst += cash + after * (low if after > 0 else high) - before * (low if before > 0 else high)
            self._best += cash + after * (high if after > 0 else low) - before * (high if before > 0 else low)

    def _go(self, block: int, cash: float, held: Mapping[str, float]) -> None:
        """Work out the bounds of a block."""
        self._begin_ms, self._end_ms = block * BLOCK_MS, (block + 1) * BLOCK_MS
        extremes, place, worst, best = self._extremes, self._extremes.place(block), cash, cash
        for symbol, quantity in held.items():
            lows, highs = extremes[symbol]
            low, high = (lows[place], highs[place]) if quantity > 0 else (highs[place], lows[place])
            worst += quantity * low
            best += quantity * high
        self._place, self._worst, self._best = place, worst, best
