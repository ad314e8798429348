"""Is a Sharpe ratio skill: probabilistic and deflated Sharpe ratio, and the shortest record that could tell.

SR is the mean R of a trade divided by its standard deviation, per trade. With skewness g3 and (raw) kurtosis g4 of R:

    PSR(SR*)  = Phi[(SR - SR*) sqrt(T - 1) / sqrt(1 - g3 SR + (g4 - 1)/4 SR^2)]
    MinTRL    = 1 + (1 - g3 SR + (g4 - 1)/4 SR^2) (z_a / (SR - SR*))^2
    DSR       = PSR(SR0),  SR0 = sqrt(V[SR]) ((1 - y) Phi^-1(1 - 1/N) + y Phi^-1(1 - 1/(N e))),  y = 0.5772

(Bailey and Lopez de Prado: The Sharpe ratio efficient frontier, J. Risk 15(2), 2012; The deflated Sharpe ratio,
J. Portfolio Management 40(5), 2014.) SR0 is the best Sharpe ratio that N trials without skill show on average. T counts
trades that say something of their own: the number of trades divided by the design effect of their bursts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.verdict.bootstrap import Floats, Ints
from engine.verdict.normal import below, quantile
from engine.verdict.sample import design_effect

EULER = 0.5772156649015329
FEWEST = 10


@dataclass(frozen=True, slots=True)
class SharpeEvidence:
    """``sharpe`` per trade; ``psr`` against zero; ``min_trades`` for PSR 95% (None: never, the mean is not positive).

    ``dsr`` is the PSR against ``best_of_luck``, which ``trials`` settings without skill reach on average.
    """

    sharpe: float
    psr: float
    min_trades: int | None
    dsr: float
    best_of_luck: float
    trials: int


def sharpe_evidence(r: Floats, cluster: Ints, tried: Sequence[float] = ()) -> SharpeEvidence | None:
    """All of it for one channel; None for fewer than 10 trades or trades that are all alike.

    Parameters
    ----------
    r, cluster
        R multiple and burst of each trade.
    tried
        The Sharpe ratio that each *other* setting gave which was tried on the channel.
    """
    if len(r) < FEWEST or float(np.std(r)) <= 1e-12:
        return None
    own = sharpe_ratio(r)
    length = len(r) / design_effect(r, cluster)
    ratios = [own, *tried]
    best = best_of_luck(float(np.var(ratios, ddof=1)) if len(ratios) > 1 else 0.0, len(ratios))
    return SharpeEvidence(
        own, probabilistic(r, 0.0, length), shortest_record(r), probabilistic(r, best, length), best, len(ratios)
    )


def sharpe_ratio(r: Floats) -> float:
    """Mean over standard deviation of a trade's R."""
    return float(r.mean() / r.std(ddof=1))


def probabilistic(r: Floats, benchmark: float, length: float | None = None) -> float:
    """PSR: the confidence that the true Sharpe ratio lies above ``benchmark`` (``length``: T, else all trades)."""
    ratio, spread = sharpe_ratio(r), math.sqrt(_inflation(r))
    return below((ratio - benchmark) * math.sqrt(max(0.0, (length or len(r)) - 1)) / spread)


def shortest_record(r: Floats, benchmark: float = 0.0, level: float = 0.95) -> int | None:
    """MinTRL: how many such trades show a Sharpe ratio above ``benchmark`` at a level; None where none would."""
    ratio = sharpe_ratio(r)
    if ratio <= benchmark:
        return None
    return math.ceil(1 + _inflation(r) * (quantile(level) / (ratio - benchmark)) ** 2)


def best_of_luck(variance: float, trials: int) -> float:
    """SR0: the highest Sharpe ratio of ``trials`` trials without skill, on average; ``variance`` is theirs."""
    if trials < 2:
        return 0.0
    first, second = quantile(1 - 1 / trials), quantile(1 - 1 / (trials * math.e))
    return float(math.sqrt(variance) * ((1 - EULER) * first + EULER * second))


def _inflation(r: Floats) -> float:
    """By how much skew and fat tails change the variance of a Sharpe ratio (never to nothing)."""
    ratio, spread = sharpe_ratio(r), float(r.std())
    centred = (r - r.mean()) / spread
    skew, kurtosis = float((centred**3).mean()), float((centred**4).mean())
    return max(1e-6, 1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2)
