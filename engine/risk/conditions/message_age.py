"""``message older than: 10m`` - the post is older than this when the orders would be placed.

The age counts from the first version of the post: a call that was edited in later is as old as its post. The strategy's
latency is part of it.

    rules:
      - name: too-late
        when: {message older than: 10m}
        then: reject
    tests:
      - name: a call of ten minutes ago passes
        given: {entry: 100, stop: 98, message age: 10m}
        expect: {action: take}
      - name: a call of a quarter of an hour ago is refused
        given: {entry: 100, stop: 98, message age: 15m}
        expect: {action: reject, rule: too-late}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.risk.condition import Case, Condition, Finding, all_exceed, exceeds
from engine.units import duration_ms, show_duration

if TYPE_CHECKING:
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools


def read(value: str) -> int:
    """The limit in milliseconds."""
    limit = duration_ms(value)
    if limit <= 0:
        raise ValueError("more than 0s")
    return limit


def look(limit: int, case: Case) -> Finding:
    """Holds when more time than the limit lies between the post and the moment of action."""
    seen = case.proposal.act_ms - case.proposal.posted_ms
    text = f"the post is {show_duration(seen)} old, the limit is {show_duration(limit)}"
    return Finding(exceeds(seen, limit), show_duration(seen), show_duration(limit), text)


def mask(limit: int, offers: Offers, _zone: str) -> Bools:
    """``look`` for many calls."""
    return all_exceed(offers.act_ms - offers.posted_ms, limit)


CONDITION = Condition("message older than", read, look, mask=mask)
