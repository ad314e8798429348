"""``weekly loss over: 8%`` - since the week began the account lost more than this part of the equity it had then.

The week begins on Monday at midnight of the workspace's time zone. Closed losses count and so do open ones, marked to
market. A halt until the next day is asked again every day, so it lasts until the week is over or the loss is earned
back.

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

from engine.risk.condition import Case, Condition, Finding, exceeds, read_loss


def look(limit: float, case: Case) -> Finding:
    """Holds when equity has fallen by more than the limit since the week began; with nothing to begin with, always."""
    seen = _lost(case)
    change = f"lost {seen:.2%}" if seen >= 0 else f"gained {-seen:.2%}"
    text = f"the account {change} since the week began, the limit is a loss of {limit:.2%}"
    return Finding(exceeds(seen, limit), f"{seen:.2%}", f"{limit:.2%}", text)


def _lost(case: Case) -> float:
    """The part of the week's first equity that is gone."""
    account = case.account
    start = account.day_start_equity if account.week_start_equity is None else account.week_start_equity
    return (start - account.equity) / start if start > 0 else 1.0


def holds(limit: float, case: Case) -> bool:
    """Whether ``look`` holds."""
    return exceeds(_lost(case), limit)


CONDITION = Condition("weekly loss over", read_loss, look, holds)
