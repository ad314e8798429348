"""The figures of a channel: hit rate against what luck gives, expectancy, profit factor, drawdown. All in R."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.verdict.bootstrap import Floats
from engine.verdict.normal import quantile


@dataclass(frozen=True, slots=True)
class Metrics:
    """Figures of ``trades`` filled trades, net of costs; None where there is nothing to divide by.

    ``win_rate`` is the share of trades with R above zero, from ``win_rate_low`` to ``win_rate_high`` (Wilson, 95%).
    ``fair_win_rate`` is what the same stops and first targets win without any skill. ``expectancy`` is the mean R,
    ``average_win`` and ``average_loss`` (negative) that of winners and losers, ``profit_factor`` what winners made for
    each R that losers lost, ``max_drawdown_r`` the deepest fall (positive).
    """

    trades: int
    win_rate: float | None
    win_rate_low: float | None
    win_rate_high: float | None
    fair_win_rate: float | None
    expectancy: float | None
    median_r: float | None
    average_win: float | None
    average_loss: float | None
    profit_factor: float | None
    total_r: float
    max_drawdown_r: float


def measure(r: Floats, exit_ms: NDArray[Any], stop_distance: Floats, target_distance: Floats) -> Metrics:
    """All figures of a channel.

    Parameters
    ----------
    r
        R multiple of each trade.
    exit_ms
        When each trade was closed; in any order.
    stop_distance, target_distance
        Distance of the stop and of the first target from the entry, both in price or both in percent; NaN or 0 where
        a trade has none.
    """
    wins = int(np.count_nonzero(r > 0))
    low, high = wilson(wins, len(r)) if len(r) else (None, None)
    lost = -float(r[r < 0].sum())
    return Metrics(
        trades=len(r),
        win_rate=wins / len(r) if len(r) else None,
        win_rate_low=low,
        win_rate_high=high,
        fair_win_rate=fair_win_rate(stop_distance, target_distance),
        expectancy=float(r.mean()) if len(r) else None,
        median_r=float(np.median(r)) if len(r) else None,
        average_win=float(r[r > 0].mean()) if wins else None,
        average_loss=float(r[r < 0].mean()) if (r < 0).any() else None,
        profit_factor=float(r[r > 0].sum()) / lost if lost > 0 else None,
        total_r=float(r.sum()),
        max_drawdown_r=max_drawdown(r, exit_ms),
    )


def fair_win_rate(stop_distance: Floats, target_distance: Floats) -> float | None:
    """The mean over trades of p0 = d_stop / (d_stop + d_target), of those that have both; None when none has.

    A price without drift meets the nearer level first: with a stop 9% away and a target 1% away the target comes first
    nine times in ten (the ruin problem, Feller, An Introduction to Probability Theory, vol. 1, section XIV.2). Costs
    make it less.
    """
    both = (stop_distance > 0) & (target_distance > 0) & np.isfinite(stop_distance) & np.isfinite(target_distance)
    if not both.any():
        return None
    stop, target = stop_distance[both], target_distance[both]
    return float((stop / (stop + target)).mean())


def wilson(wins: int, trades: int, level: float = 0.95) -> tuple[float, float]:
    """The score interval of a share of independent trades (Wilson 1927, doi:10.1080/01621459.1927.10502953)."""
    z = quantile((1 + level) / 2)
    share = wins / trades
    centre = (share + z * z / (2 * trades)) / (1 + z * z / trades)
    half = z / (1 + z * z / trades) * (share * (1 - share) / trades + z * z / (4 * trades**2)) ** 0.5
    # no wins give exactly 0 and only wins exactly 1, but for rounding
    return max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))


def max_drawdown(r: Floats, exit_ms: NDArray[Any]) -> float:
    """The deepest fall, in R, of the sum of closed trades below its highest value so far, which starts at zero.

    Trades closed at the same moment count as one step.
    """
    _, step = np.unique(exit_ms, return_inverse=True)
    curve = np.concatenate(([0.0], np.cumsum(np.bincount(step, weights=r))))
    return float((np.maximum.accumulate(curve) - curve).max())
