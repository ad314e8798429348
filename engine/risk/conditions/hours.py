"""``hours: [22:00-06:00]`` - on a clock of the workspace's time zone the trade falls into one of these windows.

A window holds its first minute and not its last, and may run over midnight; 24:00 is the end of the day. What counts is
the moment at which the orders would be placed.

    rules:
      - name: sleep
        when: {hours: [22:00-06:00]}
        then: reject
    tests:
      - name: a trade at six in the morning passes
        given: {entry: 100, stop: 98, time: 2025-01-02 06:00}
        expect: {action: take}
      - name: a trade a minute before is refused
        given: {entry: 100, stop: 98, time: 2025-01-02 05:59}
        expect: {action: reject, rule: sleep}
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

Window = tuple[int, int]


def read(value: list[str]) -> tuple[Window, ...]:
    """The windows as minutes of the day."""
    windows = tuple((_minutes(text[:5]), _minutes(text[6:])) for text in value)
    if any(start == end for start, end in windows):
        raise ValueError("a window must end at another time than it begins")
    return windows


def look(limit: tuple[Window, ...], case: Case) -> Finding:
    """Holds when the clock of the zone stands inside a window."""
    clock = case.clock
    now, listed = clock.hour * 60 + clock.minute, ", ".join(_shown(window) for window in limit)
    text = f"the clock shows {clock:%H:%M} ({case.timezone}), the hours are {listed}"
    return Finding(any(_inside(now, window) for window in limit), f"{clock:%H:%M}", listed, text)


def _inside(now: int, window: Window) -> bool:
    """Whether a minute of the day lies in a window, which may run over midnight."""
    start, end = window
    return start <= now < end if start < end else now >= start or now < end


def _all_inside(now: Ints, window: Window) -> Bools:
    """``_inside`` for many minutes."""
    start, end = window
    return (start <= now) & (now < end) if start < end else (now >= start) | (now < end)


def _minutes(text: str) -> int:
    """``06:30`` as minutes of the day."""
    return int(text[:2]) * 60 + int(text[3:])


def _shown(window: Window) -> str:
    """A window as it stands in the file."""
    (start, end) = window
    return f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"


def mask(limit: tuple[Window, ...], offers: Offers, zone: str) -> Bools:
    """``look`` for many calls."""
    return _at(limit, offers.act_ms, zone)


def along(limit: tuple[Window, ...], course: Course, zone: str) -> Bools:
    """``look`` for every moment of a course."""
    return _at(limit, course.ts_ms, zone)


def _at(limit: tuple[Window, ...], moments_ms: Ints, zone: str) -> Bools:
    """Whether the clock stands inside a window at each moment."""
    now = local_minutes(moments_ms, zone) % MINUTES_A_DAY
    inside: Bools = np.logical_or.reduce([_all_inside(now, window) for window in limit])
    return inside


CONDITION = Condition("hours", read, look, mask=mask, along=along)
