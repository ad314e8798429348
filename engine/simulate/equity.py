"""The account's equity over time, marked to market at every bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.domain import Trade
from engine.market.candles import Candles, Floats, Ints


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
    trades: Sequence[Trade],
    candles: Mapping[str, Candles],
    start_equity: float,
    start_ms: int,
    end_ms: int,
    step_ms: int,
) -> EquityCurve:
    """The account's equity at the close of every bar of the finest time frame, told at steps of ``step_ms``."""
    frame = min((bars.timeframe_ms for bars in candles.values()), default=step_ms)
    grid = np.arange(start_ms, max(end_ms, start_ms) + frame, frame, dtype=np.int64)
    equity = np.full(len(grid), float(start_equity))
    for symbol, bars in candles.items():
        mine = [t for t in trades if t.path.plan.symbol == symbol and t.path.fills]
        if not mine or not len(bars):
            continue
        quantity, cash = np.zeros(len(grid) + 1), np.zeros(len(grid) + 1)
        for trade in mine:
            sign = trade.path.plan.side.sign
            for direction, moves in ((1, trade.path.fills), (-1, trade.path.legs)):
                for move in moves:
                    at = int(np.searchsorted(grid, move.ts_ms + bars.timeframe_ms))
                    change = direction * sign * move.share * trade.quantity
                    quantity[at] += change
                    cash[at] -= change * move.price
            cash[int(np.searchsorted(grid, trade.path.legs[-1].ts_ms + bars.timeframe_ms))] -= (
                trade.fees + trade.funding
            )
        last = np.searchsorted(bars.ts + bars.timeframe_ms, grid, side="right") - 1
        price = np.where(last >= 0, bars.close[np.maximum(last, 0)], bars.open[0])
        equity += np.cumsum(quantity)[:-1] * price + np.cumsum(cash)[:-1]
    peak = np.maximum.accumulate(np.maximum(equity, start_equity))
    drawdown = 1 - equity / peak
    every = max(1, step_ms // frame)
    starts = np.arange(0, len(grid), every)
    ends = np.minimum(starts + every, len(grid)) - 1
    return EquityCurve(grid[ends], equity[ends], np.maximum.reduceat(drawdown, starts))
