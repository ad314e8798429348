"""The terms of a simulation: what holds for all plans of one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.market.candles import Floats, Ints


@dataclass(frozen=True, slots=True)
class Terms:
    """``maker``, ``taker`` and ``slippage`` are fractions of price; see ``docs/realism.md``.

    ``through`` is the fraction of price by which a candle must go beyond a limit (entry or target) to fill it; 0 means
    that a touch is enough. ``later_fees`` are (from when, maker, taker), in order of time: what replaced the first
    ones.
    """

    maker: float
    taker: float
    slippage: float
    same_candle: Literal["stop first", "target first"] = "stop first"
    through: float = 0.0
    later_fees: tuple[tuple[int, float, float], ...] = ()

    def fee(self, ts_ms: int, *, maker: bool) -> float:
        """The fee rate in force at a moment."""
        rates = (self.maker, self.taker)
        for since, *later in self.later_fees:
            if since <= ts_ms:
                rates = (later[0], later[1])
        return rates[0] if maker else rates[1]

    def fees(self, ts_ms: Ints, maker: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Floats:
        """The fee rates in force at many moments, same shape."""
        rates = np.array([(self.maker, self.taker), *((m, t) for _, m, t in self.later_fees)])
        era = np.searchsorted([since for since, _, _ in self.later_fees], ts_ms, side="right")
        found: Floats = rates[era, np.where(maker, 0, 1)]
        return found
