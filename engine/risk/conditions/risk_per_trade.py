"""``risk per trade over: 1%`` - the trade would lose more than this part of the equity at its stop.

The loss is the whole quantity times the distance from the planned entry to the stop, before costs. A trade without a
stop risks its whole isolated margin. A smaller size mends it: ``resize: to limit``.

    rules:
      - name: cap-risk
        when: {risk per trade over: 1%}
        then: {resize: to limit}
    tests:
      - name: a risk of 1% passes
        given: {entry: 100, stop: 98, notional: 5000 USDT, equity: 10000 USDT}
        expect: {action: take}
      - name: a risk of 2% is halved
        given: {entry: 100, stop: 98, notional: 10000 USDT, equity: 10000 USDT}
        expect: {action: resize, rule: cap-risk, notional: 5000 USDT}
"""

from __future__ import annotations

from engine.risk.condition import Case, Condition, Finding, exceeds, read_share


def look(limit: float, case: Case) -> Finding:
    """Holds when the planned loss is over the limit; with no equity left, always."""
    proposal, equity = case.proposal, case.account.equity
    loss = proposal.margin if proposal.stop is None else proposal.risk
    if equity <= 0:
        return Finding(True, "no equity", f"{limit:.2%}", "there is no equity left to risk", factor=0.0)
    seen = loss / equity
    holds = exceeds(seen, limit)
    text = f"the trade risks {seen:.2%} of the equity, the limit is {limit:.2%}"
    return Finding(holds, f"{seen:.2%}", f"{limit:.2%}", text, limit / seen if holds else 1.0)


def holds(limit: float, case: Case) -> bool:
    """Whether ``look`` holds."""
    proposal, equity = case.proposal, case.account.equity
    loss = proposal.margin if proposal.stop is None else proposal.risk
    return equity <= 0 or exceeds(loss / equity, limit)


CONDITION = Condition("risk per trade over", read_share, look, holds, resizable=True)
