"""Rules that act between calls: when a candle closes that brings the loss, not only when somebody calls."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from math import inf
from typing import Any, ClassVar

import numpy as np
import pytest

from engine.domain import Account, ExitReason, Plan
from engine.market.candles import Candles
from engine.risk import RuleBook
from engine.risk.book import NO_CALL
from engine.risk.condition import Case
from engine.risk.conditions import CONDITIONS
from engine.simulate.books import Marks
from engine.simulate.flows import Venue
from engine.simulate.judge import Alarm, Course
from engine.simulate.money import money_of
from engine.simulate.prepared import simulate
from engine.simulate.terms import Terms
from engine.simulate.walk import Walk, WalkResult
from engine.units import HOUR_MS, MINUTE_MS, moment_ms
from tests.conftest import EXAMPLES
from tests.risk.examples import book
from tests.risk.test_agreement import limits_of, read
from tests.risk.world import one_account
from tests.simulate.world import bars, plan, strategy

FREE = Terms(0.0, 0.0, 0.0)
LONG = "long market, stop 80, targets 140"  # 1% at risk of 10,000: 5 units, so a price of 20 less costs 1%
DIPS = "; ".join(["100 100 100 100", "100 100 88 88", "88 101 88 101", *["101 101 101 101"] * 7])
STOP = "  - {name: day, when: {daily loss over: 0.5%}, then: {halt: until next day, close: open trades}}\n"


def walk_of(plans: list[Plan], candles: dict[str, Candles], judge: RuleBook, kind: type[Walk] = Walk) -> Walk:
    table = simulate(plans, candles, FREE)
    venue = Venue(FREE, candles)
    return kind(
        table, money_of(table, FREE, candles), strategy(), judge, venue, judge.timezone, [p.act_ms for p in plans]
    )


def run(plans: list[Plan], candles: dict[str, Candles], rules: str, kind: type[Walk] = Walk) -> WalkResult:
    return walk_of(plans, candles, book(rules), kind).run(range(len(plans)))


def test_a_daily_loss_closes_at_the_close_of_its_candle_although_nobody_calls() -> None:
    """The second candle closes 12 below the entry: 0.6% of the equity. The trade is sold at the next open, 88."""
    result = run([plan(LONG)], {"BTCUSDT": bars(DIPS)}, STOP)
    (leg,) = result.trades[0].path.legs
    assert (leg.ts_ms, leg.price, leg.reason) == (2 * MINUTE_MS, 88.0, ExitReason.RULE)
    (alarm,) = result.alarms
    assert alarm.at_ms == 2 * MINUTE_MS
    assert alarm.note.text == (
        "The account lost 0.60% since the day began, the limit is a loss of 0.50%: "
        "no new trades until 1970-01-02 00:00:00 (UTC) and open trades closed."
    )
    assert result.trades[0].notes == (alarm.note,)


def test_a_loss_that_is_earned_back_before_the_next_call_halts_all_the_same() -> None:
    rule = "  - {name: day, when: {daily loss over: 0.5%}, then: {halt: until next day}}\n"
    plans = [plan(LONG), plan(LONG, act_ms=5 * MINUTE_MS, number=2)]
    result = run(plans, {"BTCUSDT": bars(DIPS)}, rule)
    assert [(r.row, r.notes[0].rule, r.notes[0].seen) for r in result.refused] == [(1, "day", "halted")]
    assert result.trades[0].path.legs[-1].reason is not ExitReason.RULE


def test_a_rule_that_only_rejects_is_asked_at_calls_alone() -> None:
    rule = "  - {name: day, when: {daily loss over: 0.5%}, then: reject}\n"
    plans = [plan(LONG), plan(LONG, act_ms=5 * MINUTE_MS, number=2)]
    result = run(plans, {"BTCUSDT": bars(DIPS)}, rule)
    assert (result.alarms, result.refused) == ((), [])


def test_the_peak_of_a_drawdown_is_that_of_all_closes() -> None:
    """120 at the second close is 1% up; 104 at the fourth is 0.8% below that, though never below the start."""
    text = "100 100 100 100; 100 120 100 120; 120 120 110 110; 110 110 104 104; 104 104 104 104; 104 104 104 104"
    rule = "  - {name: fall, when: {drawdown over: 0.7%}, then: {close: open trades}}\n"
    result = run([plan(LONG)], {"BTCUSDT": bars(text)}, rule)
    assert [alarm.at_ms for alarm in result.alarms] == [4 * MINUTE_MS]
    assert result.trades[0].path.legs[0].price == 104


def test_losses_in_a_row_pause_from_the_close_that_ends_the_row() -> None:
    text = "; ".join(["100 100 100 100", "100 100 79 79", *["79 79 79 79"] * 200])
    rule = "  - {name: pause, when: {consecutive losses at least: 1}, then: {halt: 1h}}\n"
    again = plan("long market, stop 70, targets 140", act_ms=30 * MINUTE_MS, number=2)
    result = run([plan(LONG), again], {"BTCUSDT": bars(text)}, rule)
    assert result.alarms[0].at_ms == 2 * MINUTE_MS
    assert result.alarms[0].halt is not None
    assert result.alarms[0].halt.until_ms == 2 * MINUTE_MS + HOUR_MS
    assert [r.row for r in result.refused] == [1]


def test_a_clock_closes_what_is_open() -> None:
    """Flat by night: the trade of 21:58 is sold at 22:00, when the window begins."""
    start = moment_ms("2025-01-15 21:58")
    candles = replace(bars(DIPS), ts=bars(DIPS).ts + start)
    rule = "  - {name: night, when: {hours: [22:00-06:00]}, then: {close: open trades}}\n"
    result = run([plan("long market, stop 80, targets 140", act_ms=start)], {"BTCUSDT": candles}, rule)
    assert [leg.ts_ms for leg in result.trades[0].path.legs] == [moment_ms("2025-01-15 22:00")]


def test_what_cannot_be_sold_any_more_does_not_hold_the_walk_up() -> None:
    result = run([plan(LONG)], {"BTCUSDT": bars("100 100 100 100; 100 100 85 85")}, STOP)
    assert len(result.alarms) == 1
    assert result.trades[0].path.legs[0].reason is not ExitReason.RULE


def test_a_close_ends_only_the_trades_that_its_rule_names() -> None:
    rule = "  - {name: eth, when: {daily loss over: 0.5%}, then: {close: open trades}, only: {symbols: [ETHUSDT]}}\n"
    candles = {"BTCUSDT": bars(DIPS), "ETHUSDT": bars(DIPS, "ETHUSDT")}
    result = run([plan(LONG), plan(LONG, symbol="ETHUSDT", number=2)], candles, rule)
    assert [t.path.legs[-1].reason is ExitReason.RULE for t in result.trades.values()] == [False, True]
    assert len(result.alarms) == 1


# --------------------------------------------------------------------------- held against asking minute by minute


class MinuteByMinute(Walk):
    """The same walk without looking ahead: at every minute the rules are asked one by one, in words' shortest form."""

    def _watch(self, until_ms: int) -> None:
        judge, books = self.account.judge, self.books
        assert isinstance(judge, RuleBook)
        now = getattr(self, "_minute", None)
        first = now if now is not None else until_ms // MINUTE_MS * MINUTE_MS
        for minute in range(first, until_ms + 1, MINUTE_MS):
            self._minute = minute + MINUTE_MS
            day = books.day
            spoken = any(at <= minute for at in [*[flow[0] for flow in books.flows], *[end[0] for end in books.ends]])
            self.account._new_days(minute)
            equity = self.account.advance(minute)
            closing = [minute - MINUTE_MS in self.venue.candles[facts.symbol].ts for facts in books.open.values()]
            spoken = spoken or any(closing) or books.day != day
            while spoken:
                open_trades = tuple(books.open.values())
                account = Account(
                    minute, equity, books.day_equity, books.peak, open_trades, books.week_equity, books.history
                )
                spoken = self._ask(judge, account)

    def _ask(self, judge: RuleBook, account: Account) -> bool:
        books = self.books
        for rule in judge.rules:
            if rule.then.kind not in ("halt", "close") or not rule.when.holds(Case(NO_CALL, account, judge.timezone)):
                continue
            close = judge.watch(  # only for its way of writing: a course of this one moment
                Course(
                    np.array([account.now_ms]),
                    np.array([account.equity]),
                    np.array([account.peak_equity]),
                    account,
                    books.halts,
                    books.closable,
                )
            )
            in_force = any(h.rule == rule.name and h.until_ms > account.now_ms for h in books.halts)
            covered = {row for row, facts in books.open.items() if rule.then.closes and _covers(rule, facts)}
            covered -= books.ending
            if not covered and (rule.then.kind != "halt" or in_force):
                continue
            assert close is not None
            assert close.note.rule == rule.name
            books.halts += [close.halt] if close.halt else []
            books.ending |= covered
            self.alarms.append(close)
            if close.close is not None:
                self._close(close.close, close.at_ms, close.note)
            return True
        return False


