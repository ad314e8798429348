"""``channel trades under: 30`` - fewer than this many calls of the channel had closed before this one was acted on.

A channel that nobody has watched yet can be tried with little money: ``{scale: 25%}``. Every call of the channel counts
that came to an end with a result, whether the account took it or not.

    rules:
      - name: newcomer
        when: {channel trades under: 30}
        then: {scale: 25%}
    tests:
      - name: a channel with 30 closed calls passes
        given: {entry: 100, stop: 98, standing: {trades: 30, mean r: 0.1}}
        expect: {action: take}
      - name: one with 29 is traded with a quarter
        given: {entry: 100, stop: 98, notional: 1000 USDT, standing: {trades: 29, mean r: 0.1}}
        expect: {action: scale, rule: newcomer, notional: 250 USDT}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.risk.condition import Case, Condition, Finding

if TYPE_CHECKING:
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools


def look(limit: int, case: Case) -> Finding:
    """Holds when fewer closed calls are known than the limit."""
    standing = case.proposal.standing
    seen = standing.trades if standing else 0
    return Finding(
        seen < limit, str(seen), str(limit), f"{seen} calls of the channel have closed, the limit is {limit}"
    )


def mask(limit: int, offers: Offers, _zone: str) -> Bools:
    """``look`` for many calls."""
    return offers.standings.trades < limit


CONDITION = Condition("channel trades under", int, look, mask=mask)
