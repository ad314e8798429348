"""The live side: what is said at live prices, what of it the record confirms; nothing of it moves the record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.domain import Halt
from engine.paper.codec import halt_from
from engine.paper.fold import Fold
from engine.paper.ledger import Event
from engine.paper.reconcile import differences
from engine.pipeline.paper.distance import distance_line, distance_of
from engine.pipeline.paper.events import Told
from engine.pipeline.paper.fates import Heard, fates_of
from engine.pipeline.paper.table import COLUMNS, trade_row
from engine.units import DAY_MS, MINUTE_MS
from tests.paper.livestage import START_MS, LiveStage

LIMIT = "BUY BTCUSDT @ 64800, TP 65000, SL 64500"
MARKET = "BUY BTCUSDT NOW @ 64800, TP 65000, SL 64500"
TWO = "BUY BTCUSDT NOW @ 64800, TP1 65000, TP2 65200, SL 64500"
SHORT = "SELL BTCUSDT @ 64800, TP 64000, SL 65500"
RISK = {"fixed: 1000 USDT": "risk: 1%"}
RISK_OF_A_STOP = "BUY BTCUSDT NOW @ 64790, TP 65000, SL 64490"
UNSTOPPED = "BUY BTCUSDT @ 64800, TP 65000"


def missing(says: str) -> dict[str, str]:
    return {"{missing: refuse}": f"{{missing: {says}}}"}


@pytest.mark.parametrize(
    ("strategy", "text", "price", "said"),
    [
        ({}, LIMIT, 64790, "in (live): 0.0154321 at 64790, stop 64500"),
        ({}, LIMIT, 64900, "waits (live): 0.0154321 at 64800; the price is 64900"),
        ({}, LIMIT, 65010, "over (live), target first: the first target came before the entry; the price is 65010"),
        ({}, LIMIT, 64490, "not taken (live), too late: the market was already beyond the stop or the first target"),
        ({}, MARKET, 64801, "in (live): 0.0154319 at 64801, stop 64500"),
        ({}, MARKET, 65010, "not taken (live), too late: the market was already beyond the stop or the first target"),
        ({}, MARKET, 64490, "not taken (live), too late: the market was already beyond the stop or the first target"),
        (
            {},
            LIMIT.replace("64500", "64790"),
            64795,
            "not taken (live), stop too near: the stop is nearer than twice",
        ),
        ({}, MARKET.replace("64500", "64790"), 64801, "not taken (live), stop too near"),
        ({}, SHORT, 64790, "waits (live): 0.0154321 at 64800; the price is 64790"),
        ({}, SHORT, 64810, "in (live): 0.0154321 at 64810, stop 65500"),
        ({}, SHORT.replace("@", "NOW @"), 63990, "not taken (live), too late"),
        (missing("trade"), UNSTOPPED, 64790, "in (live): 0.0154321 at 64790"),
        (
            missing("trade") | RISK,
            UNSTOPPED,
            64790,
            "refused (live) by size (strategies/live.yaml): a risk of equity needs a stop to size by",
        ),
        (missing("2%"), UNSTOPPED, 64790, "in (live): 0.0154321 at 64790, stop 63504"),
        (missing("2%") | RISK, UNSTOPPED, 64890, "waits (live): 0.0771605 at 64800"),
        (RISK, MARKET, 64800, "in (live): 0.333333 at 64800, stop 64500"),
        (
            {"fixed: 1000 USDT": "fixed: 60000 USDT"},
            LIMIT,
            64790,
            "refused (live) by margin (strategies/live.yaml): the margin of this trade is not free",
        ),
    ],
)
def test_what_is_said_of_a_call_at_the_price_of_now(
    tmp_path: Path, strategy: dict[str, str], text: str, price: float, said: str
) -> None:
    stage = LiveStage(tmp_path, strategy)
    stage.post(5, text)
    stage.price(5.5, price)
    assert stage.said() == [], "it has not come to its moment of action"
    stage.price(6, price)
    lines = stage.said()
    assert len(lines) == 1
    assert f" {said}" in lines[0]
    assert lines[0].startswith("vip/1 ")


@pytest.mark.parametrize("stop", ["64900", "65100"])
def test_an_edit_that_puts_the_stop_into_profit_moves_it_live_and_in_the_record(tmp_path: Path, stop: str) -> None:
    """Beyond its entry, or beyond its first target: no new call could be like that."""
    first = "BUY BTCUSDT NOW @ 64800, TP1 65000, TP2 65200, SL 64500"
    stage = LiveStage(tmp_path)
    stage.post(5, first)
    stage.price(6.5, 64800)
    stage.candle(0, 64800, 64800, 64800, 64800)
    stage.candle(1, 64800, 65110, 64800, 65110)
    stage.edit(130, 1, first.replace("64500", stop))
    said = stage.said()
    assert said[-1] == "vip/1 long BTCUSDT: its channel moves the stop"
    stage.candle(2, 65110, 65110, 65110, 65110)
    stage.price(185, 65110)
    stage.candle(3, 65110, 65110, 64700, 64700)
    stage.candle(4, 64700, 64700, 64700, 64700)
    call = stage.desk.books.rows[0]
    assert [(leg.name, leg.price) for leg in call.stepper.path().legs] == [
        ("target 1", 65000), ("moved stop", pytest.approx(float(stop), rel=1e-3)),
    ]  # fmt: skip
    assert stage.events("unread") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELL BTCUSDT @ 64800, TP 64500, SL 65000", "other side: the call is a long, this version a short"),
        ("CANCELLED, sorry", "no layout: no layout begins like any line of this message"),
    ],
)
def test_an_edit_that_cannot_be_followed_is_told_once(tmp_path: Path, text: str, said: str) -> None:
    stage = LiveStage(tmp_path)
    stage.post(5, LIMIT)
    stage.edit(20, 1, text)
    assert [line for line in stage.said() if "edited" in line] == [f"vip/1 edited, not followed, {said}"]
    stage.start()
    assert stage.said() == [], "a restart tells nothing twice"
    assert [event.kind for event in stage.events("call", "update", "unread")] == ["call", "unread"]
    heard = Heard().read(stage.events())
    assert (heard.posts, [*heard.unfollowed]) == (set(), ["vip"]), "it is a call that was read"


def test_what_is_added_to_a_call_acts_live_and_in_the_record_and_once(tmp_path: Path) -> None:
    """As answers would, each edit what it adds; a result is nothing; a restart does nothing twice."""
    call, result, half = "BUY BTCUSDT NOW @ 64800, TP1 65000, TP2 65200, SL 64500", "✅ +20% profit", "closed 50%"
    (tmp_path / "edits").mkdir()
    (tmp_path / "answers").mkdir()
    stage, other = LiveStage(tmp_path / "edits"), LiveStage(tmp_path / "answers")
    for one in (stage, other):
        one.post(5, call)
        one.price(6.5, 64800)
        one.candle(0, 64800, 64800, 64800, 64800)
        one.candle(1, 64800, 64900, 64800, 64900)
        one.said()
    stage.edit(130, 1, f"{call}\n\n{result}")
    assert stage.said() == []
    stage.edit(135, 1, f"{call}\n\n{result}\n{half}")
    other.post(135, half, reply_to=1)
    for one in (stage, other):
        assert one.said() == ["vip/1 long BTCUSDT: its channel closes 50% of it"]
        one.candle(2, 64900, 64900, 64900, 64900)
        one.price(185, 64900)
        one.start()
        one.said()
        one.candle(3, 64900, 64900, 64900, 64900)
    stage.edit(250, 1, f"{call}\n\n{result}\n{half}\nSL to entry")
    other.post(250, "SL to entry", reply_to=1)
    for one in (stage, other):
        one.start()
        one.candle(4, 64900, 64900, 64900, 64900)
        one.candle(5, 64900, 64900, 64700, 64700)
        one.candle(6, 64700, 64700, 64700, 64700)
    legs = [[(leg.name, leg.price, leg.share) for leg in one.desk.books.rows[0].stepper.path().legs]
            for one in (stage, other)]  # fmt: skip
    assert legs[0] == legs[1]
    assert [(name, share) for name, _, share in legs[0]] == [("channel", 0.5), ("breakeven", 0.5)]
    assert [event.data["action"] for event in stage.events("update")] == ["close", "move-stop"]
    assert stage.events("unread") == []


@pytest.mark.parametrize("edited", [8, 130])
def test_an_edit_in_percent_moves_the_stop_of_an_open_trade(tmp_path: Path, edited: float) -> None:
    """Whether it comes before the record's fill or after it, live and record go out at the new stop."""
    stage = LiveStage(tmp_path)
    stage.post(5, "BUY BTCUSDT @ market, TP 1%, SL 1%")
    stage.price(6.5, 60000)
    if edited < 60:
        stage.edit(edited, 1, "BUY BTCUSDT @ market, TP 3%, SL 3%")
    stage.candle(0, 60000, 60000, 60000, 60000)
    stage.candle(1, 60000, 60000, 60000, 60000)
    if edited > 60:
        stage.edit(edited, 1, "BUY BTCUSDT @ market, TP 3%, SL 3%")
    assert any("its channel moves the stop and changes the targets" in line for line in stage.said())
    stage.candle(2, 60000, 60000, 60000, 60000)
    stage.price(185, 59000, 61000)
    stage.candle(3, 60000, 61000, 59000, 60000)
    assert not any(" stop" in line or "target 1" in line for line in stage.said())
    stage.candle(4, 60000, 60000, 58000, 58000)
    call = stage.desk.books.rows[0]
    assert [(leg.reason, leg.price) for leg in call.stepper.path().legs] == [("moved stop", pytest.approx(58200))]
    stage.start()
    assert stage.desk.books.rows[0].stepper.saved() == call.stepper.saved()


