"""What a symbol's market looks like when a call is acted on, from bars that are over by then.

1. ``price``: the last close.
2. ``atr``: the mean of the last 14 true ranges of hours (of the candles where those are longer), as a fraction of the
   price. True range: J. W. Wilder, New Concepts in Technical Trading Systems, 1978. The plain mean instead of
   Wilder's smoothing, so that nothing depends on where the history begins.
3. ``spread``: estimated from the last 1,000 candles, since candles hold no quotes (``estimate_spread``). Candles longer
   than 15 minutes move so much that a spread of a few basis points cannot be seen in them: it is not known there.
4. ``volume``: what was traded in the last 24 hours, each candle's volume at its close.
5. ``funding``: the last settled rate; 0 where the run pays none.

What cannot be told (too little history, a hole of more than a bar before the call) is NaN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.domain import MarketFacts
from engine.market.candles import Candles, Floats, Funding, Ints
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS

ATR_BARS = 14
SPREAD_BARS = 1000
SPREAD_LONGEST_MS = 15 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class MarketColumns:
    """Facts of ``n`` calls, shape (n,) each; NaN where not known. See ``domain.MarketFacts`` for the units."""

    price: Floats
    atr: Floats
    spread: Floats
    volume: Floats
    funding: Floats

    def rows(self) -> list[MarketFacts]:
        """The facts call by call."""
        columns = (self.price, self.atr, self.spread, self.volume, self.funding)
        plain = [[None if value != value else value for value in column.tolist()] for column in columns]
        return [MarketFacts(p, a, s, False, v, f) for p, a, s, v, f in zip(*plain, strict=True)]


def market_columns(
    symbols: Sequence[str], at_ms: Ints, candles: Mapping[str, Candles], funding: Mapping[str, Funding] | None
) -> MarketColumns:
    """The facts of calls on ``symbols`` acted on at ``at_ms``, shape (n,); ``funding`` None: none is paid."""
    n = len(at_ms)
    price, atr, spread, volume = (np.full(n, np.nan) for _ in range(4))
    rate = np.full(n, np.nan if funding is not None else 0.0)
    names = np.array(symbols, dtype=object)
    for symbol in sorted(set(symbols)):
        rows = np.flatnonzero(names == symbol)
        bars, at = candles.get(symbol), at_ms[rows]
        if bars is not None and len(bars):
            price[rows] = last_price(bars, at)
            atr[rows] = average_true_range(bars, at) / price[rows]
            spread[rows] = estimate_spread(bars, at)
            volume[rows] = traded(bars, at)
        history = funding.get(symbol) if funding else None
        if history is not None and len(history.ts):
            i = np.searchsorted(history.ts, at, side="right") - 1
            rate[rows] = np.where(i >= 0, history.rate[np.maximum(i, 0)], np.nan)
    return MarketColumns(price, atr, spread, volume, rate)


def last_price(bars: Candles, at_ms: Ints) -> Floats:
    """The close of the last bar that is over, NaN where that was more than two bars ago."""
    i = bars.over(at_ms)
    fresh = (i >= 0) & (at_ms - bars.ts[np.maximum(i, 0)] < 3 * bars.timeframe_ms)
    return np.where(fresh, bars.close[np.maximum(i, 0)], np.nan)


def average_true_range(bars: Candles, at_ms: Ints) -> Floats:
    """The mean of the last 14 true ranges of whole hours (or longer candles) before each moment, in price units."""
    step = max(HOUR_MS, bars.timeframe_ms)
    bucket = bars.ts // step
    first = np.flatnonzero(np.diff(bucket, prepend=bucket[0] - 1))
    high, low = np.maximum.reduceat(bars.high, first), np.minimum.reduceat(bars.low, first)
    close = bars.close[np.append(first[1:], len(bars)) - 1]
    ranges = np.maximum(high[1:], close[:-1]) - np.minimum(low[1:], close[:-1])  # of hour 1, 2, ...
    start = bucket[first] * step
    i = np.searchsorted(start + step, at_ms, side="right") - 1
    known = (i >= ATR_BARS) & (at_ms - start[np.maximum(i, 0)] < 3 * step)
    return np.where(known, _mean_of_last(ranges, np.where(known, i, ATR_BARS), ATR_BARS), np.nan)


def estimate_spread(bars: Candles, at_ms: Ints) -> Floats:
    """The spread between bid and ask, as a fraction of the price, from the last 1,000 candles before each moment.

    ``s = sqrt(max(0, 4 E[(c_t - m_t)(c_t - m_(t+1))]))`` with ``c`` the log close and ``m`` the mean of log high and
    log low: F. Abdi and A. Ranaldo, A Simple Estimation of Bid-Ask Spreads from Daily Close, High, and
    Low Prices, Review of Financial Studies 30 (2017), in the form with one mean over all candles. NaN with fewer
    candles, or where they are longer than 15 minutes.
    """
    if bars.timeframe_ms > SPREAD_LONGEST_MS or len(bars) <= SPREAD_BARS:
        return np.full(len(at_ms), np.nan)
    close, middle = np.log(bars.close), (np.log(bars.high) + np.log(bars.low)) / 2
    products = (close[:-1] - middle[:-1]) * (close[:-1] - middle[1:])
    i = bars.over(at_ms)
    known = i >= SPREAD_BARS
    mean = _mean_of_last(products, np.where(known, i, SPREAD_BARS), SPREAD_BARS)
    return np.where(known, np.sqrt(np.maximum(0.0, 4 * mean)), np.nan)


def traded(bars: Candles, at_ms: Ints) -> Floats:
    """Quote currency traded in the 24 hours before each moment; NaN where the history does not reach back so far."""
    worth = np.concatenate([[0.0], np.cumsum(bars.volume * bars.close)])
    last = bars.over(at_ms) + 1
    first = bars.first_from(at_ms - DAY_MS)
    whole = (at_ms - DAY_MS >= bars.ts[0]) & (last > first)
    return np.where(whole, worth[last] - worth[np.minimum(first, last)], np.nan)


def _mean_of_last(values: Floats, end: Ints, count: int) -> Floats:
    """The mean of the ``count`` values before each end."""
    if len(values) < count:
        return np.full(len(end), np.nan)
    running = np.concatenate([[0.0], np.cumsum(values)])
    mean: Floats = (running[end] - running[end - count]) / count
    return mean
