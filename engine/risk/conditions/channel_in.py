"""``channel in: [fast_scalps]`` - the trade's channel is one of these.

The names are those of the files in ``channels/``, without ``.channel``. Inside ``all`` or ``any`` it does what ``only``
does for a whole rule.

    rules:
      - name: not-this-channel
        when: {channel in: [fast_scalps]}
        then: reject
    tests:
      - name: btc_alerts passes
        given: {entry: 100, stop: 98, channel: btc_alerts}
        expect: {action: take}
      - name: fast_scalps is refused
        given: {entry: 100, stop: 98, channel: fast_scalps}
        expect: {action: reject, rule: not-this-channel}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.risk.condition import Case, Condition, Finding, is_in

if TYPE_CHECKING:
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools


def look(limit: tuple[str, ...], case: Case) -> Finding:
    """Holds when the channel is in the list."""
    seen, listed = case.proposal.channel, ", ".join(limit)
    return Finding(seen in limit, seen, listed, f"the channel is {seen}, the list is {listed}")


def mask(limit: tuple[str, ...], offers: Offers, _zone: str) -> Bools:
    """``look`` for many calls."""
    return is_in(offers.channel, limit)


CONDITION = Condition("channel in", tuple, look, mask=mask)
