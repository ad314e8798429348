"""A broker at the double, and the watch that no test calls another machine."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engine.domain import Side
from engine.testnet.broker import Broker
from engine.testnet.client import Keys, open_practice_client
from engine.testnet.exchange import Exchange
from engine.testnet.journal import Journal
from engine.testnet.ticket import Cause, Rung, Ticket
from tests.doubles.exchange import ExchangeDouble, Faults, World

SYMBOL = "BTC/USDT:USDT"
WINDOW_S = 0.4  # instead of the ten seconds in which a request may still arrive


@dataclass
class Watch:
    """Every address that something tried to reach, and every name that was asked for."""

    calls: list[Any] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


@pytest.fixture(autouse=True)
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Nothing reaches beyond the loopback interface; what would have is noted and refused."""
    seen = Watch()
    real, resolve = socket.socket.connect, socket.getaddrinfo

    def connect(self: socket.socket, address: Any) -> None:
        seen.calls.append(address)
        assert not isinstance(address, tuple) or address[0] in ("127.0.0.1", "::1"), f"a test calls {address}"
        return real(self, address)

    def getaddrinfo(host: Any, *rest: Any, **more: Any) -> Any:
        seen.names.append(host)
        assert host in ("127.0.0.1", "::1", "localhost"), f"a test asks for {host}"
        return resolve(host, *rest, **more)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return seen


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Iterator[ExchangeDouble]:
    """An exchange without rate limits, BTC pinned at 64,800."""
    world = World()
    world.pins["BTC"] = 64_800.0
    with ExchangeDouble(world, Faults(), limited=False) as exchange:
        monkeypatch.setattr("engine.testnet.client.CALM_MS", {"mexc": 1})
        yield exchange


@asynccontextmanager
async def broker_at(double: ExchangeDouble, path: Path, now_ms: Callable[[], int] = lambda: 0) -> AsyncIterator[Broker]:
    """A broker with a journal, started, as a new process would have it."""
    client = open_practice_client(double.url, Keys(double.key, double.secret))
    exchange = Exchange(client)
    exchange.asker.first_wait_s = 0.02
    try:
        await exchange.start()
        journal = Journal(path, now_ms)
        assert journal.read() == []
        broker = Broker(exchange, journal, now_ms, arrives_within_s=WINDOW_S)
        await broker.start()
        yield broker
    finally:
        await client.close()


def practise(
    double: ExchangeDouble, path: Path, play: Callable[[Broker], Awaitable[None]], now_ms: Callable[[], int] = lambda: 0
) -> None:
    """Run something with a started broker."""

    async def run() -> None:
        async with broker_at(double, path, now_ms) as broker:
            await play(broker)

    asyncio.run(run())


async def pin(double: ExchangeDouble, base: str, price: float) -> None:
    """Set the last price, from a test's own loop."""
    await asyncio.to_thread(double.pin, base, price)


def ticket(
    id_: str = "vip/7",
    side: Side = Side.LONG,
    rungs: tuple[Rung, ...] = (Rung("market", None, 100.0),),
    stop: float | None = 64_500.0,
    targets: tuple[tuple[float, float], ...] = ((65_000.0, 0.5), (65_200.0, 0.5)),
    symbol: str = SYMBOL,
    expire_ms: int = 10**15,
    leverage: int = 5,
) -> Ticket:
    """BUY BTCUSDT, TP 65000 65200, SL 64500: 100 contracts of 0.0001 BTC, unless told otherwise."""
    cause = Cause("vip", id_.partition("/")[2], 1)
    return Ticket(id_, "demo", cause, symbol, side, leverage, rungs, stop, targets, expire_ms)
