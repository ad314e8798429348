"""The same calls under harder terms: acted on later, at twice the slippage; and how far each went either way.

Everything here is an answer to "would it have worked for me": each call is simulated again, nothing is scaled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from engine.domain import Plan
from engine.market.candles import Floats, Ints
from engine.pipeline.pathcache import array_digest, funding_digest
from engine.pipeline.replay import Replay
from engine.simulate.money import money_of
from engine.verdict.excursion import excursions
from engine.verdict.latency import delayed_r


@dataclass(frozen=True, slots=True)
class Stress:
    """R of each path (NaN: not filled): ``delayed`` (delays, paths), ``slipped`` at twice the slippage (paths,).

    ``mae`` and ``mfe`` (paths,) in R. Paths are the rows of ``Replay.table``.
    """

    delayed: Floats
    slipped: Floats
    mae: Floats
    mfe: Floats


def stress(played: Replay) -> Stress:
    """Simulate every plan of a run again under the harder terms."""
    venue, known = played.venue, played.known_ms
    inputs = (played.digest, repr(venue.terms).encode(), funding_digest(venue.funding), array_digest(known))
    return Stress(**played.cache.arrays("stress", inputs, lambda: asdict(_stress(played, known))))


def _stress(played: Replay, known: Ints) -> Stress:
    """See ``stress``; ``known`` is when the text of each plan was there to be read."""
    venue, plans = played.venue, played.table.plans
    terms = replace(venue.terms, slippage=2 * venue.terms.slippage)
    slipped = played.money.r
    if terms != venue.terms:
        slipped = money_of(played.prepared.run(terms), terms, venue.candles, venue.funding).r
    rows = np.arange(len(plans), dtype=np.int64)
    mae, mfe = excursions(played.table, rows, played.money.risk, venue.candles)
    delayed = delayed_r(played.prepared, played.money.r, known, venue.candles, venue.terms, venue.funding)
    return Stress(delayed, slipped, mae, mfe)


def tradable(played: Replay, channel: str) -> list[int]:
    """The rows of a channel's own calls whose orders could be placed, filled or not: what random entries compare."""
    out = ("repeat", "opposite", "no data", "no stop", "stop too near", "stop beyond liquidation")
    mine = played.of_channel.get(channel, [])
    return [played.rows[i] for i in mine if played.rows[i] >= 0 and played.fates[i] not in out]


def plans_of(played: Replay, rows: Sequence[int]) -> list[Plan]:
    """The plans of some rows."""
    return [played.table.plans[row] for row in rows]
