"""What 1,000 became: by hand, and against an independent library where it is installed."""

from __future__ import annotations

import numpy as np
import pytest

from engine.units import DAY_MS, HOUR_MS
from engine.verdict.following import START, Stakes, daily, end_equity, follow, sharpe, sortino


def stakes(*trades: tuple[int, int, float]) -> Stakes:
    """Trades as (first hour, last hour, net of the equity at the start)."""
    start, end, net = (np.array(column) for column in zip(*trades, strict=True))
    ones = np.ones(len(trades))
    return Stakes(start * HOUR_MS, end * HOUR_MS, net.astype(float), 2 * ones, 0.001 * ones, 0 * ones)


def walked(made: Stakes) -> tuple[np.ndarray, np.ndarray]:
    """The equity after each close, hour by hour: an independent walk."""
    equity, held, at, after = START, {}, [], []
    for hour in range(int(made.end_ms.max()) // HOUR_MS + 1):
        for i in np.flatnonzero(made.end_ms == hour * HOUR_MS).tolist():
            equity += held[i] * made.net[i]
            at.append(hour * HOUR_MS)
            after.append(equity)
        for i in np.flatnonzero(made.start_ms == hour * HOUR_MS).tolist():
            held[i] = equity
    return np.array(at), np.array(after)


def test_one_after_the_other_compounds() -> None:
    found = follow(stakes((0, 10, 0.1), (10, 20, -0.5), (30, 40, 0.2)), 0, 4 * DAY_MS)
    assert found.end == pytest.approx(1000 * 1.1 * 0.5 * 1.2)
    assert found.drawdown == pytest.approx(0.5)
    assert found.drawdown_days == pytest.approx((96 - 20) / 24)
    assert found.exposure == pytest.approx(30 / 96)
    assert found.fees == pytest.approx(0.001 * (1000 + 1100 + 550))


def test_at_the_same_time_the_stake_is_that_of_the_start() -> None:
    found = follow(stakes((0, 10, 0.1), (5, 20, 0.1)), 0, DAY_MS)
    assert found.end == pytest.approx(1200.0)
    assert found.exposure == pytest.approx(20 / 24)


def test_a_trade_that_opens_and_closes_in_one_moment_counts() -> None:
    assert end_equity(stakes((5, 5, 0.1), (5, 9, 0.1))) == pytest.approx(1210.0, abs=10.1)


def test_an_account_ends_at_nothing_and_not_below() -> None:
    found = follow(stakes((0, 1, -3.0), (2, 3, 1.0)), 0, DAY_MS)
    assert (found.end, found.drawdown) == (0.0, 1.0)


def test_without_trades_nothing_happens() -> None:
    none = np.array([])
    empty = Stakes(none.astype(np.int64), none.astype(np.int64), none, none, none, none)
    found = follow(empty, 0, 10 * DAY_MS)
    assert (found.end, found.cagr, found.drawdown, found.sharpe, found.exposure) == (START, 0.0, 0.0, None, 0.0)
    assert end_equity(empty) == START


def test_figures_of_days_are_those_of_empyrical() -> None:
    empyrical = pytest.importorskip("empyrical", reason="empyrical-reloaded is not installed")
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(9)
    hours = np.sort(rng.choice(np.arange(1, 360 * 24), 300, replace=False))
    made = stakes(*((int(h), int(h) + 5, float(x)) for h, x in zip(hours, rng.normal(0.002, 0.02, 300), strict=True)))
    found = follow(made, 0, 365 * DAY_MS)
    at, equity = walked(made)
    days = daily(at, equity, 0, 365 * DAY_MS)
    series = pandas.Series(days, index=pandas.date_range("2025-01-01", periods=365))
    assert found.sharpe == pytest.approx(empyrical.sharpe_ratio(series, annualization=365))
    assert found.sortino == pytest.approx(empyrical.sortino_ratio(series, annualization=365))
    assert found.cagr == pytest.approx(empyrical.cagr(series, annualization=365))
    assert found.drawdown >= -empyrical.max_drawdown(series) - 1e-12
    assert sharpe(days) == found.sharpe
    assert sortino(days) == found.sortino
