"""The average true range: how far a symbol moves in a candle of some length."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.market.candles import Candles
from engine.market.timeframes import grid_offset_ms

CANDLES = 14


def average_true_range(candles: Mapping[str, Candles], symbol: str, at_ms: int, timeframe_ms: int) -> float | None:
    """The mean true range of the 14 candles of a length that were over at a moment; None where there are fewer.

    True range = max(high - low, |high - close before|, |low - close before|) (Wilder 1978), averaged evenly.
    """
    bars = candles.get(symbol)
    if bars is None or not len(bars):
        return None
    offset = grid_offset_ms(timeframe_ms)
    until = (at_ms - offset) // timeframe_ms * timeframe_ms + offset
    first, last = np.searchsorted(bars.ts, (until - 4 * CANDLES * timeframe_ms, until))
    number = (bars.ts[first:last] - offset) // timeframe_ms
    starts = np.flatnonzero(np.append(True, number[1:] != number[:-1])) if last > first else np.array([], np.int64)
    if len(starts) <= CANDLES:
        return None
    high = np.maximum.reduceat(bars.high[first:last], starts)
    low = np.minimum.reduceat(bars.low[first:last], starts)
    before = bars.close[first:last][starts[1:] - 1]
    true = np.maximum(high[1:], before) - np.minimum(low[1:], before)
    return float(true[-CANDLES:].mean())
