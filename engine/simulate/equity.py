"""The account's equity over time, marked to market at every bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.domain import Trade
from engine.market.candles import Candles, Floats, Ints
from engine.simulate.flows import Flow, Venue, flows_of


@dataclass(frozen=True, slots=True)
class EquityCurve:
    """Equity marked to market, shape (points,): the moment, the equity then, and the deepest drawdown (a fraction of
    the peak so far, over all bars) since the point before.
    """

    ts: Ints
    equity: Floats
    drawdown: Floats

    @property
    def max_drawdown(self) -> float:
        """The deepest drawdown, as a fraction of the peak before it."""
        return float(self.drawdown.max(initial=0.0))


def equity_curve(
    trades: Sequence[Trade], venue: Venue, start_equity: float, start_ms: int, end_ms: int, step_ms: int
) -> EquityCurve:
    """The account's equity at the close of every bar of the finest time frame, told at steps of ``step_ms``."""
    flows = [flow for trade in trades for flow in flows_of(trade, venue)]
    return curve_of(flows, venue.candles, start_equity, start_ms, end_ms, step_ms)


def curve_of(
    flows: Sequence[Flow],
    candles: Mapping[str, Candles],
    start_equity: float,
    start_ms: int,
    end_ms: int,
    step_ms: int,
) -> EquityCurve:
    """The same from the flows of an account; ``candles`` has those of all symbols that they move."""
    frame = min((bars.timeframe_ms for bars in candles.values()), default=step_ms)
    grid = np.arange(start_ms, max(end_ms, start_ms) + frame, frame, dtype=np.int64)
    equity = np.full(len(grid), float(start_equity)) + _running(grid, flows, [flow.cash for flow in flows])
    by_symbol: dict[str, list[Flow]] = {}
    for flow in flows:
        by_symbol.setdefault(flow.symbol, []).append(flow)
    for symbol, mine in sorted(by_symbol.items()):
        equity += _running(grid, mine, [flow.quantity for flow in mine]) * _prices(candles[symbol], grid)
    peak = np.maximum.accumulate(np.maximum(equity, start_equity))
    drawdown = 1 - equity / peak
    every = max(1, step_ms // frame)
    starts = np.arange(0, len(grid), every)
    ends = np.minimum(starts + every, len(grid)) - 1
    return EquityCurve(grid[ends], equity[ends], np.maximum.reduceat(drawdown, starts))


def _prices(bars: Candles, grid: Ints) -> Floats:
    """The last closed price at each moment of the grid (the first open before any is), shape (grid,)."""
    ends = bars.ends
    first = int(np.searchsorted(ends, grid[0]))
    before = float(bars.close[first - 1] if first else bars.open[0])
    begin = int(np.searchsorted(grid, ends[first])) if first < len(ends) else len(grid)
    known = ends[first : first + len(grid) - begin]
    if np.array_equal(known, grid[begin : begin + len(known)]):  # a candle ends at each moment
        price = np.full(len(grid), bars.close[-1])
        price[:begin], price[begin : begin + len(known)] = before, bars.close[first : first + len(known)]
        return price
    return bars.last_close(grid)


def _running(grid: Ints, flows: Sequence[Flow], amounts: Sequence[float]) -> Floats:
    """The running sum of amounts at each moment of the grid, shape (grid,)."""
    total = np.zeros(len(grid) + 1)
    np.add.at(total, np.searchsorted(grid, [flow.at_ms for flow in flows]), amounts)
    return np.cumsum(total)[:-1]
