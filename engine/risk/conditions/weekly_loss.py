"""``weekly loss over: 8%`` - since the week began the account lost more than this part of the equity it had then.

The week begins on Monday at midnight of the workspace's time zone. Closed losses count and so do open ones, marked to
market. A halt until the next day is asked again every day, so it lasts until the week is over or the loss is earned
back. A rule that halts or closes does so when the candle closes that brings the loss, not only at the next call.

    rules:
      - name: weekly-stop
        when: {weekly loss over: 8%}
        then: {halt: until next day}
    tests:
      - name: after a loss of 8% the next trade passes
        given: {entry: 100, stop: 98, weekly loss: 8%}
        expect: {action: take}
      - name: after a loss of 9% there are no more trades that week
        given: {entry: 100, stop: 98, weekly loss: 9%}
        expect: {action: halt, rule: weekly-stop}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.risk.condition import Case, Condition, Finding, all_exceed, exceeds, fallen, read_loss

if TYPE_CHECKING:
    from engine.domain import Account
    from engine.simulate.judge import Course
    from engine.simulate.table import Bools


def look(limit: float, case: Case) -> Finding:
    """Holds when equity has fallen by more than the limit since the week began; with nothing to begin with, always."""
    seen = _lost(case)
    change = f"lost {seen:.2%}" if seen >= 0 else f"gained {-seen:.2%}"
    text = f"the account {change} since the week began, the limit is a loss of {limit:.2%}"
    return Finding(exceeds(seen, limit), f"{seen:.2%}", f"{limit:.2%}", text)


def _start(account: Account) -> float:
    """The equity with which the week began."""
    return account.day_start_equity if account.week_start_equity is None else account.week_start_equity


def _lost(case: Case) -> float:
    """The part of the week's first equity that is gone."""
    start = _start(case.account)
    return (start - case.account.equity) / start if start > 0 else 1.0


def holds(limit: float, case: Case) -> bool:
    """Whether ``look`` holds."""
    return exceeds(_lost(case), limit)


def along(limit: float, course: Course, _zone: str) -> Bools:
    """``look`` for every moment of a course."""
    start = _start(course.account)
    return all_exceed((start - course.equity) / start, limit) if start > 0 else np.ones(len(course.equity), np.bool_)


def floor(limit: float, account: Account) -> float:
    """Above which equity the loss is within the limit."""
    return fallen(_start(account), limit)


CONDITION = Condition("weekly loss over", read_loss, look, holds, along=along, floor=floor)
