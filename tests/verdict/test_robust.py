"""Streaks, the mean without the best and the halves, against plain counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.verdict.robust import Half, longest_run, mean_without_best, robustness


def test_a_small_channel_by_hand() -> None:
    r = np.array([2.0, -1.0, -1.0, 0.0, -1.0, 0.5, 3.0])
    start = np.array([1, 2, 3, 4, 5, 6, 7])
    end = np.array([10, 20, 30, 40, 50, 70, 60])
    found = robustness(r, start, end, 7)
    assert (found.longest_win, found.longest_loss) == (2, 2)
    assert found.without_best == pytest.approx((-0.5 / 6, -2.5 / 5, -3 / 4))
    assert found.first == Half(3, 0.0, None)
    assert found.second == Half(4, pytest.approx(2.5 / 4), None)


def test_runs_follow_the_order_of_closing_and_halves_that_of_entry() -> None:
    r = np.array([1.0, -1.0, 1.0, -1.0])
    found = robustness(r, np.array([4, 3, 2, 1]), np.array([5, 7, 6, 8]), 7)
    assert (found.longest_win, found.longest_loss) == (2, 2)
    found = robustness(np.array([1.0, 1.0, -1.0, -1.0]), np.array([4, 3, 2, 1]), np.array([9, 9, 9, 9]), 7)
    assert (found.first.mean_r, found.second.mean_r) == (-1.0, 1.0)


def test_a_channel_without_trades_has_no_mean() -> None:
    none = np.array([])
    found = robustness(none, none, none, 7)
    assert (found.longest_win, found.longest_loss, found.without_best) == (0, 0, (None, None, None))
    assert found.first == found.second == Half(0, None, None)


def test_halves_with_enough_bursts_have_an_interval_that_the_seed_fixes() -> None:
    r = np.random.default_rng(4).normal(0.3, 1.0, 60)
    start = np.arange(60) * 10
    found = robustness(r, start, start + 5, 7)
    assert found == robustness(r, start, start + 5, 7)
    for half, part in ((found.first, r[:30]), (found.second, r[30:])):
        assert half.interval is not None
        assert half.interval.low < part.mean() < half.interval.high
        assert (half.trades, half.interval.clusters) == (30, 30)


@given(st.lists(st.booleans(), max_size=40))
def test_the_longest_run_is_that_of_a_plain_count(flags: list[bool]) -> None:
    longest = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        longest = max(longest, run)
    assert longest_run(np.array(flags, dtype=bool)) == longest


@given(st.lists(st.integers(-3, 9), max_size=12), st.integers(1, 3))
def test_the_best_are_left_out_one_by_one(values: list[int], best: int) -> None:
    left = list(values)
    for _ in range(min(best, len(left))):
        left.remove(max(left))
    found = mean_without_best(np.array(values, dtype=float), best)
    assert found == (pytest.approx(sum(left) / len(left)) if left else None)
