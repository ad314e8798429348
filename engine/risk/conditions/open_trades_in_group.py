"""``open trades in group at least: 2`` - this many trades on symbols that move together are resting or open.

Groups stand under ``groups`` in this file or in workspace.yaml; a symbol of no group goes alone. Trades of either side
are counted. Of a symbol in several groups the fullest counts.

    groups: {memes: [DOGEUSDT, PEPEUSDT, SHIBUSDT]}
    rules:
      - name: one-meme
        when: {open trades in group at least: 1}
        then: reject
    tests:
      - name: a meme beside bitcoin passes
        given: {entry: 100, stop: 98, symbol: DOGEUSDT, open trades: [{symbol: BTCUSDT}]}
        expect: {action: take}
      - name: a second meme is refused
        given: {entry: 100, stop: 98, symbol: DOGEUSDT, open trades: [{symbol: PEPEUSDT}]}
        expect: {action: reject, rule: one-meme}
"""

from __future__ import annotations

from engine.risk.condition import Case, Condition, Finding, count_trades
from engine.risk.groups import Groups, groups_of

Limit = tuple[int, Groups]


def look(limit: Limit, case: Case) -> Finding:
    """Holds when as many trades of the group as the limit, or more, are open."""
    count, name = _count(limit[1], case)
    return count_trades(count, limit[0], f" on {name}")


def holds(limit: Limit, case: Case) -> bool:
    """Whether ``look`` holds."""
    return _count(limit[1], case)[0] >= limit[0]


def _count(groups: Groups, case: Case) -> tuple[int, str]:
    """How many trades are open in the fullest group of the symbol, and what that group is called."""
    return max(
        (sum([trade.symbol in symbols for trade in case.account.open_trades]), name)
        for name, symbols in groups_of(groups, case.proposal.symbol)
    )


CONDITION = Condition("open trades in group at least", int, look, holds, grouped=True)
