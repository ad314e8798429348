"""``open trades at least: 2`` - this many trades of the account, or more, are resting or open already.

The count is that of the whole account, also under ``only``: that says which trades are asked, not which are counted.

    rules:
      - name: two-at-a-time
        when: {open trades at least: 2}
        then: reject
    tests:
      - name: a second trade passes
        given: {entry: 100, stop: 98, open trades: 1}
        expect: {action: take}
      - name: a third one is refused
        given: {entry: 100, stop: 98, open trades: 2}
        expect: {action: reject, rule: two-at-a-time}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.risk.condition import Case, Condition, Finding, count_trades

if TYPE_CHECKING:
    from engine.simulate.judge import Course
    from engine.simulate.table import Bools


def look(limit: int, case: Case) -> Finding:
    """Holds when as many trades as the limit, or more, are open."""
    return count_trades(len(case.account.open_trades), limit)


def holds(limit: int, case: Case) -> bool:
    """Whether ``look`` holds."""
    return len(case.account.open_trades) >= limit


def along(limit: int, course: Course, _zone: str) -> Bools:
    """``look`` for every moment of a course."""
    return np.full(len(course.ts_ms), len(course.account.open_trades) >= limit)


CONDITION = Condition("open trades at least", int, look, holds, along=along)
