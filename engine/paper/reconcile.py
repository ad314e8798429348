"""Hold two records of the same calls against each other, trade by trade: how far they differ, and in what."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.domain import Fill, Leg, Trade

TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Difference:
    """One call that two records do not agree on: ``what`` differs, from ``ours`` to ``theirs``."""

    signal_id: str
    what: str
    ours: str
    theirs: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.signal_id}: {self.what} {self.ours} here, {self.theirs} there"


def differences(
    ours: Mapping[str, Trade], theirs: Mapping[str, Trade], tolerance: float = TOLERANCE
) -> list[Difference]:
    """All differences between the trades of two records, by signal id; figures differ by more than ``tolerance``.

    The tolerance is relative, and absolute below one. One line per trade: the first thing that differs, in the order
    of cause and effect.
    """
    found = []
    for name in sorted({*ours, *theirs}):
        mine, other = ours.get(name), theirs.get(name)
        if mine is None or other is None:
            found.append(Difference(name, "traded", "yes" if mine else "no", "yes" if other else "no"))
            continue
        first = next(_differing(mine, other, tolerance), None)
        if first is not None:
            found.append(Difference(name, *first))
    return found


def _differing(ours: Trade, theirs: Trade, tolerance: float) -> Iterator[tuple[str, str, str]]:
    """What differs in one trade."""
    for what, mine, other in _facts(ours, theirs):
        if mine != other:
            yield what, str(mine), str(other)
    for what, first, second in _figures(ours, theirs):
        if not math.isclose(first, second, rel_tol=tolerance, abs_tol=tolerance):
            yield what, f"{first:.10g}", f"{second:.10g}"


def _facts(ours: Trade, theirs: Trade) -> Iterator[tuple[str, object, object]]:
    """What has to be the same."""
    mine, other = ours.path, theirs.path
    yield "fills", [(f.ts_ms, f.maker) for f in mine.fills], [(f.ts_ms, f.maker) for f in other.fills]
    exits = [[(leg.ts_ms, leg.reason.value, leg.target, leg.maker) for leg in path.legs] for path in (mine, other)]
    yield "exits", exits[0], exits[1]
    yield "status", mine.status.value, other.status.value
    yield "ambiguous", mine.ambiguous, other.ambiguous
    rules = [[(note.rule, note.action, note.where) for note in trade.notes] for trade in (ours, theirs)]
    yield "rules", rules[0], rules[1]
    yield "has R", ours.r is None, theirs.r is None


def _figures(ours: Trade, theirs: Trade) -> Iterator[tuple[str, float, float]]:
    """What has to be as good as the same."""
    pairs: list[tuple[str, Fill | Leg, Fill | Leg]] = []
    pairs += [("fill", *both) for both in zip(ours.path.fills, theirs.path.fills, strict=True)]
    pairs += [("exit", *both) for both in zip(ours.path.legs, theirs.path.legs, strict=True)]
    for what, one, two in pairs:
        yield f"price of {what} {one.ts_ms}", one.price, two.price
        yield f"share of {what} {one.ts_ms}", one.share, two.share
    for name in ("quantity", "risk", "gross", "fees", "funding", "net"):
        yield name, getattr(ours, name), getattr(theirs, name)
    if ours.r is not None and theirs.r is not None:
        yield "R", ours.r, theirs.r
