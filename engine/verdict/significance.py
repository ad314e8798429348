"""How likely luck alone is to make a mean R this high: one tail, exact enough for levels of one in a thousand.

Under the null hypothesis the sum of R of a burst is zero on average, so the burst sums S_g are the sample, however many
trades each burst has. Their t = sqrt(G) mean(S) / sd(S) is far from normal for R multiples: a ladder's wins make its
upper tail too thin, many small wins with a rare stop make it three times too fat. Hall's monotone transformation takes
the skew out:

    q = sqrt(G) (s + g s^2 / 3 + g^2 s^3 / 27 + g / (6 G)),   s = mean(S) / sd(S),   g = skewness of S,   p = 1 - Phi(q)

(Hall 1992, On the removal of skewness by transformation, J. R. Statist. Soc. B 54, 221-228). Levels of 5% to 0.07%
hold to within a tenth from 155 trades of a ladder on; with many small wins the test errs on the side of no edge.
"""

from __future__ import annotations

import math

import numpy as np

from engine.verdict.bootstrap import FEWEST_CLUSTERS, Floats, Ints
from engine.verdict.normal import below


def chance_of_luck(r: Floats, cluster: Ints) -> float | None:
    """The one-sided p-value of a mean R above zero; None for fewer than 10 clusters.

    Parameters
    ----------
    r
        R multiple of each trade, net of costs.
    cluster
        Cluster of each trade (``bootstrap.clusters``).
    """
    _, number = np.unique(cluster, return_inverse=True)
    total = np.bincount(number, weights=r).astype(np.float64)
    groups = len(total)
    if groups < FEWEST_CLUSTERS:
        return None
    spread = float(total.std())
    if spread <= 1e-12:
        return 0.5  # all bursts alike: nothing is known about the spread, so nothing about luck
    s = float(total.mean()) / spread
    g = float(((total - total.mean()) ** 3).mean()) / spread**3
    return below(-math.sqrt(groups) * (s + g * s**2 / 3 + g**2 * s**3 / 27 + g / (6 * groups)))