def _covers(rule, facts) -> bool:
    return not rule.only.symbols or facts.symbol in rule.only.symbols


POOL = [
    "{name: day, when: {daily loss over: 1%}, then: {halt: until next day, close: open trades}}",
    "{name: day, when: {daily loss over: 0.8%}, then: {halt: 2h}}",
    "{name: week, when: {weekly loss over: 2%}, then: {halt: until next day}}",
    "{name: fall, when: {drawdown over: 1.5%}, then: {close: open trades}}",
    "{name: fall-eth, when: {drawdown over: 1%}, then: {close: open trades}, only: {symbols: [ETHUSDT]}}",
    "{name: streak, when: {consecutive losses at least: {count: 2, last within: 3h}}, then: {halt: 1h}}",
    "{name: night, when: {hours: [22:00-23:00]}, then: {close: open trades}}",
    "{name: both, when: {all: [{daily loss over: 0.3%}, {open trades at least: 3}]}, then: {close: open trades}}",
    "{name: either, when: {any: [{drawdown over: 3%}, {not: {weekdays: [wed, thu, fri]}}]}, then: {halt: 4h}}",
    "{name: risky, when: {risk per trade over: 2%}, then: {halt: 1h}}",
]


def random_candles(symbol: str, rng: np.random.Generator, n: int, start: int, step: float = 0.003) -> Candles:
    close = 100 * np.exp(np.cumsum(rng.normal(0, step, n)))
    opened = np.concatenate([[100.0], close[:-1]])
    high, low = np.maximum(opened, close) * 1.001, np.minimum(opened, close) * 0.999
    kept = rng.random(n) < 0.9
    kept[0] = True
    ts = start + np.arange(n, dtype=np.int64) * MINUTE_MS
    return Candles(symbol, MINUTE_MS, *(c[kept] for c in (ts, opened, high, low, close, np.ones(n))))


