"""Live: messages and candles as they come, stops and starts, and everything that can go wrong."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from pathlib import Path

import pytest

from engine.domain import Trade
from engine.notify.notice import NoticeKind
from engine.paper.ledger import Event, Ledger, LedgerError
from engine.paper.live import Live
from engine.paper.reconcile import differences
from engine.problem import Problem
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS
from tests.paper.liveworld import QUICK, Stage
from tests.paper.world import Month, month

DAYS = 6


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(month("demo", "2025-01-20"), tmp_path / "paper.db")


def start(world: Month) -> int:
    return world.loaded.strategy.from_ms or 0


def closed(live: Live) -> dict[str, Trade]:
    """The trades of the account that are over."""
    desk = live.desk
    return {
        call.plan.signal_id: call.trade()
        for call in desk.books.rows
        if call.facts is not None and (call.early is not None or call.stepper.done)
    }


def expected(world: Month, names: set[str]) -> dict[str, Trade]:
    return {t.path.plan.signal_id: t for t in world.walked.trades.values() if t.path.plan.signal_id in names}


def kinds(path: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for event in Ledger(path).events():
        found[event.kind] = found.get(event.kind, 0) + 1
    return found


def test_live_trades_are_those_of_a_backtest(stage: Stage) -> None:
    async def play() -> dict[str, Trade]:
        async with stage.running() as live:
            await stage.until(start(stage.world) + DAYS * DAY_MS)
            return closed(live)

    ours = asyncio.run(play())
    assert len(ours) > 10
    assert differences(ours, expected(stage.world, set(ours))) == []
    assert stage.notices == []


def test_stops_and_downtime_change_no_trade(stage: Stage) -> None:
    """Whoever was away for hours finds the trades filled where they would have been, and marked late."""
    chance = random.Random(3)

    async def play() -> dict[str, Trade]:
        end = start(stage.world) + DAYS * DAY_MS
        while True:
            async with stage.running() as live:
                await stage.until(min(stage.now_ms + chance.randrange(MINUTE_MS, 12 * HOUR_MS), end))
                if stage.now_ms >= end:
                    return closed(live)
            away = [m for m in stage.world.messages if stage.now_ms < m.known_ms <= stage.now_ms + 3 * HOUR_MS]
            stage.now_ms = (away[0].known_ms if away else stage.now_ms + 3 * HOUR_MS) - 1000

    ours = asyncio.run(play())
    assert len(ours) > 10
    assert differences(ours, expected(stage.world, set(ours))) == []
    events = list(Ledger(stage.path).events())
    assert any(event.late for event in events if event.kind == "step")
    keys = [event.key for event in events if event.key]
    assert len(keys) == len(set(keys))


def test_a_call_that_was_missed_is_stale(stage: Stage) -> None:
    async def play() -> None:
        async with stage.running():
            await stage.until(start(stage.world) + HOUR_MS)
        stage.now_ms += DAY_MS
        missed = [m for m in stage.world.messages if m.known_ms <= stage.now_ms]
        stage.archive += [m for m in missed if m not in stage.archive]
        async with stage.running():
            await stage.settle()

    asyncio.run(play())
    events = list(Ledger(stage.path).events())
    assert {event.data["code"] for event in events if event.kind == "refused"} == {"stale"}
    assert sum(event.kind == "refused" for event in events) >= 3


def test_a_message_that_comes_twice_acts_once(stage: Stage) -> None:
    async def play() -> None:
        async with stage.running():
            await stage.until(start(stage.world) + DAY_MS)
            before = kinds(stage.path)["call"]
            for message in list(stage.archive):
                stage.queue.put_nowait(message)
            await stage.settle()
            assert kinds(stage.path)["call"] == before >= 3

    asyncio.run(play())


# --------------------------------------------------------------------------- what people and channels say


async def until_open(stage: Stage, live: Live) -> str:
    """Let time pass until a trade is filled and open."""
    while True:
        await stage.until(stage.now_ms + 10 * MINUTE_MS)
        for row in live.desk.books.books.books.open:
            if live.desk.books.rows[row].stepper.held > 0:
                return live.desk.books.rows[row].plan.signal_id


def test_a_halt_by_hand_stays_over_a_restart_until_it_is_lifted(stage: Stage) -> None:
    async def play() -> None:
        Ledger(stage.path).append(Event("demo", "halt", 1, {"until_ms": None, "channels": []}))
        async with stage.running():
            await stage.until(start(stage.world) + DAY_MS)
        async with stage.running() as live:
            await stage.until(start(stage.world) + 2 * DAY_MS)
            assert not [call for call in live.desk.books.rows if call.facts is not None]
            refused = [call for call in live.desk.books.rows if call.asked and call.counted]
            assert len(refused) > 4
            assert {call.notes[0].rule for call in refused} == {"by hand"}
            Ledger(stage.path).append(Event("demo", "resume", 2, {}))
            await stage.until(start(stage.world) + 3 * DAY_MS)
            assert [call for call in live.desk.books.rows if call.facts is not None]

    asyncio.run(play())
    assert [(n.kind, n.title) for n in stage.notices] == [
        (NoticeKind.HALT, "paper halt"), (NoticeKind.HALT, "paper resume")
    ]  # fmt: skip
    assert kinds(stage.path)["done"] == 2


def test_a_trade_closed_by_hand_goes_out_at_the_next_open(stage: Stage) -> None:
    async def play() -> None:
        async with stage.running() as live:
            name = await until_open(stage, live)
            Ledger(stage.path).append(Event("demo", "close", 1, {"id": name}))
            asked_ms = stage.now_ms
            await stage.until(stage.now_ms + 5 * MINUTE_MS, MINUTE_MS)
            trade = closed(live)[name]
            (leg,) = [leg for leg in trade.path.legs if leg.reason == "by hand"]
            assert leg.ts_ms in (asked_ms, asked_ms + MINUTE_MS)
            assert trade.notes[-1].rule == "by hand"
            assert name not in [live.desk.books.rows[row].plan.signal_id for row in live.desk.books.books.books.open]

    asyncio.run(play())


def test_a_trade_that_is_only_live_is_closed_live_at_once_and_in_the_record_when_it_has_it(stage: Stage) -> None:
    def held(live: Live) -> list[str]:
        return [call.plan.signal_id for call in live.instant.account.open_calls()]

    async def play() -> None:
        async with stage.running() as live:
            await stage.until(stage.world.played.signals[0].message.known_ms)
            (call,) = live.desk.waiting()
            name, price = call.plan.signal_id, call.plan.orders[0].price or call.plan.targets[0][0]
            stage.now_ms = stage.feed.now_ms = call.plan.act_ms + 1000
            stage.feed.trade(call.plan.symbol, price)
            await stage.settle()
            assert name in held(live)
            Ledger(stage.path).append(Event("demo", "close", 1, {"id": name, "live": [name]}))
            await stage.settle()
            stage.now_ms = stage.feed.now_ms = stage.now_ms + 1000
            stage.feed.trade(call.plan.symbol, price)
            await stage.settle()
            assert name not in held(live)
            assert call.facts is None, "the record does not have it yet"
            await stage.until(stage.now_ms + 4 * MINUTE_MS, MINUTE_MS)
            assert name not in [one.plan.signal_id for one in live.desk.books.open_calls]
            assert call.early is not None
            assert call.early.notes[-1].text == "Closed by hand."

    asyncio.run(play())
    assert kinds(stage.path)["early"] == kinds(stage.path)["done"] == 1


def test_a_pause_asked_for_while_nobody_traded_holds_from_then_on(stage: Stage) -> None:
    """The call is posted after the word, arrives at the start, and acts before the word is done."""
    missed = next(s.message for s in stage.world.played.signals if s.message.known_ms > stage.now_ms + HOUR_MS)

    async def play(asked_ms: int) -> bool:
        stage.now_ms = missed.known_ms - HOUR_MS
        async with stage.running():
            await stage.settle()
        Ledger(stage.path).append(Event("demo", "halt", asked_ms, {"until_ms": None, "channels": []}))
        stage.now_ms = missed.known_ms + 7000
        stage.archive = [missed]
        async with stage.running() as live:
            (call,) = live.desk.waiting()
            assert call.plan.act_ms < stage.now_ms
            await stage.until(stage.now_ms + 4 * MINUTE_MS, MINUTE_MS)
            assert call.asked
            return call.facts is not None

    assert not asyncio.run(play(missed.known_ms - MINUTE_MS))
    stage.path = stage.path.with_name("other.db")
    assert asyncio.run(play(missed.known_ms + 6500))


@pytest.mark.parametrize("says", ["keep", "close"])
def test_a_deleted_call_is_noted_and_kept_or_closed(stage: Stage, says: str) -> None:
    strategy = stage.world.loaded.strategy
    varied = replace(strategy, calls=replace(strategy.calls, deleted=says))
    stage.world = replace(stage.world, loaded=replace(stage.world.loaded, strategy=varied))

    async def play() -> tuple[str, dict[str, Trade]]:
        async with stage.running() as live:
            name = await until_open(stage, live)
            post = next(m for m in stage.archive if m.key == name)
            at = stage.now_ms
            await stage.post(replace(post, version=2, kind="deletion", edited_ms=at, received_ms=at, text=""))
            await stage.until(at + 3 * MINUTE_MS, MINUTE_MS)
            return name, closed(live)

    name, trades = asyncio.run(play())
    noted = [e for e in Ledger(stage.path).events() if e.kind == "update" and e.data["action"] == "deletion"]
    assert [event.data["signal"] for event in noted] == [name]
    if says == "close":
        assert trades[name].path.legs[-1].reason == "channel"
    else:
        assert name not in trades


def test_an_edit_moves_the_trade_it_belongs_to(stage: Stage) -> None:
    async def play() -> None:
        async with stage.running() as live:
            name = await until_open(stage, live)
            call = next(call for call in live.desk.books.rows if call.plan.signal_id == name)
            stop = call.stepper.stop
            assert stop is not None
            post = next(m for m in stage.archive if m.key == name)
            number = next(v for v in live.desk.intake._signals["demo", name].signal.setup.values if v.field == "stop")
            moved = f"{stop - call.plan.side.sign * stop * 0.001:.6g}"
            text = post.text[: number.start] + moved + post.text[number.end :]
            at = stage.now_ms
            await stage.post(replace(post, version=2, kind="edit", edited_ms=at, received_ms=at, text=text))
            await stage.until(at + 2 * MINUTE_MS, MINUTE_MS)
            assert call.stepper.stop == float(moved)

    asyncio.run(play())


def test_the_first_price_after_its_moment_of_action_fills_a_call_live(stage: Stage) -> None:
    async def play() -> None:
        async with stage.running() as live:
            while not live.desk.books.rows:
                await stage.until(stage.now_ms + 10 * MINUTE_MS)
            (call,) = live.desk.books.rows[:1]
            stage.now_ms = stage.feed.now_ms = call.plan.act_ms + 100
            before = live.desk.books.books.books.cash, len(live.desk.books.books.books.open)
            stage.feed.trade(call.plan.symbol, 100.0)
            await stage.settle()
            assert (live.desk.books.books.books.cash, len(live.desk.books.books.books.open)) == before

    asyncio.run(play())
    (live,) = [event for event in Ledger(stage.path).events() if event.kind == "live"]
    assert live.row == 0
    assert live.data["price"] == 100.0


# --------------------------------------------------------------------------- what goes wrong


def test_a_dead_feed_is_told_once_and_fills_nothing(stage: Stage) -> None:
    async def play() -> None:
        async with stage.running() as live:
            name = await until_open(stage, live)
            symbol = next(c for c in live.desk.books.rows if c.plan.signal_id == name).plan.symbol
            stage.feed.dead.add(symbol)
            had = [event.seq for event in Ledger(stage.path).events() if event.kind in ("step", "placed")]
            at = stage.now_ms
            rows = {call.row for call in live.desk.books.rows if call.plan.symbol == symbol}
            await stage.until(at + 9 * MINUTE_MS, MINUTE_MS)
            new = [e for e in Ledger(stage.path).events(None, max(had)) if e.kind in ("step", "placed")]
            assert not [event for event in new if event.row in rows]
            assert [(n.kind, n.title) for n in stage.notices] == [(NoticeKind.SILENCE, f"{symbol} is silent")]
            stage.feed.dead.clear()
            await stage.until(at + 30 * MINUTE_MS, MINUTE_MS)
            assert stage.notices[-1].title == f"{symbol} is back"
            await stage.until(at + DAY_MS)
            ours = closed(live)
            assert differences(ours, expected(stage.world, set(ours))) == []

    asyncio.run(play())


def test_a_held_symbol_that_is_dead_after_a_restart_keeps_its_last_price(stage: Stage) -> None:
    async def play() -> None:
        async with stage.running() as live:
            name = await until_open(stage, live)
            symbol = next(c for c in live.desk.books.rows if c.plan.signal_id == name).plan.symbol
        stage.candles = {name: bars for name, bars in stage.candles.items() if name != symbol}
        async with stage.running() as live:
            await stage.until(stage.now_ms + 2 * DAY_MS)
            marks = live.desk.books.marks
            assert marks.price(symbol, stage.now_ms) == marks.before[symbol] > 0
            others = [call for call in live.desk.books.rows if call.facts and call.plan.symbol != symbol]
            assert any(call.stepper.done for call in others), "the others go on"

    asyncio.run(play())
    assert any("no prices of" in notice.title for notice in stage.notices)


def test_a_close_asked_for_while_nobody_traded_is_done_after_the_start(stage: Stage) -> None:
    """The order is found before any candle has come."""

    async def play() -> None:
        async with stage.running() as live:
            name = await until_open(stage, live)
        Ledger(stage.path).append(Event("demo", "close", stage.now_ms, {"id": name}))
        stage.now_ms += 5 * MINUTE_MS
        began = stage.now_ms
        async with stage.running() as live:
            await stage.until(stage.now_ms + 5 * MINUTE_MS, MINUTE_MS)
            call = next(c for c in live.desk.books.rows if c.plan.signal_id == name)
            assert call.over
            if call.early is not None:  # it may have come to its own end while nobody watched
                assert call.early.path.legs[-1].ts_ms >= began
        assert len([*Ledger(stage.path).events("demo", 0, "done")]) == 1

    asyncio.run(play())


def test_a_trade_on_a_market_that_is_gone_for_good_can_be_closed(stage: Stage) -> None:
    """It is said, and nothing is filled; a person's word ends the trade at the last price, once and for all."""

    async def play() -> tuple[str, float]:
        async with stage.running() as live:
            name = await until_open(stage, live)
            symbol = next(c for c in live.desk.books.rows if c.plan.signal_id == name).plan.symbol
        stage.candles = {one: bars for one, bars in stage.candles.items() if one != symbol}
        async with stage.running() as live:
            call = next(c for c in live.desk.books.rows if c.plan.signal_id == name)
            await stage.until(stage.now_ms + DAY_MS)
            assert (call.over, len(call.stepper.path().legs)) == (
                False,
                0,
            ) or call.stepper.path().status.value == "open"
            told = [one for one in stage.notices if one.title == f"no prices of {symbol}"]
            assert len(told) == 1
            assert "cli.py paper close ends them at that price" in told[0].text
            price = live.desk.books.marks.price(symbol, stage.now_ms)
            Ledger(stage.path).append(Event("demo", "close", stage.now_ms, {"id": name}))
            await stage.until(stage.now_ms + 10 * MINUTE_MS, MINUTE_MS)
            assert call.over
            assert symbol not in live.desk.books.books.books.held
        async with stage.running() as live:
            await stage.until(stage.now_ms + HOUR_MS)
            call = next(c for c in live.desk.books.rows if c.plan.signal_id == name)
            assert call.early is not None
            (leg,) = call.early.path.legs
            terms = live.desk.lanes[call.lane].terms
            assert leg.price == pytest.approx(price, rel=2 * terms.slippage + 1e-9)
        return name, price

    name, _ = asyncio.run(play())
    (row,) = {event.row for event in Ledger(stage.path).events("demo", 0, "call") if event.data["signal"] == name}
    assert [event.row for event in Ledger(stage.path).events("demo", 0, "early")] == [row]


