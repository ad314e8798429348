"""Levels that a call names as distances: prices from its fill on, words where it was never filled."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.domain import Distance, EntryKind, Message, Setup, Side, Signal, Target
from engine.pipeline.callrows import call_rows
from engine.pipeline.fromentry import levels_of
from engine.pipeline.replay import replay
from engine.pipeline.story import _path
from engine.report.calls import CallRow, Calls
from engine.report.calltable import DETAILS, call_data
from engine.report.tables import read_calls, write_calls
from engine.report.words import Words
from engine.simulate.outcomes import Outcomes
from engine.simulate.trades import Trades
from engine.simulate.walk import WalkResult
from tests.pipeline.test_replay import FEES, RISES
from tests.simulate.world import bars, strategy

TP2, TP4 = (Target(None, distance=Distance(value, "percent")) for value in (2, 4))


def row(
    targets: tuple[Target, ...],
    stop: float | Distance | None,
    *,
    minute: int = 0,
    side: Side = Side.LONG,
    entries: tuple[float, ...] = (),
    edited: bool = False,
) -> CallRow:
    """What trades.csv has of a call over a few minutes in which the price rises from 100 to 111."""
    ms = minute * 60_000
    message = Message("c", -1, 1, 1, "edit" if edited else "post", ms, None, ms, "text", origin="export")
    kind = EntryKind.LIMIT if entries else EntryKind.MARKET
    signal = Signal(message, Setup("BTCUSDT", side, kind, entries, targets, stop, "layout"), hindsight=edited)
    played = replay([signal], strategy(), FEES, {"BTCUSDT": bars(RISES)}, None)
    walked = WalkResult(Trades(Outcomes(played.table, played.money, played.venue)), [], 1000.0)
    (found,) = call_rows(played, walked)
    return found


def test_a_call_at_the_market_that_was_filled_has_prices() -> None:
    found = row((TP2, TP4), Distance(1, "percent"))
    assert (found.status, found.stop, found.from_entry) == ("closed", pytest.approx(99, rel=1e-3), "")
    assert found.targets == (pytest.approx(102, rel=1e-3),), "the strategy leaves with all of it at the first"


def test_a_limit_has_prices_whether_it_is_filled_or_not() -> None:
    for minute, fate in ((0, "resting"), (9, "no data")):
        found = row(
            (Target(None, distance=Distance(25, "percent")),), Distance(1, "percent"), entries=(90.0,), minute=minute
        )
        assert (found.status, found.targets, found.from_entry) == (fate, (pytest.approx(112.5),), "")


@pytest.mark.parametrize(
    ("side", "targets", "stop", "told"),
    [
        (Side.LONG, (TP2, TP4), Distance(1, "percent"), "target 1: 2% above; target 2: 4% above; stop: 1% below"),
        (Side.SHORT, (TP2,), Distance(1.25, "percent"), "target 1: 2% below; stop: 1.25% above"),
        (Side.LONG, (Target(None, distance=Distance(2, "R")),), 90.0, "target 1: 2 R above"),
        (Side.SHORT, (Target(90.0),), Distance(600, "points"), "stop: 600 points above"),
        (Side.LONG, (Target(110.0),), 90.0, ""),
    ],
)
def test_a_call_at_the_market_that_was_never_filled_says_its_distances(
    tmp_path: Path, side: Side, targets: tuple[Target, ...], stop: float | Distance, told: str
) -> None:
    """There are no candles any more when it could act."""
    found = row(targets, stop, side=side, minute=9)
    assert (found.status, found.from_entry) == ("no data", told)
    assert found.stop == (stop if isinstance(stop, float) else None)
    assert found.targets == tuple(target.price for target in targets if target.price is not None)
    write_calls(tmp_path / "trades.csv", [found])
    assert read_calls(tmp_path / "trades.csv") == [found]
    page = call_data({}, {}, Calls.of([found]), "UTC", Words("tr"), (), DETAILS)
    seen = dict(zip([column["field"] for column in page["columns"]], page["rows"][0], strict=True))
    assert ("hedef 1: %2 yukarıda" in seen.get("from_entry", "")) == ("target 1: 2% above" in told)
    assert not {"above", "below"} & set(str(seen).split())


def test_a_call_that_was_never_planned_says_them_too() -> None:
    found = row((TP2, Target(None)), Distance(1, "percent"), edited=True)
    assert (found.status, found.from_entry) == ("hindsight", "target 1: 2% above; stop: 1% below")


def test_the_words_come_apart_as_they_were_put_together() -> None:
    assert levels_of("target 1: 2% above; target 2: 4% above; stop: 1% below") == ("1% below", ["2% above", "4% above"])
    assert levels_of("") == (None, [])


def test_explain_tells_them_in_the_call() -> None:
    told = list(_path(row((TP2, TP4), Distance(1, "percent"), minute=9), (), "UTC"))
    assert told[0] == "call: long BTCUSDT, entry at the market (market), stop 1% below, targets 2% above / 4% above"
