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
    entry, first, sign = table.entry_price[rows], table.fill_first_ms[rows], table.planned.sign[rows]
    done = table.leg_ms[rows] >= 0
    price, last = table.leg_price[rows], np.where(done, table.leg_ms[rows], -1).max(axis=1, initial=-1)
    low = np.minimum(np.where(done, price, np.inf).min(axis=1, initial=np.inf), entry)
    high = np.maximum(np.where(done, price, -np.inf).max(axis=1, initial=-np.inf), entry)
    with np.errstate(invalid="ignore"):
        known = (first >= 0) & (risk > 0)
    for number, symbol in enumerate(table.planned.names):
        at = np.flatnonzero(known & (table.planned.symbol[rows] == number))
        bars = candles.get(symbol)
        if bars is None:
            known[at] = False
        elif len(at):
            begin, end = bars.first_from(first[at]), bars.first_from(last[at])
            low[at] = np.minimum(low[at], _extreme(bars.low, begin, end, np.minimum, np.inf))
            high[at] = np.maximum(high[at], _extreme(bars.high, begin, end, np.maximum, -np.inf))
    with np.errstate(invalid="ignore", divide="ignore"):
        down, up = (entry - low) / risk, (high - entry) / risk
    adverse, favourable = np.where(sign > 0, down, up), np.where(sign > 0, up, down)
    return np.where(known, adverse, np.nan), np.where(known, favourable, np.nan)


def _extreme(values: Floats, begin: Ints, end: Ints, extreme: np.ufunc, nothing: float) -> Floats:
    """The extreme of ``values[begin:end]`` for each stretch, ``nothing`` for an empty one."""
    edges = np.stack([begin, end], axis=1).ravel()
    found: Floats = extreme.reduceat(np.append(values, nothing), edges)[::2]
    return np.where(begin < end, found, nothing)
