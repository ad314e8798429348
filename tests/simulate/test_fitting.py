"""A trade with its size: whole contracts, smallest orders, margin tiers, impact; and the account that asks for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.config.strategy import Costs, Size, Strategy
from engine.domain import Change, Order, Plan, Refusal, Side
from engine.market.candles import Candles
from engine.market.contracts import Contract, Tier
from engine.simulate.fitting import Fitted, Fitting, Unfit
from engine.simulate.flows import Venue
from engine.simulate.grid import on_grid
from engine.simulate.impact import impact_of, impact_unit
from engine.simulate.judge import TakeAll
from engine.simulate.money import money_of
from engine.simulate.prepared import simulate
from engine.simulate.terms import Terms
from engine.simulate.walk import Walk, WalkResult
from engine.units import DAY_MS, MINUTE_MS
from tests.market.test_contracts import BTC
from tests.simulate.world import bars, plan, strategy

TERMS = Terms(0.0002, 0.0006, 0.0)
RISES = "100 101 99 100; 100 104 100 103; 103 111 103 110; 110 110 110 110"
DIPS = "100 101 99 100; 100 100 91 95; 95 111 95 110; 110 110 110 110"
LONG = "long market, stop 95, targets 110"
WHOLE = replace(BTC, contract_size=0.5, tick=0.5, min_contracts=2, tiers=())


def venue(candles: Candles, contract: Contract | None, fair: Candles | None = None) -> Venue:
    known = {"BTCUSDT": (contract,)} if contract else None
    return Venue(TERMS, {"BTCUSDT": candles}, None, {"BTCUSDT": fair} if fair else None, known)


def walk(one: Plan, where: Venue, given: Strategy) -> WalkResult:
    table = simulate([one], where.candles, TERMS, where.fair)
    money = money_of(table, TERMS, where.candles, where.funding)
    return Walk(table, money, given, TakeAll(), where, "UTC", [0]).run([0])


# --------------------------------------------------------------------------- whole contracts


@pytest.mark.parametrize(
    ("step", "size", "amount", "whole"),
    [
        (1, 0.0001, 0.01239, 0.0123),
        (1, 0.0001, 0.0123, 0.0123),  # what is whole already stays to the bit
        (None, 10.0, 29.9, 20.0),  # a swap whose step is not known: whole contracts
        (10, 0.0001, 0.01239, 0.012),
        (0.1, 1.0, 0.37, 0.3),
    ],
)
def test_a_quantity_is_rounded_down_to_what_can_be_ordered(
    step: float | None, size: float, amount: float, whole: float
) -> None:
    assert replace(BTC, contract_step=step, contract_size=size).whole(amount, 60_000) == whole


def test_a_spot_pair_without_a_step_takes_any_amount() -> None:
    assert replace(BTC, type="spot", contract_step=None, contract_size=1).whole(0.123456789, 60_000) == 0.123456789


def test_inverse_contracts_are_counted_in_quote_coins() -> None:
    inverse = replace(BTC, inverse=True, contract_size=100.0)
    assert inverse.whole(0.0127, 50_000) == pytest.approx(0.012)  # 6 contracts of 100 USD


@pytest.mark.parametrize(
    ("quantity", "fitted"),
    [
        (20.0, 20.0),
        (20.3, 20.0),
        (1.0, 1.0),
        (0.9, Unfit("minimum order", "1.8 contracts of 0.5 BTC", "2 contracts of 0.5 BTC",
                    "the trade is smaller than the smallest order of its contract")),
        (0.3, Unfit("minimum order", "0.6 contracts of 0.5 BTC", "2 contracts of 0.5 BTC",
                    "the trade is smaller than the smallest order of its contract")),
    ],
)  # fmt: skip
def test_what_the_exchange_takes(quantity: float, fitted: float | Unfit) -> None:
    one = plan(LONG)
    found = Fitting(venue(bars(RISES), WHOLE)).fit(one, quantity, 100.0)
    assert found == (fitted if isinstance(fitted, Unfit) else Fitted(fitted, one))


def test_a_smallest_value() -> None:
    spot = replace(
        BTC, type="spot", contract_size=1, contract_step=0.001, min_contracts=None, min_notional=5.0, tiers=()
    )
    fitting = Fitting(venue(bars(RISES), spot))
    assert fitting.fit(plan(LONG), 0.05, 100.0) == Fitted(0.05, plan(LONG))
    small = fitting.fit(plan(LONG), 0.0499, 100.0)
    assert isinstance(small, Unfit)
    assert (small.seen, small.limit) == ("0.0499 BTC", "5 USDT")


def test_without_contract_facts_any_quantity_will_do() -> None:
    assert Fitting(venue(bars(RISES), None)).fit(plan(LONG), 0.123, 100.0) == Fitted(0.123, plan(LONG))


def test_the_account_trades_whole_contracts_and_refuses_what_is_too_small() -> None:
    """1% of 10,000 at 5 a unit is 20 units; 1% of 41 is 0.082."""
    taken = walk(plan(LONG), venue(bars(RISES), replace(WHOLE, contract_size=3.0)), strategy())
    assert taken.trades[0].quantity == 18.0
    assert taken.trades[0].risk == pytest.approx(90.0)
    assert taken.trades[0].gross == pytest.approx(180.0)
    refused = walk(plan(LONG), venue(bars(RISES), WHOLE), strategy(equity=41.0))
    assert not refused.trades
    note = refused.refused[0].notes[-1]
    assert (note.rule, note.where) == ("minimum order", "strategies/test.yaml")
    assert (note.seen, note.limit) == ("0.164 contracts of 0.5 BTC", "2 contracts of 0.5 BTC")
    assert refused.end_equity == 41.0


# --------------------------------------------------------------------------- margin tiers

TIERS = (Tier(None, 1_000.0, 0.005, 0.01, 100), Tier(None, 20_000.0, 0.02, 0.1, 10))


def test_a_market_order_taken_away_before_it_fills_never_comes_to_its_contract() -> None:
    """Its entry, and so its size, is never known; the account refuses it, and goes on."""
    one = plan(LONG)
    gone = replace(one, changes=(Change(one.act_ms, "close"),))
    walked = walk(gone, venue(bars(RISES), WHOLE), strategy(size=Size(fixed=1000.0)))
    assert not walked.trades
    assert [(one.row, one.notes[-1].seen) for one in walked.refused] == [(0, "no price")]
    assert walked.end_equity == 10_000


def test_a_larger_position_is_liquidated_sooner() -> None:
    """At 10x the first tier holds to 90.5, the second only to 92: the low of 91 takes the larger trade."""
    where = venue(bars(DIPS), replace(WHOLE, min_contracts=1, tiers=TIERS))
    one = replace(plan("long market, stop 80, targets 110"), leverage=10.0, maintenance=0.005)
    small = walk(one, where, strategy(size=Size(fixed=900.0), leverage=10.0)).trades[0]
    large = walk(one, where, strategy(size=Size(fixed=5_000.0), leverage=10.0)).trades[0]
    assert [leg.reason.value for leg in small.path.legs] == ["target"]
    assert [leg.reason.value for leg in large.path.legs] == ["liquidation"]
    assert large.path.plan.maintenance == 0.02
    assert large.gross == pytest.approx(-500.0)  # the isolated margin is gone


def test_a_tier_limits_the_leverage_and_asks_for_more_margin() -> None:
    where = venue(bars(RISES), replace(WHOLE, tiers=TIERS))
    one = replace(plan(LONG), leverage=50.0, maintenance=0.005)
    taken = walk(one, where, strategy(size=Size(fixed=5_000.0), leverage=50.0))
    assert taken.trades[0].path.plan.leverage == 10.0
    refused = walk(one, where, strategy(size=Size(fixed=5_000.0), leverage=50.0, equity=400.0))
    assert refused.refused[0].notes[-1].rule == "margin"
    assert refused.refused[0].notes[-1].seen == "500.00"


def test_a_position_beyond_the_last_tier_is_refused() -> None:
    one = replace(plan(LONG), leverage=10.0, maintenance=0.005)
    found = Fitting(venue(bars(RISES), replace(WHOLE, tiers=TIERS))).fit(one, 500.0, 100.0)
    assert isinstance(found, Unfit)
    assert (found.rule, found.seen, found.limit) == ("position limit", "1000 contracts of 0.5 BTC", "20000")


def test_the_fair_price_is_looked_at_when_a_trade_is_taken_through_the_candles_again() -> None:
    fair = bars("100 101 99 100; 100 100 93 95; 95 111 95 110; 110 110 110 110")
    where = venue(bars(DIPS), replace(WHOLE, tiers=TIERS), fair)
    one = replace(plan("long market, stop 80, targets 110"), leverage=10.0, maintenance=0.005)
    large = walk(one, where, strategy(size=Size(fixed=5_000.0), leverage=10.0)).trades[0]
    assert [leg.reason.value for leg in large.path.legs] == ["target"]


# --------------------------------------------------------------------------- impact


def busy(days: int = 2, volume: float = 50.0) -> Candles:
    """Two days of minutes around 100 that go up and down by 0.1% each minute."""
    n = days * 1440
    close = 100 * np.where(np.arange(n) % 2 == 0, 1.0, 1.001)
    open_ = np.append(close[0], close[:-1])
    high, low = np.maximum(open_, close), np.minimum(open_, close)
    ts = np.arange(n, dtype=np.int64) * MINUTE_MS
    return Candles("BTCUSDT", MINUTE_MS, ts, open_, high, low, close, np.full(n, volume))


def test_the_square_root_law() -> None:
    """A day of 0.1% each minute has a volatility of 0.1% x sqrt(1440) = 3.8%; a hundredth of its volume moves 0.38%."""
    unit = impact_unit(busy(), DAY_MS)
    assert unit is not None
    traded = 1440 * 50 * 100.05
    assert impact_of(1.0, unit, traded / 100) == pytest.approx(np.log(1.001) * np.sqrt(1439) / 10)
    assert impact_of(0.5, unit, traded / 400) == pytest.approx(impact_of(1.0, unit, traded / 100) / 4)


@pytest.mark.parametrize(
    ("candles", "at"), [(busy(), DAY_MS - MINUTE_MS), (busy(volume=0.0), DAY_MS), (busy().before(0), DAY_MS)]
)
def test_impact_that_cannot_be_told(candles: Candles, at: int) -> None:
    assert impact_unit(candles, at) is None


def test_the_impact_of_the_account_grows_with_the_size() -> None:
    where = venue(busy(), None)
    one = Plan("c/1", "c", "BTCUSDT", Side.LONG, DAY_MS, 2 * DAY_MS, (Order("market", None, 1.0),), 90.0,
               ((120.0, 1.0),), close_after_ms=MINUTE_MS * 10)  # fmt: skip
    nets = [
        walk(one, where, strategy(size=Size(fixed=value), costs=Costs(impact=factor))).trades[0].net / value
        for value, factor in ((100.0, 0.0), (100.0, 1.0), (10_000.0, 1.0))
    ]
    unit = impact_unit(busy(), DAY_MS)
    assert unit is not None
    assert nets[0] - nets[1] == pytest.approx(2 * unit * 10, rel=0.01)  # in and out
    assert nets[0] - nets[2] == pytest.approx(2 * unit * 100, rel=0.01)


def test_a_trade_whose_impact_is_not_known_is_refused() -> None:
    found = Fitting(venue(bars(RISES), None), 1.0).fit(plan(LONG), 1.0, 100.0)
    assert isinstance(found, Unfit)
    assert found.rule == "impact"


# --------------------------------------------------------------------------- the grid of a plan


def test_all_prices_of_a_plan_come_to_lie_on_the_grid() -> None:
    one = replace(plan("long 100.3 99.1, stop 95.1, targets 110.3 120.2"), tick=0.5, hard_stop=93.9)
    moved = on_grid(one)
    assert isinstance(moved, Plan)
    assert [order.price for order in moved.orders] == [100.5, 99.0]
    assert (moved.stop, moved.hard_stop) == (95.0, 94.0)
    assert [level for level, _ in moved.targets] == [110.5, 120.0]


@pytest.mark.parametrize(
    ("text", "which"),
    [("long 100, stop 99.9, targets 110", "stop"), ("short 100, stop 105, targets 99.8", "first target")],
)
def test_a_grid_too_coarse_for_a_call(text: str, which: str) -> None:
    found = on_grid(replace(plan(text), tick=1.0))
    assert found == Refusal("levels", f"in steps of 1 the {which} is no longer apart from the entry")
