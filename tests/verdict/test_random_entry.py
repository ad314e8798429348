"""Matched random entry: what luck makes of the same calls, on markets made up for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.domain import Change, Distance, Order, Plan, Side, StopMove, Trail
from engine.market.candles import Candles
from engine.simulate.money import money_of
from engine.simulate.prepared import simulate
from engine.simulate.terms import Terms
from engine.units import DAY_MS, HOUR_MS
from engine.verdict import moving
from engine.verdict.moving import Ground, Lives, _Job, _result
from engine.verdict.random_entry import ALL_PATHS, PATHS, _draw, places, random_entry

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
    found = random_entry(calls, Ground(candles, TERMS, None), seed=1, draws=400)
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
    found = random_entry(lives(candles, bars, sides), Ground(candles, TERMS, None), seed=1, draws=400)
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
        found = random_entry(
            lives(candles, bars, sides), Ground(candles, TERMS, None), seed=seed, draws=200, positions=60
        )
        assert found is not None
        p.append(found.p)
    assert (np.array(p) <= 0.2).mean() == pytest.approx(0.2, abs=0.16)
    assert np.mean(p) == pytest.approx(0.5, abs=0.12)


def test_a_near_target_wins_often_and_is_not_skill() -> None:
    candles = market(3)
    calls = lives(candles, list(range(400, 2400, 20)), [Side.LONG, Side.SHORT] * 50, target=0.003)
    found = random_entry(calls, Ground(candles, TERMS, None), seed=1, draws=400)
    assert found is not None
    assert np.nanmean(calls.r > 0) > 0.8
    assert found.p > 0.01


def test_the_seed_fixes_the_draws_and_the_number_of_processes_changes_nothing() -> None:
    candles = market(4)
    calls = lives(candles, [500, 502, 900], [Side.LONG] * 3)
    once = random_entry(calls, Ground(candles, TERMS, None), seed=5, draws=100, workers=1)
    assert once == random_entry(calls, Ground(candles, TERMS, None), seed=5, draws=100, workers=2)
    assert once != random_entry(calls, Ground(candles, TERMS, None), seed=6, draws=100)


def test_a_run_that_is_kept_to_one_process_starts_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def pool(*_: object, **__: object) -> None:
        raise AssertionError("another process")

    for name, value in (("PARALLEL_FROM", 0), ("CHUNK_PATHS", 1), ("ProcessPoolExecutor", pool)):
        monkeypatch.setattr(moving, name, value)
    monkeypatch.setenv("SIGNALPROOF_CORES", "1")
    candles = market(4)
    calls = lives(candles, [500, 502, 900], [Side.LONG] * 3)
    assert random_entry(calls, Ground(candles, TERMS, None), seed=5, draws=100)
    with pytest.raises(AssertionError, match="another process"):
        random_entry(calls, Ground(candles, TERMS, None), seed=5, draws=100, workers=2)


def test_what_cannot_be_moved_is_said() -> None:
    candles = market(5, days=3)
    calls = lives(candles, [30], [Side.LONG])
    assert random_entry(replace(calls, plans=[]), Ground(candles, TERMS, None), seed=1) is None
    assert random_entry(calls, Ground({}, TERMS, None), seed=1) is None


def moved(plan: Plan, act_ms: int, by: float) -> Plan:
    """The same plan at another time and at scaled prices, field by field."""

    def level(value: float | Distance | None) -> float | Distance | None:
        if isinstance(value, Distance):
            return replace(value, value=value.value * (by if value.unit == "points" else 1))
        return None if value is None else value * by

    def orders(found: tuple[Order, ...]) -> tuple[Order, ...]:
        return tuple(replace(o, price=None if o.price is None else o.price * by) for o in found)

    later = act_ms - plan.act_ms
    return replace(
        plan,
        act_ms=act_ms,
        expire_ms=plan.expire_ms + later,
        orders=orders(plan.orders),
        stop=level(plan.stop),
        targets=tuple((level(price), share) for price, share in plan.targets),
        trail=plan.trail and replace(plan.trail, distance=level(plan.trail.distance)),
        changes=tuple(
            replace(
                c,
                act_ms=c.act_ms + later,
                stop=c.stop * by if isinstance(c.stop, float) else c.stop,
                orders=orders(c.orders),
                targets=tuple((price * by, share) for price, share in c.targets),
            )
            for c in plan.changes
        ),
    )


def plans_of_every_kind(candles: dict[str, Candles]) -> list[Plan]:
    """Ladders, market calls, stops and targets in every unit, and everything that a channel may do later."""
    found = []
    for i, bar in enumerate(range(500, 2300, 90)):
        price, sign = float(candles["COIN"].open[bar]), (1 if i % 2 else -1)
        act = bar * HOUR_MS
        ladder = (Order("limit", price * (1 - sign * 0.004), 0.5), Order("limit", price * (1 - sign * 0.012), 0.5))
        changes = (
            Change(act + 2 * HOUR_MS, "orders", orders=(Order("limit", price * (1 - sign * 0.002), 1.0),)),
            Change(act + 5 * HOUR_MS, "stop", stop=price * (1 - sign * 0.02)),
            Change(act + 7 * HOUR_MS, "targets", targets=((price * (1 + sign * 0.05), 1.0),)),
            Change(act + 9 * HOUR_MS, "close", share=0.5),
            Change(act + 11 * HOUR_MS, "stop", stop="breakeven"),
            Change(act + 40 * HOUR_MS, "close"),
        )
        unit = ("percent", "points")[i // 2 % 2]
        value = 3.0 if unit == "percent" else price * 0.03
        found.append(
            Plan(
                f"x/{i}", "x", "COIN", Side.LONG if sign > 0 else Side.SHORT, act, act + DAY_MS,
                ladder if i % 3 else (Order("market", None, 1.0),),
                price * (1 - sign * 0.03) if i % 3 else Distance(value, unit),
                ((price * (1 + sign * 0.02), 0.5), (price * (1 + sign * 0.06), 0.5)),
                (StopMove(1),) if i % 5 == 0 else (),
                changes=changes[: i % 7],
                trail=Trail(Distance(value, unit), after_target=1) if i % 4 == 0 else None,
            )
        )  # fmt: skip
    return found


def test_what_moves_is_the_whole_plan_and_what_the_channel_did_later() -> None:
    """Times after the call stay, every price is scaled: as if each plan had been written for its new moment."""
    candles = market(7)
    plans, open_ = plans_of_every_kind(candles), candles["COIN"].open
    places = np.array([[p.act_ms + 60 * HOUR_MS, p.act_ms - 200 * HOUR_MS] for p in plans])
    r, end_ms = _result(_Job(plans, places, candles["COIN"], TERMS, None, None))
    written = [
        moved(plan, int(at), float(open_[at // HOUR_MS] / open_[plan.act_ms // HOUR_MS]))
        for plan, row in zip(plans, places, strict=True)
        for at in row
    ]
    table = simulate(written, candles, TERMS)
    assert r.ravel() == pytest.approx(money_of(table, TERMS, candles).r, nan_ok=True)
    assert end_ms.ravel().tolist() == table.end_ms.tolist()
    assert np.isfinite(r).mean() > 0.6


def test_random_trades_are_held_no_longer_than_the_channel_holds_its_own() -> None:
    """In a rising market a channel that closes after an hour earns an hour's rise, and so does any other entry."""
    candles = market(6, drift=0.004)
    whole = lives(candles, list(range(400, 2400, 40)), [Side.LONG] * 50, target=9.0)
    plans = [replace(p, stop=1.0, changes=(Change(p.act_ms + HOUR_MS, "close"),)) for p in whole.plans]
    table = simulate(plans, candles, TERMS)
    closing = Lives(plans, money_of(table, TERMS, candles).r, whole.act_ms, table.end_ms)
    found = random_entry(closing, Ground(candles, TERMS, None), seed=1, draws=400)
    assert found is not None
    assert found.random_r == pytest.approx(found.mean_r, abs=0.003)
    assert found.mean_r < 0.01
    assert found.p > 0.02


