"""How sure the mean R of a channel is: a cluster bootstrap.

Calls come in bursts - five altcoins long within an hour are one opinion, not five. Trades of one channel whose holding
periods overlap therefore form one cluster, and whole clusters are resampled:

1. clusters: in the order of entry, a trade that starts before everything earlier has ended joins the cluster;
2. theta = (sum of R over the drawn clusters) / (number of trades in them), for each of B draws of all G clusters
   with replacement: the bootstrap of a ratio, for clusters of unequal size (Davison and Hinkley, Bootstrap Methods and
   Their Application, 1997, section 3.8; Cameron, Gelbach and Miller 2008, doi:10.1162/rest.90.3.414);
3. bounds by BCa, which corrects for bias and for the skew that R multiples have (Efron 1987,
   doi:10.1080/01621459.1987.10478410), with a jackknife over clusters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.verdict.normal import below, quantile

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST_CLUSTERS = 10
CHUNK_CELLS = 2_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """The mean R of ``trades`` trades in ``clusters`` bursts, and the bounds between which the truth lies."""

    mean: float
    low: float
    high: float
    clusters: int
    trades: int


def clusters(start_ms: NDArray[Any], end_ms: NDArray[Any]) -> Ints:
    """The cluster of each trade, counted from 0 in the order of time.

    Parameters
    ----------
    start_ms, end_ms
        Holding periods, in any order; periods that touch belong together.
    """
    order = np.lexsort((end_ms, start_ms))
    start, end = np.asarray(start_ms)[order], np.asarray(end_ms)[order]
    opens = np.ones(len(order), dtype=np.int64)
    opens[1:] = start[1:] > np.maximum.accumulate(end)[:-1]
    found = np.empty(len(order), dtype=np.int64)
    found[order] = np.cumsum(opens) - 1
    return found


def cluster_bootstrap(
    r: Floats,
    cluster: Ints,
    rng: np.random.Generator,
    repetitions: int = 5_000,
    level: float = 0.95,
) -> Interval | None:
    """The mean R and its BCa interval at a two-sided level; None for fewer than 10 clusters.

    Parameters
    ----------
    r
        R multiple of each trade, net of costs.
    cluster
        Cluster of each trade (``clusters``).
    rng
        A seeded generator: the same seed gives the same bounds.
    """
    _, number = np.unique(cluster, return_inverse=True)
    size = np.bincount(number).astype(float)
    if len(size) < FEWEST_CLUSTERS:
        return None
    total = np.bincount(number, weights=r).astype(float)
    mean = float(total.sum() / size.sum())
    draws = _draws(total, size, rng, repetitions)
    without = (total.sum() - total) / (size.sum() - size)
    low, high = _bca(mean, draws, without, level)
    return Interval(mean, low, high, len(size), len(r))


def _draws(total: Floats, size: Floats, rng: np.random.Generator, repetitions: int) -> Floats:
    """Theta of each draw of all clusters with replacement."""
    groups = len(total)
    found = np.empty(repetitions)
    step = max(1, CHUNK_CELLS // groups)
    for begin in range(0, repetitions, step):
        drawn = rng.integers(0, groups, size=(min(step, repetitions - begin), groups))
        found[begin : begin + step] = total[drawn].sum(axis=1) / size[drawn].sum(axis=1)
    return found


def _bca(mean: float, draws: Floats, without: Floats, level: float) -> tuple[float, float]:
    """Bias-corrected and accelerated percentiles of the draws (Efron and Tibshirani 1993, section 14.3).

    ``without`` are the estimates with one cluster left out. Where all clusters agree, the mean is both bounds.
    """
    deviation = without.mean() - without
    spread = float((deviation**2).sum())
    if spread <= (1e-12 * max(1.0, abs(mean))) ** 2:  # nothing but rounding
        return mean, mean
    acceleration = float((deviation**3).sum()) / (6 * spread**1.5)
    below_mean = (np.count_nonzero(draws < mean) + np.count_nonzero(draws <= mean)) / (2 * len(draws))
    bias = quantile(min(max(below_mean, 1 / (2 * len(draws))), 1 - 1 / (2 * len(draws))))
    z = [bias + quantile((1 + side * level) / 2) for side in (-1, 1)]
    low, high = np.quantile(draws, [below(bias + one / (1 - acceleration * one)) for one in z])
    return float(low), float(high)
