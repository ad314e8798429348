"""The standard normal distribution, for single numbers; the standard library has it, and starts quickly."""

from __future__ import annotations

from math import erfc, sqrt
from statistics import NormalDist

_STANDARD = NormalDist()


def below(z: float) -> float:
    """The probability of a value below ``z``; exact in both tails (by the complementary error function)."""
    return erfc(-z / sqrt(2)) / 2


def quantile(share: float) -> float:
    """The value with ``share`` (between 0 and 1, neither of them) of all below it (Wichura 1988, AS241).

    Raises statistics.StatisticsError at 0 and 1 and outside.
    """
    return _STANDARD.inv_cdf(share)