def random_account(
    rng: np.random.Generator, minutes: int = 900, calls: int = 40, step: float = 0.003
) -> tuple[list[Plan], dict[str, Candles], str]:
    """Calls on two symbols, their candles, and four rules of the pool."""
    start = moment_ms("2025-01-15 18:00")
    candles = {s: random_candles(s, rng, minutes, start, step) for s in ("BTCUSDT", "ETHUSDT")}
    plans = []
    for i, minute in enumerate(np.sort(rng.integers(1, minutes - 40, calls)).tolist()):
        symbol = ("BTCUSDT", "ETHUSDT")[int(rng.integers(2))]
        act = start + minute * MINUTE_MS + int(rng.integers(3)) * 20_000
        price = float(candles[symbol].close[candles[symbol].ts.searchsorted(act) - 1])
        text = f"long market, stop {price * 0.97:.4f}, targets {price * 1.04:.4f}"
        if rng.random() < 0.5:
            text = f"short market, stop {price * 1.03:.4f}, targets {price * 0.96:.4f}"
        plans.append(plan(text, symbol=symbol, act_ms=act, number=i + 1))
    chosen = rng.choice(len(POOL), 4, replace=False).tolist()
    named = {POOL[i].split(",")[0]: POOL[i] for i in chosen}
    return plans, candles, "".join(f"  - {rule}\n" for rule in named.values())


