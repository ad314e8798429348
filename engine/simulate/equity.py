"""The account's equity over time, marked to market at every bar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.market.candles import Candles, Floats, Ints
from engine.simulate.flows import Flows

PIECE = 32_768  # moments of the grid at once: what is made of them stays in the processor's cache


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


def curve_of(
    flows: Flows, candles: Mapping[str, Candles], start_equity: float, start_ms: int, end_ms: int, step_ms: int
) -> EquityCurve:
    """The account's equity at the close of every bar of the finest time frame, told at steps of ``step_ms``.

    ``flows`` is what the account booked, in any order; ``candles`` has those of all symbols that it moves.
    """
    frame = min((bars.timeframe_ms for bars in candles.values()), default=step_ms)
    grid = np.arange(start_ms, max(end_ms, start_ms) + frame, frame, dtype=np.int64)
    at_ms, cash, quantity = (np.asarray(column) for column in (flows.at_ms, flows.cash, flows.quantity))
    at = np.clip(-((start_ms - at_ms) // frame), 0, len(grid))  # the first moment of the grid that is not before it
    order = np.argsort(at, kind="stable")
    number = {symbol: i for i, symbol in enumerate(sorted(set(flows.symbol)))}
    whose = np.array([number[symbol] for symbol in flows.symbol], np.int64)[order]
    at, cash, quantity = at[order], cash[order], quantity[order]
    money = _Running(at, cash, len(grid))
    held = {symbol: _Running(at[whose == i], quantity[whose == i], len(grid)) for symbol, i in number.items()}
    equity = np.empty(len(grid))
    for begin in range(0, len(grid), PIECE):
        piece = slice(begin, begin + PIECE)
        total = start_equity + money.during(piece)
        for symbol, position in held.items():
            worth = position.during(piece)
            total += np.multiply(worth, _prices(candles[symbol], grid[piece]), out=worth)
        equity[piece] = total
    peak = np.maximum.accumulate(np.maximum(equity, start_equity))
    drawdown = 1 - equity / peak
    every = max(1, step_ms // frame)
    starts = np.arange(0, len(grid), every)
    ends = np.minimum(starts + every, len(grid)) - 1
    return EquityCurve(grid[ends], equity[ends], np.maximum.reduceat(drawdown, starts))


class _Running:
    """The running sum of amounts at the moments of a grid: it stays the same from one amount to the next.

    ``at`` (sorted) is the place on the grid from which an amount counts; ``end`` is how many places there are.
    """

    def __init__(self, at: Ints, amounts: Floats, end: int) -> None:
        self._end, self._at, self._sum = end, np.append(0, at), np.append(0.0, np.cumsum(amounts))

    def during(self, piece: slice) -> Floats:
        """The sums in a piece of the grid, shape (moments in it,)."""
        end = min(piece.stop, self._end)
        first, last = np.searchsorted(self._at, (piece.start, end - 1), side="right").tolist()
        edges = np.concatenate([[piece.start], self._at[first:last], [end]])
        return np.repeat(self._sum[first - 1 : last], np.diff(edges))


def _prices(bars: Candles, grid: Ints) -> Floats:
    """The last closed price at each moment of the grid (the first open before any is), shape (grid,)."""
    first, last = int(bars.over(int(grid[0]) - 1)) + 1, int(bars.over(int(grid[-1]))) + 1  # those that end meanwhile
    frame = int(grid[1] - grid[0]) if len(grid) > 1 else 0
    if first == last or bars.timeframe_ms != frame or not bars.gapless(first, last):
        return bars.last_close(grid)
    begin, apart = divmod(bars.end_of(first) - int(grid[0]), frame)
    if apart:
        return bars.last_close(grid)
    if last - first == len(grid):  # a candle ends at each moment
        return bars.close[first:last]
    price = np.full(len(grid), bars.close[last - 1])
    price[:begin] = bars.close[first - 1] if first else bars.open[0]
    price[begin : begin + last - first] = bars.close[first:last]
    return price
