"""``margin over: 10%`` - the trade would tie up more than this part of the equity as margin.

The margin is the size divided by the leverage, so leverage 5 allows five times the size that leverage 1 does. A smaller
size mends it: ``resize: to limit``.

    rules:
      - name: cap-margin
        when: {margin over: 10%}
        then: {resize: to limit}
    tests:
      - name: a margin of 10% passes
        given: {entry: 100, stop: 98, notional: 5000 USDT, leverage: 5, equity: 10000 USDT}
        expect: {action: take}
      - name: a margin of 20% is halved
        given: {entry: 100, stop: 98, notional: 10000 USDT, leverage: 10, equity: 5000 USDT}
        expect: {action: resize, rule: cap-margin, notional: 5000 USDT}
"""

from __future__ import annotations

from engine.risk.condition import Case, Condition, Finding, exceeds, read_share


def look(limit: float, case: Case) -> Finding:
    """Holds when the margin is over the limit; with no equity left, always."""
    if case.account.equity <= 0:
        return Finding(True, "no equity", f"{limit:.2%}", "there is no equity left for a margin", factor=0.0)
    seen = case.proposal.margin / case.account.equity
    holds = exceeds(seen, limit)
    text = f"the margin is {seen:.2%} of the equity, the limit is {limit:.2%}"
    return Finding(holds, f"{seen:.2%}", f"{limit:.2%}", text, limit / seen if holds else 1.0)


def holds(limit: float, case: Case) -> bool:
    """Whether ``look`` holds."""
    equity = case.account.equity
    return equity <= 0 or exceeds(case.proposal.margin / equity, limit)


CONDITION = Condition("margin over", read_share, look, holds, resizable=True)
