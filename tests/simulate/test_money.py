"""Fees, funding and R, to the cent, and against a plain count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain import ExitReason, Order, Path, Plan, Side
from engine.market.candles import Candles, Funding
from engine.simulate.money import money_of
from engine.simulate.prepared import simulate
from engine.simulate.terms import Terms
from engine.units import MINUTE_MS
from tests.simulate.test_twin import TERMS, candle_sets, plans
from tests.simulate.world import bars, plan

FREE = Terms(0.0, 0.0, 0.0)


def test_a_limit_long_that_reaches_its_target_pays_maker_twice() -> None:
    candles = {"BTCUSDT": bars("101 102 100.5 101; 101 101 99 100; 100 111 100 110")}
    terms = Terms(maker=0.0006, taker=0.0008, slippage=0.0002)
    money = money_of(simulate([plan("long 100, stop 95, targets 110")], candles, terms), terms, candles)
    assert money.gross[0] == pytest.approx(10)
    assert money.fees[0] == pytest.approx(0.0006 * 100 + 0.0006 * 110)
    assert money.risk[0] == pytest.approx(5)
    assert money.r[0] == pytest.approx((10 - 0.126) / 5)


def test_a_market_short_that_is_stopped_pays_taker_and_slippage_twice() -> None:
    candles = {"BTCUSDT": bars("100 101 99 100; 100 106 100 105")}
    terms = Terms(maker=0.0006, taker=0.0008, slippage=0.001)
    money = money_of(simulate([plan("short market, stop 105, targets 90")], candles, terms), terms, candles)
    into, out = 100 * 0.999, 105 * 1.001
    assert money.gross[0] == pytest.approx(into - out)
    assert money.fees[0] == pytest.approx(0.0008 * (into + out))
    assert money.risk[0] == pytest.approx(105 - into)
    assert money.r[0] < -1


def test_a_ladder_divides_by_the_risk_of_all_its_rungs() -> None:
    candles = {"BTCUSDT": bars("101 102 100.5 101; 101 101 99.5 100; 100 110 100 110")}
    table = simulate([plan("long 100 98, stop 94, targets 110")], candles, FREE)
    money = money_of(table, FREE, candles)
    assert money.risk[0] == pytest.approx(0.5 * 6 + 0.5 * 4)
    assert money.gross[0] == pytest.approx(0.5 * 10)
    assert money.r[0] == pytest.approx(1.0)


@pytest.mark.parametrize(("side", "sign"), [("long", 1), ("short", -1)])
def test_funding_is_paid_at_the_settlements_inside_the_trade(side: str, sign: int) -> None:
    stop, target = ("90", "120") if side == "long" else ("110", "80")
    candles = {"BTCUSDT": bars("; ".join(["100 100 100 100"] * 6))}
    table = simulate([plan(f"{side} market, stop {stop}, targets {target}", act_ms=MINUTE_MS)], candles, FREE)
    ts = np.array([0, 1, 3, 5, 60], np.int64) * MINUTE_MS  # before, at the fill (not yet in), inside, at the end, later
    funding = {"BTCUSDT": Funding("BTCUSDT", ts, np.array([0.5, 0.5, 0.001, 0.002, 0.5]))}
    money = money_of(table, FREE, candles, funding)
    assert money.funding[0] == pytest.approx(sign * 100 * 0.003)
    assert money.net[0] == pytest.approx(-sign * 0.3)


@pytest.mark.parametrize("side", ["long", "short"])
def test_a_trade_without_a_settlement_pays_no_funding_at_all(side: str) -> None:
    """Whatever its shares are and was due before it: 0, not a rest of -4.89e-17."""
    if side == "long":
        candles = {"BTCUSDT": bars("101 101 101 101; 101 101 95 100; 100 131 100 130; 130 130 130 130")}
        one = plan("long 100 99 98, stop 90, targets 110 120 130", act_ms=MINUTE_MS)
    else:
        candles = {"BTCUSDT": bars("99 99 99 99; 99 105 99 100; 100 100 69 70; 70 70 70 70")}
        one = plan("short 100 101 102, stop 110, targets 90 80 70", act_ms=MINUTE_MS)
    table = simulate([one], candles, FREE)
    assert (table.fill_ms[0] >= 0).sum() == (table.leg_ms[0] >= 0).sum() == 3
    ts = np.array([0, MINUTE_MS, 3 * MINUTE_MS], np.int64)
    for due in np.linspace(0.00011, 0.00097, 50).tolist():
        funding = {"BTCUSDT": Funding("BTCUSDT", ts, np.array([due, due / 7, due]))}
        paid = money_of(table, FREE, candles, funding).funding[0]
        assert str(paid) == "0.0"


def test_a_path_without_a_stop_has_no_r() -> None:
    candles = {"BTCUSDT": bars("100 100 100 100; 100 111 100 110")}
    money = money_of(simulate([plan("long market, targets 110")], candles, FREE), FREE, candles)
    assert money.gross[0] == pytest.approx(10)
    assert np.isnan(money.r[0])


def counted(path: Path, terms: Terms, funding: Funding, candles: Candles) -> tuple[float, float, float]:
    """Gross, fees and funding by plain addition."""
    sign = path.plan.side.sign
    gross = sum(x.share * x.price for x in path.legs) - sum(x.share * x.price for x in path.fills)
    later = terms.later_fees[0] if terms.later_fees else (2**62, 0.0, 0.0)
    fees = 0.0
    for x in [*path.fills, *path.legs]:
        rates = later[1:] if x.ts_ms >= later[0] else (terms.maker, terms.taker)
        free = x in path.legs and x.reason is ExitReason.LIQUIDATION
        fees += 0.0 if free else x.share * x.price * rates[0 if x.maker else 1]
    paid = 0.0
    for ts, rate in zip(funding.ts.tolist(), funding.rate.tolist(), strict=True):
        held = sum(f.share for f in path.fills if f.ts_ms < ts) - sum(x.share for x in path.legs if x.ts_ms < ts)
        after = np.flatnonzero(candles.ts >= ts)
        at = after[0] if len(after) else len(candles) - 1
        paid += held * rate * float(candles.open[at])
    return sign * gross, fees, sign * paid


@settings(max_examples=150, deadline=None)
@given(candle_sets(), plans(), TERMS, st.integers(2, 30))
def test_money_equals_plain_addition(candles: Candles, one: Plan, terms: Terms, every: int) -> None:
    ts = np.arange(0, 200, every, dtype=np.int64) * MINUTE_MS
    funding = Funding("X", ts, np.linspace(-0.001, 0.002, len(ts)))
    table = simulate([one], {"X": candles}, terms)
    money = money_of(table, terms, {"X": candles}, {"X": funding})
    expected = counted(table.path(0), terms, funding, candles)
    found = (money.gross[0], money.fees[0], money.funding[0])
    assert found == pytest.approx(expected, abs=1e-9)
    assert money.net[0] == pytest.approx(found[0] - found[1] - found[2])


def test_a_mirrored_market_gives_mirrored_money() -> None:
    up = bars("100 101 99 100; 100 104 100 103; 103 111 103 110")
    down = Candles(
        up.symbol, up.timeframe_ms, up.ts, 200 - up.open, 200 - up.low, 200 - up.high, 200 - up.close, up.volume
    )
    orders = (Order("limit", 100.0, 1.0),)
    long = Plan("a", "c", "BTCUSDT", Side.LONG, 0, 10**9, orders, 95.0, ((110.0, 1.0),))
    short = Plan("b", "c", "BTCUSDT", Side.SHORT, 0, 10**9, orders, 105.0, ((90.0, 1.0),))
    won = [
        money_of(simulate([p], {"BTCUSDT": c}, FREE), FREE, {"BTCUSDT": c}).r[0] for p, c in ((long, up), (short, down))
    ]
    assert won == pytest.approx([2.0, 2.0])
