"""Time frames: their names, the grid on which their candles open, and the holes in a series."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

import numpy as np

from engine.market.candles import Ints
from engine.units import DAY_MS, UNITS_MS, duration_ms

WEEK_MS = 7 * DAY_MS
MONDAY_MS = 4 * DAY_MS
"""The first Monday after the epoch, which was a Thursday: weekly candles open on Mondays."""


class Gap(NamedTuple):
    """A hole in a series: the open time of the first absent bar, and how many bars are absent."""

    start_ms: int
    bars: int


def parse_timeframe(text: str) -> int | None:
    """``1m``, ``4h``, ``1d``, ``1w`` (also ``5min``) in milliseconds; None for anything else."""
    match = re.fullmatch(r"([1-9][0-9]{0,3})(m|min|h|d|w)", text.strip())
    return duration_ms(match[1] + match[2][0]) if match else None


def timeframe_name(timeframe_ms: int) -> str:
    """The one name that a time frame has in the store: ``1h`` also for 60 minutes."""
    for unit in ("w", "d", "h", "m", "s"):
        if timeframe_ms % UNITS_MS[unit] == 0:
            return f"{timeframe_ms // UNITS_MS[unit]}{unit}"
    return f"{timeframe_ms}ms"


def grid_offset_ms(timeframe_ms: int) -> int:
    """Open times of a time frame are this offset plus a multiple of it."""
    return MONDAY_MS if timeframe_ms % WEEK_MS == 0 else 0


def spacing_ms(ts: Ints) -> int | None:
    """The most common distance between neighbouring times; None for fewer than two."""
    if len(ts) < 2:
        return None
    return int(Counter(np.diff(ts).tolist()).most_common(1)[0][0])


def gaps_of(ts: Ints, timeframe_ms: int) -> tuple[Gap, ...]:
    """The holes between the first and the last bar of a sorted series, in order of time."""
    bars = np.diff(ts) // timeframe_ms
    return tuple(Gap(int(ts[i]) + timeframe_ms, int(bars[i]) - 1) for i in np.flatnonzero(bars > 1))
