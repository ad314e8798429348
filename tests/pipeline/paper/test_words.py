"""The words of paper trading about what people and channels do to a trade."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from engine.paper.ledger import Event
from tests.conftest import Run
from tests.paper.livestage import LiveStage


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
    assert trade["exits"].startswith("by hand @ 64")
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


def test_a_call_that_could_be_no_trade_made_nothing(stage: LiveStage, run: Run) -> None:
    stage.post(1.5, "BUY ETHUSDT NOW @ 3000, TP 3100, SL 2999.9")
    stage.candle(0, 3000, 3001, 2999.95, 3000, symbol="ETHUSDT")
    stage.candle(1, 3000, 3000, 2990, 2995, symbol="ETHUSDT")
    found = {row["signal_id"]: row for row in rows(stage, run, "calls")}
    assert (found["vip/2"]["fate"], found["vip/2"]["r"]) == ("stop too near", "")
