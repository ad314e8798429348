"""The funding that a run pays: none, the stored history, or a constant."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.config.strategy import Strategy
from engine.market.candles import Candles, Funding
from engine.pipeline.errors import InputError
from engine.pipeline.prices import Prices
from engine.problem import Problem
from engine.units import HOUR_MS, show_time

SETTLEMENT_MS = 8 * HOUR_MS
SLACK_MS = 3 * SETTLEMENT_MS  # a history may begin and end this much inside the candles


def funding_of(
    strategy: Strategy, prices: Prices, candles: Mapping[str, Candles]
) -> tuple[dict[str, Funding] | None, str]:
    """Funding by symbol (None: none is paid) and the sentence about it.

    Raises InputError when the history is asked for and does not cover a symbol's candles: a gap would be free money.
    """
    wanted = strategy.costs.funding
    if wanted == "none":
        kind = "spot has none" if strategy.market.type == "spot" else "ignored, as the strategy says"
        return None, f"funding: {kind}"
    if wanted == "history":
        return {symbol: _history(strategy, prices, bars) for symbol, bars in candles.items()}, "funding: as it was paid"
    settled = {symbol: _constant(bars, float(wanted)) for symbol, bars in candles.items()}
    return settled, f"funding: {wanted:.4%} each 8 hours, paid by longs (a constant, not history)"


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


def _constant(bars: Candles, rate: float) -> Funding:
    """The same rate every eight hours."""
    first = -(-int(bars.ts[0]) // SETTLEMENT_MS) * SETTLEMENT_MS
    ts = np.arange(first, bars.end_ms, SETTLEMENT_MS, dtype=np.int64)
    return Funding(bars.symbol, ts, np.full(len(ts), rate))
