"""The verdict on each channel of a run as it could have been given at earlier moments: what a rule may know.

1. A channel is judged when 10 of its calls have closed, and again whenever ten more have, or a tenth more where that is
   more (``moments``); in between its last verdict stands.
2. At such a moment only what was over by then is looked at: calls that had closed, random places and harder readings
   whose end had come, missing calls that were posted before. The candles after it change nothing, and
   ``tests/verdict/test_asof.py`` cuts them off to see.
3. The tests are those of a report (``verdict.judge``). The p-values of the run's other channels, as they stood then,
   correct each other; backtests of the past are left out, because their number would make a rule's answer depend on how
   often one has asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.domain import NOTHING_KNOWN, Opinion
from engine.market.candles import Floats, Ints
from engine.verdict.bootstrap import clusters
from engine.verdict.checks import HARDER, Record
from engine.verdict.moving import Ground, Lives, Moved, move
from engine.verdict.random_entry import bursts_of, compare
from engine.verdict.verdict import judge

FIRST = 10
PLACES = 20  # for each burst: random entries are exact with any number of them (``random_entry.py``)
ONCE, OTHER_ORDER, THROUGH, LATE = HARDER


@dataclass(frozen=True, slots=True)
class Reading:
    """The same calls under harder terms: R (NaN: not filled) and when it was known, shape (n,)."""

    r: Floats
    known_ms: Ints


@dataclass(frozen=True, slots=True)
class History:
    """What there is to know of one channel over a run, one element for each call that could be traded, shape (n,).

    ``closed`` says which calls were filled and closed, ``start_ms`` is their first fill, ``tried`` which of them count
    in the fill rate. ``harder`` are readings by the names of ``checks.HARDER``. ``worst_r`` says what the mean R is
    with every call that was missing at a moment lost: moment, mean R, trades, fill rate.
    """

    lives: Lives
    closed: np.ndarray[tuple[int], np.dtype[np.bool_]]
    tried: np.ndarray[tuple[int], np.dtype[np.bool_]]
    start_ms: Ints
    harder: Mapping[str, Reading]
    worst_r: Callable[[int, float, int, float | None], float | None]


@dataclass(frozen=True, slots=True)
class Course:
    """The verdicts on one channel in order of time: from ``since_ms`` on, shape (m,), the word is ``opinions[i]``.

    ``closed`` is how many of its calls have closed by the end of the run, also after the last verdict.
    """

    since_ms: Ints
    opinions: Sequence[Opinion]
    closed: int

    def at(self, now_ms: Ints) -> list[Opinion]:
        """The verdict at each moment."""
        place = np.searchsorted(self.since_ms, now_ms, side="right") - 1
        return [self.opinions[i] if i >= 0 else NOTHING_KNOWN for i in place.tolist()]


def moments(end_ms: Ints) -> Ints:
    """When a channel is judged, from the times at which its calls closed, in any order."""
    ended, found, number = np.sort(end_ms), [], FIRST
    while number <= len(ended):
        found.append(int(ended[number - 1]))
        number = _next(number)
    return np.unique(np.array(found, np.int64))


def next_number(closed: int) -> int:
    """How many calls of a channel have to have closed for its next verdict, when so many have."""
    number = FIRST
    while number <= closed:
        number = _next(number)
    return number


def _next(number: int) -> int:
    return max(number + FIRST, -(-number * 11 // 10))


def courses(histories: Sequence[History], ground: Ground, seed: int) -> list[Course]:
    """The verdicts on all channels of a run; nothing of it hangs on what came after the moment of each."""
    when = [moments(history.lives.end_ms[history.closed]) for history in histories]
    walks = [_Walk(history, at, ground, seed) for history, at in zip(histories, when, strict=True)]
    luck = [1.0] * len(histories)
    opinions: list[list[Opinion]] = [[] for _ in histories]
    for now_ms, i in sorted((int(at), i) for i, found in enumerate(when) for at in found):
        record = walks[i].record(now_ms)
        (verdict,) = judge([record], seed, [p for j, p in enumerate(luck) if j != i])
        luck[i] = 1.0 if verdict.luck is None else verdict.luck
        opinions[i].append(Opinion(verdict.word.value, len(record.r)))
    closed = [int(history.closed.sum()) for history in histories]
    return [Course(at, said, number) for at, said, number in zip(when, opinions, closed, strict=True)]


class _Walk:
    """One channel on its way through its moments; the bursts of all of them are moved at once."""

    def __init__(self, history: History, when: Ints, ground: Ground, seed: int) -> None:
        self.history, self.seed = history, seed
        self._symbols = [plan.symbol for plan in history.lives.plans]
        self._bursts = {int(at): self._bursts_at(int(at)) for at in when}
        keys = dict.fromkeys(burst for bursts in self._bursts.values() for burst in bursts)
        self._place = {burst: i for i, burst in enumerate(keys)}
        self._moved = move(history.lives, [np.array(burst, np.int64) for burst in keys], ground, PLACES, seed)

    def record(self, now_ms: int) -> Record:
        """What the channel was judged by at one of its moments."""
        history, lives = self.history, self.history.lives
        over = lives.end_ms <= now_ms
        rows = np.flatnonzero(over & history.closed)
        r = lives.r[rows]
        mean = float(r.mean())
        known = {
            name: _mean(reading.r[rows], reading.known_ms[rows] <= now_ms) for name, reading in history.harder.items()
        }
        other = known.get(OTHER_ORDER)
        known[OTHER_ORDER] = mean if other is None else min(mean, other)
        tried = int((over & history.tried).sum())
        bursts = self._bursts[now_ms]
        at = np.array([self._place[burst] for burst in bursts], np.int64)
        moved = Moved(self._moved.sums[at], self._moved.counts[at], self._moved.known_ms[at])
        members = [np.array(burst, np.int64) for burst in bursts]
        return Record(
            r=r,
            start_ms=history.start_ms[rows],
            end_ms=lives.end_ms[rows],
            symbols=[self._symbols[row] for row in rows.tolist()],
            readings=known,
            worst_case=history.worst_r(now_ms, mean, len(r), len(r) / tried if tried else None),
            random=compare(lives, members, moved, self.seed, now_ms=now_ms),
        )

    def _bursts_at(self, now_ms: int) -> list[tuple[int, ...]]:
        """The bursts of the calls that were over at a moment."""
        lives = self.history.lives
        over = np.flatnonzero(lives.end_ms <= now_ms)
        found = bursts_of(clusters(lives.act_ms[over], lives.end_ms[over]))
        return [tuple(over[members].tolist()) for members in found]


def _mean(r: Floats, known: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float | None:
    """The mean of what was known and filled, None without any."""
    filled = r[known & np.isfinite(r)]
    return float(filled.mean()) if len(filled) else None
