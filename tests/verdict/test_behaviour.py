"""Targets hit, delay, missing calls, pumps, copies, excursions: small cases by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.domain import Change, Distance, Order, Plan, Side, Trail
from engine.market.candles import Candles
from engine.simulate.money import money_of
from engine.simulate.prepared import prepare, simulate
from engine.simulate.table import PathTable
from engine.simulate.terms import Terms
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS
from engine.verdict.crowd import copies
from engine.verdict.excursion import excursions
from engine.verdict.hits import fair_stages, target_hits
from engine.verdict.latency import delayed_r, latency_curve
from engine.verdict.missing import bounds, gaps
from engine.verdict.pump import pump

TERMS = Terms(0.0, 0.0, 0.0)


def bars(*prices: float, minutes: int = 1) -> dict[str, Candles]:
    """Candles that go in a straight line from each price to the next."""
    p = np.array(prices)
    open_, close = p[:-1], p[1:]
    ts = np.arange(len(open_), dtype=np.int64) * minutes * MINUTE_MS
    high, low = np.maximum(open_, close), np.minimum(open_, close)
    return {"COIN": Candles("COIN", minutes * MINUTE_MS, ts, open_, high, low, close, np.ones(len(open_)))}


def call(at_ms: int, side: Side = Side.LONG, stop: float = 98.0, *targets: float) -> Plan:
    shares = tuple((price, 1 / len(targets)) for price in targets)
    return Plan("x/1", "x", "COIN", side, at_ms, at_ms + DAY_MS, (Order("market", None, 1.0),), stop, shares)


def walked(plans: list[Plan], candles: dict[str, Candles]) -> tuple[PathTable, np.ndarray]:
    return simulate(plans, candles, TERMS), np.arange(len(plans))


def test_targets_are_hit_beside_their_fair_share() -> None:
    """Two trades from 100 with the stop at 98 and targets at 102 and 106: one is stopped, one takes both."""
    won, lost = bars(100, 101, 107, 107), bars(100, 101, 97, 97)
    plans = [call(0, Side.LONG, 98.0, 102.0, 106.0)]
    for candles, hit in ((won, 1.0), (lost, 0.0)):
        table, rows = walked(plans, candles)
        first, second = target_hits(table, rows, np.zeros(1, np.int64))
        assert (first.target, first.trades, first.hit, first.low) == (1, 1, hit, None)
        assert first.fair == pytest.approx(2 / 4)
        assert second.hit == hit
        assert second.fair == pytest.approx(2 / 8)


def test_the_surplus_over_the_fair_share_is_bounded_by_bursts() -> None:
    candles = bars(*([100, 103] * 60))
    plans = [call(2 * i * MINUTE_MS, Side.LONG, 98.0, 102.0) for i in range(40)]
    table, rows = walked(plans, candles)
    (hits,) = target_hits(table, rows, np.arange(40) // 2)
    assert (hits.trades, hits.hit) == (40, 1.0)
    assert hits.low == hits.high == pytest.approx(0.5)


def test_a_trade_that_runs_out_of_time_counts_by_the_chance_it_had_left() -> None:
    """From 100, stop 98, targets 102 and 106; closed by time at 101: three quarters of the way to the first one."""
    candles = bars(100, 101, 101, 101)
    plan = replace(call(0, Side.LONG, 98.0, 102.0, 106.0), close_after_ms=2 * MINUTE_MS)
    table, rows = walked([plan], candles)
    fair, score = fair_stages(table, rows)
    assert fair[0].tolist() == pytest.approx([0.5, 0.25])
    assert score[0].tolist() == pytest.approx([0.75, 0.75 * 0.5])
    assert target_hits(table, rows, np.zeros(1, np.int64))[0].hit == 0


def test_a_stop_that_follows_has_a_fair_share_of_its_own() -> None:
    """Five points behind from the first target on: the second one, 10 points further, is reached once in e squared."""
    plan = replace(call(0, Side.LONG, 90.0, 110.0, 120.0), trail=Trail(Distance(5, "points"), after_target=1))
    table, rows = walked([plan], bars(100, 100, 111, 104))
    first, second = target_hits(table, rows, np.zeros(1, np.int64))
    assert (first.fair, first.hit) == (pytest.approx(0.5), 1.0)
    assert (second.fair, second.hit) == (pytest.approx(0.5 * np.exp(-2)), 0.0)


@pytest.mark.parametrize(
    ("own", "apart"),
    [
        ({"changes": (Change(MINUTE_MS, "stop", stop=99.0),)}, 1),
        ({"changes": (Change(MINUTE_MS, "close"),)}, 0),
        ({"changes": (Change(500 * MINUTE_MS, "stop", stop=99.0),)}, 0),
        ({"close_stop_ms": HOUR_MS}, 1),
        ({"trail": Trail(Distance(5, "points")), "close_after_ms": MINUTE_MS}, 1),
    ],
)
def test_no_fair_share_is_named_for_levels_that_were_not_those_of_the_call(own, apart) -> None:
    table, rows = walked([replace(call(0, Side.LONG, 98.0, 102.0), **own)], bars(100, 101, 101, 103, 103))
    (hits,) = target_hits(table, rows, np.zeros(1, np.int64))
    assert hits.apart == apart
    assert (hits.fair is None) == bool(apart)


def test_who_is_late_pays_more() -> None:
    """The price runs from 100 to 103 in five minutes: at the open of minute five the call is worth less."""
    candles = bars(100, 100.5, 101, 101.5, 102, 102.5, 103, 103.5, 104.5, 104.5)
    prepared = prepare([call(1000, Side.LONG, 98.0, 104.0)], candles)
    own = money_of(prepared.run(TERMS), TERMS, candles).r
    r = delayed_r(prepared, own, np.array([-500]), candles, TERMS, None)
    curve = latency_curve(r)
    assert [point.delay_s for point in curve.points] == [0, 1, 5, 15, 30, 60, 300, 900]
    assert curve.at(0) == pytest.approx((104 - 100) / 2)
    assert curve.at(60) == pytest.approx((104 - 100.5) / 2.5)
    assert curve.at(300) == pytest.approx((104 - 102.5) / 4.5)
    assert curve.points[-1].trades == 0
    assert curve.points[6].lost_r == pytest.approx(2 - 1.5 / 4.5)
    assert curve.gone_after_s is None
    assert latency_curve(np.array([[0.5]] * 5 + [[-0.1]] * 3)).gone_after_s == 60


def test_missing_calls_bound_the_mean() -> None:
    found = bounds(0.3, 100, 0.5, unread=10, hindsight=6, gone=4)
    assert found.calls == 20
    assert found.worst_r == pytest.approx((30 - 10) / 110)
    assert found.best_r == 0.3
    assert bounds(None, 0, None, 3, 0, 0).worst_r is None
    assert bounds(0.3, 100, None, 0, 0, 0).worst_r == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("ids", "gone"),
    [([1, 2, 3], 0), ([1, 2, 3, 4, 6, 7, 8, 9, 10, 12], 2), ([5], 0), ([], 0), ([10, 4000, 90_000], 0)],
)
def test_gaps_are_counted_where_ids_are_the_channels_own(ids: list[int], gone: int) -> None:
    assert gaps(ids) == gone


def test_a_pump_runs_up_before_the_post_and_falls_after() -> None:
    rng = np.random.default_rng(1)
    steps = rng.normal(0, 0.0002, 40 * 1440)
    posts = [1440 * day + 700 for day in range(2, 38)]
    for post in posts:
        steps[post - 15 : post] += 0.0015
        steps[post : post + 15] -= 0.001
    candles = bars(*(100 * np.exp(np.cumsum(steps))))
    plans = [call(post * MINUTE_MS, Side.LONG, 1.0, 200.0) for post in posts]
    found = pump(plans, candles)
    assert found is not None
    assert found.flagged
    assert found.calls == 36
    calm = pump([call((post + 300) * MINUTE_MS, Side.LONG, 1.0, 200.0) for post in posts], candles)
    assert calm is not None
    assert not calm.flagged
    assert pump(plans[:10], candles) is None
    assert pump(plans, bars(*range(1, 200), minutes=60)) is None


def test_a_copycat_is_told_from_chance() -> None:
    rng = np.random.default_rng(2)
    times = np.sort(rng.integers(0, 100 * DAY_MS, 60)).tolist()
    leader = [(at, f"COIN{i % 5} long") for i, at in enumerate(times)]
    follower = [(at + 3 * MINUTE_MS, what) for at, what in leader[::2]]
    stranger = [(int(at), "COIN1 long") for at in rng.integers(0, 100 * DAY_MS, 60)]
    (pair,) = copies({"first": leader, "echo": follower, "other": stranger})
    assert (pair.leader, pair.follower, pair.matches, pair.calls) == ("first", "echo", 30, 30)
    assert pair.lag_ms == 3 * MINUTE_MS
    assert pair.chance < 3
    assert copies({"first": leader}) == []


def test_a_call_is_matched_once() -> None:
    one = [(i * HOUR_MS * 7, "COIN long") for i in range(8)]
    other = [(at + minute * MINUTE_MS, what) for at, what in one for minute in (1, 2, 3)]
    (pair,) = copies({"a": one, "b": other})
    assert (pair.leader, pair.matches, pair.calls) == ("a", 8, 24)


@pytest.mark.parametrize(("side", "mae", "mfe"), [(Side.LONG, 0.5, 1.5), (Side.SHORT, 1.0, 0.5)])
def test_excursions_end_with_the_trade(side: Side, mae: float, mfe: float) -> None:
    """From 100: down to 99, up to 103, then far away after the exit."""
    candles = bars(100, 99, 100, 101.5, 103, 60, 160)
    stop, target = (98.0, 103.0) if side is Side.LONG else (102.0, 96.0)
    table, rows = walked([call(0, side, stop, target)], candles)
    risk = money_of(table, TERMS, candles).risk
    against, in_favour = excursions(table, rows, risk, candles)
    assert (against[0], in_favour[0]) == (pytest.approx(mae), pytest.approx(mfe))


def test_what_was_never_filled_went_nowhere() -> None:
    candles = bars(100, 99)
    plan = call(10 * DAY_MS, Side.LONG, 98.0, 102.0)
    table, rows = walked([plan], candles)
    against, in_favour = excursions(table, rows, np.array([2.0]), candles)
    assert np.isnan(against[0])
    assert np.isnan(in_favour[0])
