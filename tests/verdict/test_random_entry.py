"""Matched random entry: what luck makes of the same calls, on markets made up for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.domain import Distance, Order, Plan, Side
from engine.market.candles import Candles
from engine.simulate.kernel import simulate
from engine.simulate.money import money_of
from engine.simulate.terms import Terms
from engine.units import DAY_MS, HOUR_MS
from engine.verdict.random_entry import Lives, _moved, random_entry

TERMS = Terms(0.0, 0.0, 0.0)


def market(seed: int, drift: float = 0.0, days: int = 120) -> dict[str, Candles]:
    """Hourly candles of a coin that wanders, with a drift an hour."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(drift, 0.01, days * 24)))
    open_ = np.concatenate([[100.0], close[:-1]])
    wick = np.exp(np.abs(rng.normal(0, 0.003, len(close))))
    ts = np.arange(len(close), dtype=np.int64) * HOUR_MS
    high, low = np.maximum(open_, close) * wick, np.minimum(open_, close) / wick
    return {"COIN": Candles("COIN", HOUR_MS, ts, open_, high, low, close, np.ones(len(close)))}


def lives(candles: dict[str, Candles], bars: list[int], sides: list[Side], target: float = 0.03) -> Lives:
    """Market calls at the open of some bars, stop 3% away, one target."""
    open_ = candles["COIN"].open
    plans = [
        Plan(
            f"x/{i}", "x", "COIN", side, bar * HOUR_MS, bar * HOUR_MS + DAY_MS, (Order("market", None, 1.0),),
            open_[bar] * (1 - side.sign * 0.03), ((open_[bar] * (1 + side.sign * target), 1.0),),
        )
        for i, (bar, side) in enumerate(zip(bars, sides, strict=True))
    ]  # fmt: skip
    table = simulate(plans, candles, TERMS)
    act = np.array([plan.act_ms for plan in plans], np.int64)
    return Lives(plans, money_of(table, TERMS, candles).r, act, table.end_ms)


def test_in_a_rising_market_any_long_wins_and_none_of_it_is_skill() -> None:
    candles = market(1, drift=0.002)
    calls = lives(candles, list(range(400, 2400, 40)), [Side.LONG] * 50)
    found = random_entry(calls, candles, TERMS, None, seed=1, draws=400)
    assert found is not None
    assert found.mean_r > 0.2
    assert found.random_r > 0.2
    assert found.p > 0.02
    assert found.moved == found.calls == 50


def test_who_knows_the_side_beats_random_times() -> None:
    candles = market(2)
    bars = list(range(400, 2400, 40))
    both = [lives(candles, [bar], [side]).r[0] for bar in bars for side in Side]
    sides = [Side.LONG if both[2 * i] > both[2 * i + 1] else Side.SHORT for i in range(len(bars))]
    found = random_entry(lives(candles, bars, sides), candles, TERMS, None, seed=1, draws=400)
    assert found is not None
    assert found.p == pytest.approx(1 / 401)
    assert found.random_r == pytest.approx(0.0, abs=0.2)


def test_without_skill_the_p_value_is_as_small_as_it_says() -> None:
    p = []
    for seed in range(60):
        candles = market(100 + seed)
        rng = np.random.default_rng(seed)
        sides = [Side.LONG if rng.random() < 0.5 else Side.SHORT for _ in range(25)]
        bars = sorted(rng.choice(np.arange(400, 2400), 25, replace=False).tolist())
        found = random_entry(lives(candles, bars, sides), candles, TERMS, None, seed=seed, draws=200, positions=60)
        assert found is not None
        p.append(found.p)
    assert (np.array(p) <= 0.2).mean() == pytest.approx(0.2, abs=0.16)
    assert np.mean(p) == pytest.approx(0.5, abs=0.12)


def test_a_near_target_wins_often_and_is_not_skill() -> None:
    candles = market(3)
    calls = lives(candles, list(range(400, 2400, 20)), [Side.LONG, Side.SHORT] * 50, target=0.003)
    found = random_entry(calls, candles, TERMS, None, seed=1, draws=400)
    assert found is not None
    assert np.nanmean(calls.r > 0) > 0.8
    assert found.p > 0.01


def test_the_seed_fixes_the_draws_and_the_number_of_processes_changes_nothing() -> None:
    candles = market(4)
    calls = lives(candles, [500, 502, 900], [Side.LONG] * 3)
    once = random_entry(calls, candles, TERMS, None, seed=5, draws=100, workers=1)
    assert once == random_entry(calls, candles, TERMS, None, seed=5, draws=100, workers=2)
    assert once != random_entry(calls, candles, TERMS, None, seed=6, draws=100)


def test_what_cannot_be_moved_is_said() -> None:
    candles = market(5, days=3)
    calls = lives(candles, [30], [Side.LONG])
    assert random_entry(replace(calls, plans=[]), candles, TERMS, None, seed=1) is None
    assert random_entry(calls, {}, TERMS, None, seed=1) is None


def test_a_moved_plan_keeps_its_distances_in_percent() -> None:
    plan = Plan(
        "x/1", "x", "COIN", Side.SHORT, 1000, 5000, (Order("limit", 100.0, 0.5), Order("limit", 102.0, 0.5)), 110.0,
        ((95.0, 0.6), (90.0, 0.4)),
    )  # fmt: skip
    (moved,) = _moved(plan, [9000], [2.0])
    assert (moved.act_ms, moved.expire_ms) == (9000, 13_000)
    assert [order.price for order in moved.orders] == [200.0, 204.0]
    assert moved.stop == 220.0
    assert [price for price, _ in moved.targets] == [190.0, 180.0]
    points = replace(plan, orders=(Order("market", None, 1.0),), stop=Distance(5.0, "points"))
    (moved,) = _moved(points, [9000], [2.0])
    assert moved.stop == Distance(10.0, "points")
    (moved,) = _moved(replace(points, stop=Distance(5.0, "percent")), [9000], [2.0])
    assert moved.stop == Distance(5.0, "percent")
