"""What a walk picks out of columns is what the path of a row gives, number for number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain import Change, Order, PathStatus, Plan, Side, Trade
from engine.market.candles import Candles, Funding
from engine.simulate.flows import Venue, flows_of, held_entry
from engine.simulate.money import money_of
from engine.simulate.outcomes import Outcomes
from engine.simulate.prepared import simulate
from engine.simulate.terms import Terms
from engine.units import DAY_MS, MINUTE_MS
from tests.conftest import EXAMPLES
from tests.simulate.test_twin import SEEDS, TERMS, candle_sets, many_plans, plans
from tests.simulate.test_walk import FREE
from tests.simulate.world import bars


@settings(max_examples=EXAMPLES // 4, deadline=None)
@given(candle_sets(), plans(), SEEDS, TERMS, st.booleans(), st.booleans())
def test_trades_and_flows_of_all_rows_and_of_one_path(
    candles: Candles, first: Plan, seed: int, terms: Terms, paying: bool, mixed: bool
) -> None:
    many = [first, *many_plans(seed, 11)]
    ends = candles.ends - 1000 if mixed else None
    by_symbol = {"X": Candles(*(getattr(candles, name) for name in _NAMES), own_ends=ends)}
    ts = candles.ts[::3] // MINUTE_MS * MINUTE_MS
    funding = {"X": Funding("X", ts, np.full(len(ts), 0.001))} if paying else None
    table = simulate(many, by_symbol, terms)
    money, venue = money_of(table, terms, by_symbol, funding), Venue(terms, by_symbol, funding)
    outcomes = Outcomes(table, money, venue)
    for row in reversed(range(len(many))):
        path, quantity = table.path(row), 0.37 + row
        assert table.filled[row] == bool(path.fills)
        money_by_row = (float(x[row]) * quantity for x in (money.gross, money.fees, money.funding, money.net))
        r = float(money.r[row])
        wanted = Trade(path, quantity, 3.0, *(money_by_row if path.fills else (0.0,) * 4), r if r == r else None)
        assert outcomes.trade(row, quantity, 3.0, ()) == wanted
        flows = list(flows_of(wanted, venue))
        assert outcomes.flows(row, quantity) == flows
        if path.status is PathStatus.CLOSED:
            assert sum(flow.realised for flow in flows) == pytest.approx(sum(flow.cash for flow in flows), abs=1e-9)


_NAMES = ("symbol", "timeframe_ms", "ts", "open", "high", "low", "close", "volume")


def test_an_entry_that_fills_after_a_part_has_left_moves_the_average_of_what_is_held() -> None:
    """Half at 100, half of that closed at 104, half at 90: what is held then cost (25 + 45) / 0.75 = 93.33."""
    orders = (Order("limit", 100.0, 0.5), Order("limit", 90.0, 0.5))
    part = Change(3 * MINUTE_MS, "close", share=0.5)
    plan = Plan("a/1", "a", "BTCUSDT", Side.LONG, 0, DAY_MS, orders, 80.0, ((120.0, 1.0),), changes=(part,))
    candles = {
        "BTCUSDT": bars("101 102 99 100; 101 103 100 102; 101 103 100 102; 104 105 103 104; 103 104 89 95; 94 95 79 80")
    }
    table, venue = simulate([plan], candles, FREE), Venue(FREE, candles)
    trade = Outcomes(table, money_of(table, FREE, candles, None), venue).trade(0, 2.0, 0.0, ())
    flows = list(flows_of(trade, venue))
    assert [round(flow.realised, 9) for flow in flows] == [0.0, 0.0, 2.0, -20.0]
    assert sum(flow.realised for flow in flows) == pytest.approx(trade.net)


def test_what_the_channel_closes_goes_out_at_the_open_before_an_order_of_the_same_bar_is_filled() -> None:
    """Half at 100; at the next open, 98, half of that is closed, at a loss of 2; then the other half comes in at 90."""
    orders = (Order("limit", 100.0, 0.5), Order("limit", 90.0, 0.5))
    part = Change(2 * MINUTE_MS, "close", share=0.5)
    plan = Plan("a/1", "a", "BTCUSDT", Side.LONG, 0, DAY_MS, orders, 80.0, ((120.0, 1.0),), changes=(part,))
    candles = {"BTCUSDT": bars("101 102 100.5 101; 101 103 100 100; 98 98 89 95; 94 95 79 80")}
    table, venue = simulate([plan], candles, FREE), Venue(FREE, candles)
    outcomes = Outcomes(table, money_of(table, FREE, candles, None), venue)
    trade = outcomes.trade(0, 2.0, 0.0, ())
    flows = list(flows_of(trade, venue))
    assert outcomes.flows(0, 2.0) == flows
    assert [round(flow.realised, 9) for flow in flows] == [0.0, 0.0, -1.0, -20.0]
    assert held_entry(trade.path) == pytest.approx((100 / 4 + 90 / 2) / 0.75)
    assert sum(flow.realised for flow in flows) == pytest.approx(trade.net)
