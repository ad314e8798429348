"""Do the levels of a call make sense? stop < entries < targets for a long, mirrored for a short.

A call that fails here was misread or mistyped; either way nobody may trade it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from engine.channel.profile import Settings
from engine.channel.text.numbers import show
from engine.domain import Distance, Side

MOST_LEVELS = 20
TARGET_REACH = 10.0  # a target may be this many times as far away as a stop


def implied_side(entries: Sequence[float], targets: Sequence[float], stop: float | None) -> Side | None:
    """The side that the order of the levels says; None when they do not all say the same one."""
    signs = [target > entry for target in targets for entry in entries]
    if stop is not None:
        signs += [stop < price for price in (*entries, *targets)]
    if not signs or len(set(signs)) > 1:
        return None
    return Side.LONG if signs[0] else Side.SHORT


def base_price(entries: Sequence[float], side: Side, settings: Settings) -> float:
    """The entry from which a stop in percent or points is counted: the near edge fills first."""
    low, high = min(entries), max(entries)
    near, far = (high, low) if side is Side.LONG else (low, high)
    return {"near": near, "far": far, "middle": (low + high) / 2}[settings.distance_from]


def level_fault(
    side: Side,
    entries: Sequence[float],
    targets: Sequence[float],
    stop: float | Distance | None,
    settings: Settings,
    running: bool = False,
) -> tuple[str, str] | None:
    """Why these levels cannot be: (refusal code, sentence). ``entries`` holds a market call's reference price.

    The stop of a call that is ``running`` may have been moved: up to its entries, to a target or beyond, as long as a
    target is left that lies behind it.
    """
    stops = [stop] if isinstance(stop, float) else []
    if running and stops:
        farthest = max(targets, key=lambda price: side.sign * price, default=None)
        if farthest is not None and side.sign * stops[0] >= side.sign * farthest:
            return "levels", f"stop {show(stops[0])} lies beyond the last target {show(farthest)} of a {side}"
        away = max((abs(stops[0] - price) / price for price in entries if price > 0), default=0.0)
        if stops[0] <= 0 or away > TARGET_REACH * settings.largest_distance:
            return "distance", f"the stop {show(stops[0])} is implausibly far away"
        if entries and side.sign * stops[0] >= min(side.sign * price for price in entries):
            stops, stop = [], None
    prices = [*entries, *targets, *stops]
    if len(prices) > MOST_LEVELS:
        return "too-many-levels", f"{len(prices)} levels in one call"
    if prices and min(prices) <= 0:
        return "number", "a price of zero"
    if len(set(prices)) < len(prices):
        twice = next(price for index, price in enumerate(prices) if price in prices[:index])
        return "duplicate-level", f"the level {show(twice)} stands twice"
    if entries or targets:
        ladder = [("stop", stops), ("entry", entries), ("target", targets)]
        for (name, before), (other, behind) in combinations(ladder, 2):
            wrong = _beyond(side, before, behind)
            if wrong is not None:
                price, level = wrong
                return "levels", f"{name} {show(price)} lies beyond {other} {show(level)} of a {side}"
    return _distance_fault(side, entries, targets, stop, settings)


def _beyond(side: Side, before: Sequence[float], behind: Sequence[float]) -> tuple[float, float] | None:
    """The first two levels, one ``before`` and one ``behind``, that do not come in this order; None where all do."""
    if not before or not behind:
        return None
    if max(before) < min(behind) if side is Side.LONG else min(before) > max(behind):
        return None
    sign = side.sign
    return next((one, other) for one in before for other in behind if sign * one >= sign * other)


def _distance_fault(
    side: Side,
    entries: Sequence[float],
    targets: Sequence[float],
    stop: float | Distance | None,
    settings: Settings,
) -> tuple[str, str] | None:
    """Why these levels are too far apart."""
    limit = settings.largest_distance
    if isinstance(stop, Distance) and stop.unit == "percent" and stop.value / 100 > limit:
        return "distance", f"the stop is {show(stop.value)}% away, more than {limit:.0%}"
    if not entries:
        return None
    low, high = min(entries), max(entries)
    if high > low * (1 + limit):
        return "distance", f"the entries {show(low)} and {show(high)} are more than {limit:.0%} apart"
    base = base_price(entries, side, settings)
    if isinstance(stop, Distance) and stop.unit == "points" and stop.value > limit * base:
        return "distance", f"the stop is {show(stop.value)} points away from {show(base)}, more than {limit:.0%}"
    if isinstance(stop, float) and abs(stop - base) > limit * base:
        return "distance", f"the stop {show(stop)} is more than {limit:.0%} away from {show(base)}"
    for target in targets:
        if abs(target - base) > TARGET_REACH * limit * base:
            return (
                "distance",
                f"the target {show(target)} is more than {TARGET_REACH * limit:.0%} away from {show(base)}",
            )
    return None
