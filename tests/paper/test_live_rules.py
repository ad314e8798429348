"""Rules that watch speak at live prices; the record speaks when a candle is over, and the difference is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.paper.ledger import Event
from tests.paper.livestage import LiveStage
from tests.paper.test_instant_days import SAID, Days
from tests.paper.test_parity import VARIANTS, varied
from tests.paper.world import facts, month

CALL = "BUY BTCUSDT NOW @ 64800, TP 65000, SL 64500"
OTHER = "BUY ETHUSDT NOW @ 2500, TP 2600, SL 2400"
BIG = {"fixed: 1000 USDT": "fixed: 40000 USDT"}  # four times the account: 1% of it is 0.25% of the price
STOP = "rules:\n  - {name: daily-stop, when: {daily loss over: 1%}, then: {halt: until next day, close: open trades}}\n"
SPOKE = "rule daily-stop (rules/mine.yaml:2) (live): The account lost "
CLOSED = "vip/1 long BTCUSDT closed by daily-stop (live): 0.617274 out at "
BACK = [
    "rule daily-stop (rules/mine.yaml:2) withdrawn: it spoke at live prices, and when the candle was over the account "
    "was within its limit; by the record nothing is halted or closed by it",
    "vip/1 long BTCUSDT withdrawn: rule at 64630 (live) is not in the record: no rule spoke when its candle was over",
]


def in_a_trade(folder: Path, rules: str = STOP, call: str = CALL) -> LiveStage:
    """A trade that was taken at 64801, in the record too; the next candle is that of minute 2."""
    stage = LiveStage(folder, BIG, rules)
    stage.candle(-1, 64800, 64800, 64800, 64800)
    stage.post(5, call)
    stage.price(6, 64801)
    stage.candle(0, 64800, 64810, 64790, 64801)
    stage.price(61, 64801, 64790)
    stage.candle(1, 64801, 64810, 64790, 64795)
    assert [line.partition(":")[0] for line in stage.said()] == ["vip/1 long BTCUSDT in (live)"]
    return stage


def open_live(stage: LiveStage) -> list[str]:
    return [call.plan.signal_id for call in stage.instant.account.open_calls()]


@pytest.mark.parametrize("restarts", ["none", "while the record owes it", "when the candle is over", "after it"])
def test_a_daily_stop_closes_at_the_price_that_reaches_it(tmp_path: Path, restarts: str) -> None:
    stage = in_a_trade(tmp_path)
    stage.price(130, 64700, 64680)
    assert stage.said() == []
    stage.price(131, 64630, 64620)
    spoke, closed = stage.said()
    assert spoke.startswith(f"{SPOKE}1.26% since the day began, the limit is a loss of 1.00%: no new trades until 2025")
    assert closed.startswith(f"{CLOSED}64630; closed with -145.50 USDT")
    assert open_live(stage) == []
    if restarts == "while the record owes it":
        stage.start()
    worth = stage.instant.account.equity()
    stage.price(140, 64640)
    stage.candle(2, 64795, 64795, 64610, 64620)
    stage.price(181, 64600)
    assert (stage.said(), open_live(stage)) == ([], []), "it stays closed until the record has followed"
    assert stage.instant.account.equity() == pytest.approx(worth)
    if restarts == "when the candle is over":
        stage.start()
    stage.candle(3, 64600, 64620, 64590, 64600)
    if restarts == "after it":
        stage.start()
    stage.candle(4, 64600, 64620, 64590, 64600)
    assert stage.said() == [
        "vip/1 long BTCUSDT in the record: closed by daily-stop at 64600 (said live: 64630, 4.6 bp away)"
    ]
    assert [event.kind for event in stage.events("live_alarm", "alarm", "alarm_withdrawn")] == ["live_alarm", "alarm"]


def test_a_stop_that_its_candle_meets_comes_before_what_the_rule_did(tmp_path: Path) -> None:
    stage = in_a_trade(tmp_path)
    stage.price(131, 64630)
    stage.said()
    stage.candle(2, 64795, 64795, 64400, 64400)
    assert stage.said() == [
        "vip/1 long BTCUSDT stop: 0.617274 out at 64500; closed with -225.71 USDT (-1.21 R)",
        "vip/1 long BTCUSDT withdrawn: rule at 64630 (live) is not in the record: its candles do not show it",
    ]
    stage.candle(3, 64400, 64400, 64400, 64400)
    assert [event.kind for event in stage.events("live_alarm", "alarm", "alarm_withdrawn")] == ["live_alarm", "alarm"]
    assert stage.said() == []


def test_what_the_record_does_too_is_not_said_again(tmp_path: Path) -> None:
    stage = in_a_trade(tmp_path)
    stage.price(131, 64630)
    stage.said()
    stage.candle(2, 64795, 64795, 64610, 64620)
    stage.candle(3, 64630, 64640, 64600, 64610)
    assert stage.said() == []
    trade = stage.desk.books.rows[0].trade()
    assert [(leg.reason, leg.price) for leg in trade.path.legs] == [("rule", 64630.0)]
    (alarm,) = stage.events("alarm")
    assert alarm.data["note"]["seen"] == "1.32%"
    assert [halt.rule for halt in stage.desk.books.books.books.halts] == ["daily-stop"]
    assert stage.instant.account.pauses == []


@pytest.mark.parametrize("restarted", [False, True])
def test_what_the_candle_does_not_show_is_taken_back_and_the_trade_goes_on(tmp_path: Path, restarted: bool) -> None:
    stage = in_a_trade(tmp_path)
    stage.price(131, 64630)
    stage.said()
    stage.candle(2, 64795, 64795, 64630, 64780)
    if restarted:
        stage.start()
    stage.candle(3, 64780, 64790, 64770, 64780)
    assert stage.said() == BACK
    assert open_live(stage) == ["vip/1"]
    stage.price(242, 64780, 64640)
    assert stage.said() == [], "not as deep as where it spoke: now it waits for the record"
    stage.price(243, 64625)
    spoke, closed = stage.said()
    assert (spoke[: len(SPOKE)], closed[: len(CLOSED) + 5]) == (SPOKE, f"{CLOSED}64625")
    assert stage.events("alarm") == []


def test_a_call_after_it_is_refused_live(tmp_path: Path) -> None:
    stage = in_a_trade(tmp_path)
    stage.price(131, 64630)
    stage.said()
    stage.post(135, OTHER)
    stage.price(137, 2500, symbol="ETHUSDT")
    (line,) = stage.said()
    assert line.startswith("vip/2 long ETHUSDT refused (live) by daily-stop (rules/mine.yaml:2): halted by daily-stop")


def test_a_trade_on_another_symbol_goes_out_at_its_own_next_price(tmp_path: Path) -> None:
    stage = LiveStage(tmp_path, {"fixed: 1000 USDT": "fixed: 20000 USDT"}, STOP)
    stage.post(5, CALL)
    stage.post(5, OTHER)
    stage.price(6, 64801)
    stage.price(6.5, 2500, symbol="ETHUSDT")
    stage.said()
    stage.price(8, 64530)
    spoke, closed = stage.said()
    assert (spoke[: len(SPOKE)], closed.partition(":")[0]) == (SPOKE, "vip/1 long BTCUSDT closed by daily-stop (live)")
    stage.price(9, 2498, symbol="ETHUSDT")
    (line,) = stage.said()
    assert line.startswith("vip/2 long ETHUSDT closed by daily-stop (live): 8 out at 2498; closed with")
    assert open_live(stage) == []


def test_a_pause_alone_is_told_at_once_and_once(tmp_path: Path) -> None:
    stage = in_a_trade(tmp_path, STOP.replace(", close: open trades", ""))
    stage.price(131, 64630, 64610, 64600)
    (line,) = stage.said()
    assert line.startswith(SPOKE)
    assert line.endswith("no new trades until 2025-03-04 00:00:00 (UTC).")
    assert open_live(stage) == ["vip/1"]
    stage.candle(2, 64795, 64795, 64600, 64610)
    stage.candle(3, 64610, 64620, 64600, 64610)
    stage.price(250, 64600)
    assert stage.said() == []


def test_a_loss_that_has_just_been_made_counts(tmp_path: Path) -> None:
    rules = "rules:\n  - {name: enough, when: {consecutive losses at least: 1}, then: {halt: 4h}}\n"
    stage = in_a_trade(tmp_path, rules)
    stage.price(131, 64490)
    stop, rule = (line.partition(":")[0] for line in stage.said())
    assert (stop, rule) == ("vip/1 long BTCUSDT stop (live)", "rule enough (rules/mine.yaml")
    stage.candle(2, 64795, 64795, 64490, 64490)
    stage.candle(3, 64490, 64490, 64490, 64490)
    assert [line.partition(":")[0] for line in stage.said()] == ["vip/1 long BTCUSDT in the record"]


def test_the_clock_speaks_at_the_first_price_of_its_time(tmp_path: Path) -> None:
    rules = "rules:\n  - {name: bed, when: {hours: [12:02-13:00]}, then: {close: open trades}}\n"
    stage = in_a_trade(tmp_path, rules)
    stage.price(119, 64700)
    assert stage.said() == []
    stage.price(120, 64710)
    assert [line.partition(" (live)")[0] for line in stage.said()] == [
        "rule bed (rules/mine.yaml:2)", "vip/1 long BTCUSDT closed by bed"
    ]  # fmt: skip


def test_yesterdays_loss_does_not_speak_after_midnight(tmp_path: Path) -> None:
    """The record is still in yesterday's last candle when the first price of today comes."""
    stage = in_a_trade(tmp_path, STOP.replace("until next day, close: open trades", "until next day"))
    stage.price(131, 64630)
    assert len(stage.said()) == 1
    for minute in range(2, 12 * 60 - 1):
        stage.candle(minute, 64630, 64640, 64620, 64630)
    midnight = 12 * 3600
    stage.price(midnight - 30, 64630)
    stage.price(midnight + 1, 64630, 64600)
    assert stage.said() == []
    assert stage.desk.books.settled_ms < stage.now_ms - 60_000
    stage.price(midnight + 5, 64460)
    stop, spoke = stage.said()
    assert (stop.partition(":")[0], spoke[: len(SPOKE)]) == ("vip/1 long BTCUSDT stop (live)", SPOKE), "today's does"


