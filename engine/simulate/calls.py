"""Repeated and opposite calls: a channel that posts one idea five times has made one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.config.strategy import Calls
from engine.domain import PathStatus, Side
from engine.simulate.table import CODE, PathTable

TOO_LATE, NO_DATA = CODE[PathStatus.TOO_LATE], CODE[PathStatus.NO_DATA]
Mark = Literal["", "repeat", "opposite"]


@dataclass(frozen=True, slots=True)
class Marks:
    """``marks`` by path; ``ended`` has the paths that a later call ends, and when it acts (ms)."""

    marks: list[Mark]
    ended: dict[int, int]


def mark_calls(table: PathTable, calls: Calls) -> list[Mark]:
    """For each path "" (a call of its own), "repeat" or "opposite"; see ``settle_calls``."""
    return settle_calls(table, calls).marks


def settle_calls(table: PathTable, calls: Calls) -> Marks:
    """Which calls are trades of their own, and which earlier ones they end.

    In order of action, per channel and symbol: a call of the same (other) side while an earlier call that counts is
    still resting or open is a repeat (opposite), unless the strategy adds it as a trade of its own. A repeat may
    replace the earlier calls of its side, an opposite one close those of the other; one that comes too late replaces
    nothing.
    """
    marks: list[Mark] = [""] * len(table)
    ended: dict[int, int] = {}
    living: dict[tuple[str, str], list[tuple[int, Side, int]]] = {}
    order = np.argsort([plan.act_ms for plan in table.plans], kind="stable")
    statuses, ends = table.status.tolist(), table.end_ms.tolist()
    for i in order.tolist():
        plan = table.plans[i]
        key = (plan.channel, plan.symbol)
        alive = [found for found in living.get(key, ()) if found[0] > plan.act_ms]
        same = [found for found in alive if found[1] is plan.side]
        other = [found for found in alive if found[1] is not plan.side]
        over: list[tuple[int, Side, int]] = []
        if calls.opposite in ("close", "reverse") and statuses[i] != NO_DATA:
            over += other
        if calls.repeat == "ignore" and same:
            marks[i] = "repeat"
        elif calls.opposite in ("ignore", "close") and other:
            marks[i] = "opposite"
        else:
            if calls.repeat == "replace" and statuses[i] not in (TOO_LATE, NO_DATA):
                over += same
            alive.append((ends[i], plan.side, i))
        if over:
            ended.update({row: plan.act_ms for _, _, row in over})
            alive = [found for found in alive if found not in over]
        living[key] = alive
    return Marks(marks, ended)
