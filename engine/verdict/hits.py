"""How often targets are hit, beside how often the same levels are hit without any skill.

A price without drift meets the nearer of two levels first: from a price with the stop ``a`` below and the target ``b``
above, the target comes first with probability a / (a + b) (the ruin problem, Feller, An Introduction to Probability
Theory, vol. 1, section XIV.2). Targets are stages: from one to the next with the stop that is then in force. While the
stop stays where it was, the stages multiply to p0 = d_stop / (d_stop + d_k).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.domain import PathStatus
from engine.simulate.table import CODE, PathTable
from engine.verdict.bootstrap import Floats, Ints

Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class TargetHits:
    """Target ``target`` (from 1): of ``trades`` closed trades that have one, the share ``hit`` and the ``fair`` share.

    ``low`` and ``high`` bound ``hit - fair`` (95%, by bursts); None with fewer than two bursts.
    """

    target: int
    trades: int
    hit: float
    fair: float
    low: float | None
    high: float | None


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
    fair, hit = fair_stages(table, rows[closed]), reached(table, rows[closed])
    found = []
    for k in range(fair.shape[1]):
        known = np.isfinite(fair[:, k])
        if not known.any():
            continue
        got = (hit[known] > k).astype(np.float64)
        surplus = got - fair[known, k]
        half = _half_width(surplus, cluster[closed][known])
        mean = float(surplus.mean())
        bounds = (None, None) if half is None else (mean - half, mean + half)
        found.append(TargetHits(k + 1, int(known.sum()), float(got.mean()), float(fair[known, k].mean()), *bounds))
    return found


def reached(table: PathTable, rows: Ints) -> Ints:
    """How many targets each path reached."""
    most: Ints = np.where(table.leg_ms[rows] >= 0, table.leg_target[rows], 0).max(axis=1, initial=0)
    return most


def fair_stages(table: PathTable, rows: Ints) -> Floats:
    """The fair probability of each target, shape (rows, most targets); NaN where a path has no such target or stop."""
    plans = [table.plans[row] for row in rows.tolist()]
    most = max((len(plan.targets) for plan in plans), default=0)
    fair = np.full((len(plans), most), np.nan)
    entry, stop = table.entry_price[rows], table.stop[rows]
    for i, plan in enumerate(plans):
        at, below, p = float(entry[i]), float(stop[i]), 1.0
        sign = plan.side.sign
        for k, target in enumerate(table.target[rows[i]][: len(plan.targets)].tolist()):
            up, down = sign * (target - at), sign * (at - below)
            if not np.isfinite(down) or down < 0 or up <= 0:
                break
            p *= down / (down + up)
            fair[i, k] = p
            at = target
            for move in plan.stop_moves:
                if move.after == k + 1:
                    to = float(table.target[rows[i], move.to - 1]) if isinstance(move.to, int) else float(entry[i])
                    below = sign * max(sign * below, sign * to)
    return fair


def _half_width(surplus: Floats, cluster: Ints) -> float | None:
    """Half the 95% interval of a mean, with the variance of burst sums (Liang and Zeger 1986)."""
    _, number = np.unique(cluster, return_inverse=True)
    groups = int(number.max()) + 1
    if groups < 2:
        return None
    sums = np.bincount(number, weights=surplus - surplus.mean())
    return float(Z95 * np.sqrt((sums**2).sum() * groups / (groups - 1)) / len(surplus))