@pytest.mark.parametrize(
    ("text", "prices", "said"),
    [
        (LIMIT, (64790, 64400), "stop (live): 0.0154321 out at 64400; closed with -7.02 USDT"),
        (LIMIT, (64790, 64510, 64499, 64000), "stop (live): 0.0154321 out at 64499; closed with -5.49 USDT"),
        (LIMIT, (64790, 65100), "target 1 (live): 0.0154321 out at 65000; closed with +2.74 USDT"),
        (SHORT, (64810, 65600), "stop (live): 0.0154321 out at 65600; closed with -13.20 USDT"),
        (SHORT, (64810, 63900), "target 1 (live): 0.0154321 out at 64000; closed with +12.00 USDT"),
        (RISK_OF_A_STOP, (64790, 64400), "stop (live): 0.333333 out at 64400; closed with -151.53 USDT"),
    ],
)
@pytest.mark.parametrize("recorded", [False, True])
def test_a_stop_that_is_jumped_over_gets_the_price_seen_and_a_target_its_level(
    tmp_path: Path, text: str, prices: tuple[float, ...], said: str, recorded: bool
) -> None:
    """The record keeps to its candles: a level inside one fills at the level."""
    strategy = RISK if text == RISK_OF_A_STOP else {}
    stage = LiveStage(tmp_path, strategy)
    stage.post(5, text)
    stage.price(6.5, prices[0])
    second = 30.0
    if recorded:
        for minute in (0, 1):
            stage.candle(minute, prices[0], prices[0], prices[0], prices[0])
        second = 125.0
    stage.said()
    stage.price(second, *prices)
    lines = stage.said()
    assert len(lines) == 1
    assert said in lines[0]
    last = 2 if recorded else 1
    if not recorded:
        stage.candle(0, prices[0], prices[0], prices[0], prices[0])
    stage.candle(last, prices[0], max(prices), min(prices), prices[-1])
    (leg,) = stage.desk.books.rows[0].stepper.path().legs
    plan = stage.desk.books.rows[0].plan
    assert leg.price == (plan.stop if "stop" in said else plan.targets[0][0])


@pytest.mark.parametrize("away", ["from the start", "after the fill", "never"])
def test_a_trade_that_went_in_or_out_while_nobody_watched_is_marked_late(tmp_path: Path, away: str) -> None:
    stage = LiveStage(tmp_path)
    stage.post(5, MARKET)
    for minute, close in ((0, 64800), (1, 64790), (2, 64400)):
        if away == "from the start" or (away == "after the fill" and minute == 2):
            stage.now_ms = START_MS + 3_600_000
        stage.candle(minute, 64800, 64800, close, close)
    fold = Fold({"live": stage.desk.lanes["live"].terms})
    fold.take(stage.events())
    for (call,) in (stage.desk.books.rows, fold.rows):
        assert call.over
        assert not call.late, "the call itself was heard in time"
        assert call.marked_late == (away != "never")
        trade = call.trade()
        assert trade_row("a", call, trade, "USDT", "UTC")[COLUMNS.index("late")] == (away != "never")


