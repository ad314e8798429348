"""Levels that count from a fill which never came, in words: ``target 1: 2% above; stop: 1% below``.

Above and below are those of the price, whatever the side.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.domain import Distance, Side

UNITS = {"percent": "%", "points": " points", "R": " R"}


def from_entry(side: Side, stop: float | Distance | None, targets: Iterable[float | Distance | None]) -> str:
    """Those of a plan's levels that are still distances, "" without any."""
    told = [f"target {n}: {_away(at, side.sign)}" for n, at in enumerate(targets, 1) if isinstance(at, Distance)]
    if isinstance(stop, Distance):
        told.append(f"stop: {_away(stop, -side.sign)}")
    return "; ".join(told)


def levels_of(told: str) -> tuple[str | None, list[str]]:
    """The stop (None: not among them) and the targets of such words."""
    levels = dict(part.split(": ", 1) for part in told.split("; ")) if told else {}
    stop = levels.pop("stop", None)
    return stop, list(levels.values())


def _away(distance: Distance, sign: int) -> str:
    return f"{distance.value:.10g}{UNITS[distance.unit]} {'above' if sign > 0 else 'below'}"