def test_a_trade_that_is_over_and_not_booked_yet_is_no_reason_for_old_candles(stage: Stage) -> None:
    """Nothing lives on its symbol at the restart, and it is held until the candle of the exit is booked."""

    async def play() -> tuple[str, int]:
        end_ms = stage.now_ms + DAYS * DAY_MS
        async with stage.running() as live:
            while stage.now_ms < end_ms:
                await stage.until(stage.now_ms + MINUTE_MS)
                held = live.desk.books.books.books.held
                symbol = next((one for one in held if not live.desk.calls_on(one)), None)
                if symbol is not None:
                    break
        assert symbol is not None
        async with stage.running():
            for _ in range(5):
                await stage.until(stage.now_ms + MINUTE_MS)
            return symbol, stage.feed.asked[symbol]

    _, asked_ms = asyncio.run(play())
    assert asked_ms >= start(stage.world) - QUICK.history_ms


def test_a_symbol_that_the_exchange_does_not_list_is_told_and_fills_nothing(stage: Stage) -> None:
    stage.candles = {}

    async def play() -> None:
        async with stage.running() as live:
            await stage.until(start(stage.world) + DAY_MS)
            assert not [call for call in live.desk.books.rows if call.stepper.filled]
            assert {call.fate for call in live.desk.books.rows} <= {"no data", "waiting"}
            assert any(call.fate == "no data" for call in live.desk.books.rows)

    asyncio.run(play())
    titles = [notice.title for notice in stage.notices if notice.kind is NoticeKind.ERROR]
    assert titles
    assert len(titles) == len(set(titles)), "each once"