def test_late_by_counts_from_the_post(tmp_path: Path) -> None:
    """A call that was heard 75 seconds after its post, and its edit, heard after 100."""
    stage = LiveStage(tmp_path)
    stage.post(5, MARKET, heard=80)
    stage.candle(0, 64800, 64800, 64800, 64800)
    stage.candle(1, 64800, 64800, 64800, 64800)
    stage.edit(125, 1, MARKET.replace("65000", "65100"), heard=225)
    heard_ms = {"call": START_MS + 80_000, "update": START_MS + 225_000}
    events = [replace(event, made_ms=heard_ms[event.kind]) for event in stage.events("call", "update")]
    assert [event.late for event in events] == [True, True]
    told = Told(stage.desk.books.rows, MINUTE_MS).take(events)
    assert [(one.what, one.by_s) for one in told.late] == [("arrived", 75.0), ("update", 100.0)]


def test_a_post_that_looks_like_a_call_and_is_not_read_is_told(tmp_path: Path) -> None:
    """Once, with the reason; chat is not. An edit that is read takes it from the count."""
    stage = LiveStage(tmp_path)
    stage.post(5, "LONG BTCUSDT entry 64800 target 65000 stop 64500")
    stage.post(6, "gm traders, what a day")
    stage.post(7, "BUY BTCUSDT @ 64800, TP 65000, SL 64900")
    first, second = stage.said()
    assert first.startswith("vip/1 not read, no layout: ")
    assert second.startswith("vip/3 not read, ")
    stage.start()
    assert stage.said() == [], "a restart tells nothing twice"
    assert [event.key[1] for event in stage.events("unread") if event.key] == [1, 3]
    heard = Heard().read(stage.events())
    assert heard.posts == {"vip/1", "vip/3"}
    stage.edit(20, 3, LIMIT)
    assert [event.kind for event in stage.events("call")] == ["call"]


@pytest.mark.parametrize(
    "text", ["BUY BTCUSDT @ market, TP 1%", "BUY ETHUSDT now! target 1%", "BUY BTCUSDT", "SELL SOLUSDT, stop 2%"]
)
def test_a_post_that_lacks_what_a_call_has_is_told(text: str, tmp_path: Path) -> None:
    stage = LiveStage(tmp_path)
    stage.post(5, text)
    (line,) = stage.said()
    assert line.startswith("vip/1 not read, no layout: ")
    assert Heard().read(stage.events()).posts == {"vip/1"}


def test_a_call_that_is_not_planned_is_told_when_it_arrives(tmp_path: Path) -> None:
    stage = LiveStage(tmp_path)
    stage.post(5, UNSTOPPED)
    assert [line.partition(":")[0] for line in stage.said()] == ["vip/1 long BTCUSDT not taken, no stop"]
    stage.price(6, 64790)
    assert stage.said() == []


@pytest.mark.parametrize(
    ("calls", "second", "price", "said"),
    [
        (
            "ignore, opposite: ignore",
            LIMIT,
            64795,
            ["vip/2 long BTCUSDT not taken (live), repeat: vip/1 is still alive;"],
        ),
        (
            "ignore, opposite: ignore",
            SHORT,
            64810,
            ["vip/2 short BTCUSDT not taken (live), opposite: vip/1 is still alive, on the other side;"],
        ),
        ("add, opposite: add", LIMIT, 64795, ["vip/2 long BTCUSDT in (live)"]),
        ("replace, opposite: ignore", LIMIT, 64795, ["vip/1 long BTCUSDT replaced (live)", "vip/2 long BTCUSDT in"]),
        ("ignore, opposite: reverse", SHORT, 64810, ["vip/1 long BTCUSDT replaced (live)", "vip/2 short BTCUSDT in"]),
        (
            "ignore, opposite: close",
            SHORT,
            64810,
            ["vip/1 long BTCUSDT replaced (live)", "vip/2 short BTCUSDT not taken (live), opposite"],
        ),
    ],
)
@pytest.mark.parametrize("recorded", [False, True])
def test_repeats_and_opposites_are_told_live(
    tmp_path: Path, calls: str, second: str, price: float, said: list[str], recorded: bool
) -> None:
    """Against what the record has met, and against what only live prices have."""
    stage = LiveStage(tmp_path, {"repeat: ignore, opposite: ignore": f"repeat: {calls}"})
    stage.post(5, LIMIT)
    stage.price(6, 64790)
    if recorded:
        stage.candle(0, 64700, 64800, 64700, 64790)
        stage.candle(1, 64790, 64800, 64780, 64790)
    stage.said()
    stage.post(130 if recorded else 20, second)
    stage.price(131 if recorded else 21, price)
    lines = stage.said()
    assert len(lines) == len(said)
    assert all(line.startswith(start) for line, start in zip(sorted(lines), said, strict=True)), lines


def test_a_rule_refuses_live_with_what_is_open_live(tmp_path: Path) -> None:
    rules = "rules:\n  - {name: one, why: one is enough, when: {open trades at least: 1}, then: reject}\n"
    stage = LiveStage(tmp_path, rules=rules)
    stage.post(5, LIMIT)
    stage.price(6, 64790)
    stage.said()
    stage.post(20, "BUY ETHUSDT @ 3000, TP 3100, SL 2900")
    stage.price(21, 2999, symbol="ETHUSDT")
    (line,) = stage.said()
    assert line.startswith("vip/2 long ETHUSDT refused (live) by one (rules/mine.yaml:2): ")


