"""Small candles for tests, written as people think of them."""

from __future__ import annotations

import numpy as np

from engine.market.candles import Candles
from engine.units import MINUTE_MS, moment_ms

START_MS = moment_ms("2025-05-04 15:30")


def candles(
    minutes: list[int], prices: list[float] | None = None, symbol: str = "BTCUSDT", timeframe_ms: int = MINUTE_MS
) -> Candles:
    """Flat candles at these minutes after 15:30, at 100, 101, ... or at the given prices."""
    ts = START_MS + np.array(minutes, dtype=np.int64) * MINUTE_MS
    level = np.array(prices if prices is not None else [100.0 + minute for minute in minutes], dtype=np.float64)
    return Candles(symbol, timeframe_ms, ts, level, level, level, level, np.ones(len(minutes)))
