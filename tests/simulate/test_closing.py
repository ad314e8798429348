"""Trades that a rule ends, and what the account remembers: weeks, losing streaks, the last trade on a symbol."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from engine.domain import Account, Close, Decision, ExitReason, PathStatus, Proposal, RuleNote, Side
from engine.market.candles import Candles, Funding
from engine.simulate.closing import close_early
from engine.simulate.flows import Venue, flows_of
from engine.simulate.judge import TakeAll
from engine.simulate.prepared import simulate
from engine.simulate.terms import Terms
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS, moment_ms
from tests.simulate.test_walk import FALLS, FREE, LONG, RISES, Watching, walk
from tests.simulate.world import bars, plan

NOTE = RuleNote("stop-it", "rules/x.yaml:3", "close", "6%", "5%", "Enough.")
QUIET = "; ".join(["100 101 99 100"] * 8)


@dataclass
class Closes(TakeAll):
    """A judge who takes all trades but those of channel ``end``: they close what is open."""

    close: Close

    def decide(self, proposal: Proposal, account: Account) -> Decision:
        if proposal.channel == "end":
            return Decision(False, 0.0, (NOTE,), close=self.close)
        return Decision(True, 1.0)


ALL = Close("stop-it", "x:3")


def ended(plans, candles, close=ALL, terms=FREE, funding=None):
    return walk(plans, candles, Closes(close), terms=terms, funding=funding)


def test_an_open_trade_is_sold_at_the_next_open_with_slippage_and_taker_fee() -> None:
    terms = Terms(0.0, 0.001, 0.01)
    candles = {"BTCUSDT": bars("100 101 99 100; 100 101 99 100; 102 103 101 102; 102 140 102 140")}
    plans = [plan("long market, stop 90, targets 130"), plan(LONG, channel="end", act_ms=MINUTE_MS + 1, number=2)]
    result = ended(plans, candles, terms=terms)
    trade = result.trades[0]
    (leg,) = trade.path.legs
    assert (leg.ts_ms, leg.price, leg.reason, leg.maker) == (2 * MINUTE_MS, 102 * 0.99, ExitReason.RULE, False)
    assert trade.path.status is PathStatus.CLOSED
    per_unit = 102 * 0.99 - 101 - 0.001 * (102 * 0.99 + 101)
    assert trade.net == pytest.approx(per_unit * trade.quantity)
    assert trade.r == pytest.approx(per_unit / 11)
    assert result.end_equity == pytest.approx(10_000 + trade.net)
    assert [refused.notes for refused in result.refused] == [(NOTE,)]


def test_what_happened_before_stays_and_the_rest_of_the_position_goes() -> None:
    text = "100 101 99 100; 100 106 100 105; 105 106 104 105; 105 105 104 104; 104 140 104 140"
    plans = [plan("long market, stop 90, targets 105 130"), plan(LONG, channel="end", act_ms=3 * MINUTE_MS, number=2)]
    trade = ended(plans, {"BTCUSDT": bars(text)}).trades[0]
    told = [(leg.price, leg.share, leg.reason.value) for leg in trade.path.legs]
    assert told == [(105.0, 0.5, "target"), (105.0, 0.5, "rule")]


def test_orders_that_rest_are_cancelled() -> None:
    text = "100 101 99 100; 100 101 99 100; 100 100 94 95; 95 120 95 120"
    plans = [plan("long 96, stop 90, targets 110"), plan(LONG, channel="end", act_ms=MINUTE_MS, number=2)]
    result = ended(plans, {"BTCUSDT": bars(text)})
    assert result.trades[0].path.fills == ()
    assert result.trades[0].net == 0
    assert result.end_equity == 10_000


def test_a_ladder_keeps_the_rungs_that_had_filled() -> None:
    text = "100 100 98 99; 99 100 98 99; 99 100 98 99; 99 99 94 95; 95 120 95 120"
    plans = [plan("long 99 95, stop 90, targets 110"), plan(LONG, channel="end", act_ms=2 * MINUTE_MS, number=2)]
    trade = ended(plans, {"BTCUSDT": bars(text)}).trades[0]
    assert [(fill.price, fill.share) for fill in trade.path.fills] == [(99.0, 0.5)]
    assert [(leg.ts_ms, leg.share) for leg in trade.path.legs] == [(2 * MINUTE_MS, 0.5)]


@pytest.mark.parametrize(
    ("close", "gone"),
    [
        (Close("x", "y"), {0, 1, 2}),
        (Close("x", "y", channels=("a",)), {0, 1}),
        (Close("x", "y", symbols=("ETHUSDT",)), {1}),
        (Close("x", "y", sides=(Side.SHORT,)), {2}),
        (Close("x", "y", channels=("b",), sides=(Side.LONG,)), set()),
    ],
)
def test_only_what_the_rule_names_is_ended(close: Close, gone: set[int]) -> None:
    candles = {"BTCUSDT": bars(QUIET), "ETHUSDT": bars(QUIET, "ETHUSDT")}
    plans = [
        plan(LONG, channel="a"),
        plan(LONG, channel="a", symbol="ETHUSDT", number=2),
        plan("short market, stop 105, targets 90", channel="b", number=3),
        plan(LONG, channel="end", act_ms=3 * MINUTE_MS, number=4),
    ]
    result = ended(plans, candles, close)
    assert {row for row, t in result.trades.items() if t.path.legs[-1].reason is ExitReason.RULE} == gone


def test_a_trade_that_is_over_by_then_stays_as_it_was() -> None:
    candles = {"BTCUSDT": bars(RISES + "; 110 110 110 110; 110 110 110 110")}
    plans = [plan(LONG), plan(LONG, channel="end", act_ms=2 * MINUTE_MS + 1, number=2)]
    assert ended(plans, candles).trades[0] == walk([plan(LONG)], candles).trades[0]


def test_after_the_last_candle_nothing_can_be_sold() -> None:
    candles = {"BTCUSDT": bars("100 101 99 100; 100 101 99 100")}
    plans = [plan(LONG), plan(LONG, channel="end", act_ms=2 * MINUTE_MS, number=2)]
    assert ended(plans, candles).trades[0].path.status is PathStatus.OPEN


def test_the_cash_of_an_ended_trade_is_its_net_result() -> None:
    """Flows booked before the end and after it come to the same as those of the trade as it ended, funding included."""
    text = "; ".join(["100 101 99 100"] * 700)
    terms, hour = Terms(0.0002, 0.0006, 0.0002), 60 * MINUTE_MS
    funding = {"BTCUSDT": Funding("BTCUSDT", np.arange(11, dtype=np.int64) * hour, np.full(11, 0.001))}
    plans = [plan("long market, stop 90, targets 130"), plan(LONG, channel="end", act_ms=5 * hour + 30_000, number=2)]
    result = ended(plans, {"BTCUSDT": bars(text)}, terms=terms, funding=funding)
    trade = result.trades[0]
    assert trade.funding == pytest.approx(5 * 0.001 * 100 * trade.quantity)
    assert sum(f.cash for f in flows_of(trade, Venue(terms, {"BTCUSDT": bars(text)}, funding))) == pytest.approx(
        trade.net
    )
    assert result.end_equity == pytest.approx(10_000 + trade.net)


def test_closing_says_when_the_end_is_known() -> None:
    candles: dict[str, Candles] = {"BTCUSDT": bars(QUIET)}
    result = walk([plan(LONG)], candles)
    found = close_early(result.trades[0], 3 * MINUTE_MS - 1, Venue(FREE, candles))
    assert found is not None
    assert found[1] == 4 * MINUTE_MS
    assert len(simulate([plan(LONG)], candles, FREE)) == 1


# --------------------------------------------------------------------------- what the account remembers


def test_losses_and_the_last_trades_are_known_once_they_are_over() -> None:
    judge = Watching()
    candles = {"BTCUSDT": bars(FALLS + "; 94 94 94 94; 94 94 94 94"), "ETHUSDT": bars(RISES, "ETHUSDT")}
    plans = [
        plan(LONG, channel="a"),
        plan(LONG, symbol="ETHUSDT", act_ms=MINUTE_MS + 1, channel="b", number=2),
        plan(LONG, symbol="ETHUSDT", act_ms=2 * MINUTE_MS, channel="b", number=3),
    ]
    walk(plans, candles, judge)
    unknown, known = judge.accounts[1].history, judge.accounts[2].history
    assert (unknown.losses, unknown.on_symbol, unknown.of_channel) == (0, {}, {})
    assert (known.losses, known.lost_ms) == (1, 2 * MINUTE_MS)
    assert (known.on_symbol, known.of_channel) == ({"BTCUSDT": 2 * MINUTE_MS}, {"a": 2 * MINUTE_MS})


def test_a_week_begins_on_monday() -> None:
    """A loss on Saturday counts for the week until Sunday is over."""
    start = moment_ms("2025-03-01")  # a Saturday
    ts = start + np.arange(0, 4 * DAY_MS, HOUR_MS, dtype=np.int64)
    close = np.full(len(ts), 100.0)
    low = close.copy()
    low[5] = 90.0
    candles = {
        "BTCUSDT": Candles("BTCUSDT", HOUR_MS, ts, close, close, low, close, close),
        "ETHUSDT": Candles("ETHUSDT", HOUR_MS, ts, close, close, close, close, close),
    }
    judge = Watching()
    later = [start + DAY_MS + HOUR_MS, start + 2 * DAY_MS + HOUR_MS]
    plans = [
        plan("long market, stop 95, targets 110", act_ms=start + HOUR_MS),
        *(plan(LONG, symbol="ETHUSDT", act_ms=at, number=i) for i, at in enumerate(later, 2)),
    ]
    walk(plans, candles, judge)
    sunday, monday = judge.accounts[1], judge.accounts[2]
    assert (sunday.equity, sunday.day_start_equity, sunday.week_start_equity) == pytest.approx((9_900, 9_900, 10_000))
    assert monday.week_start_equity == pytest.approx(9_900)
