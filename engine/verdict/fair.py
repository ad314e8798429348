"""How likely a price without drift is to reach a target before its stop, whether the stop stands still or follows.

From a price x, with the stop at s(m) once the best price so far is m (of a long; a short is seen over negated prices),
a target b is reached with probability

    P = exp(- integral from x to b of dm / (m - s(m)))

(Azema and Yor, Une solution simple au probleme de Skorokhod, Seminaire de Probabilites XIII, 1979). A stop that stands
still at s gives (x - s) / (b - s), the ruin problem (Feller, An Introduction to Probability Theory, vol. 1, section
XIV.2); one that follows c points behind gives exp(-(b - x) / c), one that follows a fraction f behind (x / b)^(1 / f).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.domain import Plan


@dataclass(frozen=True, slots=True)
class Following:
    """A stop that follows the best price: ``fraction`` of it or ``points`` behind, from the price ``start`` on."""

    fraction: float
    points: float
    start: float

    def stop(self, best: float) -> float:
        """Where it stands when the best price is ``best``."""
        return best - self.fraction * abs(best) - self.points


def follows(plan: Plan, entry: float, stop: float, taken: int) -> Following | None:
    """How the stop of a plan follows after ``taken`` targets; None where it does not. Prices are signed."""
    trail = plan.trail
    if trail is None or taken < trail.after_target:
        return None
    value, unit = trail.distance.value, trail.distance.unit
    start = entry + trail.after_gain * abs(entry) if trail.after_gain else -math.inf
    points = value if unit == "points" else value * (entry - stop) if unit == "R" else 0.0
    return Following(value / 100 if unit == "percent" else 0.0, points, start)


def chance(at: float, to: float, stop: float, following: Following | None = None) -> tuple[float, float]:
    """The chance that ``to`` (above) is reached from ``at`` before the stop, and where the stop stands then.

    All prices are signed; NaN where the stop is unknown or not below ``at``, or ``to`` not above it.
    """
    if not stop <= at < to:
        return math.nan, stop
    if following is None or following.start >= to:
        return (at - stop) / (to - stop), stop
    begin = max(at, following.start)
    p = (at - stop) / (begin - stop) if begin > at else 1.0
    free = begin if following.stop(begin) >= stop else min(to, max(begin, _overtakes(following, stop)))
    if free > begin:
        p *= (begin - stop) / (free - stop)
    return p * _followed(free, to, following), max(stop, following.stop(to))


def _overtakes(following: Following, stop: float) -> float:
    """The best price at which the following stop passes one that stands still."""
    if following.points:
        return stop + following.points
    return stop / (1 - following.fraction) if stop > 0 else stop / (1 + following.fraction)


def _followed(at: float, to: float, following: Following) -> float:
    """The chance of getting from one price to another with the stop behind all the way."""
    if to <= at:
        return 1.0
    if following.points:
        return math.exp(-(to - at) / following.points)
    return math.exp(-abs(math.log(to / at)) / following.fraction) if following.fraction else 0.0
