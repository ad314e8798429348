"""Which call an update is about: the reply chain, a link, the id, the symbol, all calls; and edits as changes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from engine.collect.reading import ReadResult, read_archive
from engine.domain import Action, Message, Reading, Side, Target
from tests.collect.posts import CALL, WORSE, at, edit, post, read_toy

ETH = "SELL ETHUSDT @ 3000, TP 2900, SL 3050"


def read_more(message: Message) -> Reading:
    """The toy reader, and updates: ``#7 out``, ``out https link``, ``all out``, ``all shorts out``, ``ETHUSDT out``."""
    text = message.text
    if not text.endswith("out"):
        reading = read_toy(message)
        ref = re.match(r"#(\w+)", text)
        if ref and reading.setups:
            return Reading(setups=tuple(replace(setup, ref=ref[1]) for setup in reading.setups))
        return reading
    links = tuple((int(chat or 0), int(number)) for chat, number in re.findall(r"link:(?:(\d+)/)?(\d+)", text))
    ref = re.match(r"#(\w+)", text)
    symbol = re.search(r"[A-Z]+USDT", text)
    return Reading(
        actions=(
            Action(
                "close",
                symbol[0] if symbol else None,
                "toy",
                signal_ref=ref[1] if ref else None,
                links=links,
                every="all" in text,
                side=Side.SHORT if "shorts" in text else None,
            ),
        )
    )


def story(*messages: Message) -> ReadResult:
    return read_archive(messages, read_more)


BOTH = (post(1, "09:00", f"#A7 {CALL}"), post(2, "09:30", f"#B8 {ETH}"))


@pytest.mark.parametrize(
    ("text", "more", "bound"),
    [
        ("out", {}, [None]),
        ("out", {"reply_to": 1}, ["1"]),
        ("ETHUSDT out", {"reply_to": 1}, ["2"]),  # what it says goes before what it answers
        ("link:2 out", {}, ["2"]),
        ("link:1 link:2 out", {}, ["1", "2"]),
        ("link:1234567890/2 out", {}, ["2"]),
        ("link:99/2 out", {}, [None]),  # another chat
        ("link:2 out", {"reply_to": 1}, ["1"]),  # an answer goes before a link
        ("#B8 out", {}, ["2"]),
        ("#C9 out", {}, [None]),
        ("#B8 BTCUSDT out", {}, [None]),  # the id and the symbol say different calls
        ("BTCUSDT out", {}, ["1"]),
        ("XRPUSDT out", {}, [None]),
        ("all out", {}, ["1", "2"]),
        ("all shorts out", {}, ["2"]),
        ("shorts out", {"reply_to": 1}, [None]),  # it answers a long
    ],
)
def test_an_update_finds_its_call(text: str, more: dict[str, int], bound: list[str | None]) -> None:
    result = story(*BOTH, post(3, "10:00", text, **more))
    assert [u.signal_id and u.signal_id.removeprefix("fast_scalps/") for u in result.updates] == bound
    assert result.unbound == bound.count(None)


def test_all_means_the_calls_that_were_there_before() -> None:
    result = story(*BOTH, post(3, "09:15", "all out"))
    assert [u.signal_id for u in result.updates] == ["fast_scalps/1"]


def test_an_edit_of_the_levels_is_a_change_at_the_time_of_the_edit() -> None:
    result = story(post(1, "09:00", CALL), edit(1, "09:00", "10:00", WORSE), edit(1, "09:00", "11:00", WORSE + " 🚀"))
    assert len(result.signals) == 1
    (update,) = result.updates
    assert (update.action.kind, update.signal_id, update.message.known_ms) == ("change", "fast_scalps/1", at("10:00"))
    assert (update.action.targets, update.action.stop) == ((Target(64900.0),), 64000.0)


@pytest.mark.parametrize("text", [CALL, CALL + " 🚀", ETH, f"{CALL}\n{ETH}", "gone"])
def test_an_edit_without_other_levels_of_the_same_call_changes_nothing(text: str) -> None:
    assert story(post(1, "09:00", CALL), edit(1, "09:00", "10:00", text)).updates == []


def test_an_edit_at_an_unknown_time_changes_nothing() -> None:
    assert story(post(1, "09:00", CALL), edit(1, "09:00", None, WORSE)).updates == []
