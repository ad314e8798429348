"""A day of the live record against a replay of it from history."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from engine.domain import ExitReason, Side
from engine.market.candles import Candles
from engine.paper.call import PaperCall
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


def compared(stage: Stage, span: tuple[int, int], candles: Mapping[str, Candles] | None = None) -> Reconciled:
    """A day against history, which is what was told live, or has other ``candles`` by now."""
    book = _book(Ledger(stage.path), "demo")
    assert isinstance(book, Book)
    world = stage.world
    return compare(book, [world.loaded], stage.archive, History(candles or world.candles), span, "a day", world.zone)


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


def corrected(bars: Candles, ts_ms: int, **columns: float) -> Candles:
    """The candles of a symbol as an exchange tells them after it has corrected one."""
    at = int(bars.ts.searchsorted(ts_ms))
    assert bars.ts[at] == ts_ms
    changed = {}
    for name, value in columns.items():
        changed[name] = getattr(bars, name).copy()
        changed[name][at] = value
    return replace(bars, **changed)


def lived(stage: Stage, days: int = 5) -> tuple[int, list[PaperCall]]:
    """An account that traded without faults; its beginning, and its trades that are over."""
    start = stage.now_ms
    begin(stage)

    async def play() -> None:
        async with stage.running(began_ms=start):
            await stage.until(start + days * DAY_MS)

    asyncio.run(play())
    book = _book(Ledger(stage.path), "demo")
    assert book is not None
    return start, [call for call in book.taken if call.over and call.stepper.path().fills]


REASON = "the exchange tells other prices of its time now"


def test_a_wick_that_history_takes_back_is_told_and_changes_nothing_written(stage: Stage) -> None:
    """Live was told a fill on a candle that the exchange corrects later: the record stays, and the day says it."""
    start, trades = lived(stage)
    ended = [call for call in trades if call.stepper.path().legs[-1].reason is ExitReason.STOP]
    call = next(c for c in ended if c.stepper.path().fills[0].ts_ms < c.stepper.path().legs[-1].ts_ms)
    leg, bars = call.stepper.path().legs[-1], stage.candles[call.plan.symbol]
    at = int(bars.ts.searchsorted(leg.ts_ms))
    calm = float(bars.open[at])
    calm_bar = corrected(bars, leg.ts_ms, high=calm, low=calm, close=calm)
    before = [*Ledger(stage.path).events()]
    found = compared(stage, (start, start + 5 * DAY_MS), dict(stage.candles) | {call.plan.symbol: calm_bar})
    (mine,) = [(one, why) for one, why in found.different if one.signal_id == call.plan.signal_id]
    assert mine[1] == REASON
    assert f"{call.plan.signal_id}: exits " in found.line
    assert f"({REASON})" in found.line
    later = [(why, one.signal_id) for one, why in found.different if one.signal_id != call.plan.signal_id]
    assert all(why in ("other trades or prices before it", REASON) for why, _ in later)
    assert [*Ledger(stage.path).events()] == before


def test_a_wick_that_history_has_and_nobody_was_told(stage: Stage) -> None:
    """Its trade lived longer here than it does there."""
    start, trades = lived(stage)
    call = next(c for c in trades if c.stepper.path().legs[-1].ts_ms - c.stepper.path().fills[0].ts_ms > 10 * MINUTE_MS)
    path, bars = call.stepper.path(), stage.candles[call.plan.symbol]
    spot = path.fills[0].ts_ms + 3 * MINUTE_MS
    beyond = {"low": call.plan.stop * 0.999} if call.plan.side is Side.LONG else {"high": call.plan.stop * 1.001}
    wick = corrected(bars, spot, **beyond)
    found = compared(stage, (start, start + 5 * DAY_MS), dict(stage.candles) | {call.plan.symbol: wick})
    assert {one.signal_id: why for one, why in found.different}[call.plan.signal_id] == REASON


def test_a_candle_that_was_corrected_is_not_acted_on_again_after_a_restart(stage: Stage) -> None:
    """A start asks for candles that were told before; what was acted on stays as it was told."""
    start = stage.now_ms
    begin(stage)

    async def play() -> None:
        async with stage.running(began_ms=start) as live:
            while not (over := [c for c in live.desk.books.rows if c.facts is not None and c.over]):
                await stage.until(stage.now_ms + MINUTE_MS)
                assert stage.now_ms < start + 5 * DAY_MS
            (call, *_) = over
            leg = call.stepper.path().legs[-1]
        bars = stage.candles[call.plan.symbol]
        calm = float(bars.open[int(bars.ts.searchsorted(leg.ts_ms))])
        symbols = dict(stage.candles)
        stage.candles = symbols | {call.plan.symbol: corrected(bars, leg.ts_ms, high=calm, low=calm, close=calm)}
        before = [event for event in Ledger(stage.path).events() if event.row == call.row]
        async with stage.running(began_ms=start):
            await stage.until(stage.now_ms + HOUR_MS)
        after = [event for event in Ledger(stage.path).events() if event.row == call.row]
        assert after == before

    asyncio.run(play())