def test_nobody_speaks_while_the_record_is_behind(tmp_path: Path) -> None:
    stage = in_a_trade(tmp_path)
    stage.price(20 * 60, 64630, 64620)
    assert stage.said() == []
    for minute in range(2, 19):
        stage.candle(minute, 64790, 64800, 64780, 64790)
    stage.candle(19, 64790, 64790, 64620, 64630)
    stage.price(20 * 60 + 3, 64620)
    assert stage.said()[0].startswith(SPOKE)


def noted(events: list[Event], kind: str) -> list[tuple[str, int]]:
    return [(event.data["note"]["rule"], event.at_ms) for event in events if event.kind == kind]


@pytest.mark.parametrize("restarts", [0.0, 0.02])
def test_days_with_a_tight_limit(workspace: Path, tmp_path: Path, restarts: float) -> None:
    """The record is untouched, and whatever a rule says in it was said live in the minute before."""
    text = varied(workspace, VARIANTS["rules that halt and close"])
    (workspace / "strategies" / "demo.yaml").write_text(text, encoding="utf-8")
    stress = workspace / "rules" / "stress.yaml"
    rules = stress.read_text(encoding="utf-8")
    assert "daily loss over: 2%" in rules
    stress.write_text(rules.replace("daily loss over: 2%", "daily loss over: 0.7%"), encoding="utf-8")
    world = month("demo", "2025-01-20", workspace)
    events = Days(world, tmp_path / "live.db", live=True, restarts=restarts).play(3)
    alone = Days(world, tmp_path / "alone.db", live=False).play(3)
    assert facts([event for event in events if event.kind not in SAID]) == facts(alone)
    spoke, said, back = (noted(events, kind) for kind in ("alarm", "live_alarm", "alarm_withdrawn"))
    assert len(spoke) == 2
    assert all(any(rule == one and 0 <= at - then < 60_000 for one, then in said) for rule, at in spoke)
    assert len(said) == len(spoke) + len(back), "each is answered or taken back"
