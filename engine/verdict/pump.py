"""Does a channel call what has already moved, and does the price turn at once: the marks of a pump.

In a pump, the coin is bought before the post; members buy at the top, and prices turn within minutes (Xu and Livshits
2019, The anatomy of a cryptocurrency pump-and-dump scheme, USENIX Security). Moves are counted in the direction of the
call, in standard deviations of as long a stretch in the day before:

    run-up    the 15 minutes that end when the call could be acted on
    reversal  minus the 15 minutes after

A channel is flagged when, over at least 20 calls, the median run-up is above one standard deviation and the mean
reversal is above zero by more than two standard errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.domain import Plan
from engine.market.candles import Candles, Floats
from engine.units import MINUTE_MS

STRETCH_MS = 15 * MINUTE_MS
COARSEST_MS = 5 * MINUTE_MS
DAY_STRETCHES = 96
FEWEST_CALLS = 20


@dataclass(frozen=True, slots=True)
class Pump:
    """Moves around ``calls`` calls in standard deviations: median ``run_up``, mean ``reversal``, and the flag."""

    calls: int
    run_up: float
    reversal: float
    flagged: bool


def pump(plans: Sequence[Plan], candles: Mapping[str, Candles]) -> Pump | None:
    """The marks of a pump in one channel's calls; None on candles coarser than 5 minutes or without 20 calls.

    A symbol whose candles are of several lengths is left out.
    """
    before, after = _moves(plans, candles)
    if len(before) < FEWEST_CALLS:
        return None
    run_up, reversal = float(np.median(before)), float(np.mean(after))
    error = float(np.std(after, ddof=1)) / len(after) ** 0.5
    return Pump(len(before), run_up, reversal, run_up > 1.0 and reversal > 2 * error)


def _moves(plans: Sequence[Plan], candles: Mapping[str, Candles]) -> tuple[Floats, Floats]:
    """Run-up and reversal of the calls that have a day of candles before them and a stretch after them."""
    symbols = np.array([plan.symbol for plan in plans], dtype=object)
    act_ms = np.array([plan.act_ms for plan in plans], np.int64)
    sign = np.array([plan.side.sign for plan in plans], np.float64)
    before, after = np.full(len(plans), np.nan), np.full(len(plans), np.nan)
    for symbol in dict.fromkeys(symbols.tolist()):
        bars = candles.get(symbol)
        if bars is None or bars.timeframe_ms > COARSEST_MS or bars.own_ends is not None:
            continue
        step = STRETCH_MS // bars.timeframe_ms
        rows = np.flatnonzero(symbols == symbol)
        bar = bars.first_from(act_ms[rows])
        first = bar - step * (DAY_STRETCHES + 1)
        known = (first >= 0) & (bar + step < len(bars))
        rows, first = rows[known], first[known]
        marks = np.log(bars.open[first[:, None] + step * np.arange(DAY_STRETCHES + 3)])
        moves = sign[rows, None] * np.diff(marks, axis=1)
        spread = moves[:, :DAY_STRETCHES].std(axis=1)
        moved = spread > 0
        before[rows[moved]] = moves[moved, DAY_STRETCHES] / spread[moved]
        after[rows[moved]] = -moves[moved, DAY_STRETCHES + 1] / spread[moved]
    return before[np.isfinite(before)], after[np.isfinite(after)]
