"""``channel not in: [fast_scalps]`` - the trade's channel is none of these.

A channel's name is that of its file in channels/, without .channel.

    rules:
      - name: known-channels
        when: {channel not in: [fast_scalps, btc_alerts]}
        then: reject
    tests:
      - name: a trade of a channel in the list passes
        given: {entry: 100, stop: 98, channel: btc_alerts}
        expect: {action: take}
      - name: a trade of another channel is refused
        given: {entry: 100, stop: 98, channel: somebody}
        expect: {action: reject, rule: known-channels}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.risk.condition import Case, Condition, Finding, is_in

if TYPE_CHECKING:
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools


def look(limit: tuple[str, ...], case: Case) -> Finding:
    """Holds when the channel is not in the list."""
    seen, listed = case.proposal.channel, ", ".join(limit)
    return Finding(seen not in limit, seen, listed, f"the channel is {seen}, the list is {listed}")


def mask(limit: tuple[str, ...], offers: Offers, _zone: str) -> Bools:
    """``look`` for many calls."""
    return ~is_in(offers.channel, limit)


CONDITION = Condition("channel not in", tuple, look, mask=mask)
