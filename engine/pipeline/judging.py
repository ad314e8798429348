"""From all paths of a run to the verdict on each channel, without the rules of the account. In this order:

1. each channel's filled trades, their bursts, and the same calls under harder terms (``stress.py``);
2. what could be missing: unread posts that look like calls, edits that nobody saw the original of, gaps in an export;
3. the calls at random times (``engine.verdict.random_entry``), the slowest part;
4. all channels judged together, with every setting and channel tried before (``data/trials.jsonl``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.collect.reading import ReadResult
from engine.config.strategy import Strategy
from engine.market.candles import Floats, Ints
from engine.pipeline.coverage import LEAST_LIKENESS, likeness
from engine.pipeline.errors import InputError
from engine.pipeline.pathcache import Arrays, array_digest, as_json, from_json, funding_digest
from engine.pipeline.progress import Track
from engine.pipeline.replay import COUNTED, Replay
from engine.pipeline.stress import Stress, plans_of, stress, tradable
from engine.pipeline.workspace import Workspace
from engine.problem import Problem
from engine.verdict.bootstrap import clusters
from engine.verdict.checks import HARDER, Record
from engine.verdict.hits import Z95
from engine.verdict.latency import MINUTE_S, LatencyCurve, latency_curve
from engine.verdict.many import shrunk
from engine.verdict.missing import Missing, bounds, gaps
from engine.verdict.moving import Ground, Lives
from engine.verdict.random_entry import RandomEntry, places, random_entry
from engine.verdict.trials import Trials, read_trials
from engine.verdict.verdict import Verdict, judge

if TYPE_CHECKING:
    from engine.channel import Profile
    from engine.domain import Message

TRIED = (*COUNTED, "expired", "target first", "stop first", "cancelled", "resting")  # fates of calls with orders


@dataclass(frozen=True, slots=True)
class Judgement:
    """One channel: its filled trades (``counted`` places among the signals, ``rows`` of the table), and the verdict."""

    places: list[int]
    counted: list[int]
    rows: Ints
    r: Floats
    cluster: Ints
    record: Record
    latency: LatencyCurve
    missing: Missing
    verdict: Verdict
    shrunk_r: float | None
    mae: Floats
    mfe: Floats


def judge_channels(
    profiles: Sequence[Profile],
    readings: Mapping[str, ReadResult],
    messages: Mapping[str, Sequence[Message]],
    played: Replay,
    strategy: Strategy,
    trials: Trials,
    keys: Mapping[str, str],
    track: Track,
) -> list[Judgement]:
    """Judge all channels of a run; ``keys`` names each one's trial (``trial_key``)."""
    harder = stress(played)
    lives = {p.id: tradable(played, p.id) for p in profiles}
    of_all = sum(map(len, lives.values()))
    parts = [
        _gather(p, readings[p.id], messages[p.id], played, harder, strategy, trials, keys[p.id], lives[p.id], of_all)
        for p in track(profiles, "judging channels")
    ]
    others = trials.luck_of_others(profile.id for profile in profiles)
    verdicts = judge([part.record for part in parts], strategy.seed, others)
    pulled = _shrunk(verdicts)
    return [
        Judgement(
            part.places, part.counted, part.rows, part.record.r, part.cluster, part.record, part.latency, part.missing,
            verdict, mean, harder.mae[part.rows], harder.mfe[part.rows],
        )
        for part, verdict, mean in zip(parts, verdicts, pulled, strict=True)
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Part:
    """What is known of one channel before all are judged together."""

    places: list[int]
    counted: list[int]
    rows: Ints
    cluster: Ints
    record: Record
    latency: LatencyCurve
    missing: Missing


def _gather(
    profile: Profile,
    reading: ReadResult,
    messages: Sequence[Message],
    played: Replay,
    harder: Stress,
    strategy: Strategy,
    trials: Trials,
    key: str,
    lives: Sequence[int],
    of_all: int,
) -> _Part:
    """Everything a channel is judged by; ``lives`` are its rows that could be traded, ``of_all`` those of the run."""
    mine = played.of_channel.get(profile.id, [])
    counted = [i for i in mine if played.fates[i] in COUNTED]
    rows = np.array([played.rows[i] for i in counted], np.int64)
    r, table = played.r[counted], played.table
    start, end = table.fill_first_ms[rows], table.end_ms[rows]
    latency = latency_curve(harder.delayed[:, rows])
    mean = float(r.mean()) if len(r) else None
    tried = sum(played.fates[i] in TRIED for i in mine)
    missing = bounds(
        mean,
        len(r),
        len(r) / tried if tried else None,
        _look_alikes(profile, reading, messages),
        sum(played.fates[i] == "hindsight" for i in mine),
        _gone(reading, messages),
    )
    worse = [m for m in (mean, known_mean(played.other_order[counted])) if m is not None]
    readings = (known_mean(harder.slipped[rows]), min(worse, default=None), known_mean(played.through[counted]))
    record = Record(
        r=r,
        start_ms=start,
        end_ms=end,
        symbols=[table.plans[row].symbol for row in rows.tolist()],
        readings=dict(zip(HARDER, (*readings, latency.at(MINUTE_S)), strict=True)),
        worst_case=missing.worst_r,
        random=_random(played, lives, strategy.seed, places(len(lives), of_all)),
        tried=trials.tried(profile.id, key),
    )
    return _Part(mine, counted, rows, clusters(start, end), record, latency, missing)


def _random(played: Replay, rows: Sequence[int], seed: int, positions: int) -> RandomEntry | None:
    """The calls in some rows of the table at random times."""
    table, venue, r = played.table, played.venue, played.money.r[np.array(rows, np.int64)]

    def make() -> Arrays:
        act_ms = np.array([table.plans[row].act_ms for row in rows], np.int64)
        lives = Lives(plans_of(played, rows), r, act_ms, table.end_ms[np.array(rows, np.int64)])
        ground = Ground(venue.candles, venue.terms, venue.funding, venue.fair)
        return as_json(random_entry(lives, ground, seed, positions=positions))

    inputs = (
        played.digest,
        repr((venue.terms, seed, positions)).encode(),
        funding_digest(venue.funding),
        array_digest(r, np.array(rows, np.int64)),
    )
    found = from_json(played.cache.arrays("random", inputs, make))
    return None if found is None else RandomEntry(**found)


def _shrunk(verdicts: Sequence[Verdict]) -> list[float | None]:
    """The mean R of each channel that has an interval, pulled towards that of all."""
    found: list[float | None] = [None] * len(verdicts)
    known = [(i, v.interval) for i, v in enumerate(verdicts) if v.interval and v.interval.high > v.interval.low]
    if known:
        means = np.array([interval.mean for _, interval in known])
        errors = np.array([(interval.high - interval.low) / (2 * Z95) for _, interval in known])
        for (i, _), mean in zip(known, shrunk(means, errors).tolist(), strict=True):
            found[i] = mean
    return found


def known_mean(r: Floats) -> float | None:
    """The mean of what is known, None without anything."""
    known = r[np.isfinite(r)]
    return float(known.mean()) if len(known) else None


# --------------------------------------------------------------------------- what is missing


def _look_alikes(profile: Profile, reading: ReadResult, messages: Sequence[Message]) -> int:
    """Posts that gave nothing although they look like calls."""
    read = {signal.message.key for signal in reading.signals} | {update.message.key for update in reading.updates}
    harmless = {key for key, refusal in reading.refusals if refusal.code == "never"}
    texts = {m.key: m.text for m in messages if m.kind != "deletion" and m.key not in read and m.key not in harmless}
    return sum(likeness(profile, text) >= LEAST_LIKENESS for text in texts.values())


def _gone(reading: ReadResult, messages: Sequence[Message]) -> int:
    """About how many calls lie in the gaps of an export's message ids: as large a share as among the posts there."""
    exported = [message.message_id for message in messages if message.origin == "export"]
    return round(gaps(exported) * reading.called / reading.posted) if reading.posted else 0


# --------------------------------------------------------------------------- trials


def load_trials(workspace: Workspace) -> Trials:
    """Every setting and channel tried in this workspace. Raises InputError when the list cannot be read."""
    path = workspace.trials_path
    if not path.is_file():
        return Trials()
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            return read_trials(lines)
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror}", workspace.shown(path))) from None


def trial_key(workspace: Workspace, strategy: Strategy, channel: str) -> str:
    """The name of a channel's trial: the hash of its profile, the layouts it may take over, strategy and period."""
    mine = (f"channels/{channel}.channel", "channels/library/", strategy.path)
    texts = {name: source.text for name, source in sorted(workspace.sources.items()) if name.startswith(mine)}
    settings = [texts, strategy.from_ms, strategy.to_ms, strategy.market.seed, strategy.seed]
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
