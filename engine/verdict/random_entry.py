"""Would any entry have made this? The same calls at random times: same symbol, side, distances, order types and exits.

1. The calls that could be traded form bursts (``bootstrap.clusters`` over the lives of their orders and positions).
2. Each burst is moved as a whole by offsets drawn uniformly within +-14 days, but by more than its calls lived, and to
   where the candles of all its symbols reach; every price of its plans is scaled by what the price was at the new
   moment over what it was at the old one, so that all distances stay the same in percent. What the channel or a later
   call did to a trade moves along: the same time after the entry, levels scaled as all others. So the random trades
   are held as long and managed as the channel's are, but without its eyes.
3. All moved plans are simulated under the run's own terms (``engine.simulate``), with fees and funding.
4. Without skill a burst's own place is one among its random ones. A draw therefore takes one place of each burst, its
   own included, each as likely as the others; T is the sum of R over the number of filled trades, as for the channel.
   ``p = (1 + #{T_draw >= T}) / (draws + 1)`` (North, Curtis and Sham 2002, doi:10.1086/341527) is then exact however
   few places there are (a randomisation test with random elements of the group: Hemerik and Goeman 2018,
   doi:10.1007/s11749-017-0571-1); k places cost power as if T spread sqrt(1 + 1/k) wider.

The draws keep what has nothing to do with skill: a rising market, wide stops and near targets, costs, crowded hours.
Signs are never flipped: R is skewed, and a mirrored record is another law.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from multiprocessing import get_context

import numpy as np

from engine.domain import Change, Distance, Order, Plan
from engine.market.candles import Candles, Floats, Funding, Ints
from engine.simulate.kernel import simulate
from engine.simulate.money import money_of
from engine.simulate.terms import Terms
from engine.simulate.walk import uncollected
from engine.units import DAY_MS
from engine.verdict.bootstrap import clusters

WINDOW_MS = 14 * DAY_MS
DRAWS = 1_000
PATHS = 40_000  # moved plans of a channel that a backtest affords, and
ALL_PATHS = 200_000  # of all its channels; but FEWEST_POSITIONS of each burst in any case
FEWEST_POSITIONS = 2
DRAWN_CELLS = 2_000_000
CHUNK_PATHS = 50_000
PARALLEL_FROM = 150_000  # fewer paths are done before other processes have started
OVERSAMPLE = 3
LATEST_BAR_MS = DAY_MS


@dataclass(frozen=True, slots=True)
class RandomEntry:
    """The channel against its own calls at random times.

    ``mean_r`` of the calls that could be moved, ``random_r`` their mean at the random times; of records made of these
    alone 90% lie between ``low`` and ``high``. ``p`` is the share of draws at least as good. ``moved`` of ``calls``
    calls took part.
    """

    p: float
    mean_r: float
    random_r: float
    low: float
    high: float
    draws: int
    moved: int
    calls: int


@dataclass(frozen=True, slots=True)
class Lives:
    """The calls of one channel that could be traded: plans, R (NaN: not filled), from acting to end; shape (n,)."""

    plans: Sequence[Plan]
    r: Floats
    act_ms: Ints
    end_ms: Ints


def random_entry(
    lives: Lives,
    candles: Mapping[str, Candles],
    terms: Terms,
    funding: Mapping[str, Funding] | None,
    seed: int,
    draws: int = DRAWS,
    positions: int | None = None,
    workers: int | None = None,
) -> RandomEntry | None:
    """Compare a channel with its own calls at random times; None when no call can be moved.

    Parameters
    ----------
    lives
        The calls that could be traded, filled or not.
    candles, terms, funding
        Those of the run.
    positions
        How many places each burst is tried at (None: ``places`` for this channel alone).
    workers
        Processes for large jobs (None: one for each core). The result does not depend on it.
    """
    calls = len(lives.plans)
    if not calls:
        return None
    rng = np.random.default_rng([seed, 0x7E57])
    if positions is None:
        positions = min(draws, places(calls, calls))
    cluster = clusters(lives.act_ms, lives.end_ms)
    shift, moved = _shifts(lives, candles, cluster, positions, rng)
    if not moved.any():
        return None
    total, filled = _moved_results(lives, shift, np.flatnonzero(moved), candles, terms, funding, workers)
    _, group = np.unique(cluster[moved], return_inverse=True)
    known = np.isfinite(lives.r[moved])
    if not known.any():
        return None
    sums, counts = np.zeros((int(group.max()) + 1, positions + 1)), np.zeros((int(group.max()) + 1, positions + 1))
    np.add.at(sums, group, np.column_stack([np.nan_to_num(lives.r[moved]), total]))  # its own place comes first
    np.add.at(counts, group, np.column_stack([known, filled]))
    mean, random = float(lives.r[moved][known].mean()), sums[:, 1:].sum() / max(1.0, float(counts[:, 1:].sum()))
    with_own, without = (_draw(sums, counts, first, draws, rng) for first in (0, 1))
    if not np.isfinite(without).any():
        return None
    low, high = np.nanquantile(without, (0.05, 0.95)).tolist()
    p = (1 + int((~(with_own < mean - 1e-12)).sum())) / (draws + 1)  # a draw without any trade proves nothing
    return RandomEntry(p, mean, float(random), low, high, draws, int(moved.sum()), calls)


def places(calls: int, of_all: int) -> int:
    """How many places each burst of a channel is tried at, of a run with ``of_all`` calls that could be traded."""
    return max(FEWEST_POSITIONS, min(DRAWS, PATHS // max(1, calls), ALL_PATHS // max(1, of_all)))


def _draw(sums: Floats, counts: Floats, first: int, draws: int, rng: np.random.Generator) -> Floats:
    """T of each draw, which takes one place of each burst, from number ``first`` on (NaN: no trade in it)."""
    groups, positions = sums.shape
    found = np.empty(draws)
    rows, step = np.arange(groups), max(1, DRAWN_CELLS // groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        for begin in range(0, draws, step):
            taken = rng.integers(first, positions, (min(step, draws - begin), groups))
            found[begin : begin + step] = sums[rows, taken].sum(axis=1) / counts[rows, taken].sum(axis=1)
    return found


# --------------------------------------------------------------------------- where the bursts go


def _shifts(
    lives: Lives, candles: Mapping[str, Candles], cluster: Ints, positions: int, rng: np.random.Generator
) -> tuple[Ints, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Offsets of each call's burst, shape (n, positions), and which calls could be moved at all."""
    shift = np.zeros((len(lives.plans), positions), np.int64)
    moved = np.zeros(len(lives.plans), np.bool_)
    for members in _groups(cluster):
        own = int((lives.end_ms[members] - lives.act_ms[members]).max())
        offered = rng.integers(-WINDOW_MS, WINDOW_MS + 1, OVERSAMPLE * positions)
        fits = np.abs(offered) > min(own, WINDOW_MS // 2)
        for i in members.tolist():
            bars = candles.get(lives.plans[i].symbol)
            if bars is None or not len(bars):
                fits[:] = False
                break
            at = lives.act_ms[i] + offered
            life = int(lives.end_ms[i] - lives.act_ms[i])
            bar = np.searchsorted(bars.ts, at)
            inside = (at >= bars.ts[0]) & (at + min(life, WINDOW_MS) <= bars.end_ms) & (bar < len(bars))
            fits &= inside & (bars.ts[np.minimum(bar, len(bars) - 1)] - at <= LATEST_BAR_MS)
        found = offered[fits]
        if not len(found):
            continue
        if len(found) < positions:
            found = np.concatenate([found, rng.choice(found, positions - len(found))])
        shift[members], moved[members] = found[:positions], True
    return shift, moved


def _groups(cluster: Ints) -> Iterator[Ints]:
    """The members of each cluster."""
    order = np.argsort(cluster, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(cluster[order])) + 1)


