"""``consecutive losses at least: {count: 3, last within: 12h}`` - this many trades in a row ended with a loss.

Trades of the account are counted in the order of their closing; one that gains or breaks even ends the row. With
``last within`` the condition holds only so long after the last of the losses: a pause. Without it (``consecutive losses
at least: 3``) nothing but a gain ends it, so a rule that refuses every trade would stop the account for good.

    rules:
      - name: cool-head
        when: {consecutive losses at least: {count: 3, last within: 12h}}
        then: reject
    tests:
      - name: thirteen hours after three losses a trade passes
        given: {entry: 100, stop: 98, losses in a row: 3, last loss: 13h}
        expect: {action: take}
      - name: an hour after three losses a trade is refused
        given: {entry: 100, stop: 98, losses in a row: 3, last loss: 1h}
        expect: {action: reject, rule: cool-head}
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from engine.risk.condition import Case, Condition, Finding, read_wait
from engine.units import show_duration

if TYPE_CHECKING:
    from engine.domain import Account
    from engine.simulate.judge import Course
    from engine.simulate.table import Bools

Limit = tuple[int, int | None]


def read(value: int | Mapping[str, int | str]) -> Limit:
    """How many losses, and for how long after the last one in milliseconds (None: for good)."""
    if isinstance(value, int):
        return value, None
    return int(value["count"]), read_wait(str(value["last within"])) if "last within" in value else None


def look(limit: Limit, case: Case) -> Finding:
    """Holds when as many losses as the limit, or more, came in a row, and the last one is not too long ago."""
    count, within = limit
    seen, lost_ms = case.account.history.losses, case.account.history.lost_ms
    ago = "" if lost_ms is None else f", the last one {show_duration(case.account.now_ms - lost_ms)} ago"
    told = f"{count}" if within is None else f"{count} within {show_duration(within)}"
    text = f"{seen} {'trade' if seen == 1 else 'trades'} in a row ended with a loss{ago}, the limit is {told}"
    return Finding(holds(limit, case), str(seen), told, text)


def holds(limit: Limit, case: Case) -> bool:
    """Whether ``look`` holds."""
    count, within = limit
    history = case.account.history
    if history.losses < count:
        return False
    return within is None or history.lost_ms is None or case.account.now_ms - history.lost_ms < within


def along(limit: Limit, course: Course, _zone: str) -> Bools:
    """``look`` for every moment of a course: no trade ends within one."""
    count, within = limit
    history = course.account.history
    if within is None or history.lost_ms is None or history.losses < count:
        return np.full(len(course.ts_ms), history.losses >= count)
    return course.ts_ms - history.lost_ms < within


def floor(limit: Limit, account: Account) -> float:
    """With fewer losses in a row it holds at no equity."""
    return inf if account.history.losses >= limit[0] else -inf


CONDITION = Condition("consecutive losses at least", read, look, holds, along=along, floor=floor)
