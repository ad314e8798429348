"""Repeated and opposite calls: a channel that posts one idea five times has made one call."""

from __future__ import annotations

from typing import Literal

import numpy as np

from engine.config.strategy import Calls
from engine.domain import Side
from engine.simulate.table import PathTable

Mark = Literal["", "repeat", "opposite"]


def mark_calls(table: PathTable, calls: Calls) -> list[Mark]:
    """For each path "" (a call of its own), "repeat" or "opposite".

    In order of action, per channel and symbol: a call of the same (other) side while an earlier call that counts is
    still resting or open is a repeat (opposite), unless the strategy adds it as a trade of its own.
    """
    marks: list[Mark] = [""] * len(table)
    living: dict[tuple[str, str], list[tuple[int, Side]]] = {}
    order = np.argsort([plan.act_ms for plan in table.plans], kind="stable")
    for i in order.tolist():
        plan = table.plans[i]
        key = (plan.channel, plan.symbol)
        alive = [(end, side) for end, side in living.get(key, []) if end > plan.act_ms]
        if calls.repeat == "ignore" and any(side is plan.side for _, side in alive):
            marks[i] = "repeat"
        elif calls.opposite == "ignore" and any(side is not plan.side for _, side in alive):
            marks[i] = "opposite"
        else:
            alive.append((int(table.end_ms[i]), plan.side))
        living[key] = alive
    return marks
