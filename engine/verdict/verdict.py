"""The word on each channel, and why: all channels of a run are judged together.

1. Trades become clusters, clusters a 95% interval of the mean R (``bootstrap.py``).
2. The spread of R and the size of the bursts say how many trades a verdict needs (``sample.py``).
3. The tests of ``checks.py`` are asked of each channel; the p-values of all channels ever judged correct each other.
4. In this order:

   - fewer than 10 clusters: NOT ENOUGH DATA;
   - the whole interval below zero, from 30 trades or more: AVOID (it takes less to stay away than to follow);
   - fewer trades than needed, or fewer than 30 clusters: NOT ENOUGH DATA;
   - every test passed: FOLLOW;
   - the mean not above zero, or the whole interval below +0.2R: AVOID;
   - else: PAPER ONLY.

``docs/verdict.md`` has the tests, their levels, and how often the words are wrong in simulated worlds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from engine.units import show_count
from engine.verdict.bootstrap import FEWEST_CLUSTERS, Interval, Ints, cluster_bootstrap, clusters
from engine.verdict.checks import FEWEST_BURSTS, Check, Record, ask
from engine.verdict.many import discoveries
from engine.verdict.sample import EDGE_R, sample_needed
from engine.verdict.sharpe import SharpeEvidence, sharpe_evidence
from engine.verdict.significance import chance_of_luck

FEWEST_TO_AVOID = 30


class Word(StrEnum):
    """What can be said of a channel."""

    FOLLOW = "FOLLOW"
    PAPER_ONLY = "PAPER ONLY"
    AVOID = "AVOID"
    NOT_ENOUGH_DATA = "NOT ENOUGH DATA"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The word on a channel and what led there.

    ``why`` is a sentence with the figures in it; ``interval`` is None with too few clusters; ``missing`` is about how
    many more trades a verdict takes, ``needed`` how many in all. ``luck`` is the chance that luck alone makes such a
    mean, ``discovery`` the same after the correction for all channels. ``tests`` are those that FOLLOW requires.
    """

    word: Word
    why: str
    interval: Interval | None
    missing: int
    needed: int = 0
    luck: float | None = None
    discovery: float | None = None
    sharpe: SharpeEvidence | None = None
    tests: tuple[Check, ...] = ()

    def __str__(self) -> str:
        """The word, with the number of missing trades where there are too few."""
        return f"{self.word} (about {self.missing:,} more trades)" if self.missing else str(self.word)


def judge(records: Sequence[Record], seed: int, others: Sequence[float] = ()) -> list[Verdict]:
    """Judge all channels of a run, each by its filled trades; in the order given.

    Parameters
    ----------
    records
        One for each channel.
    seed
        Of the bootstrap: the same trades and seed give the same verdict.
    others
        The p-values of channels that were judged before and are not among these: they were looked at too.
    """
    cluster = [clusters(record.start_ms, record.end_ms) for record in records]
    luck = [chance_of_luck(record.r, found) for record, found in zip(records, cluster, strict=True)]
    family = [1.0 if p is None else p for p in luck] + list(others)
    adjusted = discoveries(family)
    return [
        _judge(record, found, p, None if p is None else adjusted[i], len(family), seed)
        for i, (record, found, p) in enumerate(zip(records, cluster, luck, strict=True))
    ]


def _judge(
    record: Record, cluster: Ints, luck: float | None, discovery: float | None, family: int, seed: int
) -> Verdict:
    """The verdict on one channel."""
    r = record.r
    groups = int(cluster.max()) + 1 if len(cluster) else 0
    needed = sample_needed(r, cluster)
    interval = cluster_bootstrap(r, cluster, np.random.default_rng(seed))
    total = f"{_rounded(needed):,}"
    sample = f"{show_count(len(r), 'trade')} in {show_count(groups, 'burst')}"
    if interval is None or luck is None or discovery is None:
        why = f"{sample}: fewer than {FEWEST_CLUSTERS} bursts say nothing; a verdict takes about {total} trades."
        return Verdict(
            Word.NOT_ENOUGH_DATA, why, None, _rounded(max(needed - len(r), FEWEST_CLUSTERS - groups)), needed
        )
    sharpe = sharpe_evidence(r, cluster, record.tried)
    tests = ask(record, luck, discovery, family, sharpe, groups, needed)
    seen = f"{interval.mean:+.2f}R a trade (95% interval {interval.low:+.2f}R to {interval.high:+.2f}R, {sample})"
    word, why, missing = Word.PAPER_ONLY, _not_shown(tests), 0
    if interval.high < 0 and len(r) >= FEWEST_TO_AVOID:
        word, why = Word.AVOID, "the whole interval lies below zero."
    elif len(r) < needed:
        word, missing = Word.NOT_ENOUGH_DATA, _rounded(needed - len(r))
        why = f"an edge of {EDGE_R:+.1f}R cannot be told from luck with fewer than about {total} trades."
    elif groups < FEWEST_BURSTS:
        word, missing = Word.NOT_ENOUGH_DATA, _rounded(math.ceil((FEWEST_BURSTS - groups) * len(r) / groups))
        why = f"fewer than {FEWEST_BURSTS} bursts are too few opinions."
    elif all(test.passed for test in tests):
        word, why = Word.FOLLOW, f"all {len(tests)} tests passed."
    elif interval.mean <= 0:
        word, why = Word.AVOID, "enough trades, and nothing was earned."
    elif interval.high < EDGE_R:
        word, why = Word.AVOID, f"an edge of {EDGE_R:+.1f}R, which would be worth following, is ruled out."
    return Verdict(word, f"{seen}: {why}", interval, missing, needed, luck, discovery, sharpe, tests)


def _not_shown(tests: Sequence[Check]) -> str:
    """The tests that were not passed."""
    failed = [f"{test.name} ({test.seen})" for test in tests if not test.passed]
    return f"not shown: {'; '.join(failed)}."


def _rounded(number: int) -> int:
    """A number of trades rounded up to two digits: the formula is no more precise than that."""
    unit = int(10 ** max(0, len(str(number)) - 2))
    return math.ceil(number / unit) * unit
