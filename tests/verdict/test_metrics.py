"""The figures of a channel, checked by hand and against slow twins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from engine.verdict.metrics import Metrics, fair_win_rate, max_drawdown, measure, wilson

NONE = np.array([])


def test_a_small_channel_by_hand() -> None:
    r = np.array([2.0, -1.0, -1.0, 0.5, 0.0])
    found = measure(r, np.array([1, 2, 3, 4, 5]), np.array([1.0, 1, 1, 1, 1]), np.array([2.0, 2, 2, 2, 2]))
    low, high = wilson(2, 5)
    assert found == Metrics(
        trades=5,
        win_rate=0.4,
        win_rate_low=low,
        win_rate_high=high,
        fair_win_rate=pytest.approx(1 / 3),
        expectancy=pytest.approx(0.1),
        median_r=0.0,
        average_win=1.25,
        average_loss=-1.0,
        profit_factor=1.25,
        total_r=0.5,
        max_drawdown_r=2.0,
    )


def test_a_channel_without_trades_has_no_rates() -> None:
    assert measure(NONE, NONE, NONE, NONE) == Metrics(0, *[None] * 9, 0.0, 0.0)


def test_without_losers_there_is_no_profit_factor() -> None:
    assert measure(np.array([1.0, 0.5]), np.array([1, 2]), NONE, NONE).profit_factor is None


@pytest.mark.parametrize(
    ("stop", "target", "fair"),
    [
        ([9.0], [1.0], 0.9),
        ([1.0], [1.0], 0.5),
        ([1.0, 9.0], [1.0, 1.0], 0.7),
        ([9.0, 5.0, np.nan, 0.0], [1.0, np.nan, 1.0, 1.0], 0.9),
        ([np.nan], [1.0], None),
    ],
)
def test_what_luck_wins(stop: list[float], target: list[float], fair: float | None) -> None:
    assert fair_win_rate(np.array(stop), np.array(target)) == (None if fair is None else pytest.approx(fair))


def test_a_walk_without_drift_wins_the_fair_share() -> None:
    rng = np.random.default_rng(2)
    walks = np.cumsum(rng.choice([-1, 1], size=(3000, 600)), axis=1)
    stop, target = 9, 3
    hit_stop = np.where((walks <= -stop).any(1), (walks <= -stop).argmax(1), 10_000)
    hit_target = np.where((walks >= target).any(1), (walks >= target).argmax(1), 10_000)
    done = np.minimum(hit_stop, hit_target) < 10_000
    won = (hit_target < hit_stop)[done].mean()
    assert won == pytest.approx(fair_win_rate(np.array([9.0]), np.array([3.0])), abs=0.03)


@given(st.integers(1, 200), st.data())
def test_the_interval_of_a_share_is_wilsons(trades: int, data: st.DataObject) -> None:
    wins = data.draw(st.integers(0, trades))
    low, high = wilson(wins, trades)
    theirs = stats.binomtest(wins, trades).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    assert 0 <= low <= wins / trades <= high <= 1


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(-3, 5)), max_size=20))
def test_the_drawdown_is_the_deepest_fall_in_order_of_exit(trades: list[tuple[int, int]]) -> None:
    exits = np.array([when for when, _ in trades], dtype=np.int64)
    r = np.array([amount for _, amount in trades], dtype=float)
    highest = total = deepest = 0
    for moment in range(10):
        total += sum(amount for when, amount in trades if when == moment)
        highest = max(highest, total)
        deepest = max(deepest, highest - total)
    assert max_drawdown(r, exits) == deepest
