"""Candles of several lengths as one series: finer ones in place of coarse ones where the store has them.

A coarse candle is replaced by the finer ones inside it when they tell the same: its open, high, low and close. Then
nothing of it is lost, whatever minutes without a trade are absent; where one of the four differs, the coarse candle
stays.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.market.candles import Candles, Floats, Ints

PRICES = ("open", "high", "low", "close", "volume")
SAME = 1e-9  # relative: prices that two files write differently


def refined(bars: Candles, finer: Sequence[Candles]) -> Candles:
    """The bars with finer ones in place of those that they tell whole; ``finer`` from the longest to the shortest."""
    for other in finer:
        bars = _refined(bars, other)
    return bars


def _refined(bars: Candles, finer: Candles) -> Candles:
    first, last = _inside(bars, finer)
    some = np.flatnonzero(last > first)
    if not len(some):
        return bars
    first, last = first[some], last[some]
    pairs = (
        (finer.open[first], bars.open[some]),
        (_reduced(np.maximum, finer.high, first, last), bars.high[some]),
        (_reduced(np.minimum, finer.low, first, last), bars.low[some]),
        (finer.close[last - 1], bars.close[some]),
    )
    told = np.logical_and.reduce([np.abs(a - b) <= SAME * np.abs(b) for a, b in pairs])
    told &= finer.ends[last - 1] <= bars.ends[some]
    if not told.any():
        return bars
    kept = np.ones(len(bars), np.bool_)
    kept[some[told]] = False
    places = _spread(first[told], last[told])
    if bars.own_ends is None and not kept.any():
        prices = (getattr(finer, name)[places] for name in PRICES)
        return Candles(bars.symbol, finer.timeframe_ms, finer.ts[places], *prices)
    ts = np.concatenate([bars.ts[kept], finer.ts[places]])
    order = np.argsort(ts, kind="stable")
    mixed = (np.concatenate([getattr(bars, name)[kept], getattr(finer, name)[places]])[order] for name in PRICES)
    ends = np.concatenate([bars.ends[kept], finer.ends[places]])[order]
    return Candles(bars.symbol, bars.timeframe_ms, ts[order], *mixed, own_ends=ends)


def fair_prices(bars: Candles, known: Sequence[Candles]) -> Candles | None:
    """The fair price of each bar where the store knows it: of the bar's own length, or all the shorter ones in it.

    ``known`` are series of fair prices, the shortest first. None where none of the bars is known.
    """
    length = bars.ends - bars.ts
    open_, high, low, close = (np.full(len(bars), np.nan) for _ in range(4))
    for series in known:
        first, last = _inside(bars, series)
        whole = np.isnan(open_) & (last > first) & ((last - first) * series.timeframe_ms == length)
        first, last = first[whole], last[whole]
        if len(first):
            open_[whole], close[whole] = series.open[first], series.close[last - 1]
            high[whole] = _reduced(np.maximum, series.high, first, last)
            low[whole] = _reduced(np.minimum, series.low, first, last)
    rows = np.flatnonzero(np.isfinite(open_))
    if not len(rows):
        return None
    columns = (column[rows] for column in (open_, high, low, close, bars.volume))
    ends = None if bars.own_ends is None else bars.own_ends[rows]
    return Candles(bars.symbol, bars.timeframe_ms, bars.ts[rows], *columns, own_ends=ends)


def _inside(bars: Candles, finer: Candles) -> tuple[Ints, Ints]:
    """The first of the finer candles that opens in each bar, and the first behind it."""
    return np.searchsorted(finer.ts, bars.ts), np.searchsorted(finer.ts, bars.ends)


def _reduced(extreme: np.ufunc, values: Floats, first: Ints, last: Ints) -> Floats:
    """The extreme of ``values[first:last]`` of each row; ``last`` lies behind ``first``."""
    bounds = np.column_stack([first, last]).ravel()
    found: Floats = extreme.reduceat(np.append(values, values[-1]), bounds)[::2]
    return found


def _spread(first: Ints, last: Ints) -> Ints:
    """All places of the ranges ``[first, last)``, one after another."""
    counts = last - first
    return np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(int(counts.sum()))
