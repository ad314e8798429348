"""Who leads and who copies: the same coin and side in two channels within minutes of each other.

For each pair the calls are matched in order of time, each at most once. Channels that both trade the market's mood
meet by chance too: the same count with one channel's times moved by whole days says how often.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.units import DAY_MS, MINUTE_MS

WITHIN_MS = 30 * MINUTE_MS
SHIFTS_DAYS = (-7, -5, -3, -2, 2, 3, 5, 7)
FEWEST_MATCHES = 5
TIMES_CHANCE = 3.0

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
    found = []
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            lags = _lags(posts[one], posts[other])
            chance = np.mean([len(_lags(posts[one], _later(posts[other], days))) for days in SHIFTS_DAYS])
            if len(lags) < FEWEST_MATCHES or len(lags) < TIMES_CHANCE * chance:
                continue
            ahead = int((lags > 0).sum())
            leads = 2 * ahead >= len(lags)
            leader, follower = (one, other) if leads else (other, one)
            matches = ahead if leads else int((lags < 0).sum())
            lag = float(np.median(lags if leads else -lags))
            calls = len(posts[follower])
            found.append(Copies(leader, follower, matches, len(lags) - matches, calls, float(chance), lag))
    return sorted(found, key=lambda pair: -pair.matches / max(1, pair.calls))


def _lags(one: Sequence[Post], other: Sequence[Post]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """By how much the other's calls came after the one's, for calls of the same within the window, each used once."""
    waiting: dict[str, list[int]] = {}
    lags = []
    for at, what, mine in sorted([(at, what, True) for at, what in one] + [(at, what, False) for at, what in other]):
        key = f"{what} {'other' if mine else 'one'}"
        recent = [then for then in waiting.get(key, []) if at - then <= WITHIN_MS]
        if recent:
            lags.append(recent[0] - at if mine else at - recent[0])
            waiting[key] = recent[1:]
        else:
            waiting.setdefault(f"{what} {'one' if mine else 'other'}", []).append(at)
    return np.array(lags, np.float64)


def _later(posts: Sequence[Post], days: int) -> list[Post]:
    """The same calls some days later."""
    return [(at + days * DAY_MS, what) for at, what in posts]