def test_a_record_that_is_the_same_is_not_said_again(tmp_path: Path) -> None:
    stage = LiveStage(tmp_path)
    stage.post(5, TWO)
    stage.price(6, 64801)
    stage.candle(0, 64700, 64850, 64700, 64801)
    stage.price(62, 64801, 64950, 65003)
    assert stage.said() == [
        "vip/1 long BTCUSDT in (live): 0.0154319 at 64801, stop 64500",
        "vip/1 long BTCUSDT target 1 (live): 0.00771593 out at 65000",
    ]
    stage.candle(1, 64801, 65003, 64801, 65003)
    assert stage.said() == []
    assert [event.kind for event in stage.events("step", "decided", "withdrawn")] == ["step", "decided"]
    stage.price(123, 64990, 64801)
    stage.candle(2, 65003, 65003, 64795, 64795)
    assert stage.said() == ["vip/1 long BTCUSDT breakeven (live): 0.00771593 out at 64801; closed with +0.79 USDT"]
    assert stage.events("step")[-1].data["status"] == "closed"


def test_another_price_of_the_record_is_said(tmp_path: Path) -> None:
    stage = LiveStage(tmp_path)
    stage.post(5, MARKET)
    stage.price(6, 64801)
    stage.candle(0, 64700, 64850, 64700, 64830)
    stage.said()
    stage.candle(1, 64830, 64850, 64820, 64840)
    assert stage.said() == ["vip/1 long BTCUSDT in the record: in at 64830 (said live: 64801, 4.5 bp away)"]


@pytest.mark.parametrize(
    ("open_", "said"), [(64830, "in the record: its size is 0.30303 (said live: 0.332226, 9.6% away)"), (64801, "")]
)
def test_another_size_of_the_record_is_said(tmp_path: Path, open_: float, said: str) -> None:
    """Sized by its risk at the price of its candle, it is another trade: a line when it differs."""
    stage = LiveStage(tmp_path, RISK)
    stage.post(5, MARKET)
    stage.price(6, 64801)
    stage.candle(0, 64700, 64850, 64700, 64830)
    stage.said()
    stage.candle(1, open_, 64850, open_ - 10, 64840)
    lines = stage.said()
    assert [line for line in lines if "its size is" in line] == ([f"vip/1 long BTCUSDT {said}"] if said else [])


def test_what_the_record_never_makes_is_withdrawn_a_candle_later(tmp_path: Path) -> None:
    """A limit is touched before the call's first candle opens, and never again."""
    stage = LiveStage(tmp_path)
    stage.post(5, LIMIT)
    stage.price(6, 64790)
    stage.candle(0, 64790, 64900, 64780, 64900)
    stage.price(61, 64900)
    stage.said()
    assert len(stage.instant.account.open_calls()) == 1
    stage.candle(1, 64900, 64950, 64890, 64940)
    assert stage.said() == [
        "vip/1 long BTCUSDT withdrawn: in at 64790 (live) is not in the record: its candles do not show it"
    ]
    stage.price(125, 64850, 64799)
    assert stage.said() == ["vip/1 long BTCUSDT in (live): 0.0154321 at 64800, stop 64500"]
    stage.candle(2, 64940, 64940, 64799, 64799)
    assert stage.said() == []


@pytest.mark.parametrize("when", ["at once", "after the first candle", "after the record's fill"])
def test_nothing_is_said_twice_over_a_restart(tmp_path: Path, when: str) -> None:
    stage = LiveStage(tmp_path)
    stage.post(5, TWO)
    stage.price(6, 64801)
    assert len(stage.said()) == 1
    if when == "at once":
        stage.start()
    stage.price(7, 64802)
    stage.candle(0, 64700, 64850, 64700, 64801)
    if when == "after the first candle":
        stage.start()
    stage.price(62, 64801)
    stage.candle(1, 64801, 64810, 64790, 64801)
    stage.price(123, 64900, 65001)
    assert len(stage.said()) == 1
    if when == "after the record's fill":
        stage.start()
    stage.price(124, 65002)
    stage.candle(2, 64801, 65002, 64790, 65002)
    stage.price(182, 65002)
    assert stage.said() == []
    assert [event.data["number"] for event in stage.events("live")] == [1, 2]
    keys = [event.key for event in stage.events("live", "withdrawn")]
    assert len(keys) == len(set(keys)) == 2


def test_a_fill_that_a_restart_finds_unconfirmed_is_withdrawn(tmp_path: Path) -> None:
    stage = LiveStage(tmp_path)
    stage.post(5, LIMIT)
    stage.price(6, 64790)
    stage.said()
    stage.start()
    stage.candle(0, 64790, 64900, 64780, 64900)
    stage.candle(1, 64900, 64950, 64890, 64940)
    (line,) = stage.said()
    assert "withdrawn: in at 64790 (live)" in line
    stage.start()
    stage.candle(2, 64900, 64950, 64890, 64940)
    assert stage.said() == []


def test_candles_of_a_downtime_come_before_live_prices_again(tmp_path: Path) -> None:
    """The stop was hit while nobody watched: what comes first is the record's word, not a price of now."""
    stage = LiveStage(tmp_path)
    stage.post(5, MARKET)
    stage.price(6, 64801)
    stage.candle(0, 64700, 64850, 64700, 64801)
    stage.candle(1, 64801, 64810, 64790, 64801)
    stage.said()
    stage.start()
    stage.price(600, 64300)
    assert stage.said() == []
    stage.candle(2, 64801, 64810, 64490, 64490)
    (line,) = stage.said()
    assert "out at 64500" in line
    assert "(live)" not in line


def test_a_trade_closed_by_hand_goes_out_at_the_next_price(tmp_path: Path) -> None:
    stage = LiveStage(tmp_path)
    stage.post(5, MARKET)
    stage.price(6, 64801)
    stage.candle(0, 64700, 64850, 64700, 64801)
    stage.candle(1, 64801, 64810, 64790, 64801)
    stage.price(125, 64820)
    stage.said()
    stage.desk.ledger.append(Event("live", "close", 1, {"id": "vip/1"}))
    (order,) = stage.events("close")
    stage.now_ms += 500
    stage.desk.obey(order, stage.now_ms)
    stage.instant.refresh()
    stage.price(126, 64825)
    (line,) = stage.said()
    assert line.startswith("vip/1 long BTCUSDT closed by hand (live): 0.0154319 out at 64825")
    assert stage.instant.account.open_calls() == []
    stage.candle(2, 64820, 64830, 64810, 64825)
    stage.candle(3, 64826, 64830, 64810, 64825)
    assert stage.said() == []
    assert [event.kind for event in stage.events("early")] == ["early"]


