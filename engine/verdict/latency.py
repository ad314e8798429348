"""What delay costs: the same calls acted on later, and the delay at which the edge is gone.

Every plan is acted on at the moment its text was known plus each delay; its prices stay as they are. Trades are
compared in pairs, the same call at once and later, so that the spread between calls drops out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.market.candles import Candles, Floats, Funding, Ints
from engine.simulate.money import money_of
from engine.simulate.prepared import Prepared
from engine.simulate.terms import Terms

DELAYS_S = (0, 1, 5, 15, 30, 60, 300, 900)
MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Delayed:
    """``trades`` filled when acted on ``delay_s`` after the text was known, and their mean R.

    ``lost_r`` is the mean of R at once minus R later over the calls filled both times (None: none was).
    """

    delay_s: int
    trades: int
    mean_r: float | None
    lost_r: float | None


@dataclass(frozen=True, slots=True)
class LatencyCurve:
    """The points, shortest delay first, and the first delay at which nothing is earned any more (None: never)."""

    points: tuple[Delayed, ...]
    gone_after_s: int | None

    def at(self, delay_s: int) -> float | None:
        """The mean R at a delay."""
        return next((point.mean_r for point in self.points if point.delay_s == delay_s), None)


def delayed_r(
    prepared: Prepared,
    r: Floats,
    known_ms: Ints,
    candles: Mapping[str, Candles],
    terms: Terms,
    funding: Mapping[str, Funding] | None,
) -> Floats:
    """R of each prepared plan at each delay (NaN: not filled), shape (delays, plans).

    ``r`` is that of the plans as they stand. A moment that leads to the same bars as the one before is not simulated
    again.
    """
    found = np.full((len(DELAYS_S), len(known_ms)), np.nan)
    before, bars_before = r, prepared.bars()
    for i, delay in enumerate(DELAYS_S):
        later = prepared.acting_at(known_ms + 1000 * delay)
        bars = later.bars()
        found[i] = before
        rows = np.flatnonzero((bars[0] != bars_before[0]) | (bars[1] != bars_before[1]))
        if len(rows):
            table = later.taken(rows).run(terms)
            found[i, rows] = money_of(table, terms, candles, funding).r
        before, bars_before = found[i], bars
    return found


def latency_curve(r: Floats) -> LatencyCurve:
    """The curve of one channel from its columns of ``delayed_r``."""
    points = []
    for delay, row in zip(DELAYS_S, r, strict=True):
        filled, both = np.isfinite(row), np.isfinite(row) & np.isfinite(r[0])
        points.append(
            Delayed(
                delay,
                int(filled.sum()),
                float(row[filled].mean()) if filled.any() else None,
                float((r[0] - row)[both].mean()) if both.any() else None,
            )
        )
    gone = next((p.delay_s for p in points if p.mean_r is not None and p.mean_r <= 0), None)
    return LatencyCurve(tuple(points), gone)