@pytest.mark.parametrize("seed", range(max(6, EXAMPLES // 30)))
def test_looking_ahead_and_asking_minute_by_minute_come_to_the_same(seed: int) -> None:
    plans, candles, rules = random_account(np.random.default_rng(seed))
    ahead, slow = run(plans, candles, rules), run(plans, candles, rules, MinuteByMinute)
    assert [(a.at_ms, a.note) for a in ahead.alarms] == [(a.at_ms, a.note) for a in slow.alarms]
    assert ahead.refused == slow.refused
    assert ahead.trades == slow.trades
    assert ahead.end_equity == pytest.approx(slow.end_equity)


class Closely(Walk):
    """The same walk that looks closely at every stretch."""

    def _watch(self, until_ms: int) -> None:
        self.account._reach.stays = lambda *_: False  # type: ignore[method-assign]
        super()._watch(until_ms)


class Counting(Walk):
    """The same walk that counts the stretches on which it looked closely, and those that it left alone."""

    looked: ClassVar[Counter[bool]] = Counter()

    def _watch(self, until_ms: int) -> None:
        reach = self.account._reach
        if "stays" not in vars(reach):
            stays = reach.stays

            def counted(*asked: Any) -> bool:
                found = stays(*asked)
                self.looked[found] += 1
                return found

            reach.stays = counted  # type: ignore[method-assign]
        super()._watch(until_ms)


def test_a_stretch_is_left_alone_only_where_nobody_would_have_spoken() -> None:
    """Over three days, so that midnights, halts that end, and stretches of many blocks are among them."""
    Counting.looked.clear()
    spoken = 0
    for seed in range(max(25, EXAMPLES // 10)):
        rng = np.random.default_rng(1000 + seed)
        length, calls, step = int(rng.integers(300, 4300)), int(rng.integers(5, 80)), (0.003, 0.0005)[seed % 2]
        plans, candles, rules = random_account(rng, length, calls, step)
        quick, close = run(plans, candles, rules, Counting), run(plans, candles, rules, Closely)
        assert quick == close
        spoken += len(quick.alarms)
    assert min(spoken, Counting.looked[True], Counting.looked[False]) > 100


# --------------------------------------------------------------------------- every condition that needs no call


@pytest.mark.parametrize("key", sorted(key for key, condition in CONDITIONS.items() if condition.floor))
def test_above_its_floor_a_condition_does_not_hold(key: str) -> None:
    """Whatever trades are open and however high equity gets: a course up to the peak that the account had."""
    condition, rng = CONDITIONS[key], np.random.default_rng(9)
    seen = set()
    for limit in limits_of(key):
        for _ in range(60):
            account = one_account(moment_ms("2025-03-28"), rng)
            ts = account.now_ms + np.arange(60, dtype=np.int64) * 30 * MINUTE_MS
            equity = np.minimum(9_600 + np.cumsum(rng.normal(0, 60, 60)), account.peak_equity)
            course = Course(ts, equity, np.full(60, account.peak_equity), account)
            assert condition.along is not None
            assert condition.floor is not None
            read_limit = read(key, limit)
            above = equity > condition.floor(read_limit, replace(account, equity=np.nan, open_trades=()))
            assert not np.any(above & condition.along(read_limit, course, "UTC"))
            seen |= set(above.tolist())
    assert seen == {True, False}


def test_a_tree_holds_only_at_or_below_its_floor() -> None:
    """Joined conditions: ``all`` from the lowest floor on, ``any`` from the highest, ``not`` at any equity."""
    account = Account(0, np.nan, 10_000.0, 10_000.0)
    floors = {
        "{daily loss over: 5%}": 9_500,
        "{all: [{daily loss over: 5%}, {drawdown over: 8%}, {open trades at least: 3}]}": 9_200,
        "{any: [{daily loss over: 5%}, {drawdown over: 8%}]}": 9_500,
        "{any: [{daily loss over: 5%}, {open trades at least: 3}]}": inf,
        "{any: [{daily loss over: 5%}, {consecutive losses at least: 3}]}": 9_500,
        "{not: {daily loss over: 5%}}": inf,
        "{hours: [22:00-23:00]}": inf,
        "{consecutive losses at least: 3}": -inf,
    }
    for when, floor in floors.items():
        rules = book(f"  - {{name: one, when: {when}, then: {{halt: 1h}}}}\n")
        assert rules.floor(account) == pytest.approx(floor), when


@pytest.mark.parametrize("key", sorted(key for key, condition in CONDITIONS.items() if condition.along))
def test_along_a_course_and_one_moment_after_the_other(key: str) -> None:
    condition, rng = CONDITIONS[key], np.random.default_rng(8)
    seen = set()
    for limit in limits_of(key):
        for _ in range(40):
            account = one_account(moment_ms("2025-03-28") + int(rng.integers(0, 3 * 24 * 60)) * MINUTE_MS, rng)
            ts = account.now_ms + np.arange(60, dtype=np.int64) * 30 * MINUTE_MS
            equity = 9_600 + np.cumsum(rng.normal(0, 60, 60))
            peak = np.maximum.accumulate(np.maximum(equity, account.peak_equity))
            course = Course(ts, equity, peak, account)
            with np.errstate(invalid="ignore", divide="ignore"):
                answers = condition.along(read(key, limit), course, "Europe/Sofia")  # type: ignore[misc]
            for i, answer in enumerate(answers.tolist()):
                case = Case(NO_CALL, course.account_at(i), "Europe/Sofia")
                assert condition.look(read(key, limit), case).holds is answer, (limit, case)
                seen.add(answer)
    assert seen == {True, False}


@dataclass
class Live(Marks):
    """Marks that know nothing of the future."""

    foreseen = False

    def __init__(self, candles: dict[str, Candles]) -> None:
        super().__init__(candles)
        self.asked_ms: list[int] = []

    def closes(self, symbols, after_ms: int, until_ms: int):
        self.asked_ms.append(until_ms)
        return super().closes(symbols, after_ms, until_ms)


def test_live_nothing_is_looked_at_that_is_yet_to_come() -> None:
    candles = {"BTCUSDT": bars(DIPS)}
    walk = walk_of([plan(LONG)], candles, book(STOP))
    live = walk.account.marks = Live(candles)
    walk.run([0])
    for minute in range(1, 10):
        alarm: Alarm | None = walk.account.watch(minute * MINUTE_MS)
        assert alarm is None
        assert max(live.asked_ms, default=0) <= 10 * MINUTE_MS
    assert [alarm.at_ms for alarm in walk.alarms] == [2 * MINUTE_MS]