# --------------------------------------------------------------------------- what they would have made


@dataclass(frozen=True, slots=True)
class _Job:
    """Plans of one symbol and the moments they move to, shape (plans, positions)."""

    plans: list[Plan]
    act_ms: Ints
    candles: Candles
    terms: Terms
    funding: Funding | None


def _moved_results(
    lives: Lives,
    shift: Ints,
    members: Ints,
    candles: Mapping[str, Candles],
    terms: Terms,
    funding: Mapping[str, Funding] | None,
    workers: int | None,
) -> tuple[Floats, Floats]:
    """R (0 where not filled) and whether filled, of each moved call at each position; shape (members, positions)."""
    positions = shift.shape[1]
    by_symbol: dict[str, list[int]] = {}
    for row, i in enumerate(members.tolist()):
        by_symbol.setdefault(lives.plans[i].symbol, []).append(row)
    jobs, places = [], []
    step = max(1, CHUNK_PATHS // positions)
    for symbol, rows in by_symbol.items():
        for begin in range(0, len(rows), step):
            part = np.array(rows[begin : begin + step])
            at = members[part]
            plans = [lives.plans[i] for i in at.tolist()]
            history = funding.get(symbol) if funding is not None else None
            jobs.append(_Job(plans, lives.act_ms[at][:, None] + shift[at], candles[symbol], terms, history))
            places.append(part)
    total, filled = np.zeros((len(members), positions)), np.zeros((len(members), positions))
    for place, r in zip(places, _run(jobs, len(members) * positions, workers), strict=True):
        total[place] = np.nan_to_num(r)
        filled[place] = np.isfinite(r)
    return total, filled


def _run(jobs: list[_Job], paths: int, workers: int | None) -> Iterator[Floats]:
    """The results of the jobs in order, in several processes where that pays."""
    processes = min(workers or os.cpu_count() or 1, len(jobs))
    if processes < 2 or paths < PARALLEL_FROM:
        yield from map(_results, jobs)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_results, jobs)


