"""The fate of a call: what counts in a verdict, and what stands in a bucket of its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from engine.collect.reading import ReadResult
from engine.config.strategy import Calls, Exit, Fees
from engine.domain import Action, Distance, EntryKind, Message, Refusal, Setup, Side, Signal, Target, Update
from engine.pipeline.moverows import move_columns
from engine.pipeline.replay import replay
from engine.pipeline.statements import deletion_note, warnings, wrongly_numbered
from tests.simulate.world import bars, strategy

FEES = Fees(0.0006, 0.0008, "test")
RISES = "; ".join(["100 100.5 99.5 100"] * 3 + ["100 112 100 111", "111 112 110 111"])


def call(stop: float | Distance | None, *, edited: bool = False, minute: int = 0, side: Side = Side.LONG) -> Signal:
    ms = minute * 60_000
    message = Message("c", -1, minute + 1, 1, "edit" if edited else "post", ms, None, ms, "text", origin="export")
    target = Target(110.0 if side is Side.LONG else 90.0)
    return Signal(message, Setup("BTCUSDT", side, EntryKind.MARKET, (), (target,), stop, "layout"), hindsight=edited)


@pytest.mark.parametrize(
    ("signal", "changes", "fate"),
    [
        (call(95.0), {}, "closed"),
        (call(None), {}, "no stop"),
        (call(None), {"exit": Exit(missing_stop="trade")}, "no stop"),
        (call(99.9), {}, "stop too near"),
        (call(Distance(40, "percent")), {}, "stop beyond liquidation"),
        (call(50.0), {}, "stop beyond liquidation"),
        (call(95.0, edited=True), {}, "hindsight"),
        (call(101.0), {}, "too late"),
        (call(95.0, minute=9), {}, "no data"),
    ],
)
def test_every_call_has_one_fate(signal: Signal, changes: dict, fate: str) -> None:
    played = replay([signal], strategy(**changes), FEES, {"BTCUSDT": bars(RISES)}, None)
    assert list(played.fates) == [fate]
    assert np.isnan(played.r[0]) == (fate != "closed")
    assert (played.rows[0] in played.eligible()) == (fate == "closed" or bool(changes))


@pytest.mark.parametrize(
    ("says", "seen_ms", "exits"),
    [
        ("close", 2 * 60_000, [("channel", 180_000, 100.0)]),
        ("close", None, [("target", 180_000, 110.0)]),
        ("keep", 2 * 60_000, [("target", 180_000, 110.0)]),
    ],
)
def test_a_deleted_call_is_closed_when_the_deletion_was_seen(says: str, seen_ms: int | None, exits: list) -> None:
    wants = strategy(calls=Calls(deleted=says))
    gone = Update(Message("c", -1, 1, 2, "deletion", 0, seen_ms, 0, ""), Action("close", "BTCUSDT", "deletion"), "c/1")
    played = replay([call(95.0)], wants, FEES, {"BTCUSDT": bars(RISES)}, None, [gone])
    legs = played.table.path(0).legs
    assert [(leg.reason.value, leg.ts_ms, round(leg.price, 1)) for leg in legs] == exits
    note = "".join(deletion_note(wants, [gone]))
    assert ("go on" in note) == (says == "close" and seen_ms is None)
    assert bool(note) == (says == "close")


def test_a_repeat_counts_once_and_is_not_offered_to_the_account() -> None:
    played = replay([call(95.0), call(95.0, minute=1)], strategy(), FEES, {"BTCUSDT": bars(RISES)}, None)
    assert list(played.fates) == ["closed", "repeat"]
    assert played.eligible() == [0]


@pytest.mark.parametrize("opposite", ["close", "reverse", "ignore"])
def test_every_reading_ends_a_call_where_a_later_one_ends_it(opposite: str) -> None:
    """No price is touched without a trade through it here, so a limit that needs one changes nothing."""
    calls = [call(95.0), call(105.0, minute=2, side=Side.SHORT)]
    played = replay(calls, strategy(calls=Calls(opposite=opposite)), FEES, {"BTCUSDT": bars(RISES)}, None)
    ended = "target" if opposite == "ignore" else "replaced"
    assert [leg.reason.value for leg in played.table.path(0).legs] == [ended]
    assert played.through.tolist() == pytest.approx(played.r.tolist(), nan_ok=True)
    assert np.isfinite(played.through[0])


def test_the_band_shows_both_orders_inside_a_candle() -> None:
    both = "; ".join(["100 100.5 99.5 100"] * 2 + ["100 112 94 100", "100 100 100 100"])
    played = replay([call(95.0)], strategy(), FEES, {"BTCUSDT": bars(both)}, None)
    assert played.r[0] < -1 < 1.9 < played.other_order[0]
    assert bool(played.table.ambiguous[0])


def test_a_run_warns_of_an_update_that_numbers_a_target_which_its_call_does_not_have() -> None:
    """The first three are named."""
    signal, wants = call(95.0), strategy()
    updates = [
        Update(Message("c", -1, 20 + n, 1, "post", n, None, n, ""),
               Action("change", "BTCUSDT", "u", target=n, targets=(Target(112.0),)), "c/1")
        for n in range(1, 6)
    ]  # fmt: skip
    played = replay([signal], wants, FEES, {"BTCUSDT": bars(RISES)}, None, updates)
    reading = ReadResult([signal], updates, 6, 1, 5, Counter(), [], 0, 0, 0)
    named = ", ".join(f"message {20 + n} (c/1: target {n} is named, and the call has 1)" for n in (2, 3, 4))
    wrong = wrongly_numbered({"c": reading}, wants)
    assert warnings(played, {"c": reading}, set(), wrong) == [f"c: a wrong number did nothing: {named} and 1 more"]
    unheard = [(f"c/{n}", Refusal("unread", f'layout "it" leaves "{n}0" unread')) for n in range(2, 6)]
    heard = replace(reading, unheard=unheard)
    shown = ", ".join(f'{n} (layout "it" leaves "{n}0" unread)' for n in (2, 3, 4))
    assert warnings(played, {"c": heard}, set(), {}) == [
        f"c: 4 answers to calls refused, nothing done: message {shown} and 1 more"
    ]
    said = [text for text in move_columns(played, {}, {}, {"c": reading}, wants, wrong)["text"] if text]
    assert said[0] == "message 21: changes the targets to 112"
    assert said[1] == "message 22: nothing of the trade changes (target 2 is named, and the call has 1)"
    assert wrongly_numbered({"c": replace(reading, updates=updates[:1])}, wants) == {"c": []}


def test_what_is_said_of_a_call_tells_what_it_had_no_use_for() -> None:
    """By the time of each message: before the fill, and when all of it was filled."""
    signal = call(95.0)
    signal = replace(signal, setup=replace(signal.setup, entry_kind=EntryKind.LIMIT, entries=(99.0,)))
    ms = 60_000
    updates = [
        Update(Message("c", -1, 20 + n, 1, "post", n * ms, None, n * ms, ""),
               Action(kind, "BTCUSDT", "u", **more), "c/1")
        for n, kind, more in ((1, "close", {"share": 0.5}), (3, "cancel", {}))
    ]  # fmt: skip
    candles = bars(
        "100 100.5 99.5 100; 100 100.5 99.5 100; 100 100 98 99; 99 99 98.5 99; 99 112 99 111; 111 111 110 110"
    )
    played = replay([signal], strategy(), FEES, {"BTCUSDT": candles}, None, updates)
    assert [leg.reason.value for leg in played.table.path(0).legs] == ["target"]
    reading = ReadResult([signal], updates, 3, 1, 2, Counter(), [], 0, 0, 0)
    columns = move_columns(played, {}, {}, {"c": reading}, strategy(), {"c": []})
    assert [text for text in columns["text"] if text] == [
        "message 21: closes 50% of it (nothing was filled, so nothing closes)",
        "message 23: takes its orders away (none was resting)",
    ]
