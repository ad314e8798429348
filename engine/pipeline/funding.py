"""The funding that a run pays: none, the stored history, a constant, or the history with a constant beside it.

A constant is said per 8 hours. A contract that settles more often pays that much less each time: at its own interval
where the store has its facts, else every 8 hours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from engine.config.strategy import Strategy
from engine.market.candles import Candles, Funding, Ints
from engine.market.contracts import state_at
from engine.pipeline.errors import InputError
from engine.pipeline.prices import Prices
from engine.problem import Problem
from engine.units import HOUR_MS, show_duration, show_names, show_time

RATE_MS = 8 * HOUR_MS  # what a constant rate is said for
SPARE_MS = HOUR_MS  # a settlement of the history may be told some minutes late
SLACK_MS = 3 * RATE_MS  # a history may begin and end this much inside the candles


def funding_of(
    strategy: Strategy, prices: Prices, candles: Mapping[str, Candles]
) -> tuple[dict[str, Funding] | None, str]:
    """Funding by symbol (None: none is paid) and the sentence about it.

    Raises InputError when the history is asked for, without a rate beside it, and does not cover a symbol's candles: a
    gap would be free money.
    """
    wanted, other = strategy.costs.funding, strategy.costs.funding_else
    if wanted == "none":
        kind = "spot has none" if strategy.market.type == "spot" else "ignored, as the strategy says"
        return None, f"funding: {kind}"
    if wanted == "history" and other is None:
        return {symbol: _history(strategy, prices, bars) for symbol, bars in candles.items()}, "funding: as it was paid"
    rate = other if other is not None else float(wanted)
    intervals = {symbol: _interval(prices, bars) for symbol, bars in candles.items()}
    settled = {symbol: _constant(bars, rate, intervals[symbol]) for symbol, bars in candles.items()}
    how = f"{rate:.4%} per 8 hours, paid by longs, {_settled(intervals)}"
    if wanted != "history":
        return settled, f"funding: {how} (a constant, not history)"
    filled = {symbol: with_constant(prices.funding(symbol), constant) for symbol, constant in settled.items()}
    short = [symbol for symbol, history in filled.items() if len(history.ts) > _known(prices.funding(symbol))]
    if not short:
        return filled, "funding: as it was paid"
    return filled, f"funding: as it was paid; where that is not known ({show_names(short)}), {how}"


def _interval(prices: Prices, bars: Candles) -> int | None:
    """Between two settlements of a symbol, as its contract says; None where it does not."""
    facts = state_at(prices.contracts(bars.symbol), int(bars.ts[0]))
    return facts.funding_interval_ms if facts else None


def _settled(intervals: Mapping[str, int | None]) -> str:
    """How often contracts settle, in words."""
    if not any(intervals.values()):
        return "settled every 8 hours"
    known = Counter(interval for interval in intervals.values() if interval)
    words = [f"every {show_duration(interval)} for {count}" for interval, count in sorted(known.items())]
    missing = sum(interval is None for interval in intervals.values())
    words += [f"every 8 hours for {missing} whose interval is not known"] if missing else []
    return "settled as the contracts are: " + ", ".join(words)


def _known(history: Funding | None) -> int:
    """How many settlements a history has."""
    return 0 if history is None else len(history.ts)


def with_constant(history: Funding | None, constant: Funding) -> Funding:
    """The history, and the constant before its first settlement and after its last."""
    if history is None or not len(history.ts):
        return constant
    outside = (constant.ts <= history.ts[0] - SPARE_MS) | (constant.ts >= history.ts[-1] + SPARE_MS)
    ts = np.concatenate([history.ts, constant.ts[outside]])
    order = np.argsort(ts, kind="stable")
    return Funding(history.symbol, ts[order], np.concatenate([history.rate, constant.rate[outside]])[order])


def _history(strategy: Strategy, prices: Prices, bars: Candles) -> Funding:
    """The stored history of a symbol, checked against its candles."""
    history = prices.funding(bars.symbol)
    where = f"data/candles/{strategy.market.source}/{strategy.market.type}/{bars.symbol}"
    if history is None or not len(history.ts):
        hint = "cli.py market import FUNDING_FILE, or write costs: {funding: none}, or a rate: costs: {funding: 0.01%}"
        raise InputError(Problem(f"there is no funding history of {bars.symbol}", where, hint=hint))
    first, last = int(history.ts[0]), int(history.ts[-1])
    if first > int(bars.ts[0]) + SLACK_MS or last < bars.end_ms - SLACK_MS:
        covered = f"{show_time(first)} to {show_time(last)} UTC"
        raise InputError(
            Problem(
                f"the funding history of {bars.symbol} covers only {covered}",
                where,
                hint="narrow the strategy's period, or import the rest",
            )
        )
    return history


def _constant(bars: Candles, rate: float, interval_ms: int | None) -> Funding:
    """The same rate at every settlement; ``rate`` is that of 8 hours."""
    step = interval_ms or RATE_MS
    first = -(-int(bars.ts[0]) // step) * step
    ts: Ints = np.arange(first, bars.end_ms, step, dtype=np.int64)
    return Funding(bars.symbol, ts, np.full(len(ts), rate * (step / RATE_MS)))