def test_the_equity_of_a_live_event_is_that_of_the_moment(tmp_path: Path) -> None:
    stage = LiveStage(tmp_path, {"taker: 0.05%": "taker: 0%"})
    stage.post(5, MARKET)
    stage.price(6, 64800)
    stage.price(7, 64900, 65000)
    first, second = [event.data["equity"] for event in stage.events("live")]
    assert first == pytest.approx(10_000)
    assert second == pytest.approx(10_000 + 1000 / 64800 * 200)


def test_live_prices_leave_no_trace_in_the_record(tmp_path: Path) -> None:
    """The same posts and candles with and without live prices: the same events of the record, the same trades."""
    found = []
    for name, prices in (("with", True), ("without", False)):
        folder = tmp_path / name
        folder.mkdir()
        stage = LiveStage(folder, {"repeat: ignore, opposite: ignore": "repeat: replace, opposite: reverse"})
        stage.post(5, TWO)
        for minute in range(12):
            if minute == 3:
                stage.post(minute * 60 + 10, LIMIT)
            if minute == 6:
                stage.post(minute * 60 + 10, SHORT)
            base = 64800 + 40 * (minute % 5)
            if prices:
                stage.price(minute * 60 + 20, *(base + move for move in (0, 60, -30, 210, -5)))
            stage.candle(minute, base, base + 210, base - 30, base - 5)
        kept = [event for event in stage.told if event.kind not in ("live", "withdrawn")]
        found.append(([(e.kind, e.at_ms, e.row, e.data) for e in kept], stage))
        trades = {call.plan.signal_id: call.trade() for call in stage.desk.books.rows}
        found[-1] += (trades,)
    assert found[0][0] == found[1][0]
    assert differences(found[0][2], found[1][2]) == []
    assert len(found[0][1].events("live")) >= 4
    assert found[1][1].events("live") == []


def test_the_line_of_the_day_tells_how_far_live_was_from_the_record(tmp_path: Path) -> None:
    """In at 64801 against 64830 (4.47 bp of 300 points risk), target at its price, and one fill that never came."""
    stage = LiveStage(tmp_path, {"[50%, 50%]": "[100%]"})
    span = (START_MS, START_MS + DAY_MS)
    assert distance_line(stage.desk.ledger, "live", span) == ""
    stage.post(5, MARKET)
    stage.price(6, 64801)
    stage.candle(0, 64700, 64850, 64700, 64830)
    stage.candle(1, 64830, 64850, 64820, 64840)
    stage.price(125, 64900, 65001)
    stage.candle(2, 64840, 65001, 64820, 65001)
    stage.post(185, "BUY ETHUSDT @ 3000, TP 3100, SL 2900")
    stage.price(186, 2999, symbol="ETHUSDT")
    stage.candle(3, 3050, 3060, 3040, 3050, "ETHUSDT")
    stage.candle(4, 3050, 3060, 3040, 3050, "ETHUSDT")
    stage.candle(5, 3050, 3060, 3040, 3050, "ETHUSDT")
    found = distance_of(stage.desk.ledger, "live", span)
    assert [round(pair.points, 2) for pair in found.pairs] == [4.47, 0.0]
    assert [round(pair.r or 0, 3) for pair in found.pairs] == [round(29 / 330, 3), 0.0]
    assert found.line == (
        "2 live fills and exits were 2.2 bp (0.044R) from the record's on average, 4.5 bp (0.088R) at worst, "
        "1 said live never came to be"
    )
    assert distance_line(stage.desk.ledger, "live", (START_MS - DAY_MS, START_MS)) == ""


def test_what_live_prices_missed_in_the_first_candle_is_told_by_the_record(tmp_path: Path) -> None:
    """In and out within one candle; live only the way in was seen."""
    stage = LiveStage(tmp_path, {"[50%, 50%]": "[100%]"})
    stage.post(5, MARKET)
    stage.price(6, 64801)
    stage.candle(0, 64700, 64850, 64700, 64801)
    stage.said()
    stage.candle(1, 64801, 65010, 64790, 64990)
    (line,) = stage.said()
    assert line.startswith("vip/1 long BTCUSDT target 1: 0.0154319 out at 65000; closed with ")


def test_a_halt_is_told_with_a_refusal_that_was_said(tmp_path: Path) -> None:
    rules = "rules:\n  - {name: one, why: enough, when: {leverage over: 1}, then: {halt: until next day}}\n"
    stage = LiveStage(tmp_path, rules=rules)
    stage.post(5, LIMIT)
    stage.price(6, 64790)
    (line,) = stage.said()
    assert "refused (live)" in line
    stage.candle(0, 64790, 64800, 64780, 64790)
    stage.candle(1, 64790, 64800, 64780, 64790)
    assert [line.partition(":")[0] for line in stage.said()] == ["no new trades"]


@pytest.mark.parametrize("known", [True, False])
def test_fair_prices_liquidate_live_where_the_record_knows_them(tmp_path: Path, known: bool) -> None:
    """At five times leverage a long is liquidated 19.5% below its entry, at the price that leaves nothing."""
    stage = LiveStage(tmp_path, missing("trade"))
    if known:
        stage.desk.look_at({})
    stage.post(5, UNSTOPPED)
    stage.price(6, 64790)
    stage.said()
    stage.instant.price("BTCUSDT", START_MS + 7000, 53000, 52000)
    lines = stage.said()
    assert lines == (
        ["vip/1 long BTCUSDT liquidation (live): 0.0154321 out at 51832; closed with -200.47 USDT"] * known
    )


def test_two_strategies_in_one_account_are_told_apart(tmp_path: Path) -> None:
    """Both take the call, each by its own size; each says so once, over a restart too."""
    stage = LiveStage(tmp_path, second={"fixed: 1000 USDT": "fixed: 500 USDT"})
    stage.post(5, LIMIT)
    stage.price(6, 64790)
    assert sorted(line.partition(", stop")[0] for line in stage.said()) == [
        "vip/1 long BTCUSDT in (live): 0.00771605 at 64790",
        "vip/1 long BTCUSDT in (live): 0.0154321 at 64790",
    ]
    stage.start()
    stage.price(7, 64790)
    assert stage.said() == []
    assert {event.key[3] for event in stage.events("live") if event.key} == {"live/live/1", "second/live/1"}


