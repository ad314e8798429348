"""What a run knows for the verdicts of earlier moments (``engine.verdict.asof``): only worked out when a rule asks.

The calls are those of the replay; their harder readings are simulated again, because when a reading's trade ended says
when it was known. What was missing at a moment is counted from what had been posted by then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from engine.collect.reading import ReadResult
from engine.domain import Opinion, PathStatus, Plan
from engine.market.candles import Ints
from engine.pipeline.coverage import LEAST_LIKENESS, likeness
from engine.pipeline.judging import TRIED
from engine.pipeline.replay import TICK_THROUGH, Replay, other_way_round
from engine.pipeline.stress import plans_of, tradable
from engine.simulate.money import money_of
from engine.simulate.table import CODE, PathTable
from engine.simulate.terms import Terms
from engine.verdict.asof import LATE, ONCE, OTHER_ORDER, THROUGH, Course, History, Reading, courses
from engine.verdict.latency import MINUTE_S
from engine.verdict.missing import bounds, gaps
from engine.verdict.moving import Ground, Lives

if TYPE_CHECKING:
    from engine.channel import Profile
    from engine.domain import Message


def opinions(
    profiles: Sequence[Profile],
    readings: Mapping[str, ReadResult],
    messages: Mapping[str, Sequence[Message]],
    played: Replay,
    seed: int,
) -> Callable[[], list[Opinion]]:
    """A question that is answered when it is asked: the verdict on each row's channel when the row acts."""
    return lambda: opinions_at(channel_courses(profiles, readings, messages, played, seed), played.table.plans)


def opinions_at(found: Mapping[str, Course], plans: Sequence[Plan]) -> list[Opinion]:
    """The verdict on the channel of each plan when it acts."""
    act_ms = np.array([plan.act_ms for plan in plans], np.int64)
    at = {name: course.at(act_ms) for name, course in found.items()}
    return [at[plan.channel][row] for row, plan in enumerate(plans)]


def channel_courses(
    profiles: Sequence[Profile],
    readings: Mapping[str, ReadResult],
    messages: Mapping[str, Sequence[Message]],
    played: Replay,
    seed: int,
) -> dict[str, Course]:
    """The verdicts on each channel of a run in order of time."""
    venue, harder = played.venue, _harder(played)
    histories = [_history(p, readings[p.id], messages[p.id], played, harder) for p in profiles]
    found = courses(histories, Ground(venue.candles, venue.terms, venue.funding, venue.fair), seed)
    return {profile.id: course for profile, course in zip(profiles, found, strict=True)}


def _harder(played: Replay) -> dict[str, Reading]:
    """All rows of the table under the harder terms, and when each result was known.

    The plans as they stand under other terms are readings that the run keeps (``pathcache.py``): touch-through is there
    already, the others are the next time.
    """
    venue, prepared, terms = played.venue, played.prepared, played.venue.terms

    def reading(table: PathTable, under: Terms) -> Reading:
        return Reading(money_of(table, under, venue.candles, venue.funding).r, table.end_ms)

    found = {}
    for name, under in (
        (ONCE, replace(terms, slippage=2 * terms.slippage)),
        (OTHER_ORDER, other_way_round(terms)),
        (THROUGH, replace(terms, through=TICK_THROUGH)),
    ):
        found[name] = reading(played.cache.run(prepared, under), under)
    found[LATE] = reading(prepared.acting_at(played.known_ms + 1000 * MINUTE_S).run(terms), terms)
    return found


def _history(
    profile: Profile,
    read: ReadResult,
    messages: Sequence[Message],
    played: Replay,
    harder: Mapping[str, Reading],
) -> History:
    """One channel's calls, as columns."""
    rows, table = np.array(tradable(played, profile.id), np.int64), played.table
    fates = {row: fate for row, fate in zip(played.rows, played.fates, strict=True) if row >= 0}
    r = played.money.r[rows]
    return History(
        Lives(
            plans_of(played, rows.tolist()),
            r,
            np.array([table.plans[row].act_ms for row in rows.tolist()], np.int64),
            table.end_ms[rows],
        ),
        (table.status[rows] == CODE[PathStatus.CLOSED]) & np.isfinite(r),
        np.array([fates[row] in TRIED for row in rows.tolist()], np.bool_),
        table.fill_first_ms[rows],
        {name: Reading(reading.r[rows], reading.known_ms[rows]) for name, reading in harder.items()},
        _missing(profile, read, messages, played),
    )


def _missing(
    profile: Profile, read: ReadResult, messages: Sequence[Message], played: Replay
) -> Callable[[int, float, int, float | None], float | None]:
    """What the mean R is at a moment when every call that was missing by then is lost."""
    begun, over = _unread(profile, read, messages)
    pairs = zip(played.signals, played.fates, strict=True)
    mine = ((s.message, fate) for s, fate in pairs if s.message.channel == profile.id)
    hindsight = _sorted(message.known_ms for message, fate in mine if fate == "hindsight")
    posted = sorted((m.posted_ms, m.message_id) for m in messages if m.origin == "export")
    at, ids = [moment for moment, _ in posted], [number for _, number in posted]
    called = _sorted({s.message.key: s.message.posted_ms for s in read.signals}.values())

    def worst_r(now_ms: int, mean_r: float, trades: int, fill_rate: float | None) -> float | None:
        unread = _until(begun, now_ms) - _until(over, now_ms)
        seen = _until(np.array(at, np.int64), now_ms)
        gone = round(gaps(ids[:seen]) * _until(called, now_ms) / seen) if seen else 0
        return bounds(mean_r, trades, fill_rate, unread, _until(hindsight, now_ms), gone).worst_r

    return worst_r


def _unread(profile: Profile, read: ReadResult, messages: Sequence[Message]) -> tuple[Ints, Ints]:
    """When posts that look like calls were known, and when those of them that were read after all were."""
    harmless = {key for key, refusal in read.refusals if refusal.code == "never"}
    known: dict[str, int] = {}
    for message in [*(s.message for s in read.signals), *(u.message for u in read.updates)]:
        known[message.key] = min(known.get(message.key, message.known_ms), message.known_ms)
    begun: dict[str, int] = {}
    for message in messages:
        key, at_ms = message.key, message.known_ms
        if message.kind == "deletion" or key in begun or key in harmless or known.get(key, at_ms + 1) <= at_ms:
            continue
        if likeness(profile, message.text) >= LEAST_LIKENESS:
            begun[key] = at_ms
    return _sorted(begun.values()), _sorted(known[key] for key in begun if key in known)


def _sorted(moments: Iterable[int]) -> Ints:
    """Moments in order."""
    return np.array(sorted(moments), np.int64)


def _until(moments: Ints, now_ms: int) -> int:
    """How many of the moments have come."""
    return int(np.searchsorted(moments, now_ms, side="right"))
