"""Candles and funding as columns: what the store reads and the simulation walks over."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def first_from(ts: Ints, step_ms: int, at_ms: Ints) -> Ints:
    """The place of the first of the bars that opens at or after each moment (their number: none does), same shape.

    While no bar is missing, its place follows from the moment: many times quicker than a search. Where the guess is
    wrong it is searched for.
    """
    n = len(ts)
    if not n:
        return np.zeros(at_ms.shape, np.int64)
    place: Ints = np.clip(-((ts[0] - at_ms) // step_ms), 0, n)
    wrong = ((place < n) & (ts[np.minimum(place, n - 1)] < at_ms)) | ((place > 0) & (ts[place - 1] >= at_ms))
    if wrong.any():
        place[wrong] = ts.searchsorted(at_ms[wrong])
    return place


@dataclass(frozen=True, slots=True)
class Candles:
    """Candles of one symbol, sorted by open time, without repeats; holes are simply absent rows.

    ``ts`` is the OPEN time in UTC epoch ms; a bar is over at ``ts + timeframe_ms``. All arrays have shape (bars,).
    ``volume`` is in base units. ``own_ends`` says when each bar is over where bars of several lengths are mixed; then
    ``timeframe_ms`` is that of the longest.
    """

    symbol: str
    timeframe_ms: int
    ts: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    own_ends: Ints | None = field(default=None, kw_only=True)

    def __len__(self) -> int:
        """How many bars."""
        return len(self.ts)

    def before(self, end_ms: int | None) -> Candles:
        """The bars that open before a moment (all of them for None)."""
        n = len(self.ts) if end_ms is None else int(np.searchsorted(self.ts, end_ms))
        if n == len(self.ts):
            return self
        o, h, low, c, volume = (column[:n] for column in (self.open, self.high, self.low, self.close, self.volume))
        ends = None if self.own_ends is None else self.own_ends[:n]
        return Candles(self.symbol, self.timeframe_ms, self.ts[:n], o, h, low, c, volume, own_ends=ends)

    def first_from(self, at_ms: Ints) -> Ints:
        """The place of the first bar that opens at or after each moment (the number of bars: none does)."""
        return first_from(self.ts, self.timeframe_ms, at_ms)

    @property
    def ends(self) -> Ints:
        """When each bar is over, shape (bars,)."""
        return self.ts + self.timeframe_ms if self.own_ends is None else self.own_ends

    def end_of(self, bar: int) -> int:
        """When one bar is over."""
        return int(self.ts[bar]) + self.timeframe_ms if self.own_ends is None else int(self.own_ends[bar])

    def ends_of(self, first: int, last: int) -> Ints:
        """When the bars from one place to before another are over."""
        if self.own_ends is None:
            return self.ts[first:last] + self.timeframe_ms
        return self.own_ends[first:last]

    def gapless(self, first: int, last: int) -> bool:
        """Whether the bars from one place to before another have one length, and each begins where one ends.

        Bars do not overlap, so as many as fit between the first and the last leave no hole.
        """
        if self.own_ends is not None:
            return False
        return last <= first or int(self.ts[last - 1] - self.ts[first]) == (last - 1 - first) * self.timeframe_ms

    def over(self, at_ms: int | Ints) -> Ints:
        """The place of the last bar that is over at a moment, or at many (-1: none is)."""
        moments = np.asarray(at_ms)
        if self.own_ends is not None:
            return self.own_ends.searchsorted(moments, side="right") - 1
        if moments.ndim:
            return self.first_from(moments - self.timeframe_ms + 1) - 1
        return self.ts.searchsorted(moments - self.timeframe_ms, side="right") - 1

    def last_close(self, at_ms: Ints) -> Floats:
        """The close of the last bar that is over at each moment (the first open before any is)."""
        i = self.over(at_ms)
        return np.where(i >= 0, self.close[np.maximum(i, 0)], self.open[0])

    def end_at(self, ts_ms: int) -> int:
        """When the bar that opens at a moment is over."""
        return ts_ms + self.timeframe_ms if self.own_ends is None else self.end_of(int(self.ts.searchsorted(ts_ms)))

    def ends_at(self, ts_ms: Ints) -> Ints:
        """``end_at`` for many moments, same shape."""
        return ts_ms + self.timeframe_ms if self.own_ends is None else self.own_ends[self.ts.searchsorted(ts_ms)]

    @property
    def end_ms(self) -> int:
        """When the last bar is over (0 without bars)."""
        return self.end_of(-1) if len(self.ts) else 0


@dataclass(frozen=True, slots=True)
class Funding:
    """Funding settlements of a symbol: ``ts`` UTC ms rounded to the minute, ``rate`` a fraction (+: longs pay)."""

    symbol: str
    ts: Ints
    rate: Floats
