"""The verdicts on the channels of a strategy, as a rule on paper sees them (``channel verdict in``).

Over history they are those of a backtest: each as of its moment, from what was known then (``engine/verdict/asof.py``).

Live they are given by a process of its own (``judging.py``): it brings the candle store up to date, plays the strategy
over the archive up to now, and prints the newest word on each channel (``paper verdicts``). The words that an account
was given are in its ledger (``words.py``).
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.domain import NOTHING_KNOWN
from engine.pipeline.asked import prices_of
from engine.pipeline.asof import channel_courses
from engine.pipeline.backtest import Period, played_period
from engine.pipeline.errors import InputError
from engine.pipeline.paper.desk import Loaded, load
from engine.pipeline.paper.words import Judged
from engine.pipeline.progress import Track
from engine.pipeline.readings import channel_messages
from engine.problem import Problem
from engine.verdict.asof import next_number

if TYPE_CHECKING:
    from engine.pipeline.workspace import Workspace
    from engine.verdict.asof import Course


def courses_of(loaded: Loaded, period: Period) -> dict[str, Course]:
    """The verdicts on each channel of a period that was played whole, in order of time."""
    played, seed = period.played, loaded.strategy.seed
    return channel_courses(loaded.profiles, period.readings, period.messages, played, seed)


def judged_by(courses: Mapping[str, Course]) -> Judged:
    """What a rule sees at a moment: the verdict as of then."""
    return lambda channel, now_ms: courses[channel].at(np.array([now_ms], np.int64))[0]


# --------------------------------------------------------------------------- live


def newest_verdicts(loaded: Loaded, workspace: Workspace, track: Track) -> dict[str, dict[str, Any]]:
    """The word that a rule would see now on each channel of a strategy, from the archive and the store as they are."""
    strategy = loaded.strategy
    if strategy.market.source != "synthetic":
        strategy = replace(strategy, to_ms=None)
    now = replace(loaded, strategy=strategy)
    prices, world = prices_of(workspace, strategy)
    known = channel_messages(workspace, loaded.profiles, world, strategy.seed)
    period = played_period(workspace, loaded.file, strategy, loaded.profiles, known, prices, track)
    return {name: _last(course) for name, course in courses_of(now, period).items()}


def _last(course: Course) -> dict[str, Any]:
    """The last word of a course, since when, and from how many closed calls; how many there are now, and at how many
    the next word is due.
    """
    word = course.opinions[-1] if course.opinions else NOTHING_KNOWN
    return {
        "word": word.word,
        "trades": word.trades,
        "since_ms": int(course.since_ms[-1]) if course.opinions else None,
        "closed": course.closed,
        "next": next_number(course.closed),
    }


def verdict_lines(words: Mapping[str, Mapping[str, Any]], form: str) -> list[str]:
    """The words of a strategy's channels for people, or as one line of JSON."""
    if form == "json":
        return [json.dumps(words)]
    width = max(map(len, words), default=0)
    return [f"{name:<{width}}  {one['word']} (after {one['trades']} closed calls)" for name, one in words.items()]


def _fetched(problem: Problem, given: str) -> Problem:
    """A problem of candles or funding that are not here: the exchange may have them."""
    hint = f"cli.py paper verdicts {given} --fetch asks the exchange; {problem.hint}"
    return replace(problem, hint=hint) if "market import" in problem.hint else problem


def give_verdicts(workspace: Workspace, given: str, form: str, track: Track, *, fetch: bool) -> list[str]:
    """The newest verdicts on a strategy's channels; ``fetch`` brings its candles up to date. Raises InputError."""
    loaded = load(workspace, given)
    notes = []
    if fetch:
        from engine.pipeline.marketfetch import Request, fetch_market
        from engine.pipeline.rowbar import row_bar

        with row_bar("fetching") as progress:
            now_ms = round(time.time() * 1000)
            report = fetch_market(workspace, Request(strategy=given), now_ms, track, progress)
        notes = [f"note: {problem}" for problem in report.problems]
    try:
        words = newest_verdicts(loaded, workspace, track)
    except InputError as error:
        raise InputError(*(_fetched(problem, given) for problem in error.problems), findings=error.findings) from None
    return [*notes, *verdict_lines(words, form)]
