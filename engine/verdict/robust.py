"""Does a result rest on a few trades or on one stretch of time: streaks, the mean without the best, the two halves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.verdict.bootstrap import Floats, Interval, cluster_bootstrap, clusters

LEFT_OUT = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Half:
    """The mean R of one half of the trades (None without any), and its 95% interval (None: too few bursts)."""

    trades: int
    mean_r: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Robustness:
    """How a channel's result came about.

    ``longest_win`` and ``longest_loss`` are the most trades in a row, as they closed, with R above and below zero.
    ``without_best`` holds the mean R without the best 1, 2 and 3 trades (None: no trade is left). ``first`` and
    ``second`` are the halves in order of entry; of an odd number the second half has one trade more.
    """

    longest_win: int
    longest_loss: int
    without_best: tuple[float | None, ...]
    first: Half
    second: Half


def robustness(r: Floats, start_ms: NDArray[Any], end_ms: NDArray[Any], seed: int) -> Robustness:
    """How a channel's result came about.

    Parameters
    ----------
    r
        R multiple of each trade net of costs, finite; in any order.
    start_ms, end_ms
        First fill and last exit of each trade.
    seed
        Of the intervals of the halves: the same trades and seed give the same bounds.
    """
    closed = r[np.lexsort((start_ms, end_ms))]
    first, second = halves(start_ms, end_ms)
    return Robustness(
        longest_win=longest_run(closed > 0),
        longest_loss=longest_run(closed < 0),
        without_best=tuple(mean_without_best(r, best) for best in LEFT_OUT),
        first=_half(r, start_ms, end_ms, first, seed),
        second=_half(r, start_ms, end_ms, second, seed),
    )


def longest_run(flags: NDArray[np.bool_]) -> int:
    """The most flags in a row that are set."""
    gaps = np.flatnonzero(~np.concatenate(([False], flags, [False])))
    return int(np.diff(gaps).max()) - 1


def mean_without_best(r: Floats, best: int) -> float | None:
    """The mean R without the ``best`` highest trades; None where none is left."""
    return float(np.sort(r)[: len(r) - best].mean()) if len(r) > best else None


def halves(start_ms: NDArray[Any], end_ms: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The trades of the first and of the second half, in order of entry; of an odd number the second has one more."""
    entered = np.lexsort((end_ms, start_ms))
    middle = len(entered) // 2
    return entered[:middle], entered[middle:]


def weakest_without_symbol(r: Floats, symbols: Sequence[str]) -> tuple[str, float] | None:
    """The symbol without which the mean R is lowest, and that mean; None with fewer than two symbols."""
    names, number = np.unique(np.asarray(symbols, dtype=str), return_inverse=True)
    if len(names) < 2:
        return None
    sums, sizes = np.bincount(number, weights=r), np.bincount(number)
    without = (sums.sum() - sums) / (sizes.sum() - sizes)
    weakest = int(without.argmin())
    return str(names[weakest]), float(without[weakest])


def _half(r: Floats, start_ms: NDArray[Any], end_ms: NDArray[Any], rows: NDArray[np.intp], seed: int) -> Half:
    part = r[rows]
    interval = cluster_bootstrap(part, clusters(start_ms[rows], end_ms[rows]), np.random.default_rng(seed))
    return Half(len(part), float(part.mean()) if len(part) else None, interval)
