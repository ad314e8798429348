"""Calls at other times: where bursts of calls may go, and what they would have made there.

Nothing here hangs on what came after a place's own end: its offset is drawn from seed and burst alone, and every
result says when it was known. Whoever judges at an earlier moment takes the places that were known by then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np

from engine.beside import cores
from engine.domain import Plan
from engine.market.candles import Candles, Floats, Funding, Ints
from engine.memory import uncollected
from engine.simulate.money import money_of
from engine.simulate.prepared import prepare
from engine.simulate.table import Bools
from engine.simulate.terms import Terms
from engine.units import DAY_MS

WINDOW_MS = 14 * DAY_MS
LATEST_BAR_MS = DAY_MS
OVERSAMPLE = 3
CHUNK_PATHS = 50_000
PARALLEL_FROM = 150_000  # fewer paths are done before other processes have started
NEVER_MS = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Lives:
    """The calls of one channel that could be traded: plans, R (NaN: not filled), from acting to end; shape (n,)."""

    plans: Sequence[Plan]
    r: Floats
    act_ms: Ints
    end_ms: Ints


@dataclass(frozen=True, slots=True)
class Moved:
    """Bursts at other times, shape (bursts, places) each, the places known first first.

    ``sums`` is the sum of R of a burst's filled calls, ``counts`` how many those are, ``known_ms`` when that was known
    (``NEVER_MS``: there is no such place).
    """

    sums: Floats
    counts: Floats
    known_ms: Ints


@dataclass(frozen=True, slots=True)
class Ground:
    """What moved calls are simulated on: by symbol candles, funding, and the fair prices that liquidate where known."""

    candles: Mapping[str, Candles]
    terms: Terms
    funding: Mapping[str, Funding] | None
    fair: Mapping[str, Candles] | None = None


def move(
    lives: Lives, bursts: Sequence[Ints], ground: Ground, positions: int, seed: int, workers: int | None = None
) -> Moved:
    """Each burst (places among ``lives``, of those that move together) at up to ``positions`` other times.

    ``workers`` is the number of processes for large jobs (None: one for each core that this one may use); the result
    does not depend on it.
    """
    offset, fits = np.zeros((len(bursts), positions), np.int64), np.zeros((len(bursts), positions), np.bool_)
    for b, members in enumerate(bursts):
        found, there = _offsets(lives, members, ground.candles, positions, seed)
        offset[b, : len(found)], fits[b, : len(found)] = found, there
    calls = np.concatenate([np.zeros(0, np.int64), *bursts])
    burst = np.repeat(np.arange(len(bursts)), [len(members) for members in bursts])
    mobile = np.asarray(fits.any(axis=1))[burst]
    calls, burst = calls[mobile], burst[mobile]
    sums, counts = np.zeros(offset.shape), np.zeros(offset.shape)
    known_ms = np.where(fits, 0, NEVER_MS)
    for part, r, known in _results(lives, calls, offset[burst], ground, workers):
        np.add.at(sums, burst[part], np.nan_to_num(r))
        np.add.at(counts, burst[part], np.isfinite(r))
        np.maximum.at(known_ms, burst[part], known)
    order = np.argsort(known_ms, axis=1, kind="stable")
    return Moved(*(np.take_along_axis(column, order, axis=1) for column in (sums, counts, known_ms)))


# --------------------------------------------------------------------------- where a burst goes


def _offsets(
    lives: Lives, members: Ints, candles: Mapping[str, Candles], positions: int, seed: int
) -> tuple[Ints, Bools]:
    """Up to so many offsets of a burst, farther than its calls lived, and whether all its symbols have candles there.

    Which ones are drawn does not hang on where the candles end.
    """
    rng = np.random.default_rng([seed, 0x7E57, int(lives.act_ms[members].min()), len(members)])
    offered = rng.integers(-WINDOW_MS, WINDOW_MS + 1, OVERSAMPLE * positions)
    own = int((lives.end_ms[members] - lives.act_ms[members]).max())
    fits = np.abs(offered) > min(own, WINDOW_MS // 2)
    there = np.ones(len(offered), np.bool_)
    by_symbol: dict[str, list[int]] = {}
    for i in members.tolist():
        by_symbol.setdefault(lives.plans[i].symbol, []).append(i)
    for symbol, mine in by_symbol.items():
        bars = candles.get(symbol)
        if bars is None or not len(bars):
            return offered[:0], there[:0]
        at = lives.act_ms[mine][:, None] + offered
        fits &= (at >= bars.ts[0]).all(axis=0)
        bar = bars.first_from(at)
        known = (bar < len(bars)) & (bars.ts[np.minimum(bar, len(bars) - 1)] - at <= LATEST_BAR_MS)
        there &= known.all(axis=0)
    return offered[fits][:positions], there[fits][:positions]


def _longest_ms(plan: Plan, act_ms: int, end_ms: int) -> int:
    """How long a call may live: what its plan says, else as long as it did."""
    if plan.close_after_ms is not None:
        return plan.expire_ms - plan.act_ms + plan.close_after_ms
    return min(end_ms - act_ms, WINDOW_MS)


# --------------------------------------------------------------------------- what it would have made


@dataclass(frozen=True, slots=True)
class _Job:
    """Plans of one symbol and the moments they move to, shape (plans, positions)."""

    plans: list[Plan]
    act_ms: Ints
    candles: Candles
    terms: Terms
    funding: Funding | None
    fair: Candles | None


def _results(
    lives: Lives, calls: Ints, shift: Ints, ground: Ground, workers: int | None
) -> Iterator[tuple[Ints, Floats, Ints]]:
    """Part by part: which of ``calls``, their R at each shift (NaN: not filled), and when that was known."""
    positions = max(1, shift.shape[1])
    by_symbol: dict[str, list[int]] = {}
    for row, i in enumerate(calls.tolist()):
        by_symbol.setdefault(lives.plans[i].symbol, []).append(row)
    jobs, parts = [], []
    step = max(1, CHUNK_PATHS // positions)
    for symbol, rows in by_symbol.items():
        for begin in range(0, len(rows), step):
            part = np.array(rows[begin : begin + step])
            at = calls[part]
            plans = [lives.plans[i] for i in at.tolist()]
            history = ground.funding.get(symbol) if ground.funding is not None else None
            act_ms = lives.act_ms[at][:, None] + shift[part]
            fair = (ground.fair or {}).get(symbol)
            jobs.append(_Job(plans, act_ms, ground.candles[symbol], ground.terms, history, fair))
            parts.append(part)
    for part, job, (r, end_ms) in zip(parts, jobs, _run(jobs, len(calls) * positions, workers), strict=True):
        at = calls[part].tolist()
        longest = [_longest_ms(lives.plans[i], int(lives.act_ms[i]), int(lives.end_ms[i])) for i in at]
        over = job.act_ms + np.array(longest)[:, None]
        yield part, r, np.where(over <= job.candles.end_ms, np.maximum(over, end_ms), NEVER_MS)


def _run(jobs: list[_Job], paths: int, workers: int | None) -> Iterator[tuple[Floats, Ints]]:
    """The results of the jobs in order, in several processes where that pays."""
    processes = min(workers or cores(), len(jobs))
    if processes < 2 or paths < PARALLEL_FROM:
        yield from map(_result, jobs)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_result, jobs)


def _result(job: _Job) -> tuple[Floats, Ints]:
    """R of each plan at each moment (NaN: not filled) and when it ended, shape (plans, positions)."""
    bars = job.candles
    open_ = bars.open
    now = open_[np.minimum(bars.first_from(np.array([p.act_ms for p in job.plans], np.int64)), len(bars) - 1)]
    then = open_[np.minimum(bars.first_from(job.act_ms), len(bars) - 1)]
    factor = then / now[:, None]
    with uncollected():
        candles = {bars.symbol: bars}
        funding = None if job.funding is None else {bars.symbol: job.funding}
        fair = None if job.fair is None else {bars.symbol: job.fair}
        rows = np.repeat(np.arange(len(job.plans)), job.act_ms.shape[1])
        prepared = prepare(job.plans, candles, fair).moved(rows, job.act_ms.ravel(), factor.ravel())
        table = prepared.run(job.terms)
        r: Floats = money_of(table, job.terms, candles, funding).r
    return r.reshape(job.act_ms.shape), table.end_ms.reshape(job.act_ms.shape)
