"""Finding the first bar that touches a level, fast: block maxima of the highs and minima of the lows.

A path that lives for days touches only a few bars that matter. Blocks of 64 bars whose high stays below the upper
level and whose low stays above the lower one are skipped whole, so the cost grows with the events, not the bars.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.market.candles import Candles, Floats, Ints

BLOCK = 64
CHUNK = 8  # blocks looked at in one step


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars of one symbol seen from a long trade, with block extremes. For shorts all prices are negated and high
    and low change places, so that one kernel serves both sides. All arrays have shape (bars,); ``top`` and ``bottom``
    have one entry for each block of 64.
    """

    ts: Ints
    timeframe_ms: int
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    top: Floats
    bottom: Floats

    @classmethod
    def of(cls, candles: Candles, sign: int) -> Bars:
        """The bars as a long (+1) or a short (-1) sees them."""
        if sign > 0:
            o, h, low, c = candles.open, candles.high, candles.low, candles.close
        else:
            o, h, low, c = -candles.open, -candles.low, -candles.high, -candles.close
        starts = np.arange(0, len(candles), BLOCK)
        top = np.maximum.reduceat(h, starts) if len(starts) else h
        bottom = np.minimum.reduceat(low, starts) if len(starts) else low
        return cls(candles.ts, candles.timeframe_ms, o, h, low, c, top, bottom)

    def first_touch(self, start: Ints, end: Ints, up: Floats, down: Floats) -> Ints:
        """For each row, the first bar in ``[start, end)`` with high >= up or low <= down; -1 where there is none."""
        found = np.full(len(start), -1, np.int64)
        rows = np.flatnonzero(start < end)
        if not len(rows):
            return found
        block = start // BLOCK
        last = (end - 1) // BLOCK
        hit = self._scan(rows, block[rows], start, end, up, down, found)
        rows = rows[~hit]
        block[rows] += 1
        rows = rows[block[rows] <= last[rows]]
        ahead = np.arange(CHUNK)
        while len(rows):
            looked = block[rows, None] + ahead
            inside = looked <= last[rows, None]
            looked = np.minimum(looked, len(self.top) - 1)
            touched = ((self.top[looked] >= up[rows, None]) | (self.bottom[looked] <= down[rows, None])) & inside
            first = touched.argmax(axis=1)
            any_touched = touched[np.arange(len(rows)), first]
            at, on = rows[any_touched], rows[~any_touched]
            block[at] += first[any_touched]
            if len(at):
                # only the last, cut block can be touched without a hit; then there is none
                self._scan(at, block[at], start, end, up, down, found)
            block[on] += CHUNK
            rows = on[block[on] <= last[on]]
        return found

    def _scan(
        self, rows: Ints, block: Ints, start: Ints, end: Ints, up: Floats, down: Floats, found: Ints
    ) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Look at each bar of one block per row; writes ``found`` and tells which rows had a hit."""
        bars = block[:, None] * BLOCK + np.arange(BLOCK)
        safe = np.minimum(bars, len(self.high) - 1)
        touched = (self.high[safe] >= up[rows, None]) | (self.low[safe] <= down[rows, None])
        touched &= (bars >= start[rows, None]) & (bars < end[rows, None])
        first = touched.argmax(axis=1)
        hit: np.ndarray[tuple[int], np.dtype[np.bool_]] = touched[np.arange(len(rows)), first]
        found[rows[hit]] = bars[np.arange(len(rows)), first][hit]
        return hit
