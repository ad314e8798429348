"""The clock of a time zone for many moments at once."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from engine.units import MINUTE_MS

if TYPE_CHECKING:
    from engine.market.candles import Ints

MINUTES_A_DAY = 24 * 60
QUARTER_MS = 15 * MINUTE_MS


def local_minutes(at_ms: Ints, timezone: str) -> Ints:
    """What the clock of a zone shows at each moment, as whole minutes since midnight of 1970-01-01, shape (n,).

    Clocks are changed on a quarter of an hour, so one look at the zone for each of those is enough.
    """
    zone = ZoneInfo(timezone)
    quarters, place = np.unique(at_ms // QUARTER_MS, return_inverse=True)
    starts = (quarters * QUARTER_MS / 1000).tolist()
    offsets = [datetime.fromtimestamp(at, zone).utcoffset() for at in starts]
    minutes = np.array([0 if off is None else round(off.total_seconds() / 60) for off in offsets], np.int64)
    return at_ms // MINUTE_MS + minutes[place]
