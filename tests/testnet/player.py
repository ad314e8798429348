"""A whole trade at the double in a process of its own, to be killed: ``python -m tests.testnet.player URL JOURNAL ID``.

It prints "started" once it can order, and "done" at the end. It moves the double's prices itself (``/__double/pin``).
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import aiohttp

import engine.testnet.client
from engine.testnet.broker import Broker
from engine.testnet.client import Keys, open_practice_client
from engine.testnet.exchange import Exchange
from engine.testnet.journal import Journal
from engine.testnet.ticket import Cause
from tests.doubles.exchange.double import KEY, SECRET
from tests.testnet.conftest import WINDOW_S, ticket
from tests.testnet.test_broker import LADDER


async def main(url: str, path: Path, name: str) -> None:
    """Place a ladder, see it fill, take a target, move the stop, close the rest."""
    engine.testnet.client.CALM_MS = {"mexc": 1}
    client = open_practice_client(url, Keys(KEY, SECRET))
    exchange = Exchange(client)
    await exchange.start()
    journal = Journal(path, lambda: 0)
    read = journal.read()
    assert isinstance(read, list), read
    broker = Broker(exchange, journal, lambda: 0, arrives_within_s=WINDOW_S)
    print("started", flush=True)
    await broker.start()

    async def move(price: float) -> None:
        async with aiohttp.ClientSession() as session, session.get(f"{url}/__double/pin?base=BTC&price={price}"):
            pass

    await broker.place(ticket(name, rungs=LADDER))
    await move(64_590.0)
    await broker.sync()
    await move(65_010.0)
    await broker.amend(name, stop=64_700.0)
    await broker.close(name, 1.0, Cause("vip", "2000", 1))
    await broker.sync()
    print("done", flush=True)
    await client.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
