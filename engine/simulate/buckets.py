"""Filled calls that count for nothing: a stop so near that it measures costs, or one that liquidation comes before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from engine.market.candles import Floats
    from engine.simulate.table import Bools

NEAR_STOP_COSTS = 2.0  # a stop nearer than this many round trips of costs measures costs, not skill


def beyond_liquidation(risk: Floats, entry: Floats, leverage: Floats, maintenance: Floats) -> Bools:
    """Whether a stop lies behind the liquidation price; False where entry or stop are not known (NaN). Any shape."""
    with np.errstate(invalid="ignore"):
        found: Bools = risk / entry >= 1 / leverage - maintenance
    return found


def stop_too_near(risk: Floats, entry: Floats, cost: Floats) -> Bools:
    """Whether a stop is nearer than twice the round trip; False where it is not known (NaN). Any shape.

    ``cost`` is what one way costs at the market, as a fraction of the price.
    """
    with np.errstate(invalid="ignore"):
        found: Bools = risk / entry < NEAR_STOP_COSTS * 2 * cost
    return found
