"""What a walk picks out of columns is what the path of a row gives, number for number."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain import Plan, Trade
from engine.market.candles import Candles, Funding
from engine.simulate.flows import Venue, flows_of
from engine.simulate.kernel import simulate
from engine.simulate.money import money_of
from engine.simulate.outcomes import Outcomes
from engine.simulate.terms import Terms
from engine.units import MINUTE_MS
from tests.conftest import EXAMPLES
from tests.simulate.test_twin import SEEDS, TERMS, candle_sets, many_plans, plans


@settings(max_examples=EXAMPLES // 4, deadline=None)
@given(candle_sets(), plans(), SEEDS, TERMS, st.booleans(), st.booleans())
def test_trades_and_flows_of_all_rows_and_of_one_path(
    candles: Candles, first: Plan, seed: int, terms: Terms, paying: bool, mixed: bool
) -> None:
    many = [first, *many_plans(seed, 11)]
    ends = candles.ends - 1000 if mixed else None
    bars = {"X": Candles(*(getattr(candles, name) for name in _NAMES), own_ends=ends)}
    ts = candles.ts[::3] // MINUTE_MS * MINUTE_MS
    funding = {"X": Funding("X", ts, np.full(len(ts), 0.001))} if paying else None
    table = simulate(many, bars, terms)
    money, venue = money_of(table, terms, bars, funding), Venue(terms, bars, funding)
    outcomes = Outcomes(table, money, venue)
    for row in reversed(range(len(many))):
        path, quantity = table.path(row), 0.37 + row
        assert table.filled[row] == bool(path.fills)
        money_by_row = (float(x[row]) * quantity for x in (money.gross, money.fees, money.funding, money.net))
        r = float(money.r[row])
        wanted = Trade(path, quantity, 3.0, *(money_by_row if path.fills else (0.0,) * 4), r if r == r else None)
        assert outcomes.trade(row, quantity, 3.0, ()) == wanted
        assert outcomes.flows(row, quantity) == list(flows_of(wanted, venue))


_NAMES = ("symbol", "timeframe_ms", "ts", "open", "high", "low", "close", "volume")
