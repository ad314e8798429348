"""How far an order moves the price against itself: the square-root law.

``I = Y * sigma * sqrt(Q / V)``, as a fraction of the price: ``Q`` is the order's value, ``V`` what was traded in the 24
hours before the call, ``sigma`` the volatility of those 24 hours, ``Y`` a number near 1. B. Toth et al., Anomalous
Price Impact and the Critical Nature of Liquidity in Financial Markets, Physical Review X 1 (2011) 021006; for bitcoin
J. Donier and J. Bonart, A Million Metaorder Analysis of Market Impact on the Bitcoin, Market Microstructure and
Liquidity 1 (2015). ``sigma`` is the realised volatility, the root of the sum of squared log returns from close to close
(T. Andersen and T. Bollerslev 1998). All of it is known when the call is acted on.
"""

from __future__ import annotations

from math import isfinite, sqrt

import numpy as np

from engine.market.candles import Candles
from engine.units import DAY_MS


def impact_unit(bars: Candles, at_ms: int) -> float | None:
    """``sigma / sqrt(V)`` at a moment: times ``Y sqrt(Q)`` it is the impact of an order of value ``Q`` (quote coins).

    None where the candles do not reach back for a day, or nothing was traded in it.
    """
    last = int(bars.over(at_ms)) + 1
    first = int(np.searchsorted(bars.ts, at_ms - DAY_MS))
    if not len(bars) or bars.ts[0] > at_ms - DAY_MS or last - first < 2:
        return None
    close = bars.close[first:last]
    traded = float((bars.volume[first:last] * close).sum())
    if not isfinite(traded) or traded <= 0:
        return None
    return sqrt(float((np.diff(np.log(close)) ** 2).sum()) / traded)


def impact_of(factor: float, unit: float, notional: float) -> float:
    """The impact of an order of a value, as a fraction of the price."""
    return factor * unit * sqrt(notional)