def behind_ms(stage: Stage, live: Live) -> int:
    """How far the account's books are behind the present: nothing later than that was booked or asked."""
    return stage.now_ms - live.desk.books._settled_ms


def test_a_call_on_a_symbol_that_is_not_listed_holds_up_nothing(stage: Stage) -> None:
    """Its call is over at once as ``no data``, the books go on, and nobody is told of a silence since 1970."""
    symbols = sorted(stage.candles)
    unknown = symbols[0]
    stage.candles = {symbol: stage.candles[symbol] for symbol in symbols[1:]}

    async def play() -> dict[str, Trade]:
        async with stage.running() as live:
            gone = 0
            while stage.now_ms < start(stage.world) + 3 * DAY_MS:
                await stage.until(stage.now_ms + MINUTE_MS, MINUTE_MS)
                await stage.settle()
                mine = [call for call in live.desk.books.rows if call.plan.symbol == unknown]
                assert {call.fate for call in mine} <= {"no data"}
                if len(mine) > gone:
                    gone = len(mine)
                    await stage.until(stage.now_ms + 3 * MINUTE_MS, MINUTE_MS)
                    assert behind_ms(stage, live) <= 3 * MINUTE_MS
            assert gone >= 1
            return closed(live)

    ours = asyncio.run(play())
    assert len(ours) >= 3
    assert [notice.title for notice in stage.notices] == [f"no prices of {unknown}"]


