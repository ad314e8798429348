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

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.market.candles import Floats, Ints
from engine.verdict.bootstrap import clusters
from engine.verdict.moving import NEVER_MS, Ground, Lives, Moved, move

DRAWS = 1_000
PATHS = 40_000  # moved plans of a channel that a backtest affords, and
ALL_PATHS = 200_000  # of all its channels; but FEWEST_POSITIONS of each burst in any case
FEWEST_POSITIONS, MOST_POSITIONS = 2, 200  # two hundred are as good as endlessly many
DRAWN_CELLS = 2_000_000


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


def random_entry(
    lives: Lives,
    ground: Ground,
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
    ground
        Candles, terms and funding of the run.
    positions
        How many places each burst is tried at (None: ``places`` for this channel alone).
    workers
        Processes for large jobs (None: one for each core). The result does not depend on it.
    """
    if not len(lives.plans):
        return None
    if positions is None:
        positions = places(len(lives.plans), len(lives.plans))
    bursts = bursts_of(clusters(lives.act_ms, lives.end_ms))
    return compare(lives, bursts, move(lives, bursts, ground, positions, seed, workers), seed, draws)


def places(calls: int, of_all: int) -> int:
    """How many places each burst of a channel is tried at, of a run with ``of_all`` calls that could be traded."""
    return max(FEWEST_POSITIONS, min(MOST_POSITIONS, PATHS // max(1, calls), ALL_PATHS // max(1, of_all)))


def bursts_of(cluster: Ints) -> list[Ints]:
    """The members of each cluster."""
    order = np.argsort(cluster, kind="stable")
    return list(np.split(order, np.flatnonzero(np.diff(cluster[order])) + 1)) if len(order) else []


def compare(
    lives: Lives,
    bursts: Sequence[Ints],
    moved: Moved,
    seed: int,
    draws: int = DRAWS,
    now_ms: int = int(NEVER_MS) - 1,
) -> RandomEntry | None:
    """The calls of ``bursts`` against the same bursts moved, by the places that were known at ``now_ms``."""
    usable = (moved.known_ms <= now_ms).sum(axis=1)
    mobile = np.flatnonzero(usable > 0)
    r = [lives.r[bursts[b]] for b in mobile.tolist()]
    own_sums, own_counts = (np.array([f(part) for part in r], np.float64) for f in (np.nansum, _filled))
    if not own_counts.sum():
        return None
    usable = usable[mobile]
    sums = np.column_stack([own_sums, moved.sums[mobile]])  # its own place comes first
    counts = np.column_stack([own_counts, moved.counts[mobile]])
    rng = np.random.default_rng([seed, 0xD2A3])
    with_own = _draw(sums, counts, 0, usable, draws, rng)
    without = _draw(sums, counts, 1, usable, draws, rng)
    if not np.isfinite(without).any():
        return None
    mean = float(own_sums.sum() / own_counts.sum())
    random = float(np.nanmean(without))
    low, high = np.nanquantile(without, (0.05, 0.95)).tolist()
    p = (1 + int((~(with_own < mean - 1e-12)).sum())) / (draws + 1)  # a draw without any trade proves nothing
    return RandomEntry(p, mean, random, low, high, draws, sum(map(len, r)), sum(map(len, bursts)))


def _filled(r: Floats) -> int:
    """How many trades were filled."""
    return int(np.isfinite(r).sum())


def _draw(sums: Floats, counts: Floats, first: int, usable: Ints, draws: int, rng: np.random.Generator) -> Floats:
    """T of each draw of one place of each burst, from number ``first`` to ``usable`` (NaN: no trade in it)."""
    found = np.empty(draws)
    rows, step = np.arange(len(sums)), max(1, DRAWN_CELLS // len(sums))
    with np.errstate(invalid="ignore", divide="ignore"):
        for begin in range(0, draws, step):
            drawn = rng.random((min(step, draws - begin), len(sums)))
            taken = first + (drawn * (usable + 1 - first)).astype(np.int64)
            found[begin : begin + step] = sums[rows, taken].sum(axis=1) / counts[rows, taken].sum(axis=1)
    return found
