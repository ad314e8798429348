"""A word without a reply is about the channel's latest call on the symbol: also where that call is heard of later."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.collect.reading import when_known
from engine.domain import Message
from engine.notify.notice import NoticeKind
from engine.paper.reconcile import Difference
from engine.paper.statement import disagreements, statement
from engine.pipeline.paper.said import said_of
from tests.paper import livestage
from tests.paper.livestage import START_MS, LiveStage

WORDS = """
update close
<<<
close {symbol: BTCUSDT}
>>>

update move-stop
<<<
{symbol: BTCUSDT} stop to {stop: 64700}
>>>
"""
FIRST = "BUY BTCUSDT NOW @ 64800, TP 65500, SL 64000"
SECOND = "BUY BTCUSDT NOW @ 64790, TP 65400, SL 64100"
ADD = {"repeat: ignore": "repeat: add"}
ABOUT = "vip/1 long BTCUSDT: vip/3 was about vip/2, which was heard of later; "


@pytest.fixture(autouse=True)
def _words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(livestage, "PROFILE", livestage.PROFILE + WORDS)


def message(number: int, second: float, text: str) -> Message:
    posted = START_MS + round(second * 1000)
    return Message("vip", 1, number, 1, "post", posted, None, posted, text, None)


def hear(stage: LiveStage, one: Message, second: float) -> None:
    stage.now_ms = START_MS + round(second * 1000)
    stage.posts.append(one)
    stage.desk.message(one)
    stage.instant.refresh()


def restart(stage: LiveStage) -> None:
    """As a runner reads its archive: in the true order."""
    stage.posts.sort(key=when_known)
    stage.start()


def begun(folder: Path) -> LiveStage:
    folder.mkdir()
    stage = LiveStage(folder, ADD)
    hear(stage, message(1, 5, FIRST), 5)
    stage.price(6, 64801)
    stage.candle(0, 64800, 64810, 64790, 64801)
    stage.candle(1, 64801, 64810, 64790, 64795)
    return stage


def ended(stage: LiveStage) -> LiveStage:
    for minute in range(2, 6):
        stage.candle(minute, 64795, 64800, 64750 - 20 * minute, 64790)
    return stage


def differences(one: LiveStage, other: LiveStage) -> list[Difference]:
    terms = {name: lane.terms for name, lane in one.desk.lanes.items()}
    return disagreements(*(statement(stage.events(), terms) for stage in (one, other)))


@pytest.mark.parametrize("word", ["close BTCUSDT", "BTCUSDT stop to 64700"])
@pytest.mark.parametrize("away", ["no", "before it is heard of", "while it is heard of", "after it was heard of"])
def test_a_word_goes_over_to_the_call_that_it_was_about(tmp_path: Path, word: str, away: str) -> None:
    """What was posted: a call, another one ten seconds before the word, the word. The second call is heard of last."""
    second, said = message(2, 110, SECOND), message(3, 160, word)
    peace = begun(tmp_path / "peace")
    hear(peace, second, 110)
    hear(peace, said, 160)
    ended(peace)
    stage = begun(tmp_path / "late")
    stage.now_ms = START_MS + 119_000
    hear(stage, said, 160)
    assert stage.events("update")[0].data["signal"] == "vip/1"
    if away == "before it is heard of":
        restart(stage)
    stage.said()
    if away == "while it is heard of":
        stage.posts.append(second)
        stage.now_ms = START_MS + 163_000
        restart(stage)
    else:
        hear(stage, second, 163)
    if away == "after it was heard of":
        restart(stage)
    assert f"{ABOUT}it is taken back here" in stage.said()
    ended(stage)
    told = [str(one) for one in differences(stage, peace)]
    assert [one for one in told if "vip/1" in one] == [], "the first call is as it was in peace"
    assert len(stage.events("unbound")) == 1
    (moved,) = (event.data["signal"] for event in stage.events("update") if event.data["signal"] != "vip/1")
    assert moved == "vip/2"


def test_everything_is_as_in_peace_where_nothing_came_late(tmp_path: Path) -> None:
    """The second call is heard of after the word, and before the candle that it acts in opens."""
    second, word = message(2, 130, SECOND), message(3, 135, "close BTCUSDT")
    peace = begun(tmp_path / "peace")
    hear(peace, second, 130)
    hear(peace, word, 135)
    stage = begun(tmp_path / "late")
    hear(stage, word, 135)
    hear(stage, second, 150)
    assert differences(ended(stage), ended(peace)) == []
    restart(stage)
    assert differences(stage, peace) == []


@pytest.mark.parametrize("restarted", [False, True])
def test_what_has_acted_stays_and_is_told_once(tmp_path: Path, restarted: bool) -> None:
    stage = begun(tmp_path / "late")
    hear(stage, message(3, 160, "close BTCUSDT"), 160)
    stage.candle(2, 64795, 64800, 64750, 64790)
    stage.candle(3, 64795, 64800, 64750, 64790)
    stage.said()
    if restarted:
        restart(stage)
    hear(stage, message(2, 110, SECOND), 250)
    told = f"{ABOUT}what it did here has happened and stays: a backtest does not have it"
    assert told in stage.said()
    (event,) = stage.events("unbound")
    assert [one.kind for one in said_of(event, stage.desk.books.rows[0], "USDT")] == [NoticeKind.ERROR]
    restart(stage)
    assert told not in stage.said()
    assert stage.desk.books.rows[0].stepper.path().status == "closed"
    assert len(stage.events("unbound")) == 1


def test_what_was_closed_live_goes_on_live(tmp_path: Path) -> None:
    stage = begun(tmp_path / "late")
    hear(stage, message(3, 160, "close BTCUSDT"), 160)
    stage.price(161.2, 64790)
    assert [call.plan.signal_id for call in stage.instant.account.open_calls()] == []
    hear(stage, message(2, 110, SECOND), 163)
    stage.price(164, 64791)
    assert "vip/1" in [call.plan.signal_id for call in stage.instant.account.open_calls()]
    stage.said()
    stage.candle(2, 64795, 64800, 64780, 64790)
    stage.candle(3, 64795, 64800, 64780, 64790)
    assert "vip/1 long BTCUSDT withdrawn: channel at 64790 (live) is not in the record: its candles do not show it" in (
        stage.said()
    )
