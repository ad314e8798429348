"""Coins that are held by calls of which the account has no trade: status and resume say which, and until when."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.paper.ledger import Event
from tests.conftest import Run
from tests.paper.livestage import LiveStage

CALL = "BUY ETHUSDT NOW @ 3000, TP 3100, SL 2900"


def kept(stage: LiveStage) -> None:
    """What the commands read."""
    stage.desk.ledger.back_up(stage.folder / "data" / "paper.db")


def held(run: Run) -> list[dict[str, object]]:
    (account,) = json.loads(run("paper", "status", "--format", "json").stdout)["accounts"]
    return account["held"]


def minute(stage: LiveStage, number: int, high: float = 3001) -> None:
    """The candles of a minute; the trade in BTCUSDT goes on."""
    stage.candle(number, 64800, 64810, 64790, 64800)
    stage.candle(number, 3000, high, 2999, 3000, symbol="ETHUSDT")


def paused(stage: LiveStage) -> None:
    """A trade, a pause by hand, and a call that it refuses."""
    minute(stage, 0)
    minute(stage, 1)
    stage.desk.ledger.append(Event("live", "halt", stage.now_ms, {"until_ms": None, "channels": []}))
    (order,) = stage.events("halt")
    stage.desk.obey(order, stage.now_ms)
    stage.post(125, CALL)
    minute(stage, 2)
    minute(stage, 3)


def test_a_coin_held_by_a_refused_call_is_told(stage: LiveStage, run: Run) -> None:
    paused(stage)
    kept(stage)
    line = (
        "vip holds ETHUSDT (vip/2, refused by hand (paper halt)):"
        " later calls on a held coin are not taken until its call ends in the record"
    )
    assert [text.strip() for text in run("paper", "status").stdout.splitlines() if " holds " in text] == [line]
    (told,) = held(run)
    assert told == {
        "channel": "vip", "strategy": "live", "signal_id": "vip/2", "symbol": "ETHUSDT", "side": "long",
        "repeat": True, "opposite": True, "why": "refused by hand (paper halt)",
    }  # fmt: skip
    said = run("paper", "resume").stdout.splitlines()
    assert said[0].startswith("live: resume noted")
    assert said[1:] == [f"  {line}"]


def test_what_is_told_is_what_happens(stage: LiveStage, run: Run) -> None:
    """A repeat is not taken while the call lives, and is taken when it has ended; then nothing is held."""
    paused(stage)
    stage.desk.ledger.append(Event("live", "resume", stage.now_ms, {"channels": []}))
    (order,) = stage.events("resume")
    stage.desk.obey(order, stage.now_ms)
    stage.post(245, CALL)
    minute(stage, 4)
    minute(stage, 5)
    assert [call.fate for call in stage.desk.books.rows][1:] == ["", "repeat"]
    minute(stage, 6, high=3110)  # its target
    kept(stage)
    assert held(run) == []
    stage.post(425, CALL)
    minute(stage, 7)
    minute(stage, 8)
    assert [call.fate for call in stage.desk.books.rows][1:] == ["", "repeat", ""]


@pytest.mark.parametrize(
    ("calls", "which"),
    [("{repeat: add, opposite: ignore}", "opposite calls"), ("{repeat: ignore, opposite: add}", "repeats")],
)
def test_only_what_the_strategy_holds_is_told(calls: str, which: str, stage: LiveStage, run: Run) -> None:
    path: Path = stage.folder / "strategies" / "live.yaml"
    text = path.read_text(encoding="utf-8").replace("calls: {repeat: ignore, opposite: ignore}", f"calls: {calls}")
    paused(stage)
    path.write_text(text, encoding="utf-8")
    kept(stage)
    assert f"): {which} on a held coin are not taken" in run("paper", "status").stdout


def test_a_trade_of_the_account_holds_its_coin_without_a_word(stage: LiveStage, run: Run) -> None:
    stage.post(5, CALL)
    minute(stage, 0)
    minute(stage, 1)
    kept(stage)
    assert held(run) == []
