"""Where the levels of a call lie that it says at a distance: in percent, in points, or in R.

They count from the call's entries, or from the fill where a market order leaves the entry open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.config.strategy import Exit
from engine.domain import Distance, Order, Setup, Side, Target
from engine.simulate.sharing import average_entry


def from_base(setup: Setup, away: Distance, direction: int) -> float:
    """A price at a distance from the edge of the call's entries that the profile names."""
    low, high = min(setup.entries), max(setup.entries)
    near, far = (high, low) if setup.side is Side.LONG else (low, high)
    base = {"near": near, "far": far, "middle": (low + high) / 2}[away.base]
    off = base * away.value / 100 if away.unit == "percent" else away.value
    return base + direction * setup.side.sign * off


def resolve_stop(setup: Setup, orders: Sequence[Order], leave: Exit) -> float | Distance | None:
    """The stop as a price where the entry is known, else as the distance from the fill that is to come.

    A distance counts from the edge of the call's zone (or of its ladder) that the profile names, the strategy's own
    from the average planned entry.
    """
    stop, average = setup.stop, average_entry(orders)
    if leave.stop_at is not None and leave.stop_at.unit == "percent":
        stop = Distance(leave.stop_at.value, "percent")
    elif stop is None and isinstance(leave.missing_stop, float):
        stop = Distance(leave.missing_stop * 100, "percent")
    elif isinstance(stop, Distance) and average is not None and setup.entries:
        stop = from_base(setup, stop, -1)
    if leave.stop_at is not None and leave.stop_at.unit == "R" and stop is not None:
        times = leave.stop_at.value
        if isinstance(stop, Distance):
            return Distance(stop.value * times, stop.unit)
        known = average if average is not None else setup.reference
        return stop if known is None else known + (stop - known) * times
    if isinstance(stop, Distance) and average is not None:
        off = average * stop.value / 100 if stop.unit == "percent" else stop.value
        return average - setup.side.sign * off
    return stop


def has_level(target: Target) -> bool:
    """Whether a target says where it is."""
    return target.price is not None or target.distance is not None


def level_of(
    target: Target, entered: Setup | None, placed: Sequence[Order], stop: float | Distance | None
) -> float | Distance | None:
    """A target's price, or its distance from the fill; None for an open one.

    ``entered`` is the call whose entries it counts from, None where a market order among the orders ``placed`` leaves
    that to the fill. One in R counts from the average entry of the orders, the way to the stop that was named: one that
    was moved into profit is no risk to count in.
    """
    away = target.distance
    if target.price is not None or away is None:
        return target.price
    if away.unit == "R" and isinstance(stop, Distance):
        away = replace(away, value=away.value * stop.value, unit=stop.unit)
    if entered is None:
        return None if away.unit == "R" and stop is None else away
    if away.unit == "R":
        average = average_entry(placed)
        return average + away.value * (average - stop) if average is not None and isinstance(stop, float) else None
    return from_base(entered, away, 1)
