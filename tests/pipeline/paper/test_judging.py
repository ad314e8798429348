"""When verdicts are given anew live, and what status says of their age."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.domain import NOTHING_KNOWN
from engine.pipeline.paper import judging
from engine.pipeline.paper.judging import Due, Judging, closed_calls
from engine.pipeline.paper.words import Verdicts, age_lines, kept_words, words_in
from engine.units import HOUR_MS, MINUTE_MS, moment_ms
from engine.verdict.asof import moments, next_number
from tests.conftest import Run
from tests.paper.livestage import LiveStage
from tests.pipeline.paper.conftest import Account

NOON = moment_ms("2025-03-03 12:00")
CALL = "BUY BTCUSDT NOW @ 64800, TP 65000, SL 64500"


def words(closed: int, after: int, word: str = "PROMISING") -> dict[str, dict[str, int | str]]:
    return {"vip": {"word": word, "trades": closed, "closed": closed, "next": after}}


def test_the_next_word_is_due_where_a_backtest_gives_it() -> None:
    import numpy as np

    ends = np.arange(500, dtype=np.int64)
    given = [int(at) + 1 for at in moments(ends)]
    assert given[:4] == [10, 20, 30, 40]
    for number in range(given[-1]):
        assert next_number(number) == next(one for one in given if one > number)


@pytest.mark.parametrize(
    ("minutes", "closed", "due"),
    [
        (4, 9, False),  # each is seconds of work: not twice within five minutes
        (5, 2, False),
        (5, 3, True),  # 27 had closed by then, two of them after the record knew; the next word is due at 30
        (700, 2, False),
        (721, 0, True),  # another day
    ],
)
def test_words_are_due_with_calls_that_closed_and_with_the_day(minutes: int, closed: int, due: bool) -> None:
    one = Due(ZoneInfo("UTC"))
    assert one.now(NOON, {"vip": 5}), "none were given yet"
    one.given(NOON, {"vip": 5}, words(27, 30))
    assert one.now(NOON + minutes * MINUTE_MS, {"vip": 5 + closed, "other": 99}) is due


def test_what_could_not_be_given_is_tried_again_in_an_hour() -> None:
    one = Due(ZoneInfo("UTC"))
    one.given(NOON, {}, None)
    assert not one.now(NOON + HOUR_MS - 1, {"vip": 99})
    assert one.now(NOON + HOUR_MS, {})


def test_calls_that_closed_count_whatever_the_account_took(tmp_path: Path) -> None:
    rules = "rules:\n  - {name: none, when: {notional over: 1 USDT}, then: reject}\n"
    stage = LiveStage(tmp_path, rules=rules)
    stage.post(5, CALL)
    stage.candle(0, 64800, 64800, 64800, 64800)
    stage.candle(1, 64800, 65010, 64790, 65000)
    stage.candle(2, 65000, 65010, 64990, 65000)
    rows = stage.desk.books.rows
    assert (rows[0].refused, closed_calls("live", rows), closed_calls("second", rows)) == (True, {"vip": 1}, Counter())


def test_a_word_is_given_again_when_calls_have_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten calls close between two looks: the process is asked again, and rules see its word from then on."""
    stage = LiveStage(tmp_path)
    answers = iter([(json.dumps(words(9, 10)), 0), ("no candles", 2), (json.dumps(words(10, 20, "FOLLOW")), 0)])
    closed = iter([0, 0, 1, 1, 1, 1, 1, 1, 1])
    said: list[str] = []

    async def command(*given: object) -> tuple[str, int]:
        assert given[1:] == ("verdicts", "live", "--fetch", "--format", "json")
        return next(answers)

    async def sleep(_: float) -> None:
        stage.now_ms += 30 * MINUTE_MS
        if stage.now_ms > NOON + 3 * HOUR_MS:
            raise asyncio.CancelledError

    monkeypatch.setattr(judging, "paper_command", command)
    monkeypatch.setattr(judging, "asks_verdict", lambda _: True)
    monkeypatch.setattr(judging, "closed_calls", lambda *_: {"vip": next(closed)})
    monkeypatch.setattr(judging.asyncio, "sleep", sleep)
    from engine.pipeline.paper.desk import load
    from engine.pipeline.workspace import Workspace

    space = Workspace(tmp_path)
    verdicts = Verdicts()
    work = Judging(space, [load(space, "live")], stage.desk, verdicts, lambda: stage.now_ms, said.append)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(work.run())
    assert said == [
        "verdicts: not given yet; until then a rule sees NOT ENOUGH DATA",
        "verdicts of live: vip PROMISING",
        "verdicts of live cannot be given: no candles",
        "verdicts of live: vip FOLLOW",
    ]
    known = verdicts.of("live")
    at = [event.at_ms for event in stage.events("verdicts")]
    assert [known("vip", ms).word for ms in (at[0] - 1, at[0], at[1] - 1, at[1])] == [
        NOTHING_KNOWN.word, "PROMISING", "PROMISING", "FOLLOW"
    ]  # fmt: skip
    assert at == [NOON, NOON + 2 * HOUR_MS], "an hour after the attempt that failed"
    again = Verdicts.kept(stage.desk.ledger, "live")
    assert again.words == verdicts.words


def test_words_printed_by_another_version_are_none() -> None:
    assert words_in(json.dumps({"vip": {"word": "FOLLOW", "trades": 3}})) is None
    assert words_in("") is None
    assert words_in("note: x\n" + json.dumps(words(27, 30))) == words(27, 30)


def test_status_says_the_words_and_their_age(account: Account, workspace: Path, run: Run) -> None:
    stage, given = account(), {"words": {"live": words(27, 30)}}
    stage.desk.note("verdicts", NOON, given)
    kept = kept_words(stage.desk.ledger, "live")
    assert list(age_lines(kept, NOON + 190 * MINUTE_MS)) == [
        "verdicts of live, given 3h 10m ago: vip PROMISING (after 27 closed calls)"
    ]
    assert list(age_lines(kept, NOON)) == [
        "verdicts of live, given less than a minute ago: vip PROMISING (after 27 closed calls)"
    ]
    stage.desk.ledger.back_up(workspace / "data" / "paper.db")
    assert "verdicts of live, given " in run("paper", "status").stdout
    (state,) = json.loads(run("paper", "status", "--format", "json").stdout)["accounts"]
    (one,) = state["verdicts"]
    assert (one["word"], one["trades"], one["given"][-6:]) == ("PROMISING", 27, "+00:00")
