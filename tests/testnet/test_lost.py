"""Lost answers, crashes and faults: no order twice, none forgotten, and the exchange ends up as it should."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.testnet.broker import Broker
from engine.testnet.exchange import Exchange
from engine.testnet.journal import Journal
from engine.testnet.sending import Sender
from engine.testnet.ticket import Cause, Rung, Standing
from tests.conftest import ROOT
from tests.doubles.exchange import ExchangeDouble
from tests.doubles.exchange.faults import DONE, HTTP
from tests.testnet.conftest import broker_at, pin, practise, ticket
from tests.testnet.test_broker import LADDER, held, live_stops, resting

ROUNDS = int(os.environ.get("SIGNALPROOF_EXAMPLES", "1000")) // 160  # 6, each killed up to three times


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "testnet.jsonl"


def opened(double: ExchangeDouble) -> float:
    """Contracts that all accepted entry orders were for."""
    return sum(order.vol for order in double.futures.orders.values() if order.opens)


@pytest.mark.parametrize("kind", DONE)
def test_an_order_whose_answer_is_lost_is_found_and_not_sent_again(
    double: ExchangeDouble, journal: Path, kind: str
) -> None:
    double.faults.add(kind, path="order/create")
    double.faults.delay_s = 1.0

    async def play(broker: Broker) -> None:
        broker.exchange.client.timeout = 500
        standing = await broker.place(ticket())
        assert (standing.held, live_stops(double)) == (100, [(64_500.0, 100.0)])

    practise(double, journal, play)
    assert opened(double) == 100
    assert resting(double) == {65_000.0: 50, 65_200.0: 50}
    assert double.futures.twice == []


@pytest.mark.parametrize("kind", [kind for kind in HTTP if kind not in ("delay", "half", "cut")])
def test_a_limit_that_never_arrived_is_sent_again_with_the_same_id(
    double: ExchangeDouble, journal: Path, kind: str
) -> None:
    double.faults.add(kind, path="order/create")

    async def play(broker: Broker) -> None:
        await broker.place(ticket(rungs=(Rung("limit", 64_700.0, 100.0),)))

    practise(double, journal, play)
    assert resting(double) == {64_700.0: 100}
    assert len({body["externalOid"] for body in double.private.sent("order/create")}) == 1
    assert double.futures.twice == []


@pytest.mark.parametrize("kind", ["half", "cut"])
def test_half_an_answer_is_none(double: ExchangeDouble, journal: Path, kind: str) -> None:
    double.faults.add(kind, path="order/create")

    async def play(broker: Broker) -> None:
        await broker.place(ticket())

    practise(double, journal, play)
    assert opened(double) == 100
    assert double.futures.twice == []


def test_an_order_at_the_market_that_never_arrived_is_too_late_to_send(double: ExchangeDouble, journal: Path) -> None:
    double.faults.add("500", path="order/create")

    async def play(broker: Broker) -> None:
        standing = await broker.place(ticket())
        (entry,) = standing.of("entry")
        assert (entry.ended, standing.over) == ("missing", True)

    practise(double, journal, play)
    assert double.futures.orders == {}


def test_a_breakout_whose_answer_is_lost_is_found_among_the_plan_orders(double: ExchangeDouble, journal: Path) -> None:
    double.faults.add("lost", path="planorder/place")
    breakout = ticket(rungs=(Rung("stop", 64_900.0, 20.0),), stop=64_600.0, targets=())

    async def play(broker: Broker) -> None:
        await broker.place(breakout)
        await broker.place(breakout)

    practise(double, journal, play)
    assert len(double.futures.plans) == 1


def test_a_stop_whose_answer_is_lost_is_not_placed_twice(double: ExchangeDouble, journal: Path) -> None:
    double.futures.attaches = False
    double.faults.add("lost", path="stoporder/place")

    async def play(broker: Broker) -> None:
        await broker.place(ticket())
        await broker.sync()

    practise(double, journal, play)
    assert live_stops(double) == [(64_500.0, 100.0)]


def test_an_exchange_that_is_away_leaves_the_order_open_until_it_answers(double: ExchangeDouble, journal: Path) -> None:
    async def play(broker: Broker) -> None:
        broker.exchange.asker.attempts = 2
        double.faults.add("lost", path="order/create")
        double.faults.add("502", times=3, path="order/external")
        standing = await broker.place(ticket())
        assert standing.of("entry")[0].unknown
        while standing.of("entry")[0].unknown:
            await broker.sync()
        assert await broker.sync() == []

    practise(double, journal, play)
    assert held(double) == {("BTC_USDT", 1): 100}
    assert opened(double) == 100


@pytest.mark.parametrize("arrived", [True, False])
def test_a_restart_asks_by_the_clients_id(
    double: ExchangeDouble, journal: Path, arrived: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies between the journal's line and the answer, with and without the order at the exchange."""

    class Killed(BaseException):
        pass

    async def die(*_: object, **__: object) -> None:
        raise Killed

    def kill(*_: object, **__: object) -> None:
        raise Killed

    async def play(broker: Broker) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(*((Sender, "placed", kill) if arrived else (Exchange, "_send", die)))
            with pytest.raises(Killed):
                await broker.place(ticket())

    practise(double, journal, play)
    assert len(double.futures.orders) == arrived

    async def again(broker: Broker) -> None:
        standing = await broker.place(ticket())
        assert standing.over != arrived

    practise(double, journal, again)
    assert opened(double) == (100 if arrived else 0)
    assert resting(double) == ({65_000.0: 50, 65_200.0: 50} if arrived else {})
    assert double.futures.twice == []