def test_a_symbol_filled_live_before_any_of_its_candles_came_is_known_by_its_price(tmp_path: Path) -> None:
    """A minute later another call asks the account, also after a restart: what is held is worth its last price."""
    stage = LiveStage(tmp_path)
    stage.post(5, LIMIT)
    stage.price(6, 64790)
    stage.start()
    stage.post(65, "BUY ETHUSDT @ 3000, TP 3100, SL 2900")
    stage.price(66, 2999, symbol="ETHUSDT")
    assert "vip/2 long ETHUSDT in (live)" in stage.said()[-1]
    assert stage.instant.account.equity() == pytest.approx(10_000, abs=2)
    assert stage.desk.books.marks.before == {}, "the record's own marks are as they were"


def test_a_call_that_ends_one_which_is_over_leaves_the_record_alone(tmp_path: Path) -> None:
    """It acts in the candle in which the first was stopped, and comes to the market when that candle is told."""
    stage = LiveStage(tmp_path, {"repeat: ignore, opposite: ignore": "repeat: replace, opposite: ignore"})
    stage.post(5, LIMIT)
    stage.price(6, 64790)
    stage.candle(0, 64790, 64800, 64780, 64790)
    stage.candle(1, 64790, 64800, 64780, 64790)
    stage.post(175, LIMIT)
    stage.candle(2, 64790, 64790, 64400, 64400)
    first = stage.desk.books.rows[0]
    before = first.stepper.saved()
    stage.said()
    stage.price(183, 64700)
    assert [line.partition(":")[0] for line in stage.said()] == ["vip/2 long BTCUSDT in (live)"]
    assert first.over
    assert first.stepper.saved() == before


def test_after_a_silence_the_record_speaks_first(tmp_path: Path) -> None:
    """The target was hit while no price came, and the price is beyond the stop when they come again."""
    stage = LiveStage(tmp_path, {"[50%, 50%]": "[100%]"})
    stage.post(5, LIMIT)
    stage.price(6, 64790)
    stage.candle(0, 64790, 64800, 64780, 64790)
    stage.candle(1, 64790, 64800, 64780, 64790)
    stage.price(125, 64790)
    stage.said()
    stage.price(305, 64400)
    assert stage.said() == []
    stage.candle(2, 64790, 64800, 64790, 64795)
    stage.price(306, 64400)
    assert stage.said() == [], "two more candles are not told"
    stage.candle(3, 64795, 65010, 64790, 65005)
    (line,) = stage.said()
    assert line.startswith("vip/1 long BTCUSDT target 1: 0.0154321 out at 65000")
    stage.candle(4, 65005, 65010, 64400, 64400)
    stage.price(308, 64390)
    assert stage.said() == []
    assert stage.events("withdrawn") == []


def test_prices_go_on_where_the_record_has_told_the_silence(tmp_path: Path) -> None:
    """Those that came meanwhile are gone through in their order."""
    stage = LiveStage(tmp_path, {"[50%, 50%]": "[100%]"})
    stage.post(5, LIMIT)
    stage.price(6, 64790)
    stage.candle(0, 64790, 64800, 64780, 64790)
    stage.candle(1, 64790, 64800, 64780, 64790)
    stage.price(125, 64790)
    stage.price(245, 64990, 65003, 64400)
    stage.said()
    stage.candle(2, 64790, 64800, 64790, 64795)
    assert stage.said() == []
    stage.candle(3, 64795, 64990, 64790, 64990)
    (line,) = stage.said()
    assert line.startswith("vip/1 long BTCUSDT target 1 (live): 0.0154321 out at 65000")


def test_a_price_of_a_candle_that_was_told_comes_too_late(tmp_path: Path) -> None:
    """It was in that candle before the limit filled: the record knows, and no target is hit by it."""
    stage = LiveStage(tmp_path)
    stage.post(5, LIMIT)
    stage.price(6, 64900)
    stage.candle(0, 64900, 64900, 64900, 64900)
    stage.price(61, 64900)
    stage.candle(1, 64900, 65005, 64780, 64790)
    stage.said()
    stage.instant.price("BTCUSDT", START_MS + 100_000, 65005)
    assert stage.said() == []
    stage.price(122, 65005)
    (line,) = stage.said()
    assert line.startswith("vip/1 long BTCUSDT target 1 (live)")


def word(stage: LiveStage, kind: str, second: float, data: dict[str, object]) -> str:
    """A person's word, done at a moment."""
    stage.now_ms = START_MS + round(second * 1000)
    stage.desk.ledger.append(Event("live", kind, stage.now_ms, data))
    order = stage.events(kind)[-1]
    said = stage.desk.obey(order, stage.now_ms)
    stage.instant.refresh()
    return said


def record_of_first(stage: LiveStage) -> list[tuple[str, bool]]:
    """What the record has said of each call, once its first candle is over."""
    names = {call.row: call.plan.signal_id for call in stage.desk.books.rows}
    return [(names[event.row or 0], event.data["taken"]) for event in stage.events("decided")]


