"""A trade of which a part is out already is ended like any other: by a rule, and by a person.

It must not matter what took the part: a target, a target that was edited, the channel's own word.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.paper.ledger import Event
from tests.paper.livestage import LiveStage
from tests.paper.test_changed import money_is_that_of_the_trades
from tests.paper.test_live_rules import BIG, STOP

CALL = "BUY BTCUSDT NOW @ 64800, TP1 65000, TP2 65200, SL 64500"
EDITED = CALL.replace("TP1 65000", "TP1 64950")
LESS = STOP.replace("1%", "0.4%")
KEEP = {"after target 1: {move stop: breakeven}": "close after: 7d"}


def half_out(folder: Path, edited: bool = False) -> LiveStage:
    """A long of 64,800 whose first target was met: half is out, in the record too; minute 3 comes next."""
    stage = LiveStage(folder, BIG | KEEP, LESS)
    stage.candle(-1, 64800, 64800, 64800, 64800)
    stage.post(5, CALL)
    stage.price(6, 64800)
    stage.candle(0, 64800, 64810, 64790, 64800)
    stage.candle(1, 64800, 64810, 64790, 64800)
    if edited:
        stage.edit(125, 1, EDITED)
    stage.candle(2, 64800, 64940, 64790, 64900)
    stage.candle(3, 64900, 64960 if edited else 65010, 64890, 64900)
    assert exits(stage) == ["target"]
    stage.said()
    return stage


def exits(stage: LiveStage) -> list[str]:
    """How the parts of the trade went out."""
    (call,) = stage.desk.books.rows
    return [leg.reason.value for leg in call.trade().path.legs]


@pytest.mark.parametrize("edited", [False, True])
@pytest.mark.parametrize("restarted", [False, True])
def test_a_daily_stop_ends_what_is_left(tmp_path: Path, *, edited: bool, restarted: bool) -> None:
    stage = half_out(tmp_path, edited)
    stage.price(251, 64510)
    assert any("closed by daily-stop (live)" in line for line in stage.said())
    stage.candle(4, 64900, 64900, 64510, 64520)
    if restarted:
        stage.start()
    stage.candle(5, 64520, 64530, 64510, 64520)
    stage.candle(6, 64520, 64530, 64510, 64520)
    stage.candle(7, 64520, 64530, 64510, 64520)
    assert exits(stage) == ["target", "rule"]
    assert not [line for line in stage.said() if "withdrawn" in line]
    assert stage.desk.books.open_calls == []
    money_is_that_of_the_trades(stage.desk)


@pytest.mark.parametrize("edited", [False, True])
def test_a_person_ends_what_is_left(tmp_path: Path, *, edited: bool) -> None:
    """At the open of the next candle; what the rest of that candle does is nothing to it any more."""
    stage = half_out(tmp_path, edited)
    said = stage.desk.obey(Event("live", "close", stage.now_ms, {"id": "vip/1"}), stage.now_ms)
    assert said == "1 trade is closed at the next open"
    stage.candle(4, 64900, 64910, 64890, 64900)
    stage.candle(5, 64910, 65300, 64890, 65250)
    stage.candle(6, 65250, 65250, 65250, 65250)
    (call,) = stage.desk.books.rows
    assert [leg.price for leg in call.trade().path.legs] == [64950 if edited else 65000, 64910]
    assert stage.desk.books.open_calls == []
    money_is_that_of_the_trades(stage.desk)
