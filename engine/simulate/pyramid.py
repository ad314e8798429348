"""Finding the first bar that touches a level, fast: block maxima of the highs and minima of the lows.

A path that lives for days touches only a few bars that matter. Blocks of 32 bars whose high stays below the upper
level and whose low stays above the lower one are skipped whole, so the cost grows with the events, not the bars.
Levels and answers are those a long would see; a short (sign -1) looks at the same arrays upside down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from engine.market.candles import Candles, Floats, Ints, first_from
from engine.market.timeframes import grid_offset_ms

BLOCK = 32
CHUNK = 16  # blocks looked at in one step
Bools = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars of one symbol with block extremes. Arrays have shape (bars,); ``top`` and ``bottom`` one entry per 32 bars.

    A bar is over ``length_ms`` after its ``ts``; ``own_ends`` says when where bars of several lengths are mixed.
    ``fair_open``, ``fair_high`` and ``fair_low`` are the prices that liquidate: the fair ones where they are known.
    """

    ts: Ints
    length_ms: int
    own_ends: Ints | None
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    top: Floats
    bottom: Floats
    fair: Bars | None = None
    closings: dict[int, tuple[Ints, Bars]] = field(default_factory=dict)

    @classmethod
    def of(cls, candles: Candles, fair: Candles | None = None) -> Bars:
        """The bars of a symbol; ``fair`` has the fair price, for as many of the same bars as it is known."""
        ts, length, ends = candles.ts, candles.timeframe_ms, candles.own_ends
        other = None
        if fair is not None and len(fair) and len(ts):
            at = np.minimum(fair.first_from(ts), len(fair) - 1)
            known = fair.ts[at] == ts
            columns = ((fair.open, candles.open), (fair.high, candles.high), (fair.low, candles.low))
            o, h, low = (np.where(known, f[at], last) for f, last in columns)
            other = cls._made(ts, length, ends, o, h, low, candles.close)
        return cls._made(ts, length, ends, candles.open, candles.high, candles.low, candles.close, other)

    @classmethod
    def _made(
        cls, ts: Ints, length_ms: int, own_ends: Ints | None, o: Floats, h: Floats, low: Floats, c: Floats,
        fair: Bars | None = None,
    ) -> Bars:  # fmt: skip
        return cls(ts, length_ms, own_ends, o, h, low, c, _blocks(h, np.maximum), _blocks(low, np.minimum), fair)

    def __len__(self) -> int:
        """How many bars."""
        return len(self.ts)

    def first_from(self, at_ms: Ints) -> Ints:
        """The first bar that opens at or after each moment (the number of bars: none does), same shape."""
        return first_from(self.ts, self.length_ms, at_ms)

    def ends_at(self, bars: Ints) -> Ints:
        """When bars are over, same shape."""
        return self.ts[bars] + self.length_ms if self.own_ends is None else self.own_ends[bars]

    @property
    def end_ms(self) -> int:
        """When the last bar is over."""
        return int(self.ts[-1]) + self.length_ms if self.own_ends is None else int(self.own_ends[-1])

    def closing(self, frame_ms: int) -> tuple[Ints, Bars]:
        """The last bar of each candle of a timeframe, and those candles' closes as bars."""
        if frame_ms not in self.closings:
            number = (self.ts - grid_offset_ms(frame_ms)) // frame_ms
            last = np.flatnonzero(np.append(number[1:] != number[:-1], False))
            c = self.close[last]
            self.closings[frame_ms] = last, Bars._made(self.ts[last], self.length_ms, self.ends_at(last), c, c, c, c)
        return self.closings[frame_ms]

    def first_touch(self, sign: Floats, start: Ints, end: Ints, up: Floats, down: Floats) -> Ints:
        """For each row, the first bar in ``[start, end)`` that reaches ``up`` or falls to ``down``; -1 for none."""
        long = sign > 0
        return self._first(start, end, np.where(long, up, -down), np.where(long, down, -up))

    def _first(self, start: Ints, end: Ints, up: Floats, down: Floats) -> Ints:
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
            here = block[rows]
            looked = here[:, None] + ahead
            inside = looked <= last[rows, None]
            np.minimum(looked, len(self.top) - 1, out=looked)
            touched = self.top.take(looked) >= up[rows, None]
            touched |= self.bottom.take(looked) <= down[rows, None]
            touched &= inside
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

    def _scan(self, rows: Ints, block: Ints, start: Ints, end: Ints, up: Floats, down: Floats, found: Ints) -> Bools:
        """Look at each bar of one block per row; writes ``found`` and tells which rows had a hit."""
        bars = block[:, None] * BLOCK + np.arange(BLOCK)
        safe = np.minimum(bars, len(self.high) - 1)
        touched = self.high.take(safe) >= up[rows, None]
        touched |= self.low.take(safe) <= down[rows, None]
        touched &= bars >= start[rows, None]
        touched &= bars < end[rows, None]
        first = touched.argmax(axis=1)
        each = np.arange(len(rows))
        hit: Bools = touched[each, first]
        found[rows[hit]] = bars[each, first][hit]
        return hit

    def first_trailed(self, sign: Floats, start: Ints, end: Ints, up: Floats, down: Floats, trail: Trailed) -> Ints:
        """The same with a stop that follows the best price before each bar; ``trail`` is brought up to that bar.

        A block is skipped when its best price stays below ``up`` and its worst one above where the stop would stand
        if that best price came first: that moves the peak, and can touch nothing.
        """
        found = np.full(len(start), -1, np.int64)
        cur = start.copy()
        live = np.flatnonzero(cur < end)
        each = np.arange(BLOCK)
        while len(live):
            block = cur[live] // BLOCK
            long = sign[live] > 0
            whole = (cur[live] % BLOCK == 0) & ((block + 1) * BLOCK <= end[live])
            top = np.where(long, self.top[block], -self.bottom[block])
            bottom = np.where(long, self.bottom[block], -self.top[block])
            peak = np.maximum(trail.peak[live], top)
            calm = whole & (top < up[live]) & (bottom > down[live]) & (bottom > trail.stop_at(live, peak))
            skip, look = live[calm], live[~calm]
            trail.peak[skip] = peak[calm]
            cur[skip] = (block[calm] + 1) * BLOCK
            if len(look):
                self._scan_trailed(look, block[~calm], sign, cur, end, up, down, trail, found, each)
            live = live[(found[live] < 0) & (cur[live] < end[live])]
        trail.settle()
        return found

    def _scan_trailed(
        self, rows: Ints, block: Ints, sign: Floats, cur: Ints, end: Ints, up: Floats, down: Floats, trail: Trailed,
        found: Ints, each: Ints,
    ) -> None:  # fmt: skip
        """Look at each bar of one block per row."""
        bars = block[:, None] * BLOCK + each
        safe = np.minimum(bars, len(self.high) - 1)
        inside = (bars >= cur[rows, None]) & (bars < end[rows, None])
        high, low, long = self.high[safe], self.low[safe], sign[rows, None] > 0
        best = np.where(inside, np.where(long, high, -low), -np.inf)
        worst = np.where(long, low, -high)
        before = np.empty((len(rows), BLOCK + 1))
        before[:, 0], before[:, 1:] = trail.peak[rows], best
        np.maximum.accumulate(before, axis=1, out=before)
        stop = np.maximum(trail.stop_at(rows[:, None], before[:, :-1]), down[rows, None])
        touched = inside & ((best >= up[rows, None]) | (worst <= stop))
        first = touched.argmax(axis=1)
        row = np.arange(len(rows))
        hit = touched[row, first]
        found[rows[hit]] = bars[row, first][hit]
        trail.peak[rows] = before[row, np.where(hit, first, BLOCK)]
        cur[rows] = (block + 1) * BLOCK


@dataclass(slots=True)
class Trailed:
    """Stops on their way: ``stop`` and ``peak`` (rows,) are brought along; a fraction or points behind the peak.

    ``grid`` puts the prices of rows where orders are taken.
    """

    stop: Floats
    peak: Floats
    fraction: Floats
    points: Floats
    grid: Callable[[Ints, Floats], Floats] | None = None

    def stop_at(self, rows: Ints, peak: Floats) -> Floats:
        """Where the stop stands after a peak."""
        behind: Floats = peak - self.fraction[rows] * np.abs(peak) - self.points[rows]
        if self.grid is not None:
            behind = self.grid(rows, behind)
        return np.maximum(self.stop[rows], behind)

    def settle(self) -> None:
        """Bring the stops to where the peaks put them."""
        self.stop = self.stop_at(np.arange(len(self.stop)), self.peak)


def _blocks(values: Floats, extreme: np.ufunc) -> Floats:
    """The extreme of each block of 32."""
    blocks: Floats = extreme.reduceat(values, np.arange(0, len(values), BLOCK)) if len(values) else values
    return blocks
