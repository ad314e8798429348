"""Filled calls that count for nothing: a stop so near that it measures costs, or one that liquidation comes before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from engine.market.candles import Floats
    from engine.simulate.table import Bools

NEAR_STOP_COSTS = 2.0  # a stop nearer than this many round trips of costs measures costs, not skill


def beyond_liquidation(risk: Floats, entry: Floats, leverage: Floats, maintenance: Floats) -> Bools:
    """Whether a stop lies behind the liquidation price; False where entry or stop are not known (NaN). Any shape.

    ``maintenance``: the rate of the position's value that has to stay.
    """
    with np.errstate(invalid="ignore"):
        found: Bools = risk / entry >= 1 / leverage - maintenance
    return found


def stop_too_near(risk: Floats, entry: Floats, fee: Floats, slippage: float) -> Bools:
    """Whether a stop is nearer than twice the round-trip cost; False where it is not known (NaN). Any shape.

    ``fee``: the taker's rate in force when the call was acted on.
    """
    round_trip = 2 * (fee + slippage)
    with np.errstate(invalid="ignore"):
        found: Bools = risk / entry < NEAR_STOP_COSTS * round_trip
    return found
