"""With how many decimals a symbol's prices are shown: those of the contract's tick, else those of its candles."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from engine.market.candles import Candles
from engine.market.contracts import Contract

MOST = 10


def shown_decimals(bars: Candles, states: Sequence[Contract]) -> int:
    """The decimals of the newest known tick of a contract (``states``, oldest first), or of ``decimals_of``."""
    known = [state.tick for state in states if state.tick]
    if not known:
        return decimals_of(bars)
    exponent = Decimal(repr(known[-1])).normalize().as_tuple().exponent
    return min(MOST, max(0, -exponent)) if isinstance(exponent, int) else decimals_of(bars)


def decimals_of(bars: Candles) -> int:
    """Those that all but a few of its closes need, at most 10."""
    sample = bars.close[:: max(1, len(bars) // 500)]
    for places in range(MOST + 1):
        off = np.abs(sample - np.round(sample, places)) > 1e-9 * np.abs(sample)
        if off.mean() <= 0.01:
            return places
    return MOST