def test_a_listed_symbol_without_candles_holds_the_others_for_the_patience_and_once(stage: Stage) -> None:
    symbol = sorted(stage.candles)[0]
    stage.feed.dead.add(symbol)

    async def play() -> tuple[list[int], list[int]]:
        first, later = [], []
        async with stage.running() as live:
            while stage.now_ms < start(stage.world) + 3 * DAY_MS:
                await stage.until(stage.now_ms + MINUTE_MS, MINUTE_MS)
                if not live.desk.books.rows:
                    continue
                mine = [call for call in live.desk.books.rows if call.plan.symbol == symbol]
                lost = [call for call in mine if call.fate == "no data"]
                live.watching.needed_ms[symbol] = stage.now_ms  # it stays watched
                (later if lost else first).append(behind_ms(stage, live))
            assert len(lost) >= 2
        return first, later

    first, later = asyncio.run(play())
    assert 10 * MINUTE_MS <= max(first) <= 14 * MINUTE_MS
    assert max(later) <= 5 * MINUTE_MS
    (silent,) = stage.notices
    assert silent.title == f"{symbol} is silent"
    assert "No candles of" in silent.text
    assert "open trades" not in silent.text


def test_a_call_that_ended_without_data_stays_over_after_a_restart(stage: Stage) -> None:
    """Its candles come at last: nothing is filled that was told as over, and nothing is asked for it any more."""
    symbol = sorted(stage.candles)[0]
    stage.feed.dead.add(symbol)

    async def play() -> list[str]:
        async with stage.running() as live:
            while not (lost := [c.plan.signal_id for c in live.desk.books.rows if c.fate == "no data"]):
                await stage.until(stage.now_ms + MINUTE_MS, MINUTE_MS)
                assert stage.now_ms < start(stage.world) + 3 * DAY_MS
        stage.feed.dead.clear()
        async with stage.running() as live:
            assert not any(call.plan.signal_id in lost for call in live.desk.calls_on(symbol))
            await stage.until(stage.now_ms + DAY_MS)
            calls = [call for call in live.desk.books.rows if call.plan.signal_id in lost]
            assert {(call.fate, len(call.stepper.path().fills)) for call in calls} == {("no data", 0)}
        return lost

    lost = asyncio.run(play())
    rows = {event.row for event in Ledger(stage.path).events("demo", 0, "call") if event.data["signal"] in lost}
    assert [event for event in Ledger(stage.path).events("demo", 0, "step") if event.row in rows] == []


