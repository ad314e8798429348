"""The terms of a simulation: what holds for all plans of one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Terms:
    """``maker``, ``taker`` and ``slippage`` are fractions of price; see ``docs/realism.md``.

    ``through`` is the fraction of price by which a candle must go beyond a limit (entry or target) to fill it; 0 means
    that a touch is enough.
    """

    maker: float
    taker: float
    slippage: float
    same_candle: Literal["stop first", "target first"] = "stop first"
    through: float = 0.0