def test_a_disk_that_is_full_sends_nothing(
    double: ExchangeDouble, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    async def play(broker: Broker) -> None:
        await broker.place(ticket())
        before = journal.read_bytes()
        with monkeypatch.context() as patch:
            patch.setattr("engine.testnet.journal.os.fsync", full)
            with pytest.raises(OSError, match="No space"):
                await broker.place(ticket("vip/8"))
        assert journal.read_bytes() == before

    practise(double, journal, play)
    assert opened(double) == 100


def test_a_torn_line_is_cut_off_and_a_broken_one_is_refused(double: ExchangeDouble, journal: Path) -> None:
    async def play(broker: Broker) -> None:
        await broker.place(ticket())

    practise(double, journal, play)
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"format":1,"at_ms":5,"wh')
    assert Journal(journal, lambda: 0).look() is None
    assert journal.read_bytes() != whole, "looking changes nothing: another process may be writing that line"
    read = Journal(journal, lambda: 0)
    (mended,) = read.read()  # type: ignore[misc]
    assert "torn" in str(mended)
    assert journal.read_bytes() == whole
    assert read.standings["vip/7"].held == 100
    lines = whole.splitlines(keepends=True)
    for broken in (b"what?\n", b'{"format":9}\n', b'{"format":1,"what":"dance","ticket":"vip/7"}\n'):
        journal.write_bytes(b"".join([lines[0], broken, *lines[1:]]))
        assert ":2" in str(Journal(journal, lambda: 0).read())


def test_kills_at_any_moment_leave_the_same_trades(double: ExchangeDouble, tmp_path: Path) -> None:
    """The broker is stopped at a random step of a whole trade, again and again, and started anew each time.

    Undisturbed, the play ends with nothing held; so it does here, with the same orders to get in, and none twice.
    """
    chance = random.Random(8)
    kills = 0
    for number in range(ROUNDS):
        path, name = tmp_path / f"{number}.jsonl", f"vip/{1000 + number}"
        kills += _kills(double, path, name, _survives, lambda: chance.uniform(0.02, 0.5))
    assert kills >= ROUNDS
    assert double.futures.twice == []


def test_processes_that_are_killed_leave_the_same_trades(double: ExchangeDouble, tmp_path: Path) -> None:
    """The same with kill -9, a process of its own each time."""
    chance = random.Random(9)
    kills = 0
    for number in range(max(ROUNDS // 3, 1)):
        path, name = tmp_path / f"{number}.jsonl", f"vip/{5000 + number}"
        kills += _kills(double, path, name, _lives, lambda: chance.uniform(1, 12))
    assert kills > 0, "lives end before they are killed"
    assert double.futures.twice == []


def _kills(
    double: ExchangeDouble,
    path: Path,
    name: str,
    life: Callable[[ExchangeDouble, Path, str, float | None], bool],
    after: Callable[[], float],
) -> int:
    """How often one trade was stopped until it came to its end; three times at most, then it is left in peace.

    ``after`` says how far a life gets.
    """
    kills, before = 0, opened(double)
    for attempt in range(99):
        double.pin("BTC", 64_800.0)
        if life(double, path, name, after() if attempt < 3 else None):
            break
        kills += 1
    standing = _standing(path, name)
    assert standing.over, standing
    assert opened(double) - before == 100
    assert (held(double), resting(double), live_stops(double)) == ({}, {}, [])
    return kills


def _lives(double: ExchangeDouble, path: Path, name: str, lines: float | None) -> bool:
    """Start a player and kill it when it has written so many lines of its journal, and up to 20 ms (the fraction of a
    line) later; whether it came to its end. How quick the machine is has no say in it.
    """
    command = [sys.executable, "-m", "tests.testnet.player", double.url, str(path), name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as player:
        assert player.stdout
        assert player.stdout.readline() == "started\n"
        if lines is not None:
            end = _lines(path) + int(lines)
            for _ in range(20_000):
                if player.poll() is not None or _lines(path) >= end:
                    break
                time.sleep(0.001)
            time.sleep(0.02 * (lines % 1))
            player.kill()
        said = player.stdout.read()
    assert lines is not None or said == "done\n", said
    return said == "done\n"


def _lines(path: Path) -> int:
    """How long a journal is."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _survives(double: ExchangeDouble, path: Path, name: str, after_s: float | None) -> bool:
    """One process that plays a whole trade from its first step on; False when it is killed after a while."""

    async def play() -> None:
        async with broker_at(double, path) as broker:
            await broker.place(ticket(name, rungs=LADDER))
            await pin(double, "BTC", 64_590.0)
            await broker.sync()
            await pin(double, "BTC", 65_010.0)
            await broker.amend(name, stop=64_700.0)
            await broker.close(name, 1.0, Cause("vip", "2000", 1))
            await broker.sync()

    async def bounded() -> None:
        await asyncio.wait_for(play(), after_s)

    try:
        asyncio.run(bounded())
    except TimeoutError:
        return False
    return True


def _standing(path: Path, name: str) -> Standing:
    journal = Journal(path, lambda: 0)
    assert journal.read() == []
    return journal.standings[name]
