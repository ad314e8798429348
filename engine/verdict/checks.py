"""The tests that FOLLOW requires: what is asked of a channel, what was seen, and what passes.

One after the other, each against a way in which a record flatters: luck, the choice among many, what any entry would
have made, a few trades, one stretch of time, one coin, costs, the order inside a candle, fills nobody gets, speed
nobody has, calls that are missing. A test that could not be made is not passed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.units import show_count
from engine.verdict.bootstrap import Floats
from engine.verdict.random_entry import RandomEntry
from engine.verdict.robust import halves, mean_without_best, weakest_without_symbol
from engine.verdict.sharpe import SharpeEvidence

LUCK_LEVEL = 0.005  # one channel in two hundred, however few channels are looked at
DISCOVERY_LEVEL = 0.05  # of the channels that pass, or of the worlds in which nobody has an edge
RANDOM_LEVEL = 0.005
DEFLATED_LEVEL = 0.95
FEWEST_BURSTS = 30
BEST_LEFT_OUT = 3


@dataclass(frozen=True, slots=True)
class Check:
    """One test: its name, whether it was passed (None: it could not be made), what was seen, what passes."""

    name: str
    passed: bool | None
    seen: str
    limit: str


@dataclass(frozen=True, slots=True)
class Record:
    """What a channel is judged by: one element for each filled trade that counts, in any order.

    ``r`` is the R multiple net of costs (finite), ``start_ms`` and ``end_ms`` first fill and last exit. ``readings``
    are mean R under harder readings of the same calls, by name (None: not known). ``worst_case`` is the mean R with
    every missing call at -1R. ``tried`` are the Sharpe ratios of other settings tried on this channel.
    """

    r: Floats
    start_ms: NDArray[Any]
    end_ms: NDArray[Any]
    symbols: Sequence[str] = ()
    readings: Mapping[str, float | None] = field(default_factory=dict)
    worst_case: float | None = None
    random: RandomEntry | None = None
    tried: Sequence[float] = ()


HARDER = ("twice the slippage", "worse order inside a candle", "touch through", "one minute later")


def ask(
    record: Record,
    luck: float,
    discovery: float,
    family: int,
    sharpe: SharpeEvidence | None,
    bursts: int,
    needed: int,
) -> tuple[Check, ...]:
    """All tests, in the order in which ``docs/verdict.md`` names them."""
    return (
        Check(
            "enough trades",
            len(record.r) >= needed and bursts >= FEWEST_BURSTS,
            f"{len(record.r):,} trades in {bursts:,} bursts",
            f"{needed:,} trades, {FEWEST_BURSTS} bursts",
        ),
        Check("not luck", luck <= LUCK_LEVEL, f"p {_p(luck)}", f"p at most {LUCK_LEVEL:g}"),
        Check(
            "not the best of many",
            discovery <= DISCOVERY_LEVEL,
            f"p {_p(discovery)} among {show_count(family, 'channel')}",
            f"p at most {DISCOVERY_LEVEL:g}",
        ),
        _deflated(sharpe),
        _against_random(record.random),
        _above_zero(f"without the best {BEST_LEFT_OUT}", mean_without_best(record.r, BEST_LEFT_OUT)),
        _above_zero("both halves", _weaker_half(record)),
        _symbols(record),
        *(_above_zero(name, record.readings.get(name)) for name in HARDER),
        _above_zero("missing calls lost", record.worst_case),
    )


def _above_zero(name: str, mean_r: float | None) -> Check:
    """A mean R that has to stay above zero."""
    seen = "not known" if mean_r is None else f"{mean_r:+.2f}R"
    return Check(name, None if mean_r is None else mean_r > 0, seen, "above 0R")


def _deflated(sharpe: SharpeEvidence | None) -> Check:
    """The Sharpe ratio against the best of as many settings without skill."""
    name, limit = "not the best of many settings", f"DSR at least {DEFLATED_LEVEL:.0%}"
    if sharpe is None:
        return Check(name, None, "not known", limit)
    tried = show_count(sharpe.trials, "setting")
    return Check(name, sharpe.dsr >= DEFLATED_LEVEL, f"DSR {sharpe.dsr:.1%} of {tried}", limit)


def _against_random(random: RandomEntry | None) -> Check:
    """The channel against its own calls at random times."""
    name, limit = "better than random entries", f"p at most {RANDOM_LEVEL:g}"
    if random is None:
        return Check(name, None, "not known", limit)
    seen = f"p {_p(random.p)}, random {random.random_r:+.2f}R"
    return Check(name, random.p <= RANDOM_LEVEL and 2 * random.moved >= random.calls, seen, limit)


def _weaker_half(record: Record) -> float | None:
    """The mean R of the weaker half."""
    means = [float(np.mean(record.r[rows])) for rows in halves(record.start_ms, record.end_ms) if len(rows)]
    return min(means, default=None)


def _symbols(record: Record) -> Check:
    """The mean R without the symbol that it needs most."""
    name = "without its best symbol"
    if len(set(record.symbols)) == 1:
        return Check(name, True, "one symbol only", "above 0R")
    weakest = weakest_without_symbol(record.r, record.symbols) if len(record.symbols) else None
    if weakest is None:
        return Check(name, None, "not known", "above 0R")
    return Check(name, weakest[1] > 0, f"{weakest[1]:+.2f}R without {weakest[0]}", "above 0R")


def _p(value: float) -> str:
    """A p-value of two digits that say something."""
    return "below 0.0001" if value < 0.0001 else f"{value:.2g}"
