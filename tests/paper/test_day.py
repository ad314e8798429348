"""A day of the live record against a replay of it from history."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path

import pytest

from engine.paper.ledger import Event, Ledger
from engine.pipeline.paper.book import Book, _book
from engine.pipeline.paper.day import History, Reconciled, compare
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS
from tests.paper.liveworld import Stage
from tests.paper.world import month


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(month("demo", "2025-01-20"), tmp_path / "paper.db")


def begin(stage: Stage) -> None:
    """What the live command writes first."""
    strategy = stage.world.loaded.strategy
    terms = {strategy.name: asdict(stage.world.played.venue.terms)}
    data = {"strategies": [strategy.name], "equity": strategy.equity, "currency": "USDT", "terms": terms}
    Ledger(stage.path).append(Event("demo", "begin", stage.now_ms, data))


def compared(stage: Stage, span: tuple[int, int]) -> Reconciled:
    book = _book(Ledger(stage.path), "demo")
    assert isinstance(book, Book)
    world = stage.world
    return compare(book, [world.loaded], stage.archive, History(world.candles), span, "a day", world.zone)


def test_a_day_without_faults_is_as_history_has_it(stage: Stage) -> None:
    start = stage.now_ms
    begin(stage)

    async def play() -> None:
        async with stage.running(began_ms=start):
            await stage.until(start + 5 * DAY_MS)

    asyncio.run(play())
    found = [compared(stage, (start + day * DAY_MS, start + (day + 1) * DAY_MS)) for day in range(5)]
    assert sum(one.trades for one in found) > 10
    assert [one.different for one in found] == [[]] * 5
    assert any("closed trades are as history has them" in one.line for one in found)


def test_what_differs_is_said_with_its_reason(stage: Stage) -> None:
    """Away for a while, then a trade closed by hand: the day is not as history has it."""
    start = stage.now_ms
    begin(stage)

    async def play() -> None:
        async with stage.running(began_ms=start):
            await stage.until(start + 6 * HOUR_MS)
        calls = {signal.message.key for signal in stage.world.played.signals}
        away = [m for m in stage.world.messages if stage.now_ms < m.known_ms and m.key in calls]
        stage.archive += away[:1]
        stage.now_ms = away[0].known_ms + 2 * MINUTE_MS
        async with stage.running(began_ms=start) as live:
            await stage.until(start + 4 * DAY_MS)
            (late,) = [call for call in live.desk.books.rows if call.late]
            assert late.plan.act_ms == away[0].known_ms + 2 * MINUTE_MS

    asyncio.run(play())
    found = compared(stage, (start, start + 4 * DAY_MS))
    assert found.trades > 5
    reasons = [reason for _, reason in found.different]
    assert set(reasons) <= {"its call arrived late", "other trades or prices before it"}
    assert all(reason in found.line for reason in reasons[:5])