def _results(job: _Job) -> Floats:
    """R of each plan at each moment (NaN: not filled), shape (plans, positions)."""
    bars = job.candles
    open_ = bars.open
    now = open_[np.minimum(np.searchsorted(bars.ts, [p.act_ms for p in job.plans]), len(bars) - 1)]
    then = open_[np.minimum(np.searchsorted(bars.ts, job.act_ms), len(bars) - 1)]
    factor = then / now[:, None]
    where = zip(job.plans, job.act_ms.tolist(), factor.tolist(), strict=True)
    with uncollected():
        plans = [moved for plan, moments, factors in where for moved in _moved(plan, moments, factors)]
        candles = {bars.symbol: bars}
        funding = None if job.funding is None else {bars.symbol: job.funding}
        r: Floats = money_of(simulate(plans, candles, job.terms), job.terms, candles, funding).r
    return r.reshape(job.act_ms.shape)


def _level(level: float | Distance, by: float) -> float | Distance:
    """A level scaled by a factor."""
    return _distance(level, by) if isinstance(level, Distance) else level * by


def _distance(distance: Distance, by: float) -> Distance:
    """A distance scaled by a factor: only points depend on the price."""
    return replace(distance, value=distance.value * by) if distance.unit == "points" else distance


def _change(change: Change, later_ms: int, by: float) -> Change:
    """What somebody did to a trade, at another time and at scaled prices."""
    return replace(
        change,
        act_ms=change.act_ms + later_ms,
        stop=change.stop * by if isinstance(change.stop, float) else change.stop,
        orders=tuple(replace(one, price=None if one.price is None else one.price * by) for one in change.orders),
        targets=tuple((price * by, share) for price, share in change.targets),
    )


def _moved(plan: Plan, moments: Sequence[int], factors: Sequence[float]) -> Iterator[Plan]:
    """A plan at other moments, its prices scaled by a factor for each; much faster than ``dataclasses.replace``."""
    given = {field.name: getattr(plan, field.name) for field in fields(plan)}
    orders = [{field.name: getattr(order, field.name) for field in fields(order)} for order in plan.orders]
    stop, wait, changes = plan.stop, plan.expire_ms - plan.act_ms, plan.changes
    for act_ms, by in zip(moments, factors, strict=True):
        given["act_ms"], given["expire_ms"] = act_ms, act_ms + wait
        given["orders"] = tuple(
            [Order(**(one | {"price": None if one["price"] is None else one["price"] * by})) for one in orders]
        )
        given["targets"] = tuple([(_level(level, by), share) for level, share in plan.targets])
        given["hard_stop"] = None if plan.hard_stop is None else plan.hard_stop * by
        if changes:
            given["changes"] = tuple([_change(change, act_ms - plan.act_ms, by) for change in changes])
        if plan.trail is not None:
            given["trail"] = replace(plan.trail, distance=_distance(plan.trail.distance, by))
        if isinstance(stop, Distance):
            given["stop"] = _distance(stop, by)
        elif stop is not None:
            given["stop"] = stop * by
        yield Plan(**given)
