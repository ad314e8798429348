"""Filled calls that count for nothing: a stop so near that it measures costs, or one that liquidation comes before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.simulate.planning import MAINTENANCE

if TYPE_CHECKING:
    from engine.market.candles import Floats
    from engine.simulate.table import Bools
    from engine.simulate.terms import Terms

NEAR_STOP_COSTS = 2.0  # a stop nearer than this many round trips of costs measures costs, not skill


def beyond_liquidation(risk: Floats, entry: Floats, leverage: Floats) -> Bools:
    """Whether a stop lies behind the liquidation price; False where entry or stop are not known (NaN). Any shape."""
    with np.errstate(invalid="ignore"):
        found: Bools = risk / entry >= 1 / leverage - MAINTENANCE
    return found


def stop_too_near(risk: Floats, entry: Floats, terms: Terms) -> Bools:
    """Whether a stop is nearer than twice the round-trip cost; False where it is not known (NaN). Any shape."""
    round_trip = 2 * (terms.taker + terms.slippage)
    with np.errstate(invalid="ignore"):
        found: Bools = risk / entry < NEAR_STOP_COSTS * round_trip
    return found
