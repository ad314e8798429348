"""The time that a run kept out of everything else: each channel in it, looked at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.config.strategy import Strategy
from engine.pipeline.replay import COUNTED, Replay
from engine.report.run import (
    HeldOut,
    Holdout,
)
from engine.verdict.bootstrap import cluster_bootstrap, clusters
from engine.verdict.forward import forward_evidence

if TYPE_CHECKING:
    from engine.channel import Profile


def holdout_result(profiles: Sequence[Profile], played: Replay, strategy: Strategy, period: tuple[str, str]) -> Holdout:
    """What each channel did in the time that was held out."""
    rows = []
    for profile in profiles:
        places = [i for i, s in enumerate(played.signals) if s.message.channel == profile.id]
        counted = [i for i in places if played.fates[i] in COUNTED]
        at, r = np.array([played.rows[i] for i in counted], np.int64), played.r[counted]
        cluster = clusters(played.table.fill_first_ms[at], played.table.end_ms[at])
        interval = cluster_bootstrap(r, cluster, np.random.default_rng(strategy.seed))
        low, high = (interval.low, interval.high) if interval else (None, None)
        mean = float(r.mean()) if len(r) else None
        evidence = forward_evidence(r, cluster).highest
        said = held_up(low, high)
        rows.append(HeldOut(profile.id, profile.name, len(places), len(counted), mean, low, high, evidence, said))
    return Holdout(period, rows)


def held_up(low: float | None, high: float | None) -> str:
    """What the time that was held out says of an edge."""
    if low is None or high is None:
        return "too few trades to say"
    return "an edge again" if low > 0 else "a loss" if high < 0 else "neither edge nor loss is shown"
