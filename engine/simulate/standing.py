"""How a channel stands at a moment: the mean R of its calls that closed before, with an interval.

A call counts from the moment its end was known, never earlier, so a standing at a call holds nothing of that call or
of one that was still open. Every call of the channel counts, whether an account took it or not: a channel that the
rules keep out can prove itself again. The interval is Student's (95%), quick and rough: it takes the calls for
independent. The verdict of a report is made with more care (``engine.verdict``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.domain import Standing
from engine.market.candles import Floats, Ints

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class StandingColumns:
    """Standings of the channels of ``n`` calls when each was acted on, shape (n,). See ``domain.Standing``."""

    channel: Sequence[str]
    trades: Ints
    mean_r: Floats
    low: Floats
    high: Floats

    def rows(self) -> list[Standing]:
        """The standings call by call."""
        columns = (column.tolist() for column in (self.trades, self.mean_r, self.low, self.high))
        return [Standing(*row) for row in zip(self.channel, *columns, strict=True)]


def standing_columns(channel: Sequence[str], at_ms: Ints, end_ms: Ints, r: Floats) -> StandingColumns:
    """The standing at each of ``n`` calls, from the calls of its channel that ended at or before ``at_ms``.

    ``r`` is the R multiple of each call, NaN for one that does not count; ``end_ms`` when its end was known.
    """
    n = len(at_ms)
    trades, total, squares = np.zeros(n, np.int64), np.zeros(n), np.zeros(n)
    names = np.array(channel, dtype=object)
    for name in sorted(set(channel)):
        mine = np.flatnonzero(names == name)
        counted = mine[np.isfinite(r[mine])]
        counted = counted[np.argsort(end_ms[counted], kind="stable")]
        known = np.searchsorted(end_ms[counted], at_ms[mine], side="right")
        trades[mine] = known
        total[mine] = np.concatenate([[0.0], np.cumsum(r[counted])])[known]
        squares[mine] = np.concatenate([[0.0], np.cumsum(r[counted] ** 2)])[known]
    return StandingColumns(channel, trades, *_interval(trades, total, squares))


@dataclass(frozen=True, slots=True)
class Tally:
    """The closed calls of one channel, one after another: how live trading keeps a standing."""

    trades: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, r: float) -> Tally:
        """With one more closed call."""
        return Tally(self.trades + 1, self.total + r, self.squares + r * r)

    def standing(self, channel: str) -> Standing:
        """What is known of the channel now."""
        figures = _interval(np.array([self.trades]), np.array([self.total]), np.array([self.squares]))
        return Standing(channel, self.trades, *(float(column[0]) for column in figures))


def _interval(trades: Ints, total: Floats, squares: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean and both ends of Student's interval; NaN where there are too few trades."""
    from scipy.special import stdtrit  # Student's quantile; heavy to import

    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(trades > 0, total / trades, np.nan)
        variance = np.where(trades > 1, np.maximum(squares - total * mean, 0.0) / (trades - 1), np.nan)
        half = stdtrit(np.maximum(trades - 1, 1), (1 + LEVEL) / 2) * np.sqrt(variance / trades)
    return mean, mean - half, mean + half
