"""How often targets are hit, beside how often the same levels are hit without any skill.

Targets are stages: from one to the next with the stop that is then in force, moved by the strategy or following the
price (``fair.py``). While the stop stays where it was, the stages multiply to p0 = d_stop / (d_stop + d_k).

A trade that ended before any level decided it - by time, by the channel, by a later call - counts by the chance that it
had left at its last price: without a drift that chance is as large on average as it was at the entry (optional
stopping; Feller, vol. 2, section VII.9), so that early exits neither add skill nor take it away.

A trade whose stop or targets the channel moved while it ran had other levels than its call, and when they moved hung on
the price; a stop that waits for a candle's close has no closed formula; where a stop that follows stood when a trade
ran out of time is not known. Such trades are counted (``apart``); where they are more than one in twenty, no fair share
is named.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.domain import ExitReason, PathStatus, Plan
from engine.simulate.table import CODE, REASON, Bools, PathTable
from engine.verdict.bootstrap import Floats, Ints
from engine.verdict.fair import Following, chance, follows

Z95 = 1.959963984540054
MOST_APART = 0.05
UNDECIDED = tuple(REASON[reason] for reason in (ExitReason.TIME, ExitReason.CHANNEL, ExitReason.REPLACED))


@dataclass(frozen=True, slots=True)
class TargetHits:
    """Target ``target`` (from 1): of ``trades`` closed trades that have one, the share ``hit`` and the ``fair`` share.

    ``low`` and ``high`` bound what skill adds to the fair share (95%, by bursts; None with fewer than two bursts).
    ``apart`` of the trades have no fair chance; where they are too many, ``fair`` and its bounds are None.
    """

    target: int
    trades: int
    hit: float
    fair: float | None
    low: float | None
    high: float | None
    apart: int = 0


def target_hits(table: PathTable, rows: Ints, cluster: Ints) -> list[TargetHits]:
    """The hits of each target of one channel.

    Parameters
    ----------
    table
        All paths.
    rows
        The channel's filled trades.
    cluster
        The burst of each of them, shape of ``rows``.
    """
    closed = table.status[rows] == CODE[PathStatus.CLOSED]
    done, burst = rows[closed], cluster[closed]
    fair, score = fair_stages(table, done)
    hit, other = reached(table, done), apart(table, done)
    found = []
    for k in range(fair.shape[1]):
        known = np.isfinite(fair[:, k])
        if not known.any():
            continue
        share, strange = float((hit[known] > k).mean()), int(other[known].sum())
        if strange > MOST_APART * int(known.sum()):
            found.append(TargetHits(k + 1, int(known.sum()), share, None, None, None, strange))
            continue
        surplus = (score - fair)[known, k]
        half, mean = _half_width(surplus, burst[known]), float(surplus.mean())
        low, high = (None, None) if half is None else (mean - half, mean + half)
        found.append(TargetHits(k + 1, int(known.sum()), share, float(fair[known, k].mean()), low, high, strange))
    return found


def reached(table: PathTable, rows: Ints) -> Ints:
    """How many targets each path reached."""
    most: Ints = np.where(table.leg_ms[rows] >= 0, table.leg_target[rows], 0).max(axis=1, initial=0)
    return most


def fair_stages(table: PathTable, rows: Ints) -> tuple[Floats, Floats]:
    """The fair probability of each target, and what came of it: 1 reached, 0 not, between where nothing decided it.

    Both of shape (rows, most targets); NaN where a path has no such target or stop.
    """
    plans = [table.plans[row] for row in rows.tolist()]
    most = max((len(plan.targets) for plan in plans), default=0)
    fair, score = np.full((len(plans), most), np.nan), np.full((len(plans), most), np.nan)
    reason, left_at = _last(table, rows)
    columns = (table.entry_price[rows], table.stop[rows], table.target[rows], reached(table, rows), reason, left_at)
    each = zip(plans, *(column.tolist() for column in columns), strict=True)
    for i, (plan, entry, stop, levels, hit, why, left_price) in enumerate(each):
        sign = plan.side.sign
        targets = [sign * price for price in levels[: len(plan.targets)]]
        stages = _stages(plan, sign * entry, sign * stop, targets)
        p, left = 1.0, 1.0
        undecided = why in UNDECIDED
        for k, (one, target, below, following) in enumerate(stages):
            p *= one
            fair[i, k] = p
            if k < hit:
                score[i, k] = 1.0
            elif not undecided:
                score[i, k] = 0.0
            else:
                if k == hit:  # from where it was left; beyond a level it has been decided after all
                    one = min(max(sign * left_price, below), target)
                    one = 1.0 if one == target else chance(one, target, below, following)[0]
                left *= one
                score[i, k] = left
    return fair, score


def _stages(
    plan: Plan, entry: float, stop: float, targets: list[float]
) -> list[tuple[float, float, float, Following | None]]:
    """Each stage as far as it has a chance: that chance, its target, and stop and following stop as it begins."""
    found, at, below = [], entry, stop
    for k, target in enumerate(targets):
        following = follows(plan, entry, stop, k)
        p, after = chance(at, target, below, following)
        if math.isnan(p):
            break
        found.append((p, target, below, following))
        at, below = target, after
        for move in plan.stop_moves:
            if move.after == k + 1:
                below = max(below, targets[move.to - 1] if isinstance(move.to, int) else entry)
    return found


def apart(table: PathTable, rows: Ints) -> Bools:
    """Filled paths whose levels did not stay those of the call, or are no levels that a price simply meets."""
    started, ended = table.fill_first_ms[rows], table.end_ms[rows]
    undecided = np.isin(_last(table, rows)[0], UNDECIDED)
    found = np.zeros(len(rows), np.bool_)
    for i, row in enumerate(rows.tolist()):
        plan = table.plans[row]
        moved = any(c.kind in ("stop", "targets") and started[i] < c.act_ms < ended[i] for c in plan.changes)
        found[i] = moved or plan.close_stop_ms is not None or (plan.trail is not None and undecided[i])
    return found


def _last(table: PathTable, rows: Ints) -> tuple[Ints, Floats]:
    """Reason and price of each path's last exit."""
    last = np.maximum((table.leg_ms[rows] >= 0).sum(axis=1) - 1, 0)
    return table.leg_reason[rows, last], table.leg_price[rows, last]


def _half_width(surplus: Floats, cluster: Ints) -> float | None:
    """Half the 95% interval of a mean, with the variance of burst sums (Liang and Zeger 1986)."""
    _, number = np.unique(cluster, return_inverse=True)
    groups = int(number.max()) + 1
    if groups < 2:
        return None
    sums = np.bincount(number, weights=surplus - surplus.mean())
    return float(Z95 * np.sqrt((sums**2).sum() * groups / (groups - 1)) / len(surplus))
