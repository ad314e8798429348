"""The interval of the mean R: right about bursts, right about skew, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from engine.verdict.bootstrap import CHUNK_CELLS, Interval, cluster_bootstrap, clusters


def bounds(r: np.ndarray, cluster: np.ndarray, seed: int = 1, **more: int) -> Interval:
    interval = cluster_bootstrap(r, cluster, np.random.default_rng(seed), **more)
    assert interval is not None
    return interval


# --------------------------------------------------------------------------- clusters

PERIODS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 10)), max_size=25)


@pytest.mark.parametrize(
    ("story", "periods", "expected"),
    [
        ("one after the other", [(0, 5), (6, 9), (10, 12)], [0, 1, 2]),
        ("the second starts before the first has ended", [(0, 5), (4, 9), (10, 12)], [0, 0, 1]),
        ("a long one holds two short ones together", [(0, 20), (1, 2), (15, 16), (30, 31)], [0, 0, 0, 1]),
        ("touching is overlapping", [(0, 5), (5, 9)], [0, 0]),
        ("any order", [(10, 12), (0, 5), (4, 9)], [1, 0, 0]),
        ("nothing", [], []),
    ],
)
def test_trades_that_overlap_are_one_cluster(story: str, periods: list[tuple], expected: list[int]) -> None:
    start, end = np.array(periods, dtype=np.int64).reshape(-1, 2).T
    assert clusters(start, end).tolist() == expected, story


@given(PERIODS)
def test_clusters_are_the_connected_periods(periods: list[tuple[int, int]]) -> None:
    spans = [(start, start + length) for start, length in periods]
    start, end = np.array(spans, dtype=np.int64).reshape(-1, 2).T
    found = clusters(start, end)
    twin = list(range(len(spans)))  # union of all pairs that overlap, one pair at a time
    for i, (a, b) in enumerate(spans):
        for j, (c, d) in enumerate(spans):
            if a <= d and c <= b:
                old, new = twin[i], twin[j]
                twin = [new if group == old else group for group in twin]
    for i in range(len(spans)):
        for j in range(len(spans)):
            assert (found[i] == found[j]) == (twin[i] == twin[j])


# --------------------------------------------------------------------------- the interval


def test_ten_bursts_are_the_least() -> None:
    r = np.array([1.0, -1.0] * 9)
    assert cluster_bootstrap(r, np.repeat(np.arange(9), 2), np.random.default_rng(1)) is None
    interval = bounds(np.append(r, [0.5]), np.append(np.repeat(np.arange(9), 2), [9]))
    assert (interval.clusters, interval.trades) == (10, 19)


def test_the_same_seed_gives_the_same_bounds() -> None:
    r = np.random.default_rng(5).normal(0.1, 1.3, 60)
    cluster = np.arange(60) // 3
    assert bounds(r, cluster, seed=9) == bounds(r, cluster, seed=9)
    assert bounds(r, cluster, seed=9) != bounds(r, cluster, seed=8)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_lone_trades_agree_with_scipy(seed: int) -> None:
    r = np.random.default_rng(seed).exponential(1.5, 80) - 1.2
    ours = bounds(r, np.arange(80), repetitions=20_000)
    theirs = stats.bootstrap((r,), np.mean, n_resamples=20_000, method="BCa", rng=np.random.default_rng(seed))
    assert ours.mean == pytest.approx(r.mean())
    assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=0.015)
    assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=0.015)


def test_skew_moves_the_bounds() -> None:
    r = np.array([-1.0] * 45 + [8.0] * 5)
    interval = bounds(r, np.arange(50))
    assert interval.high - interval.mean > 1.3 * (interval.mean - interval.low), "rare winners: the room is above"
    mirrored = bounds(-r, np.arange(50))
    assert (mirrored.low, mirrored.high) == pytest.approx((-interval.high, -interval.low), abs=0.06)


def test_copies_in_a_burst_add_no_certainty() -> None:
    r = np.random.default_rng(3).normal(0.2, 1.0, 30)
    lone = bounds(r, np.arange(30))
    copied = bounds(np.repeat(r, 5), np.repeat(np.arange(30), 5))
    assert (copied.low, copied.high) == pytest.approx((lone.low, lone.high))
    taken_for_lone = bounds(np.repeat(r, 5), np.arange(150))
    assert taken_for_lone.high - taken_for_lone.low < 0.6 * (lone.high - lone.low)


def test_the_names_of_clusters_are_no_matter() -> None:
    r = np.random.default_rng(3).normal(0.2, 1.0, 40)
    cluster = np.arange(40) // 2
    assert bounds(r, cluster) == bounds(r, cluster * 7 - 3)


@pytest.mark.parametrize("value", [-1.0, 0.1])
def test_trades_that_are_all_alike_have_no_spread(value: float) -> None:
    interval = bounds(np.full(24, value), np.arange(24) // 2)
    assert (interval.low, interval.high) == (interval.mean, interval.mean)
    assert interval.mean == pytest.approx(value)


def test_a_large_channel_is_drawn_in_parts() -> None:
    groups = CHUNK_CELLS // 300
    r = np.random.default_rng(4).normal(0.1, 1.3, groups)
    interval = bounds(r, np.arange(groups), repetitions=1000)
    half = 1.96 * r.std() / groups**0.5
    assert interval.low == pytest.approx(r.mean() - half, rel=0.15)
    assert interval.high == pytest.approx(r.mean() + half, rel=0.15)


# --------------------------------------------------------------------------- simulated channels


def bursty(rng: np.random.Generator, bursts: int, size: int, target: float) -> tuple[np.ndarray, np.ndarray]:
    """A channel without an edge: each trade makes ``target`` R or loses 1 R, and most of a burst goes the same way."""
    fair = 1 / (1 + target)
    together, alone = rng.random((bursts, 1)) < fair, rng.random((bursts, size)) < fair
    follows = rng.random((bursts, size)) < 0.6**0.5  # correlation .6 within a burst
    won = np.where(follows, together, alone)
    return np.where(won, target, -1.0).ravel(), np.repeat(np.arange(bursts), size)


@pytest.mark.parametrize(("bursts", "size", "target"), [(12, 8, 1.0), (40, 4, 3.0), (40, 3, 0.3)])
def test_a_channel_without_edge_is_rarely_taken_for_one_with(bursts: int, size: int, target: float) -> None:
    rng = np.random.default_rng(20)
    channels = [bursty(rng, bursts, size, target) for _ in range(600)]
    found = [bounds(r, cluster, repetitions=800) for r, cluster in channels]
    above = sum(interval.low > 0 for interval in found) / 600
    below = sum(interval.high < 0 for interval in found) / 600
    # 2.5% each by the level; three standard errors of 600 repetitions are 1.9%
    assert above < 0.045
    assert below < 0.045
    assert above + below > 0.005, "an interval that is never wrong is too wide to be of use"


def test_trades_of_bursts_taken_one_by_one_are_wrong_far_too_often() -> None:
    rng = np.random.default_rng(21)
    wrong = 0
    for _ in range(300):
        r, _ = bursty(rng, 12, 8, 1.0)
        interval = bounds(r, np.arange(len(r)), repetitions=500)
        wrong += not interval.low <= 0 <= interval.high
    assert wrong / 300 > 0.2


def test_the_truth_lies_inside_as_often_as_promised() -> None:
    rng = np.random.default_rng(22)
    inside = 0
    for _ in range(600):
        shift = rng.normal(0, 0.7, 40)
        size = rng.integers(1, 6, 40)
        cluster = np.repeat(np.arange(40), size)
        r = 0.3 + shift[cluster] + rng.normal(0, 1, len(cluster))
        interval = bounds(r, cluster, repetitions=800)
        inside += interval.low <= 0.3 <= interval.high
    assert 0.92 < inside / 600 < 0.975
