"""``channel verdict in: [AVOID, NOT ENOUGH DATA]`` - the verdict on the channel was one of these words at that moment.

The words are those of the report: FOLLOW, PAPER ONLY, AVOID, NOT ENOUGH DATA. The verdict is the one that could have
been given when the call was acted on: from the channel's calls that had closed by then, under the strategy, whether the
account took them or not, with every test that the report's verdict makes. Nothing that came later is in it, so a
channel that ends as FOLLOW is not followed before it has shown what it can.

It is given anew when ten more calls of the channel have closed, or a tenth more where that is more: after 10, 20 ...
100, 110, 121, 134 ... calls, and stands until the next time. That keeps it affordable; it is still the slowest of all
conditions (seconds for thousands of calls). ``channel standing under`` is quick and looks at every closed call.

    rules:
      - name: only-proven
        why: until a channel has shown skill, it is watched
        when: {not: {channel verdict in: [FOLLOW]}}
        then: reject
    tests:
      - name: a channel to follow is followed
        given: {entry: 100, stop: 98, verdict: FOLLOW}
        expect: {action: take}
      - name: one that may still be luck is not
        given: {entry: 100, stop: 98, verdict: PAPER ONLY}
        expect: {action: reject, rule: only-proven}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.domain import NOTHING_KNOWN
from engine.risk.condition import Case, Condition, Finding
from engine.units import show_count

if TYPE_CHECKING:
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools


def look(limit: tuple[str, ...], case: Case) -> Finding:
    """Holds when the verdict is one of the words."""
    seen = case.proposal.verdict or NOTHING_KNOWN
    listed = ", ".join(limit)
    after = show_count(seen.trades, "closed call")
    text = f"the verdict on the channel after {after} is {seen.word}, the list is {listed}"
    return Finding(seen.word in limit, seen.word, listed, text)


def mask(limit: tuple[str, ...], offers: Offers, _zone: str) -> Bools:
    """``look`` for many calls."""
    return np.fromiter(((seen or NOTHING_KNOWN).word in limit for seen in offers.verdicts), np.bool_, len(offers))


CONDITION = Condition("channel verdict in", tuple, look, mask=mask)