@pytest.mark.parametrize("restarted", [False, True])
def test_a_halt_touches_no_call_that_acted_before_it(tmp_path: Path, restarted: bool) -> None:
    """Live it was in before the halt: the record, which decides a minute later, takes it too."""
    stage = LiveStage(tmp_path)
    stage.post(5, MARKET)
    stage.price(6, 64801)
    word(stage, "halt", 20, {"until_ms": START_MS + 80_000, "channels": []})
    stage.post(30, "BUY ETHUSDT @ 3000, TP 3100, SL 2900")
    stage.price(31, 2999, symbol="ETHUSDT")
    first, second = stage.said()
    assert first.startswith("vip/1 long BTCUSDT in (live)")
    assert second.startswith("vip/2 long ETHUSDT refused (live) by hand (paper halt): halted by hand until")
    if restarted:
        stage.start()
    for symbol, price in (("BTCUSDT", 64801), ("ETHUSDT", 2999)):
        stage.candle(0, *[price] * 4, symbol)
        stage.candle(1, *[price] * 4, symbol)
    assert record_of_first(stage) == [("vip/1", True), ("vip/2", False)]
    assert stage.said() == []


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("channels", [[], ["vip"]])
def test_what_a_halt_refused_stays_refused_when_it_is_lifted(
    tmp_path: Path, channels: list[str], restarted: bool
) -> None:
    stage = LiveStage(tmp_path)
    assert word(stage, "halt", 2, {"until_ms": None, "channels": channels}).endswith("until paper resume")
    stage.post(5, MARKET)
    stage.price(6, 64801)
    said = word(stage, "resume", 20, {"channels": channels})
    assert said == f"1 pause{' of vip' * bool(channels)} ended"
    assert word(stage, "resume", 21, {"channels": channels}).startswith("0 pauses")
    stage.post(30, "BUY ETHUSDT @ 3000, TP 3100, SL 2900")
    stage.price(31, 2999, symbol="ETHUSDT")
    first, second = stage.said()
    assert first.startswith("vip/1 long BTCUSDT refused (live) by hand")
    assert second.startswith("vip/2 long ETHUSDT in (live)")
    if restarted:
        stage.start()
    for symbol, price in (("BTCUSDT", 64801), ("ETHUSDT", 2999)):
        stage.candle(0, *[price] * 4, symbol)
        stage.candle(1, *[price] * 4, symbol)
    assert record_of_first(stage) == [("vip/1", False), ("vip/2", True)]
    assert stage.said() == []
    assert stage.desk.books.books.books.halts == [], "it is forgotten when no call can be judged by it"


def test_a_pause_of_an_older_ledger_holds_from_the_beginning() -> None:
    data = {"until_ms": 5, "rule": "by hand", "where": "paper halt", "channels": ["vip"], "symbols": []}
    assert halt_from(data) == Halt(5, "by hand", "paper halt", ("vip",), (), 0)


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("name", ["vip/1", "all"])
def test_a_trade_that_is_only_live_can_be_closed(tmp_path: Path, name: str, restarted: bool) -> None:
    """The record has it later, and ends it at the first open after the word: here that of its second candle."""
    stage = LiveStage(tmp_path)
    stage.post(5, MARKET)
    stage.price(6, 64801)
    stage.candle(0, 64700, 64850, 64700, 64801)
    stage.price(80, 64820)
    stage.said()
    said = word(stage, "close", 81, {"id": name, "live": ["vip/1"]})
    assert said == "1 trade is closed live at once, and at the next open when the record has it"
    stage.price(82, 64825)
    (line,) = stage.said()
    assert line.startswith("vip/1 long BTCUSDT closed by hand (live): 0.0154319 out at 64825; closed with")
    assert stage.instant.account.open_calls() == []
    if restarted:
        stage.start()
    stage.candle(1, 64801, 64830, 64790, 64825)
    stage.candle(2, 64825, 64830, 64300, 64400)
    stage.candle(3, 64400, 64400, 64300, 64400)
    assert stage.said() == []
    trade = stage.desk.books.rows[0].trade()
    assert [(leg.reason, leg.ts_ms, leg.price) for leg in trade.path.legs] == [("by hand", START_MS + 120_000, 64825)]
    assert trade.notes[-1].rule == "by hand"
    assert stage.desk.books.books.books.held == {}
    assert stage.desk.books.books.equity(stage.now_ms) == pytest.approx(10_000 + trade.net)
    assert stage.events("withdrawn") == []


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("text", [MARKET, LIMIT, "BUY BTCUSDT @ 64000, TP 65000, SL 63500"])
def test_a_word_before_the_first_candle_opens_leaves_no_trade_in_the_record(
    tmp_path: Path, text: str, restarted: bool
) -> None:
    stage = LiveStage(tmp_path)
    stage.post(5, text)
    stage.price(6, 64790)
    rests = text.startswith("BUY BTCUSDT @ 64000")
    stage.said()
    word(stage, "close", 20, {"id": "vip/1", "live": ["vip/1"]})
    stage.price(21, 64795)
    (line,) = stage.said()
    assert line.startswith(f"vip/1 long BTCUSDT {'cancelled (live)' if rests else 'closed by hand (live): 0.0154'}")
    if restarted:
        stage.start()
    stage.candle(0, 64790, 64795, 64790, 64795)
    stage.candle(1, 64795, 64800, 64400, 64400)
    lines = stage.said()
    assert [line.partition(":")[0] for line in lines] == [] if rests else [
        "vip/1 long BTCUSDT cancelled by hand (paper close)", "vip/1 long BTCUSDT withdrawn"
    ]  # fmt: skip
    assert all("by hand at 64795 (live) is not in the record: it was closed before" in line for line in lines[1:])
    trade = stage.desk.books.rows[0].trade()
    assert (trade.path.fills, trade.net) == ((), 0.0)
    assert stage.desk.books.books.equity(stage.now_ms) == 10_000
    assert stage.instant.account.open_calls() == []


def test_a_word_on_a_call_that_the_record_does_not_take_is_forgotten(tmp_path: Path) -> None:
    """Live it was in, by its candle it is too late."""
    stage = LiveStage(tmp_path)
    stage.post(5, MARKET)
    stage.price(6, 64801)
    word(stage, "close", 20, {"id": "vip/1", "live": ["vip/1"]})
    stage.candle(0, 64801, 65100, 64800, 65100)
    stage.candle(1, 65100, 65200, 65100, 65200)
    call = stage.desk.books.rows[0]
    assert (call.fate, call.closing_ms, call.closing_notes) == ("too late", None, ())
    stage.start()
    assert stage.desk.books.rows[0].closing_ms is None


ONLY = "; only in the channel's record: "


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize(("text", "side"), [(LIMIT, ""), (SHORT, ", on the other side")])
def test_a_call_that_the_account_refused_blocks_in_the_channels_record_and_that_is_said(
    tmp_path: Path, recorded: bool, text: str, side: str
) -> None:
    """Whose life it is: of the line said live, of the record's line, and of the call's fate."""
    stage = LiveStage(tmp_path)
    word(stage, "halt", 2, {"until_ms": START_MS + 10_000, "channels": []})
    stage.post(5, MARKET)
    stage.price(6, 64801)
    if recorded:
        stage.candle(0, *[64801] * 4)
        stage.candle(1, *[64801] * 4)
    assert "vip/1 long BTCUSDT refused (live) by hand" in stage.said()[0]
    second = 130 if recorded else 20
    stage.post(second, text)
    stage.price(second + 1, 64801)
    (line,) = stage.said()
    fate = "opposite" if side else "repeat"
    said = f"vip/1 is still alive{side}{ONLY}the account refused it"
    assert line == f"vip/2 {'short' if side else 'long'} BTCUSDT not taken (live), {fate}: {said}; the price is 64801"
    for minute in (2, 3) if recorded else (0, 1):
        stage.candle(minute, *[64801] * 4)
    found = {row.signal_id: row.reason for row in fates_of("live", Heard().read(stage.events()), stage.desk.books.rows)}
    assert found["vip/2"] == said
    assert stage.said() == []


