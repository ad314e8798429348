"""One account over all paths: sizes, rules, margin, days, halts and the equity curve."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from engine.config.strategy import Size, Strategy
from engine.domain import Account, Change, Decision, Halt, Plan, Proposal, RuleNote, Trade
from engine.market.candles import Candles, Funding
from engine.simulate.equity import curve_of
from engine.simulate.flows import Flows, Venue
from engine.simulate.judge import Judge, TakeAll
from engine.simulate.money import money_of
from engine.simulate.prepared import simulate
from engine.simulate.terms import Terms
from engine.simulate.walk import Walk, WalkResult
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS
from tests.simulate.world import bars, plan, strategy

FREE = Terms(0.0, 0.0, 0.0)
RISES = "100 101 99 100; 100 104 100 103; 103 111 103 110; 110 110 110 110"
FALLS = "100 101 99 100; 100 100 94 94; 94 94 94 94; 94 94 94 94"
LONG = "long market, stop 95, targets 110"


def walk(
    plans: list[Plan],
    candles: dict[str, Candles],
    judge: Judge | None = None,
    given: Strategy | None = None,
    terms: Terms = FREE,
    funding: dict[str, Funding] | None = None,
) -> WalkResult:
    table = simulate(plans, candles, terms)
    money = money_of(table, terms, candles, funding)
    posted = [p.act_ms - 5000 for p in plans]
    venue = Venue(terms, candles, funding)
    return Walk(table, money, given or strategy(), judge or TakeAll(), venue, "UTC", posted).run(range(len(table)))


@dataclass
class Watching(TakeAll):
    """A judge who takes all and remembers what he was shown, the peak too."""

    about_peak = about_history = True
    proposals: list[Proposal] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    decision: Decision = field(default_factory=lambda: Decision(True, 1.0))

    def decide(self, proposal: Proposal, account: Account) -> Decision:
        self.proposals.append(proposal)
        self.accounts.append(deepcopy(replace(account, open_trades=tuple(account.open_trades))))
        return self.decision


@pytest.mark.parametrize(
    ("size", "quantity"),
    [(Size(risk=0.01), 100 / 5), (Size(fraction=0.10), 1000 / 100), (Size(fixed=500.0), 500 / 100)],
)
def test_sizes(size: Size, quantity: float) -> None:
    result = walk([plan(LONG)], {"BTCUSDT": bars(RISES)}, given=strategy(size=size))
    assert result.trades[0].quantity == pytest.approx(quantity)
    assert result.trades[0].net == pytest.approx(10 * quantity)
    assert result.end_equity == pytest.approx(10_000 + 10 * quantity)


def test_risk_compounds_on_the_equity_of_the_moment() -> None:
    candles = {"BTCUSDT": bars(RISES + "; 100 101 99 100; 100 104 100 103; 103 111 103 110; 110 110 110 110")}
    result = walk([plan(LONG), plan(LONG, act_ms=4 * MINUTE_MS, number=2)], candles)
    assert [t.risk for t in result.trades.values()] == pytest.approx([100.0, 102.0])
    assert [t.r for t in result.trades.values()] == pytest.approx([2.0, 2.0])
    assert result.end_equity == pytest.approx(10_000 + 200 + 204)


def test_the_judge_sees_size_risk_margin_and_what_is_open() -> None:
    judge = Watching()
    candles = {"BTCUSDT": bars(RISES), "ETHUSDT": bars(RISES, "ETHUSDT")}
    plans = [plan("long 99.5, stop 95, targets 110"), plan(LONG, symbol="ETHUSDT", act_ms=MINUTE_MS, number=2)]
    walk(plans, candles, judge)
    first = judge.proposals[0]
    assert (first.entry, first.stop, first.targets) == (99.5, 95.0, (110.0,))
    assert first.risk == pytest.approx(100)
    assert first.notional == pytest.approx(100 / 4.5 * 99.5)
    assert first.margin == pytest.approx(first.notional / 5)
    assert first.posted_ms == -5000
    assert judge.accounts[0].open_trades == ()
    (open_trade,) = judge.accounts[1].open_trades
    assert open_trade.symbol == "BTCUSDT"
    assert open_trade.risk == pytest.approx(100)


def test_open_loss_counts_before_it_is_closed() -> None:
    judge = Watching()
    candles = {"BTCUSDT": bars("100 101 99 100; 100 100 96 97; 97 97 96 97"), "ETHUSDT": bars(RISES, "ETHUSDT")}
    walk([plan(LONG), plan(LONG, symbol="ETHUSDT", act_ms=2 * MINUTE_MS, number=2)], candles, judge)
    assert judge.accounts[1].equity == pytest.approx(10_000 - 20 * 3)  # 20 units bought at 100, marked at 97


def test_nothing_of_an_unfinished_bar_is_known() -> None:
    """The stop is hit inside the second bar; a call in the middle of that bar cannot know it."""
    judge = Watching()
    candles = {"BTCUSDT": bars(FALLS), "ETHUSDT": bars(RISES, "ETHUSDT")}
    later = plan(LONG, symbol="ETHUSDT", act_ms=MINUTE_MS + 30_000, number=2)
    walk([plan(LONG), later], candles, judge)
    assert judge.accounts[1].equity == pytest.approx(10_000)
    assert len(judge.accounts[1].open_trades) == 1


def test_a_resized_trade_keeps_its_r_and_says_who_resized_it() -> None:
    note = RuleNote("cap", "rules/x.yaml:3", "resize", "1%", "0.5%", "Too much risk: size cut to 50%.")
    result = walk([plan(LONG)], {"BTCUSDT": bars(RISES)}, Watching(decision=Decision(True, 0.5, (note,))))
    trade = result.trades[0]
    assert (trade.quantity, trade.risk, trade.r) == pytest.approx((10, 50, 2))
    assert trade.notes == (note,)


def test_a_halt_holds_until_its_time_and_for_its_scope() -> None:
    note = RuleNote("daily", "rules/x.yaml:9", "halt", "6%", "5%", "Daily loss.")

    @dataclass
    class HaltsOnce(TakeAll):
        asked: int = 0

        def decide(self, proposal: Proposal, account: Account) -> Decision:
            self.asked += 1
            if self.asked > 1:
                return Decision(True, 1.0)
            until = account.now_ms + 2 * MINUTE_MS
            return Decision(False, 0.0, (note,), Halt(until, "daily", "rules/x.yaml:9", symbols=("BTCUSDT",)))

    candles = {"BTCUSDT": bars("; ".join(["100 100 100 100"] * 6)), "ETHUSDT": bars(RISES, "ETHUSDT")}
    plans = [
        plan(LONG, number=1),
        plan(LONG, act_ms=MINUTE_MS, number=2),
        plan(LONG, act_ms=MINUTE_MS, number=3, symbol="ETHUSDT"),
        plan(LONG, act_ms=3 * MINUTE_MS, number=4),
    ]
    result = walk(plans, candles, HaltsOnce())
    assert [refused.signal_id for refused in result.refused] == ["c/1", "c/2"]
    assert result.refused[1].notes[0].rule == "daily"
    assert "halted by daily until 1970-01-01 00:02" in result.refused[1].notes[0].text
    assert sorted(result.trades) == [2, 3]


def test_margin_that_is_not_free_refuses() -> None:
    candles = {"BTCUSDT": bars("; ".join(["100 100 100 100"] * 6))}
    tight = [plan("long market, stop 99.9, targets 110", number=n, act_ms=n * MINUTE_MS) for n in (1, 2)]
    result = walk(tight, candles, given=strategy(size=Size(risk=0.04)))  # 400 / 0.1 * 100 / 5 = 80,000 of margin
    assert [r.notes[-1].rule for r in result.refused] == ["margin", "margin"]
    assert result.refused[0].notes[-1].where == "strategies/test.yaml"
    assert result.end_equity == 10_000


def test_margin_is_free_again_once_its_trade_is_over() -> None:
    """Ten trades one after the other that need 3,000 of 10,000 each, all of them over but the one before."""
    candles = {"BTCUSDT": bars("; ".join(["100 100 100 100"] * 60))}
    calls = [
        plan("long market, stop 50, targets 200", number=n, act_ms=5 * n * MINUTE_MS, close_after_ms=7 * MINUTE_MS)
        for n in range(10)
    ]
    fixed = strategy(size=Size(fixed=15_000.0))
    assert len(walk(calls, candles, given=fixed).trades) == 10
    crowded = [*calls, *(plan("long market, stop 50, targets 200", number=n, act_ms=46 * MINUTE_MS) for n in (20, 21))]
    refused = walk(crowded, candles, given=fixed).refused
    assert [(one.signal_id, one.notes[-1].limit) for one in refused] == [("c/21", "1000.00 USDT")]


def test_a_risk_cannot_size_a_trade_without_a_stop() -> None:
    result = walk([plan("long market, targets 110")], {"BTCUSDT": bars(RISES)})
    assert result.refused[0].notes[0].rule == "size"


def test_a_call_that_is_never_filled_holds_its_place_and_makes_no_money() -> None:
    judge = Watching()
    candles = {"BTCUSDT": bars("; ".join(["100 100 100 100"] * 6))}
    resting = plan("long 90, stop 80, targets 110", valid_ms=3 * MINUTE_MS)
    result = walk(
        [resting, plan(LONG, act_ms=MINUTE_MS, number=2), plan(LONG, act_ms=4 * MINUTE_MS, number=3)], candles, judge
    )
    assert [len(account.open_trades) for account in judge.accounts] == [0, 1, 1]
    assert result.trades[0].net == 0
    assert result.trades[0].r is None


def test_the_day_starts_at_midnight_of_the_zone() -> None:
    judge = Watching()
    flat = ["100 100 100 100"] * 30
    flat[2] = "100 100 94 94"
    candles = {"BTCUSDT": Candles("BTCUSDT", HOUR_MS, *_hours(flat))}
    plans = [plan(LONG, act_ms=0, number=1), *(plan(LONG, act_ms=h * HOUR_MS, number=h) for h in (10, 21, 22))]
    table = simulate(plans, candles, FREE)
    money = money_of(table, FREE, candles)
    Walk(table, money, strategy(), judge, Venue(FREE, candles), "Europe/Sofia", [0] * 4).run(range(len(table)))
    # 1970-01-01 00:00 UTC is 02:00 in Sofia; its next midnight is 22:00 UTC
    assert [round(a.day_start_equity) for a in judge.accounts] == [10_000, 10_000, 10_000, 9_900]


def _hours(text: list[str]) -> tuple[np.ndarray, ...]:
    columns = np.array([[float(x) for x in row.split()] for row in text]).T
    return (np.arange(len(text), dtype=np.int64) * HOUR_MS, *columns, np.ones(len(text)))


def plain_equity(trades: list[Trade], venue: Venue, start: float, now: int) -> float:
    """Equity at a moment by going through every trade."""
    equity, terms = start, venue.terms
    for trade in trades:
        sign, bar = trade.path.plan.side.sign, venue.candles[trade.path.plan.symbol]
        over = [i for i, ts in enumerate(bar.ts) if ts + bar.timeframe_ms <= now]
        held = 0.0
        for direction, moves in ((1, trade.path.fills), (-1, trade.path.legs)):
            for move in moves:
                if move.ts_ms + bar.timeframe_ms <= now:
                    held += direction * sign * move.share * trade.quantity
                    equity -= direction * sign * move.share * trade.quantity * move.price
                    equity -= (terms.maker if move.maker else terms.taker) * move.share * trade.quantity * move.price
        equity += held * (bar.close[over[-1]] if over else bar.open[0])
        for ts, rate in zip(venue.funding[bar.symbol].ts, venue.funding[bar.symbol].rate, strict=True):
            if ts <= now:
                share = sum(f.share for f in trade.path.fills if f.ts_ms < ts)
                share -= sum(leg.share for leg in trade.path.legs if leg.ts_ms < ts)
                equity -= sign * share * trade.quantity * rate * bar.open[np.searchsorted(bar.ts, ts)]
    return equity


def test_the_curve_equals_a_plain_count_at_every_bar() -> None:
    rng = np.random.default_rng(4)
    close = 100 + np.cumsum(rng.normal(0, 0.5, 200))
    open_ = np.concatenate([[100], close[:-1]])
    high, low = np.maximum(open_, close) + 0.3, np.minimum(open_, close) - 0.3
    ts = np.arange(200, dtype=np.int64) * MINUTE_MS
    candles = {s: Candles(s, MINUTE_MS, ts, open_, high, low, close, ts * 1.0) for s in ("BTCUSDT", "ETHUSDT")}
    settled = ts[7::20]
    funding = {s: Funding(s, settled, np.linspace(-0.001, 0.002, len(settled))) for s in candles}
    plans = [
        plan(
            "long market, stop 90, targets 104" if n % 2 else "short market, stop 110, targets 96",
            symbol="BTCUSDT" if n % 3 else "ETHUSDT",
            act_ms=n * 15 * MINUTE_MS,
            number=n,
            close_after_ms=40 * MINUTE_MS,
        )
        for n in range(10)
    ]
    venue = Venue(Terms(0.0006, 0.0008, 0.0002), candles, funding)
    result = walk(plans, candles, terms=venue.terms, funding=funding)
    trades = list(result.trades.values())
    assert len(trades) > 5
    assert any(trade.funding for trade in trades)
    curve = curve_of(result.flows, candles, 10_000, 0, 200 * MINUTE_MS, MINUTE_MS)
    for now, equity in zip(curve.ts.tolist(), curve.equity.tolist(), strict=True):
        assert equity == pytest.approx(plain_equity(trades, venue, 10_000, now), abs=1e-6)
    assert curve.equity[-1] == pytest.approx(result.end_equity)
    assert result.end_equity == pytest.approx(10_000 + sum(trade.net for trade in trades))
    peak = np.maximum.accumulate(np.maximum(curve.equity, 10_000))
    assert curve.max_drawdown == pytest.approx((1 - curve.equity / peak).max())
    coarse = curve_of(result.flows, candles, 10_000, 0, 200 * MINUTE_MS, 30 * MINUTE_MS)
    assert coarse.max_drawdown == pytest.approx(curve.max_drawdown)  # no bar's drawdown is lost between the points
    assert len(coarse.ts) < len(curve.ts) / 20


def test_fees_are_paid_with_the_move_they_belong_to() -> None:
    judge = Watching()
    candles = {"BTCUSDT": bars("; ".join(["100 100 100 100"] * 6)), "ETHUSDT": bars(RISES, "ETHUSDT")}
    later = plan(LONG, symbol="ETHUSDT", act_ms=2 * MINUTE_MS, number=2)
    walk([plan(LONG), later], candles, judge, terms=Terms(0.0, 0.001, 0.0))
    assert judge.accounts[1].equity == pytest.approx(10_000 - 0.001 * 2000)


def test_the_peak_is_seen_between_calls() -> None:
    """The first trade is up at its first target and back again before the second call looks."""
    judge = Watching()
    up = "100 100 100 100; 100 106 100 106; 106 106 100 100; 100 100 100 100"
    candles = {"BTCUSDT": bars(up), "ETHUSDT": bars(RISES, "ETHUSDT")}
    later = plan("long market, stop 95, targets 150", symbol="ETHUSDT", act_ms=3 * MINUTE_MS, number=2)
    walk([plan("long market, stop 95, targets 105 120"), later], candles, judge)
    assert judge.accounts[1].peak_equity == pytest.approx(10_000 + 10 * 5 + 10 * 6)
    assert judge.accounts[1].equity == pytest.approx(10_000 + 10 * 5)


def test_open_profit_does_not_back_new_trades() -> None:
    candles = {"BTCUSDT": bars("; ".join(["100 100 100 100", "100 140 100 140"] + ["140 140 140 140"] * 3))}
    candles["ETHUSDT"] = bars("; ".join(["100 100 100 100"] * 5), "ETHUSDT")
    fixed = strategy(size=Size(fixed=30_000.0))
    plans = [
        plan("long market, stop 95, targets 200"),
        plan("long market, stop 95, targets 110", symbol="ETHUSDT", act_ms=3 * MINUTE_MS, number=2),
    ]
    result = walk(plans, candles, given=fixed)  # the first is up 12,000, but its margin of 6,000 leaves 4,000 of 10,000
    assert [refused.notes[-1].rule for refused in result.refused] == ["margin"]
    assert result.refused[0].notes[-1].limit == "4000.00 USDT"


def test_an_account_with_nothing_left_takes_nothing() -> None:
    gap = bars("100 100 100 100; 10 10 10 10; 10 10 10 10; 10 10 10 10")
    fixed = strategy(size=Size(fixed=30_000.0))
    plans = [
        plan("long market, stop 95, targets 200"),
        plan("long market, stop 9, targets 20", act_ms=3 * MINUTE_MS, number=2),
    ]
    result = walk(plans, {"BTCUSDT": gap}, given=fixed)
    assert result.end_equity == pytest.approx(10_000 - 27_000)
    assert result.refused[0].notes[-1].text == "the account has nothing left"


def test_an_account_without_trades_stays_flat() -> None:
    curve = curve_of(Flows(), {"BTCUSDT": bars(RISES)}, 500.0, 0, DAY_MS, HOUR_MS)
    assert set(curve.equity.tolist()) == {500.0}
    assert curve.max_drawdown == 0


@pytest.mark.parametrize("size", [Size(risk=0.01), Size(fixed=500.0)])
def test_a_market_call_that_is_taken_back_before_its_first_candle_has_no_price_to_size_by(size: Size) -> None:
    taken_back = replace(plan(LONG, act_ms=MINUTE_MS), changes=(Change(MINUTE_MS, "cancel"),))
    result = walk(
        [taken_back, plan(LONG, act_ms=MINUTE_MS, number=2)], {"BTCUSDT": bars(RISES)}, given=strategy(size=size)
    )
    (refused,) = result.refused
    assert (refused.row, refused.notes[-1].seen) == (0, "no price")
    assert list(result.trades) == [1]
