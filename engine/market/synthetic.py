"""The synthetic market: invented one-minute candles of six symbols, made from a seed, with no edge in them.

The model, for every symbol on its own grid of minutes:

1. Volatility = the symbol's yearly volatility x a market-wide regime (calm, normal or wild, each lasting days or
   hours) x an own hourly factor (exp of an AR(1) process) x the time of day (busiest in the afternoon, UTC).
2. A minute's log-return is normal with that volatility s and mean -s^2/2, given s, which does not depend on the
   past of the price: prices are a martingale. Nothing that can be known at a moment tells which way they go next, so
   every rule of trading loses its costs on average. A share of the return is common to all symbols.
3. Between a close and the next open lies a small gap, a tenth of s, also without drift.
4. High and low are drawn from the extremes of a Brownian bridge between open and close
   (P(max > m) = exp(-2 (m - open)(m - close) / s^2)), so that levels are touched as often as in continuous time.
5. Prices are rounded to the tick; high and low enclose open and close. Rounding leaves a bounce of a fraction of a tick
   from minute to minute, far below any fee.

Candles depend on seed, symbol and start alone: asking for fewer symbols or a shorter market changes none of them, and
coarser candles are made of the same minutes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np

from engine.market.candles import Candles, Floats, Ints
from engine.market.timeframes import grid_offset_ms, timeframe_name
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS

MINUTES_A_YEAR = 525_600
COMMON = 0.6  # correlation of each symbol's returns with the market's
GAP = 0.1  # volatility of the gap between two candles, in that of a minute
REGIMES = ((0.7, 48.0), (1.0, 72.0), (1.8, 12.0))  # volatility factor, mean duration in hours
HOURLY_MEMORY, HOURLY_SPREAD = 0.95, 0.25  # AR(1) coefficient and standard deviation of the log factor


@dataclass(frozen=True, slots=True)
class Listing:
    """A symbol of the synthetic market: first price, yearly volatility, decimals of its tick, volume per minute."""

    price: float
    volatility: float
    decimals: int
    volume: float


LISTINGS = {
    "BTCUSDT": Listing(64_000.0, 0.50, 1, 20.0),
    "ETHUSDT": Listing(3_450.0, 0.65, 2, 250.0),
    "SOLUSDT": Listing(145.0, 0.80, 2, 5_000.0),
    "XRPUSDT": Listing(0.62, 0.75, 4, 700_000.0),
    "DOGEUSDT": Listing(0.155, 0.90, 5, 3_000_000.0),
    "LTCUSDT": Listing(82.0, 0.70, 2, 2_500.0),
}


@dataclass(frozen=True)
class SyntheticMarket:
    """The market of a seed, from ``start_ms`` to ``end_ms`` (half-open, UTC), in candles of ``timeframe_ms``.

    Raises ValueError for a time frame that is not made of whole minutes, and for a negative seed.
    """

    seed: int
    start_ms: int
    end_ms: int
    timeframe_ms: int = MINUTE_MS
    symbols: ClassVar[tuple[str, ...]] = tuple(LISTINGS)
    _minutes: dict[str, Candles] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what no candles can be made of."""
        if self.timeframe_ms <= 0 or self.timeframe_ms % MINUTE_MS:
            name = timeframe_name(self.timeframe_ms)
            raise ValueError(f"the synthetic market has candles of whole minutes, not of {name}")
        if self.seed < 0:
            raise ValueError("a seed is not negative")

    def candles(self, symbol: str) -> Candles:
        """All whole candles of a symbol. Raises KeyError for one that is not in ``symbols``."""
        minutes = self.minutes(symbol)
        bars = self.timeframe_ms // MINUTE_MS
        if bars == 1:
            return minutes
        first_ms = self._first_ms(MINUTE_MS)
        skip = (self._first_ms(self.timeframe_ms) - first_ms) // MINUTE_MS
        count = max(len(minutes) - skip, 0) // bars
        part = slice(skip, skip + count * bars)

        def grouped(values: Floats) -> Floats:
            return values[part].reshape(count, bars)

        return Candles(
            symbol=symbol,
            timeframe_ms=self.timeframe_ms,
            ts=minutes.ts[part][::bars],
            open=grouped(minutes.open)[:, 0],
            high=grouped(minutes.high).max(axis=1, initial=0.0),
            low=grouped(minutes.low).min(axis=1, initial=np.inf),
            close=grouped(minutes.close)[:, -1],
            volume=grouped(minutes.volume).sum(axis=1),
        )

    def minutes(self, symbol: str) -> Candles:
        """The one-minute candles of a symbol, whatever the market's time frame is. Raises KeyError as above."""
        if symbol not in self._minutes:
            self._minutes[symbol] = self._make(symbol, LISTINGS[symbol])
        return self._minutes[symbol]

    def tick(self, symbol: str) -> float:
        """The smallest step of a symbol's prices. Raises KeyError as above."""
        return float(f"1e-{LISTINGS[symbol].decimals}")

    def _first_ms(self, timeframe_ms: int) -> int:
        """The first open time of a time frame at or after the start."""
        return self.start_ms + (grid_offset_ms(timeframe_ms) - self.start_ms) % timeframe_ms

    def _make(self, symbol: str, listing: Listing) -> Candles:
        """The candles of one symbol; the numbers are those of the module's docstring."""
        ts = np.arange(self._first_ms(MINUTE_MS), self.end_ms - MINUTE_MS + 1, MINUTE_MS, dtype=np.int64)
        usual = listing.volatility / MINUTES_A_YEAR**0.5
        s = usual * self._regimes * _hourly(self._random(symbol, "hours"), len(ts)) * _time_of_day(ts)
        own = self._random(symbol, "own").standard_normal(len(ts))
        change = s * (COMMON * self._common + (1 - COMMON**2) ** 0.5 * own) - s**2 / 2
        gap = GAP * s * self._random(symbol, "gaps").standard_normal(len(ts)) - (GAP * s) ** 2 / 2
        close = np.cumsum(gap + change)
        open_ = close - change
        up, down = (
            (change + sign * np.sqrt(change**2 + 2 * s**2 * self._random(symbol, part).exponential(size=len(ts)))) / 2
            for sign, part in ((1, "highs"), (-1, "lows"))
        )
        prices = [_price(listing, log_price) for log_price in (open_, open_ + up, open_ + down, close)]
        volume = listing.volume * s / usual * self._random(symbol, "volumes").lognormal(-0.18, 0.6, len(ts))
        return Candles(
            symbol=symbol,
            timeframe_ms=MINUTE_MS,
            ts=ts,
            open=prices[0],
            high=np.maximum.reduce(prices),
            low=np.minimum.reduce(prices),
            close=prices[3],
            volume=np.round(volume, 3),
        )

    @cached_property
    def _common(self) -> Floats:
        """The part of the returns that all symbols share, minute by minute."""
        return self._random("market", "common").standard_normal(len(self._regimes))

    @cached_property
    def _regimes(self) -> Floats:
        """The market-wide factor of volatility, minute by minute: regimes of random order and length."""
        count = max((self.end_ms - self._first_ms(MINUTE_MS)) // MINUTE_MS, 0)
        random = self._random("market", "regimes")
        factors: list[float] = []
        lengths: list[int] = []
        while sum(lengths) < count:
            factor, hours = REGIMES[random.integers(len(REGIMES))]
            factors.append(factor)
            lengths.append(1 + int(random.exponential(hours * HOUR_MS / MINUTE_MS)))
        return np.repeat(np.array(factors), np.array(lengths, dtype=np.int64))[:count]

    def _random(self, symbol: str, part: str) -> np.random.Generator:
        """A stream of random numbers for one purpose, so that a longer market begins like a shorter one."""
        return np.random.default_rng([self.seed, *f"{symbol} {part}".encode()])


def _price(listing: Listing, log_price: Floats) -> Floats:
    """Prices on the tick, and never below one tick."""
    return np.maximum(np.round(listing.price * np.exp(log_price), listing.decimals), float(f"1e-{listing.decimals}"))


def _hourly(random: np.random.Generator, count: int) -> Floats:
    """The symbol's own factor, constant within an hour."""
    shocks = random.standard_normal(count // 60 + 1) * HOURLY_SPREAD
    level = shocks[0]
    levels = [level]
    for shock in shocks[1:]:
        level = HOURLY_MEMORY * level + (1 - HOURLY_MEMORY**2) ** 0.5 * shock
        levels.append(level)
    return np.repeat(np.exp(levels), 60)[:count]


def _time_of_day(ts: Ints) -> Floats:
    """Busiest at 15:00 UTC, quietest at 3:00."""
    hours = (ts % DAY_MS) / HOUR_MS
    result: Floats = 1 + 0.3 * np.cos((hours - 15) / 24 * 2 * np.pi)
    return result