def test_a_call_whose_trade_was_closed_by_hand_lives_on_in_the_channels_record(tmp_path: Path) -> None:
    stage = LiveStage(tmp_path)
    stage.post(5, MARKET)
    stage.candle(0, *[64801] * 4)
    stage.candle(1, *[64801] * 4)
    word(stage, "close", 125, {"id": "all"})
    stage.candle(2, *[64801] * 4)
    stage.candle(3, *[64801] * 4)
    stage.said()
    stage.post(250, LIMIT)
    stage.candle(4, *[64801] * 4)
    stage.candle(5, *[64801] * 4)
    (line,) = stage.said()
    assert line == f"vip/2 long BTCUSDT not taken, repeat: vip/1 is still alive{ONLY}the account's trade is over"


def told_and_killed(folder: Path, text: str, *prices: float) -> LiveStage:
    """A trade of 8,000 USDT of margin (of 10,000) goes through prices live; the process is killed, and begins again."""
    stage = LiveStage(folder, {"fixed: 1000 USDT": "fixed: 40000 USDT"})
    stage.post(5, text)
    stage.price(6, 64801)
    stage.candle(0, 64800, 64810, 64790, 64801)
    stage.price(61, 64801)
    stage.candle(1, 64801, 64810, 64790, 64801)
    stage.price(122, 64801, *prices)
    stage.worth = stage.instant.account.equity()
    assert len(stage.said()) == 1 + len(prices)
    stage.start()
    return stage


@pytest.mark.parametrize("follows", ["the record", "a price of the same candle", "a price of a later candle"])
def test_a_trade_that_was_told_closed_stays_closed_over_a_kill(tmp_path: Path, follows: str) -> None:
    """Neither the table nor the margin forgets it until the record has caught up, and nothing is told again."""
    stage = told_and_killed(tmp_path, MARKET, 65001)
    assert stage.instant.account.open_calls() == []
    assert stage.instant.account.equity() == pytest.approx(stage.worth)
    if follows == "a price of the same candle":
        stage.price(150, 64900, 64400)
    elif follows == "a price of a later candle":
        stage.price(185, 64900, 64400)
    assert stage.instant.account.open_calls() == []
    stage.post(190, "BUY ETHUSDT NOW @ 2500, TP 2600, SL 2400")
    stage.price(192, 2500, symbol="ETHUSDT")
    (line,) = stage.said()
    assert line.startswith("vip/2 long ETHUSDT in (live)"), "the margin is free"
    stage.candle(2, 64801, 65001, 64790, 64990)
    assert stage.instant.account.open_calls()[0].plan.symbol == "ETHUSDT"
    stage.candle(3, 64990, 64990, 64400, 64400)
    stage.candle(3, 2500, 2500, 2500, 2500, symbol="ETHUSDT")
    assert stage.said() == []
    assert stage.events("withdrawn") == []


def test_a_target_that_was_told_stays_taken_over_a_kill_and_its_stop_stays_moved(tmp_path: Path) -> None:
    stage = told_and_killed(tmp_path, TWO, 65001)
    (side,) = stage.instant.account.open_calls()
    assert (side.stepper.held, side.stepper.stop, side.stepper.targets) == (0.5, 64801, ((65200.0, 0.5),))
    assert stage.instant.account.equity() == pytest.approx(stage.worth, abs=0.5), "at the last price that is written"
    stage.post(130, "closed 50%", reply_to=1)
    stage.start()
    (side,) = stage.instant.account.open_calls()
    assert side.stepper.held == 0.5, "no price has come since"
    stage.price(140, 65010)
    stage.candle(2, 64801, 65011, 64790, 65010)
    stage.price(185, 65010)
    assert [line.partition(": ")[0] for line in stage.said() if "(live)" in line] == [
        "vip/1 long BTCUSDT channel (live)"
    ]
    assert stage.instant.account.open_calls()[0].stepper.held == 0.25


def test_what_the_record_never_makes_is_taken_back_after_a_kill_too(tmp_path: Path) -> None:
    """A target was hit between two candles; then the trade goes on."""
    stage = told_and_killed(tmp_path, MARKET, 65001)
    stage.candle(2, 64801, 64990, 64790, 64990)
    assert [call.plan.signal_id for call in stage.instant.account.open_calls()] == ["vip/1"]
    stage.candle(3, 64990, 64995, 64790, 64990)
    assert stage.said() == [
        "vip/1 long BTCUSDT withdrawn: target 1 at 65000 (live) is not in the record: its candles do not show it"
    ]
    stage.price(250, 65003)
    assert [line.partition(":")[0] for line in stage.said()] == ["vip/1 long BTCUSDT target 1 (live)"]


def test_a_kill_before_the_candle_of_a_fill_forgets_nothing_either(tmp_path: Path) -> None:
    """The record has met the call; its limit and its first target were told live."""
    stage = LiveStage(tmp_path)
    stage.post(5, "BUY BTCUSDT @ 64800, TP1 1%, TP2 2%, SL 1%")
    stage.price(6, 64900)
    stage.candle(0, 64900, 64900, 64900, 64900)
    stage.candle(1, 64900, 64910, 64890, 64900)
    stage.price(122, 64800, 65500)
    assert len(stage.said()) == 3
    stage.start()
    (side,) = stage.instant.account.open_calls()
    assert (side.stepper.filled, side.stepper.held) == (1.0, 0.5)
    stage.candle(2, 64900, 65500, 64790, 65400)
    stage.candle(3, 65400, 65500, 65300, 65400)
    assert [line.partition(" (")[0] for line in stage.said()] in ([], ["vip/1 long BTCUSDT in the record"])
