"""``stop distance over: 5%`` - the stop is farther from the entry than this part of the entry's price.

A trade without a stop has one that is endlessly far away: this holds for it. A smaller size leaves the distance
as it is.

    rules:
      - name: stop-too-far
        when: {stop distance over: 5%}
        then: reject
    tests:
      - name: a stop 4% away passes
        given: {entry: 100, stop: 96}
        expect: {action: take}
      - name: a stop 10% away is refused
        given: {entry: 100, stop: 90}
        expect: {action: reject, rule: stop-too-far}
"""

from __future__ import annotations

from engine.risk.condition import Case, Condition, Finding, exceeds, read_share


def look(limit: float, case: Case) -> Finding:
    """Holds when the distance from the planned entry to the stop is over the limit."""
    entry, stop = case.proposal.entry, case.proposal.stop
    if stop is None:
        return Finding(True, "no stop", f"{limit:.2%}", "the trade has no stop")
    seen = abs(entry - stop) / entry
    text = f"the stop is {seen:.2%} from the entry, the limit is {limit:.2%}"
    return Finding(exceeds(seen, limit), f"{seen:.2%}", f"{limit:.2%}", text)


CONDITION = Condition("stop distance over", read_share, look)
