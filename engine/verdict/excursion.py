"""How far a trade went against and for it while it was open: MAE and MFE, in R.

From the bar of the first fill to the bar before the last exit, and the exit's own prices (Sweeney, Maximum Adverse
Excursion, 1997). What the last bar did after the exit does not count; what the first did before the fill does, since a
bar does not say when.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.market.candles import Candles, Floats, Ints
from engine.simulate.table import PathTable


def excursions(table: PathTable, rows: Ints, risk: Floats, candles: Mapping[str, Candles]) -> tuple[Floats, Floats]:
    """MAE and MFE of each path in R, both positive, shape (rows,); NaN where a path was not filled or has no stop.

    ``risk`` is the planned risk of each of ``rows`` for one unit of quantity (``simulate.money``).
    """
    adverse, favourable = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    entry, first = table.entry_price, table.fill_first_ms
    last = np.where(table.leg_ms >= 0, table.leg_ms, -1).max(axis=1, initial=-1)
    for i, row in enumerate(rows.tolist()):
        bars = candles.get(table.plans[row].symbol)
        if bars is None or first[row] < 0 or not risk[i] > 0:
            continue
        begin, end = np.searchsorted(bars.ts, (first[row], last[row]))
        done = table.leg_price[row][table.leg_ms[row] >= 0]
        low = min(float(bars.low[begin:end].min(initial=np.inf)), float(done.min(initial=np.inf)), float(entry[row]))
        high = max(
            float(bars.high[begin:end].max(initial=-np.inf)), float(done.max(initial=-np.inf)), float(entry[row])
        )
        down, up = (float(entry[row]) - low) / risk[i], (high - float(entry[row])) / risk[i]
        adverse[i], favourable[i] = (down, up) if table.plans[row].side.sign > 0 else (up, down)
    return adverse, favourable
