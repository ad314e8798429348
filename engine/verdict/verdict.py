"""The word on a channel, and why.

1. Trades become clusters, clusters a 95% interval of the mean R (``bootstrap.py``).
2. The spread of R and the size of the bursts say how many trades a verdict needs (``sample.py``).
3. In this order:

   - fewer than 10 clusters: NOT ENOUGH DATA;
   - the whole interval below zero, from 30 trades or more: LOSES (it takes less to stay away than to follow);
   - fewer trades than needed: NOT ENOUGH DATA;
   - the whole interval above zero: EDGE SHOWN;
   - else: NO EDGE SHOWN.

None of the words is an advice to follow: ``docs/verdict.md`` says what is still missing for that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.verdict.bootstrap import FEWEST_CLUSTERS, Floats, Interval, cluster_bootstrap, clusters
from engine.verdict.sample import EDGE_R, sample_needed

FEWEST_TO_LOSE = 30


class Word(StrEnum):
    """What can be said of a channel."""

    EDGE_SHOWN = "EDGE SHOWN"
    NO_EDGE_SHOWN = "NO EDGE SHOWN"
    LOSES = "LOSES"
    NOT_ENOUGH_DATA = "NOT ENOUGH DATA"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The word, a sentence that says why, the interval (None: too few clusters), and how many trades are missing."""

    word: Word
    why: str
    interval: Interval | None
    missing: int

    def __str__(self) -> str:
        """The word, with the number of missing trades where there are too few."""
        return f"{self.word} (about {self.missing:,} more trades)" if self.missing else str(self.word)


def judge(r: Floats, start_ms: NDArray[Any], end_ms: NDArray[Any], seed: int) -> Verdict:
    """Judge a channel by its filled trades.

    Parameters
    ----------
    r
        R multiple of each trade net of costs, finite; in any order.
    start_ms, end_ms
        First fill and last exit of each trade.
    seed
        Of the bootstrap: the same trades and seed give the same verdict.
    """
    cluster = clusters(start_ms, end_ms)
    groups = int(cluster.max()) + 1 if len(cluster) else 0
    needed = sample_needed(r, cluster)
    interval = cluster_bootstrap(r, cluster, np.random.default_rng(seed))
    sample = f"{_count(len(r), 'trade')} in {_count(groups, 'burst')}"
    if interval is None:
        why = f"{sample}: fewer than {FEWEST_CLUSTERS} bursts say nothing; a verdict takes about {needed:,} trades."
        return Verdict(Word.NOT_ENOUGH_DATA, why, None, _rounded(max(needed - len(r), FEWEST_CLUSTERS - groups)))
    seen = f"{interval.mean:+.2f}R a trade (95% interval {interval.low:+.2f}R to {interval.high:+.2f}R, {sample})"
    if interval.high < 0 and len(r) >= FEWEST_TO_LOSE:
        return Verdict(Word.LOSES, f"{seen}: the whole interval lies below zero.", interval, 0)
    if len(r) < needed:
        why = f"{seen}: an edge of {EDGE_R:+.1f}R cannot be told from luck with fewer than about {needed:,} trades."
        return Verdict(Word.NOT_ENOUGH_DATA, why, interval, _rounded(needed - len(r)))
    if interval.low > 0:
        why = f"{seen}: the whole interval lies above zero. Of forty channels without an edge, one looks like this."
        return Verdict(Word.EDGE_SHOWN, why, interval, 0)
    return Verdict(Word.NO_EDGE_SHOWN, f"{seen}: zero lies inside the interval.", interval, 0)


def _count(number: int, noun: str) -> str:
    """``1 trade``, ``2 trades``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _rounded(number: int) -> int:
    """A number of trades rounded up to two digits: the formula is no more precise than that."""
    unit = int(10 ** max(0, len(str(number)) - 2))
    return math.ceil(number / unit) * unit
