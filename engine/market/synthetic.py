"""A seeded market in which nothing has an edge by itself: martingale prices with regimes of volatility.

Log returns are normal with mean ``-sigma^2 / 2`` (so that prices, not logs, are fair), sigma changes between calm,
normal and wild regimes of random length. Opens differ from the close before by a small gap, highs and lows reach a
little beyond. Each symbol depends on the seed and its own name only.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from engine.market.candles import Candles, Floats
from engine.units import MINUTE_MS

# first price and tick
SYMBOLS: dict[str, tuple[float, float]] = {
    "BTCUSDT": (64_800.0, 0.1),
    "ETHUSDT": (3_450.0, 0.01),
    "SOLUSDT": (143.0, 0.01),
    "XRPUSDT": (0.52, 0.0001),
    "DOGEUSDT": (0.125, 0.00001),
    "LTCUSDT": (82.0, 0.01),
}
REGIME_SIGMA = np.array([0.0004, 0.0007, 0.0013])  # of a one-minute log return
REGIME_SHARE = np.array([0.45, 0.40, 0.15])
REGIME_MINUTES = 360.0  # mean length


@dataclass(frozen=True, slots=True)
class SyntheticMarket:
    """Candles for ``SYMBOLS`` with open times in ``[start_ms, end_ms)``."""

    seed: int
    start_ms: int
    end_ms: int
    timeframe_ms: int = MINUTE_MS

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of this market."""
        return tuple(SYMBOLS)

    def tick(self, symbol: str) -> float:
        """The price step of a symbol."""
        return SYMBOLS[symbol][1]

    def candles(self, symbol: str) -> Candles:
        """The candles of a symbol; the same for the same seed, whatever else was asked."""
        start_price, tick = SYMBOLS[symbol]
        rng = np.random.default_rng([self.seed, zlib.crc32(symbol.encode())])
        n = max(0, (self.end_ms - self.start_ms) // self.timeframe_ms)
        sigma = self._regimes(rng, n) * np.sqrt(self.timeframe_ms / MINUTE_MS)
        close = np.log(start_price) + np.cumsum(rng.standard_normal(n) * sigma - 0.5 * sigma**2)
        before = np.concatenate([[np.log(start_price)], close[:-1]])[:n]
        open_ = before + rng.standard_normal(n) * sigma * 0.1
        high = np.maximum(open_, close) + np.abs(rng.standard_normal(n)) * sigma * 0.5
        low = np.minimum(open_, close) - np.abs(rng.standard_normal(n)) * sigma * 0.5
        volume = rng.lognormal(3.0, 1.0, n)
        ts = self.start_ms + np.arange(n, dtype=np.int64) * self.timeframe_ms
        prices = [on_tick(np.exp(x), tick) for x in (open_, high, low, close)]
        return Candles(symbol, self.timeframe_ms, ts, prices[0], prices[1], prices[2], prices[3], volume)

    def _regimes(self, rng: np.random.Generator, n: int) -> Floats:
        """Sigma of each bar: regimes of exponential length."""
        lengths = rng.exponential(REGIME_MINUTES, n // 200 + 50).astype(np.int64) + 1
        kinds = rng.choice(len(REGIME_SIGMA), size=len(lengths), p=REGIME_SHARE)
        sigma: Floats = np.repeat(REGIME_SIGMA[kinds], lengths)
        return np.resize(sigma, n)


def on_tick(price: Floats, tick: float) -> Floats:
    """Prices rounded to the tick, never below one tick; exact decimals, so that text and number agree."""
    digits = max(0, round(-np.log10(tick)))
    rounded: Floats = np.round(np.maximum(np.rint(price / tick), 1.0) * tick, digits)
    return rounded