@pytest.mark.parametrize("number", [1, 2, 10])
def test_few_places_keep_the_level(number: int) -> None:
    """Skewed results without skill, so few places that draws alone would reject far too often."""
    rng = np.random.default_rng(number)
    p = []
    for _ in range(600):
        r = rng.choice([-1.0, 0.4, 3.0], size=(40, number + 1), p=[0.6, 0.25, 0.15])
        draws = _draw(r, np.ones_like(r), 0, np.full(40, number), 199, rng)
        p.append((1 + (draws >= r[:, 0].mean() - 1e-12).sum()) / 200)
    for level in (0.05, 0.2, 0.5):
        assert (np.array(p) <= level).mean() == pytest.approx(level, abs=3.5 * (level * (1 - level) / 600) ** 0.5)


def test_few_places_still_find_an_edge() -> None:
    rng = np.random.default_rng(3)
    p = []
    for _ in range(100):
        r = rng.choice([-1.0, 0.4, 3.0], size=(1000, 3), p=[0.6, 0.25, 0.15])
        r[:, 0] += 0.25
        draws = _draw(r, np.ones_like(r), 0, np.full(1000, 2), 999, rng)
        p.append((1 + (draws >= r[:, 0].mean()).sum()) / 1000)
    assert (np.array(p) <= 0.005).mean() > 0.9


def test_the_places_of_a_run_are_bounded() -> None:
    assert places(30, 30) == 200
    assert places(400, 400) == PATHS // 400
    assert places(2000, 40_000) == ALL_PATHS // 40_000
    assert places(100_000, 100_000) == 2
