"""``drawdown over: 10%`` - the account has lost more than this part of its highest equity so far.

Open trades count at the last close, so the highest equity is that of all closes of candles so far. A rule that halts or
closes does so when the candle closes that brings the drawdown, not only at the next call.

A drawdown does not end by waiting: where every trade is refused, none can earn it back. So ``reject`` and ``halt`` stop
the account for good, while ``scale`` goes on with smaller trades.

    rules:
      - name: smaller-in-drawdown
        when: {drawdown over: 10%}
        then: {scale: 50%}
    tests:
      - name: 10% below the peak a trade passes
        given: {entry: 100, stop: 98, equity: 9000 USDT, peak: 10000 USDT}
        expect: {action: take}
      - name: 25% below it a trade is half as large
        given: {entry: 100, stop: 98, notional: 1000 USDT, equity: 9000 USDT, peak: 12000 USDT}
        expect: {action: scale, rule: smaller-in-drawdown, notional: 500 USDT}
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
    """Holds when equity lies further below its peak than the limit; with nothing to fall from, always."""
    seen = _lost(case)
    text = f"the account is {seen:.2%} below its highest equity, the limit is {limit:.2%}"
    return Finding(exceeds(seen, limit), f"{seen:.2%}", f"{limit:.2%}", text)


def _lost(case: Case) -> float:
    """The part of the highest equity that is gone."""
    peak = case.account.peak_equity
    return (peak - case.account.equity) / peak if peak > 0 else 1.0


def holds(limit: float, case: Case) -> bool:
    """Whether ``look`` holds."""
    return exceeds(_lost(case), limit)


def along(limit: float, course: Course, _zone: str) -> Bools:
    """``look`` for every moment of a course."""
    peak, known = course.peak, course.peak > 0
    return np.where(known, all_exceed((peak - course.equity) / np.where(known, peak, 1.0), limit), True)


def floor(limit: float, account: Account) -> float:
    """Above which equity the loss is within the limit."""
    return fallen(account.peak_equity, limit)


CONDITION = Condition("drawdown over", read_loss, look, holds, along=along, floor=floor)