@pytest.mark.parametrize("by_ms", [3 * HOUR_MS, -2 * DAY_MS])
def test_a_clock_that_jumps_is_told_and_changes_no_trade(stage: Stage, by_ms: int) -> None:
    async def play() -> None:
        async with stage.running() as live:
            await until_open(stage, live)
            before = Ledger(stage.path).last()
            stage.wall_off_ms += by_ms
            await stage.settle()
            assert Ledger(stage.path).last() == before
            await stage.until(stage.now_ms + DAY_MS)
            ours = closed(live)
            assert differences(ours, expected(stage.world, set(ours))) == []

    asyncio.run(play())
    (notice,) = stage.notices
    assert (notice.kind, notice.title) == (NoticeKind.ERROR, "the clock jumped")
    assert ("forward" if by_ms > 0 else "back") in notice.text


class FullDisk(Ledger):
    """A ledger on a disk that is full after so many writings."""

    left = 1 << 60

    def append(self, *events: Event) -> None:
        self.left -= 1
        if self.left < 0:
            raise LedgerError(Problem("the ledger cannot be written: the disk is full", "paper.db"))
        super().append(*events)


def test_a_full_disk_ends_the_run_and_a_restart_loses_nothing(stage: Stage) -> None:
    async def play() -> dict[str, Trade]:
        chance = random.Random(9)
        end, full = start(stage.world) + DAYS * DAY_MS, 0
        while True:
            ledger = FullDisk(stage.path)
            ledger.left = chance.randrange(5, 60)
            try:
                async with stage.running(ledger) as live:
                    while stage.now_ms < end:
                        await asyncio.wait_for(stage.until(stage.now_ms + 30 * MINUTE_MS), 20)
                        if ledger.left < 0:
                            break
                    else:
                        assert full > 2
                        return closed(live)
            except LedgerError as error:
                full += "the disk is full" in str(error)

    ours = asyncio.run(play())
    assert len(ours) > 10
    keys = [event.key for event in Ledger(stage.path).events() if event.key]
    assert len(keys) == len(set(keys))
    assert differences(ours, expected(stage.world, set(ours))) == []
