"""How many trades it takes to tell an edge from luck.

n = ((z_a + z_b) sigma / delta)^2 trades show an edge of ``delta`` R a trade with power 1 - b in a one-sided test at
level a (Lachin 1981, doi:10.1016/0197-2456(81)90001-5): 262 trades for 0.2R at sigma 1.3R, 5% and 80%. Trades that
come in bursts say less than as many lone ones; n grows by the design effect (Kish, Survey Sampling, 1965).
"""

from __future__ import annotations

import math

import numpy as np

from engine.verdict.bootstrap import FEWEST_CLUSTERS, Floats, Ints
from engine.verdict.normal import quantile

EDGE_R = 0.2
LEAST_SIGMA_R = 1.0  # a stop costs 1R: a record of small wins that is steadier than that has not met its stops yet
LEVEL = 0.05
POWER = 0.8


def trades_needed(sigma_r: float, delta_r: float = EDGE_R, level: float = LEVEL, power: float = POWER) -> int:
    """How many independent trades with a standard deviation of ``sigma_r`` show an edge of ``delta_r`` R a trade."""
    return math.ceil(((quantile(1 - level) + quantile(power)) * sigma_r / delta_r) ** 2)


def design_effect(r: Floats, cluster: Ints) -> float:
    """How many times the variance of the mean R exceeds that of as many independent trades; at least 1.

    From 10 clusters on it is estimated (from the linearised variance of a ratio); with fewer, the trades of a cluster
    are taken to be copies of each other.
    """
    if len(r) < 2:
        return 1.0
    _, number = np.unique(cluster, return_inverse=True)
    size = np.bincount(number).astype(np.float64)
    if len(size) < FEWEST_CLUSTERS:
        return float((size**2).sum() / size.sum())
    residual = np.bincount(number, weights=r - r.mean())
    independent = float(((r - r.mean()) ** 2).sum())
    return max(1.0, float((residual**2).sum()) / independent) if independent > 0 else 1.0


def sample_needed(r: Floats, cluster: Ints) -> int:
    """How many trades a channel with such a spread and such bursts needs for a verdict."""
    sigma_r = max(LEAST_SIGMA_R, float(np.std(r, ddof=1)) if len(r) > 1 else 0.0)
    return math.ceil(trades_needed(sigma_r) * design_effect(r, cluster))
