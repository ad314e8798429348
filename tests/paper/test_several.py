"""Several strategies and channels in one account: one wallet, sizes and rules of each, and each channel alone."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.collect.reading import read_archive
from engine.config.strategy import Fees
from engine.paper.ledger import Event, Ledger
from engine.paper.replay import Clock, play
from engine.pipeline.replay import replay
from engine.simulate.walk import Walk
from engine.units import MINUTE_MS
from tests.collect.posts import read_toy
from tests.paper.liveworld import Stage
from tests.paper.several import START_MS, Table, read_table, told
from tests.paper.world import facts

TABLES = {
    "the same call is one trade in each strategy, each of its own size": """
        a: size {risk: 0.01}; channels c
        b: size {fixed: 500}; channels c
        price BTCUSDT: 100 100 100 110 110
        0 c: BUY BTCUSDT @ 100, TP 110, SL 95
        =
        a c/1: 20 out at target +200
        b c/1: 5 out at target +50
        equity: 10250
    """,
    "the second strategy sizes by what the first has won": """
        a: size {risk: 0.1}; channels c
        b: size {risk: 0.01}; channels d
        price BTCUSDT: 100 100 100 110 110 110
        price ETHUSDT: 50 50 50 50 50 50 50 60 60
        0 c: BUY BTCUSDT @ 100, TP 110, SL 90
        4 d: BUY ETHUSDT @ 50, TP 60, SL 45
        =
        a c/1: 100 out at target +1000
        b d/2: 22 out at target +220
        equity: 11220
    """,
    "the margin of one strategy is not there for the other": """
        a: size {fixed: 9000}; channels c; leverage 1
        b: size {fixed: 2000}; channels d; leverage 1
        price BTCUSDT: 100 100 100 100 110 110
        price ETHUSDT: 50 50 50 50 50 60 60
        0 c: BUY BTCUSDT @ 100, TP 110, SL 95
        1 d: BUY ETHUSDT @ 50, TP 60, SL 45
        =
        a c/1: 90 out at target +900
        b d/2: refused by margin
        equity: 10900
    """,
    "the rules of one strategy do not speak to the other's calls": """
        a: size {risk: 0.01}; channels c
        b: size {risk: 0.01}; channels c
        rule b: {name: one-open, when: {open trades at least: 1}, then: reject}
        rule b: {name: no-eth, when: {symbol in: [ETHUSDT]}, then: reject}
        price BTCUSDT: 100 100 100 100 110 110
        price ETHUSDT: 50 50 50 50 60 60
        0 c: BUY BTCUSDT @ 100, TP 110, SL 95
        1 c: BUY ETHUSDT @ 50, TP 60, SL 45
        =
        a c/1: 20 out at target +200
        b c/1: refused by one-open
        a c/2: 20 out at target +200
        b c/2: refused by one-open
        equity: 10400
    """,
    "a strategy whose rule halts stops the whole account": """
        a: size {risk: 0.01}; channels c
        b: size {risk: 0.01}; channels d
        rule a: {name: enough, when: {daily loss over: 0.5%}, then: {halt: until next day}}
        price BTCUSDT: 100 100 95 95 95 95
        price ETHUSDT: 50 50 50 50 60 60
        0 c: BUY BTCUSDT @ 100, TP 110, SL 95
        3 d: BUY ETHUSDT @ 50, TP 60, SL 45
        =
        a c/1: 20 out at stop -100
        b d/2: refused by enough
        equity: 9900
    """,
    "a halt that names its channels leaves the others alone": """
        a: size {risk: 0.01}; channels c
        b: size {risk: 0.01}; channels c d
        rule a: {name: enough, only: {channels: [c]}, when: {daily loss over: 0.5%}, then: {halt: until next day}}
        price BTCUSDT: 100 100 95 95 95 95 95
        price ETHUSDT: 50 50 50 50 50 60 60
        0 c: BUY BTCUSDT @ 100, TP 110, SL 95
        3 c: BUY ETHUSDT @ 50, TP 60, SL 45
        3 d: BUY ETHUSDT @ 50, TP 60, SL 45
        =
        a c/1: 20 out at stop -100
        b c/1: 20 out at stop -100
        a c/2: refused by enough
        b c/2: refused by enough
        b d/3: 19.6 out at target +196
        equity: 9996
    """,
    "a rule that closes ends the trades of every strategy, with what is held": """
        a: size {risk: 0.01}; channels c
        b: size {fixed: 1000}; channels d
        rule b: {name: nap, when: {drawdown over: 0.9%}, then: {halt: 2d, close: open trades}}
        price BTCUSDT: 100 100 95.2 95.2 95.2 95.2
        price ETHUSDT: 50 50 50 50 50 60
        0 c: BUY BTCUSDT @ 100, TP 110, SL 95
        0 d: BUY ETHUSDT @ 50, TP 60, SL 45
        4 d: BUY ETHUSDT @ 50, TP 60, SL 45
        =
        a c/1: closed by nap -96
        b d/2: closed by nap +0
        b d/3: repeat
        equity: 9904
    """,
    "what a channel says of its call moves the trade in each strategy": """
        a: size {risk: 0.01}; channels c; calls {deleted: close}
        b: size {risk: 0.01}; channels c
        price BTCUSDT: 100 100 102 102 110 110
        0 c: BUY BTCUSDT @ 100, TP 110, SL 95
        1 c delete 1
        =
        a c/1: 20 out at channel +40
        b c/1: 20 out at target +200
        equity: 10240
    """,
    "a call entered again after its stop is a trade of its own, in each strategy": """
        a: size {risk: 0.01}; channels c
        b: size {fixed: 1000}; channels c
        price BTCUSDT: 100 100 95 95 100 100 100 110 110
        0 c: BUY BTCUSDT @ 100, TP 110, SL 95
        4 c: re-enter BTCUSDT
        =
        a c/1: 20 out at stop -100
        b c/1: 10 out at stop -50
        a c/2: 19.7 out at target +197
        b c/2: 10 out at target +100
        equity: 10147
    """,
    "a call entered again while its trade lives is a repeat": """
        a: size {risk: 0.01}; channels c
        price BTCUSDT: 100 100 100 100 100 110 110
        0 c: BUY BTCUSDT @ 100, TP 110, SL 95
        2 c: re-enter BTCUSDT
        =
        a c/1: 20 out at target +200
        a c/2: repeat
        equity: 10200
    """,
    "unless the strategy adds: then it is a second trade": """
        a: size {risk: 0.01}; channels c; calls {repeat: add}
        price BTCUSDT: 100 100 100 100 100 110 110
        0 c: BUY BTCUSDT @ 100, TP 110, SL 95
        2 c: re-enter BTCUSDT
        =
        a c/1: 20 out at target +200
        a c/2: 20 out at target +200
        equity: 10400
    """,
    "entered again at another price with another stop, and closed by a later word": """
        a: size {risk: 0.01}; channels c
        price BTCUSDT: 100 100 95 95 90 90 92 92 92
        0 c: BUY BTCUSDT @ 100, TP 110, SL 95
        3 c: re-enter BTCUSDT @ 90 SL 80
        6 c: close BTCUSDT
        =
        a c/1: 20 out at stop -100
        a c/2: 9.9 out at channel +19.8
        equity: 9919.8
    """,
    "opposite calls in two strategies are two trades, netted by nobody": """
        a: size {risk: 0.01}; channels c
        b: size {risk: 0.01}; channels d
        price BTCUSDT: 100 100 100 105 105
        0 c: BUY BTCUSDT @ 100, TP 105, SL 95
        0 d: SELL BTCUSDT @ 100, TP 90, SL 105
        =
        a c/1: 20 out at target +100
        b d/2: 20 out at stop -100
        equity: 10000
    """,
}


def table_of(name: str) -> Table:
    return read_table("\n".join(line.strip() for line in TABLES[name].splitlines()))


@pytest.mark.parametrize("name", TABLES)
def test_over_history(name: str, tmp_path: Path) -> None:
    table = table_of(name)
    desk = table.desk(Ledger(tmp_path / "paper.db"))
    play(desk, table.messages, table.candles)
    assert told(desk, table.candles) == table.expected


@pytest.mark.parametrize("name", [name for name in TABLES if "b: size" not in TABLES[name]])
def test_a_backtest_of_one_strategy_says_the_same(name: str) -> None:
    """The vectorised way: all messages read at once, all paths at once, one walk."""
    table = table_of(name)
    (lane,) = table.lanes.values()
    read = read_archive(table.messages, read_toy)
    updates = [*read.updates, *read.withdrawn]
    played = replay(read.signals, lane.strategy, Fees(0.0, 0.0, "none"), table.candles, None, updates)
    posted = [signal.message.posted_ms for signal in played.planned]
    walk = Walk(played.table, played.money, lane.strategy, lane.judge, played.venue, "UTC", posted)
    walked = walk.run(played.eligible())
    lines = []
    for row, plan in enumerate(played.table.plans):
        trade = walked.trades.get(row)
        said = f"{trade.quantity:g} out at {trade.path.legs[-1].reason.value} {trade.net:+g}" if trade else None
        lines.append(f"a {plan.signal_id}: {said or played.fates[played.rows.index(row)]}")
    assert [*lines, f"equity: {walked.end_equity:g}"] == table.expected


@dataclass
class Live:
    """A table as the world of a live stage."""

    table: Table

    def __getattr__(self, name: str) -> Any:
        return getattr(self.table, name)

    @property
    def loaded(self) -> Any:
        class Loaded:
            class strategy:
                from_ms = START_MS

        return Loaded


@pytest.mark.parametrize("name", TABLES)
def test_live_with_a_stop_after_each_minute(name: str, tmp_path: Path) -> None:
    """The live runner, stopped and begun anew at every minute: nothing twice, nothing lost, the same money."""
    table = table_of(name)
    stage = Stage(Live(table), tmp_path / "paper.db")

    async def play_live() -> None:
        while True:
            async with stage.running():
                await stage.until(stage.now_ms + MINUTE_MS, MINUTE_MS // 2)
                if stage.now_ms >= table.end_ms + MINUTE_MS:
                    return

    asyncio.run(play_live())
    assert told(table.desk(Ledger(stage.path)), table.candles) == table.expected


@pytest.mark.parametrize("name", TABLES)
def test_each_channel_alone_is_as_if_nobody_else_called(name: str, tmp_path: Path) -> None:
    table = table_of(name)
    desk = table.desk(Ledger(tmp_path / "paper.db"))
    play(desk, table.messages, table.candles)
    channels = {message.channel for message in table.messages}
    assert set(desk.alone) == (channels if len(channels) > 1 else set())
    for number, channel in enumerate(desk.alone):
        lonely = table_of(name)
        lonely.messages = [message for message in table.messages if message.channel == channel]
        lonely.lanes = {name: lane for name, lane in table.lanes.items() if channel in lane.strategy.channels}
        other = lonely.desk(Ledger(tmp_path / f"{number}.db"))
        play(other, lonely.messages, table.candles)
        assert told(desk.alone[channel], table.candles) == told(other, table.candles)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("a halt that names its channels leaves the others alone", "halt"),
        ("a halt that names its channels leaves the others alone", "halt and resume"),
        ("the second strategy sizes by what the first has won", "halt"),
        ("the second strategy sizes by what the first has won", "close"),
    ],
)
def test_a_persons_word_reaches_no_channel_alone(name: str, word: str, tmp_path: Path) -> None:
    """What each channel alone makes does not hang on what somebody does to his account; a restart lies between."""
    table, quiet = table_of(name), table_of(name).desk(Ledger(tmp_path / "quiet.db"))
    play(quiet, table.messages, table.candles)
    ledger = Ledger(tmp_path / "paper.db")
    desk = table.desk(ledger)
    began_ms = table.messages[0].known_ms
    if word == "close":
        desk.message(table.messages[0])
        Clock(desk, table.candles).run(began_ms + 3 * MINUTE_MS)
        desk.obey(Event("test", "close", began_ms, {"id": "all"}), began_ms + 2 * MINUTE_MS)
    else:
        desk.obey(Event("test", "halt", began_ms, {"until_ms": None, "channels": []}), began_ms)
    if word == "halt and resume":
        desk.obey(Event("test", "resume", began_ms, {}), began_ms + MINUTE_MS)
    desk = table.desk(ledger)
    play(desk, table.messages, table.candles)
    assert told(desk, table.candles) != told(quiet, table.candles)
    assert set(desk.alone) == {"c", "d"}
    for channel, one in desk.alone.items():
        assert told(one, table.candles) == told(quiet.alone[channel], table.candles)
        assert list(ledger.events(one.account, 0, "closing", "done")) == []


def test_a_stop_at_any_event_loses_nothing_of_any_account(tmp_path: Path) -> None:
    """A crash between any two writes of a replay: what is told again is written once, in all accounts."""
    name = "a halt that names its channels leaves the others alone"
    table = table_of(name)
    whole = Ledger(tmp_path / "whole.db")
    play(table.desk(whole), table.messages, table.candles)
    expected = facts(list(whole.events()))
    assert {event.account for event in whole.events()} == {"test", "test/c", "test/d"}

    class Stop(Exception):
        pass

    for stop in itertools.count(1):
        path = tmp_path / f"{stop}.db"

        class Failing(Ledger):
            left = stop

            def append(self, *events) -> None:
                if not self.left:
                    raise Stop
                self.left -= 1
                super().append(*events)

        try:
            play(table_of(name).desk(Failing(path)), table.messages, table.candles)
            break
        except Stop:
            again = Ledger(path)
            play(table_of(name).desk(again), table.messages, table.candles)
            assert facts(list(again.events())) == expected
    assert stop > 4
