"""``no stop: true`` - the trade has no stop.

Such a trade has no planned loss, so no size and no R multiple can be worked out from it.

    rules:
      - name: needs-a-stop
        when: {no stop: true}
        then: reject
    tests:
      - name: with a stop it passes
        given: {entry: 100, stop: 98}
        expect: {action: take}
      - name: without one it is refused
        given: {entry: 100}
        expect: {action: reject, rule: needs-a-stop}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.risk.condition import Case, Condition, Finding

if TYPE_CHECKING:
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools


def look(_limit: bool, case: Case) -> Finding:
    """Holds when the proposal carries no stop."""
    stop = case.proposal.stop
    if stop is None:
        return Finding(True, "no stop", "a stop", "the trade has no stop")
    return Finding(False, f"{stop:g}", "a stop", f"the trade has a stop at {stop:g}")


def mask(_limit: bool, offers: Offers, _zone: str) -> Bools:
    """``look`` for many calls."""
    return np.isnan(offers.stop)


CONDITION = Condition("no stop", bool, look, mask=mask)
