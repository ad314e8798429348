"""Who leads and who copies: the same coin and side in two channels within minutes of each other.

For each pair the calls are matched in order of time, each at most once. Channels that both trade the market's mood
meet by chance too: the same count with one channel's times moved by whole days says how often.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.market.candles import Ints
from engine.units import DAY_MS, MINUTE_MS

WITHIN_MS = 30 * MINUTE_MS
SHIFTS_DAYS = (-7, -5, -3, -2, 2, 3, 5, 7)
FEWEST_MATCHES = 5
TIMES_CHANCE = 3.0

STRETCH_MS = 1 << 44  # longer than any time of a message (557 years)
FAR_MS = 1 << 62  # later than any call

Post = tuple[int, str]  # when, and coin with side


@dataclass(frozen=True, slots=True)
class Copies:
    """``matches`` of the follower's ``calls`` came within 30 minutes after the leader's, ``lag_ms`` in the median.

    ``chance`` is how many would meet by chance; ``together`` how many came in the same minute or the other way round.
    """

    leader: str
    follower: str
    matches: int
    together: int
    calls: int
    chance: float
    lag_ms: float


def copies(posts: Mapping[str, Sequence[Post]]) -> list[Copies]:
    """The pairs of channels that call the same more often than chance explains, the most copied first.

    Parameters
    ----------
    posts
        For each channel its calls: time in epoch ms, and what was called.
    """
    names = sorted(posts)
    number = {what: i for i, what in enumerate(sorted({what for calls in posts.values() for _, what in calls}))}
    placed = {name: _placed(posts[name], number) for name in names}
    found = []
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            lags = _lags(placed[one], placed[other])
            if len(lags) < FEWEST_MATCHES:
                continue
            chance = _chance(placed[one], placed[other], len(lags) / TIMES_CHANCE)
            if chance is None:
                continue
            ahead = int((lags > 0).sum())
            leads = 2 * ahead >= len(lags)
            leader, follower = (one, other) if leads else (other, one)
            matches = ahead if leads else int((lags < 0).sum())
            lag = float(np.median(lags if leads else -lags))
            calls = len(posts[follower])
            found.append(Copies(leader, follower, matches, len(lags) - matches, calls, chance, lag))
    return sorted(found, key=lambda pair: -pair.matches / max(1, pair.calls))


def _placed(posts: Sequence[Post], number: Mapping[str, int]) -> Ints:
    """The calls on one line, sorted: each coin and side has a stretch of time of its own, far from the others."""
    return np.sort(np.array([number[what] * STRETCH_MS + at for at, what in posts], np.int64))


def _chance(one: Ints, other: Ints, most: float) -> float | None:
    """How many calls meet by chance; None for more than ``most``, which ends the count as soon as it is sure."""
    matches = 0
    for days in SHIFTS_DAYS:
        matches += len(_lags(one, other + days * DAY_MS))
        if matches > most * len(SHIFTS_DAYS):
            return None
    return matches / len(SHIFTS_DAYS)


def _lags(one: Ints, other: Ints) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """By how much the other's calls came after the one's, for calls of the same within the window, each used once.

    In order of time each call takes the earliest of the other channel that still waits; at one moment the second
    channel's call comes first. Calls with none of the other's near them are left out before.
    """
    calls = [(at, True) for at in one[_near(one, other)].tolist()]
    calls += [(at, False) for at in other[_near(other, one)].tolist()]
    waiting: tuple[list[int], list[int]] = ([], [])
    lags = []
    for at, mine in sorted(calls):
        theirs = waiting[not mine]
        while theirs and at - theirs[0] > WITHIN_MS:
            theirs.pop(0)
        if theirs:
            then = theirs.pop(0)
            lags.append(then - at if mine else at - then)
        else:
            waiting[mine].append(at)
    return np.array(lags, np.float64)


def _near(some: Ints, others: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which calls have one of the others within the window."""
    first = np.searchsorted(others, some - WITHIN_MS)
    near: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.append(others, FAR_MS)[first] <= some + WITHIN_MS
    return near
