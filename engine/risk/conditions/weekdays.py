"""``weekdays: [sat, sun]`` - in the workspace's time zone it is one of these days.

A day begins at midnight of that zone. What counts is the moment at which the orders would be placed.

    rules:
      - name: no-weekends
        when: {weekdays: [sat, sun]}
        then: reject
    tests:
      - name: a trade late on a Friday passes
        given: {entry: 100, stop: 98, time: 2025-01-03 23:59}
        expect: {action: take}
      - name: a trade as Saturday begins is refused
        given: {entry: 100, stop: 98, time: 2025-01-04 00:00}
        expect: {action: reject, rule: no-weekends}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.risk.clock import MINUTES_A_DAY, local_minutes
from engine.risk.condition import Case, Condition, Finding

if TYPE_CHECKING:
    from engine.market.candles import Ints
    from engine.simulate.judge import Course
    from engine.simulate.offers import Offers
    from engine.simulate.table import Bools

THURSDAY = 3  # the day of the epoch
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def look(limit: tuple[str, ...], case: Case) -> Finding:
    """Holds when the day in the zone is one of the list."""
    seen, listed = DAYS[case.clock.weekday()], ", ".join(limit)
    text = f"the day is {seen} ({case.timezone}), the list is {listed}"
    return Finding(seen in limit, seen, listed, text)


def mask(limit: tuple[str, ...], offers: Offers, zone: str) -> Bools:
    """``look`` for many calls."""
    return _at(limit, offers.act_ms, zone)


def along(limit: tuple[str, ...], course: Course, zone: str) -> Bools:
    """``look`` for every moment of a course."""
    return _at(limit, course.ts_ms, zone)


def _at(limit: tuple[str, ...], moments_ms: Ints, zone: str) -> Bools:
    """Whether it is one of the days at each moment."""
    days = local_minutes(moments_ms, zone) // MINUTES_A_DAY
    return np.isin((days + THURSDAY) % 7, [DAYS.index(day) for day in limit])


CONDITION = Condition("weekdays", tuple, look, mask=mask, along=along)
