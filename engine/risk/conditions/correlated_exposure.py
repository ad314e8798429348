"""``correlated exposure over: 50%`` - on symbols that move together too much of the equity stands on one side.

Added up are the sizes (quantity times price) of this trade and of the resting and open ones on the same side whose
symbols share a group with it. Groups stand under ``groups`` in this file or in workspace.yaml; a symbol of no group
goes alone. Of a symbol in several groups the fullest counts. A smaller size mends it: ``resize: to limit``.

    groups: {majors: [BTCUSDT, ETHUSDT]}
    rules:
      - name: one-bet
        when: {correlated exposure over: 50%}
        then: {resize: to limit}
    tests:
      - name: a short beside a long of the group passes
        given:
          side: short
          stop: 102
          notional: 4000 USDT
          open trades: [{symbol: ETHUSDT, side: long, notional: 3000 USDT}]
        expect: {action: take}
      - name: a second long of the group is cut to what is left
        given: {stop: 98, notional: 4000 USDT, open trades: [{symbol: ETHUSDT, notional: 3000 USDT}]}
        expect: {action: resize, rule: one-bet, notional: 2000 USDT}
"""

from __future__ import annotations

from engine.domain import Proposal
from engine.risk.condition import Case, Condition, Finding, exceeds, read_size
from engine.risk.groups import Groups, groups_of

Limit = tuple[float, Groups]


def look(limit: Limit, case: Case) -> Finding:
    """Holds when the exposure is over the limit; with no equity left, always."""
    (part, groups), equity, own = limit, case.account.equity, case.proposal.notional
    if equity <= 0:
        return Finding(True, "no equity", f"{part:.2%}", "there is no equity left to expose", factor=0.0)
    others, name = _others(groups, case)
    seen = (others + own) / equity
    over = exceeds(seen, part)
    left = min(1.0, max(0.0, part * equity - others) / own) if over and own > 0 else 1.0
    side = case.proposal.side.value
    text = f"{name} would have {seen:.2%} of the equity on the {side} side, the limit is {part:.2%}"
    return Finding(over, f"{seen:.2%}", f"{part:.2%}", text, left)


def holds(limit: Limit, case: Case) -> bool:
    """Whether ``look`` holds."""
    equity = case.account.equity
    return equity <= 0 or exceeds((_others(limit[1], case)[0] + case.proposal.notional) / equity, limit[0])


def _others(groups: Groups, case: Case) -> tuple[float, str]:
    """The size of the other trades on this side in the fullest group of the symbol, and what that group is called."""
    trade: Proposal = case.proposal
    return max(
        (sum([t.notional for t in case.account.open_trades if t.side is trade.side and t.symbol in symbols]), name)
        for name, symbols in groups_of(groups, trade.symbol)
    )


CONDITION = Condition("correlated exposure over", read_size, look, holds, resizable=True, grouped=True)
