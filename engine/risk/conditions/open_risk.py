"""``open risk over: 3%`` - all trades together would lose more than this part of the equity at their stops.

All means the resting and open ones and this one; one without a stop counts with its whole margin. A smaller size
mends it: ``resize: to limit`` leaves what the others leave.

    rules:
      - name: all-together
        when: {open risk over: 3%}
        then: {resize: to limit}
    tests:
      - name: what just fits passes
        given: {entry: 100, stop: 98, notional: 5000 USDT, open trades: [{risk: 200 USDT}]}
        expect: {action: take}
      - name: what is too much is cut to what is left
        given: {entry: 100, stop: 98, notional: 10000 USDT, open trades: [{risk: 200 USDT}]}
        expect: {action: resize, rule: all-together, notional: 5000 USDT}
"""

from __future__ import annotations

from engine.risk.condition import Case, Condition, Finding, exceeds, read_size


def look(limit: float, case: Case) -> Finding:
    """Holds when the sum is over the limit; with no equity left, always."""
    equity = case.account.equity
    if equity <= 0:
        return Finding(True, "no equity", f"{limit:.2%}", "there is no equity left", factor=0.0)
    own, others = _own(case), sum(trade.risk or trade.margin for trade in case.account.open_trades)
    seen = (own + others) / equity
    over = exceeds(seen, limit)
    left = min(1.0, max(0.0, limit * equity - others) / own) if over and own > 0 else 1.0
    text = f"{seen:.2%} of the equity would be lost when every stop was hit, the limit is {limit:.2%}"
    return Finding(over, f"{seen:.2%}", f"{limit:.2%}", text, left)


def holds(limit: float, case: Case) -> bool:
    """Whether ``look`` holds."""
    equity, others = case.account.equity, sum([trade.risk or trade.margin for trade in case.account.open_trades])
    return equity <= 0 or exceeds((_own(case) + others) / equity, limit)


def _own(case: Case) -> float:
    """What this trade adds."""
    proposal = case.proposal
    return proposal.margin if proposal.stop is None else proposal.risk


CONDITION = Condition("open risk over", read_size, look, holds, resizable=True)
