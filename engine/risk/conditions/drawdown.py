"""``drawdown over: 10%`` - the account has lost more than this part of its highest equity so far.

The highest equity is that of the moments at which calls were decided on; open trades count at the last close.

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

from engine.risk.condition import Case, Condition, Finding, exceeds, read_loss


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


CONDITION = Condition("drawdown over", read_loss, look, holds)
