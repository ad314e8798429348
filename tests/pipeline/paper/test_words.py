"""The words of paper trading about what people and channels do to a trade."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pytest

from engine.paper.ledger import Event
from tests.conftest import Run
from tests.paper.livestage import LiveStage
from tests.pipeline.paper.conftest import Account


def rows(stage: LiveStage, run: Run, what: str) -> list[dict[str, str]]:
    stage.desk.ledger.back_up(stage.folder / "data" / "paper.db")
    return list(csv.DictReader(io.StringIO(run("paper", what, "--format", "csv").stdout)))


def test_a_trade_that_is_closed_by_hand_says_so(stage: LiveStage, run: Run) -> None:
    """Live, in the list of calls before it is out, and in the list of trades after."""
    stage.candle(0, 64790, 64820, 64780, 64800)
    stage.candle(1, 64800, 64810, 64790, 64800)
    stage.said()
    stage.desk.ledger.append(Event("live", "close", stage.now_ms, {"id": "vip/1"}))
    (order,) = stage.events("close")
    stage.desk.obey(order, stage.now_ms)
    stage.instant.refresh()
    (call,) = rows(stage, run, "calls")
    assert (call["fate"], call["reason"]) == ("open", "closed by hand at the next open")
    stage.price(130, 64_700)
    said = [line for line in stage.said() if "(live)" in line]
    assert len(said) == 1
    assert said[0].startswith("vip/1 long BTCUSDT closed by hand (live): ")
    stage.candle(2, 64_750, 64_760, 64_650, 64_700)
    stage.candle(3, 64_760, 64_790, 64_650, 64_700)
    assert any(line.startswith("vip/1 long BTCUSDT in the record: closed by hand at 64") for line in stage.said())
    (trade,) = rows(stage, run, "trades")
    assert trade["ended"] == "by hand"
    assert re.fullmatch(r"by hand 64[\d.]+ x 1 @ 2025-03-03T12:0\d:00\+00:00", trade["exits"])
    (call,) = rows(stage, run, "calls")
    assert (call["fate"], call["reason"]) == ("closed", "Closed by hand.")


def deleted(stage: LiveStage) -> list[str]:
    """What is said when the call is deleted."""
    stage.said()
    stage.now_ms += 100
    post = stage.posts[0]
    gone = replace(post, version=2, kind="deletion", edited_ms=stage.now_ms, received_ms=stage.now_ms, text="")
    stage.desk.message(gone)
    return stage.said()


def test_a_deletion_speaks_of_a_trade_only_where_there_is_one(stage: LiveStage) -> None:
    before = "vip/1 long BTCUSDT was deleted by its channel: it stays in the channel's record"
    assert deleted(stage) == [before]


def test_a_deletion_of_a_trade_says_that_it_goes_on(stage: LiveStage) -> None:
    stage.candle(0, 64790, 64820, 64780, 64800)
    stage.candle(1, 64800, 64810, 64790, 64800)
    assert deleted(stage) == ["vip/1 long BTCUSDT was deleted by its channel: the trade goes on"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("BUY BTCUSDT NOW @ 64800, TP 65400, SL 64500", "changes the targets"),
        ("BUY BTCUSDT NOW @ 64800, TP 65000, SL 64600", "moves the stop"),
        ("BUY BTCUSDT NOW @ 64800, TP 65400, SL 64600", "moves the stop and changes the targets"),
        ("BUY BTCUSDT NOW @ 64800, TP 65000, SL 64500!", None),
    ],
)
def test_an_edit_is_told_by_what_it_changes(text: str, said: str | None, stage: LiveStage) -> None:
    stage.post(0.5, "BUY BTCUSDT NOW @ 64800, TP 65000, SL 64500")
    stage.said()
    stage.edit(1.0, 2, text)
    assert stage.said() == ([] if said is None else [f"vip/2 long BTCUSDT: its channel {said}"])


WRONG = "a message of its channel has a wrong number: {}; that does nothing"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("BTCUSDT target 2 is now 65300", "its channel changes the targets"),
        ("BTCUSDT target 7 is now 65300", WRONG.format("target 7 is named, and the call has 2")),
        ("BTCUSDT stop to target 7", WRONG.format("target 7 is named, and the call has 2")),
        ("BTCUSDT cancel order 9", WRONG.format("order 9 is named, and the trade has 1")),
    ],
)
def test_what_is_said_by_a_number_is_done_and_a_wrong_one_is_named(text: str, said: str, stage: LiveStage) -> None:
    stage.candle(0, 64790, 64820, 64780, 64800)
    stage.candle(1, 64800, 64900, 64350, 64400)
    stage.post(130, "BUY BTCUSDT NOW @ 64800, TP1 65000, TP2 65200, SL 64500")
    stage.said()
    stage.post(131, text)
    assert stage.said() == [f"vip/2 long BTCUSDT: {said}"]
    changes = [change["targets"] for event in stage.events("update") for change in event.data["changes"]]
    assert changes == ([[[65000.0, 0.5], [65300.0, 0.5]]] if "2 is" in text else [])


def test_a_target_that_was_taken_is_not_ahead_again_when_it_is_edited(stage: LiveStage) -> None:
    stage.post(0.5, "BUY ETHUSDT NOW @ 64800, TP1 65000, TP2 65400, SL 64500")
    stage.candle(0, 64800, 64810, 64790, 64800, symbol="ETHUSDT")
    stage.candle(1, 64800, 64810, 64790, 64800, symbol="ETHUSDT")
    stage.candle(2, 64900, 65050, 64890, 65000, symbol="ETHUSDT")
    stage.edit(185, 2, "BUY ETHUSDT NOW @ 64800, TP1 65200, TP2 65500, SL 64500")
    stage.candle(3, 65000, 65010, 64990, 65000, symbol="ETHUSDT")
    stage.candle(4, 65000, 65600, 64990, 65550, symbol="ETHUSDT")
    legs = [leg for event in stage.events("step") for leg in event.data["legs"]]
    assert [(leg["price"], leg["share"]) for leg in legs] == [(65000, 0.5), (65500, 0.5)]


FLAT = "3050 3050 3050 3050"


@pytest.mark.parametrize(
    ("bars", "edited", "said", "out"),
    [
        (f"{FLAT} | {FLAT} | {FLAT} | 3020 3020 3000 3020 | 3020 3035 3020 3020 | 3020 3020 2960 2960", 1,
         " and moves the stop and changes the targets", (3030, 3000)),
        (f"{FLAT} | {FLAT} | 3050 3050 3030 3050 | 3050 3062 3050 3050 | {FLAT} | 3050 3050 2960 2960", 3,
         "", (3060.3, 3030)),
    ],
)  # fmt: skip
def test_an_edit_of_the_entry_takes_what_is_in_percent_along_only_until_the_fill(
    bars: str, edited: int, said: str, out: tuple[float, float], stage: LiveStage
) -> None:
    """And so never a stop back from break-even: target 1 lies 1% above the entry, and moves it there."""
    stage.post(0.5, "BUY ETHUSDT @ 3030, TP1 1%, TP2 2%, SL 1%")
    for minute, bar in enumerate(bars.split(" | ")):
        stage.candle(minute, *map(float, bar.split()), symbol="ETHUSDT")
        if minute == edited:
            stage.said()
            stage.edit(minute * 60 + 65, 2, "BUY ETHUSDT @ 3000, TP1 1%, TP2 2%, SL 1%")
            assert stage.said() == [f"vip/2 long ETHUSDT: its channel changes the entries{said}"]
    legs = [leg for event in stage.events("step") for leg in event.data["legs"]]
    assert [leg["price"] for leg in legs] == [pytest.approx(price) for price in out]


def test_a_target_that_is_edited_moves_no_stop(stage: LiveStage) -> None:
    """Neither in the words nor in what ended the trade."""
    stage.post(0.5, "BUY ETHUSDT @ market, TP 1%, SL 1%")
    stage.candle(0, 2999, 3001, 2999, 3000, symbol="ETHUSDT")
    stage.candle(1, 3000, 3001, 2999, 3000, symbol="ETHUSDT")
    stage.said()
    stage.edit(125, 2, "BUY ETHUSDT @ market, TP 2%, SL 1%")
    assert stage.said() == ["vip/2 long ETHUSDT: its channel changes the targets"]
    stage.candle(2, 2999, 3001, 2998, 3000, symbol="ETHUSDT")
    stage.candle(3, 3000, 3001, 2960, 2965, symbol="ETHUSDT")
    legs = [leg for event in stage.events("step") for leg in event.data["legs"]]
    assert [leg["reason"] for leg in legs] == ["stop"]
    said = stage.said()
    assert said == []


@pytest.mark.parametrize(
    ("text", "out"), [("TP1 65000, TP2 65400, SL 64500", 64800), ("TP1 65000, TP2 65200, SL 64400", 64400)]
)
def test_an_edited_target_does_not_take_a_stop_back_from_break_even(text: str, out: float, stage: LiveStage) -> None:
    """The strategy moved it there after target 1; only words about the stop put it elsewhere."""
    stage.post(0.5, "BUY ETHUSDT NOW @ 64800, TP1 65000, TP2 65200, SL 64500")
    stage.candle(0, 64800, 64810, 64790, 64800, symbol="ETHUSDT")
    stage.candle(1, 64800, 64810, 64790, 64800, symbol="ETHUSDT")
    stage.candle(2, 64900, 65050, 64890, 65000, symbol="ETHUSDT")
    stage.edit(185, 2, f"BUY ETHUSDT NOW @ 64800, {text}")
    stage.candle(3, 65000, 65010, 64990, 65000, symbol="ETHUSDT")
    stage.candle(4, 65000, 65010, 64350, 64400, symbol="ETHUSDT")
    legs = [leg for event in stage.events("step") for leg in event.data["legs"]]
    assert [leg["price"] for leg in legs] == [65000, out]


def test_a_call_that_could_be_no_trade_made_nothing(stage: LiveStage, run: Run) -> None:
    stage.post(1.5, "BUY ETHUSDT NOW @ 3000, TP 3100, SL 2999.9")
    stage.candle(0, 3000, 3001, 2999.95, 3000, symbol="ETHUSDT")
    stage.candle(1, 3000, 3000, 2990, 2995, symbol="ETHUSDT")
    found = {row["signal_id"]: row for row in rows(stage, run, "calls")}
    assert (found["vip/2"]["fate"], found["vip/2"]["r"]) == ("stop too near", "")


def test_a_trade_on_its_way_out_is_not_closed_again(stage: LiveStage, run: Run) -> None:
    """Neither while the word waits for the account, nor after it was heard."""
    stage.candle(0, 64790, 64820, 64780, 64800)
    stage.candle(1, 64800, 64810, 64790, 64800)
    stage.desk.ledger.back_up(stage.folder / "data" / "paper.db")
    first = run("paper", "close", "vip/1")
    assert first.stdout == "live: close vip/1 noted; it is done when the account runs again\n"
    for words in ("vip/1", "all"):
        again = run("paper", "close", words)
        assert (again.exit_code, again.stdout) == (0, "live: vip/1 is on the way out already\n")
    stage.desk.ledger.append(Event("live", "close", stage.now_ms, {"id": "vip/1"}))
    stage.desk.ledger.append(Event("live", "close", stage.now_ms, {"id": "all"}))
    first_word, second_word = stage.events("close")
    assert stage.desk.obey(first_word, stage.now_ms) == "1 trade is closed at the next open"
    assert stage.desk.obey(second_word, stage.now_ms) == "it was to be closed at the next open already"
    for old in (stage.folder / "data").glob("paper.db*"):
        old.unlink()
    stage.desk.ledger.back_up(stage.folder / "data" / "paper.db")
    assert run("paper", "close", "vip/1").stdout == "live: vip/1 is on the way out already\n"


def test_a_refusal_for_margin_says_how_much_and_who_has_it(account: Account, run: Run) -> None:
    """Live, in the record and in the list of calls."""
    stage = account(strategy={"fixed: 1000 USDT": "fixed: 40000 USDT"})
    stage.post(0.5, "BUY BTCUSDT NOW @ 64800, TP 66000, SL 64000")
    stage.price(2, 64800)
    stage.post(3, "BUY ETHUSDT NOW @ 3000, TP 3100, SL 2900")
    stage.price(5, 3000, symbol="ETHUSDT")
    text = "the margin of this trade is not free in the account: 8000.00 needed, "
    live = [line for line in stage.said() if line.startswith("vip/2")]
    assert live[0].startswith(f"vip/2 long ETHUSDT refused (live) by margin (strategies/live.yaml): {text}")
    assert live[0].endswith(" USDT free; held by vip/1 BTCUSDT 8,000.00")
    for minute in (0, 1):
        stage.candle(minute, 64800, 64810, 64790, 64800)
        stage.candle(minute, 3000, 3001, 2999, 3000, symbol="ETHUSDT")
    (call,) = [row for row in rows(stage, run, "calls") if row["signal_id"] == "vip/2"]
    assert call["fate"] == "refused"
    assert call["reason"].startswith(text)
    assert call["reason"].endswith("; held by vip/1 BTCUSDT 8,000.00")
