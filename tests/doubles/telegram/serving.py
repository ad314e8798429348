"""A double that a person started: two channels in which something happens, and words from other windows."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from tests.doubles.exchange.asking import AskedInVainError, price_of
from tests.doubles.exchange.world import World as Market
from tests.doubles.telegram.control import Control
from tests.doubles.telegram.key import public_line
from tests.doubles.telegram.practice import CHANNELS, CONTROL, write_strategy, write_workspace
from tests.doubles.telegram.server import Server
from tests.doubles.telegram.world import CODE, PHONE, Channel, World

BASES = ("BTC", "ETH", "SOL")
Price = Callable[[str], tuple[float, int]]
"""The last price of a coin, and its decimals. Raises AskedInVainError."""


def computed(base: str) -> tuple[float, int]:
    """The price of the exchange double by the clock, where nobody has moved it."""
    market = Market()
    listing = market.listing(base)
    assert listing is not None
    return market.price(base), listing.decimals


def call(chance: random.Random, price: Price) -> str:
    """An invented call: a limit that the market has reached or may reach, its levels around the present price."""
    base, side = chance.choice(BASES), chance.choice([1, -1])
    last, decimals = price(base)
    entry = last * (1 + side * chance.uniform(-0.0001, 0.001))
    target, stop = entry * (1 + side * chance.uniform(0.005, 0.009)), entry * (1 - side * chance.uniform(0.005, 0.009))
    at = f"@ {entry:.{decimals}f}, TP {target:.{decimals}f}, SL {stop:.{decimals}f}"
    return f"{'BUY' if side > 0 else 'SELL'} {base}USDT {at}"


def act(channel: Channel, chance: random.Random, price: Price) -> str:
    """Something happens in a channel; what, in words."""
    posts = [n for n, post in channel.posts.items() if getattr(post, "message", "").startswith(("BUY", "SELL"))][-20:]
    kind = chance.choices(["post", "chat", "edit", "delete"], [6, 2, 2, 1])[0]
    if kind == "edit" and posts:
        number = chance.choice(posts)
        channel.edit(number, call(chance, price))
        return f"edited {number}"
    if kind == "delete" and posts:
        number = chance.choice(posts)
        channel.delete(number)
        return f"deleted {number}"
    return f"posted {channel.post('gm traders' if kind == 'chat' else call(chance, price))}"


async def serve(port: int, every_s: float, history: int, folder: Path | None, exchange: str | None) -> None:
    """Serve until cancelled. Raises AskedInVainError when the exchange is not there at the start."""
    chance, price = random.Random(7), computed if exchange is None else partial(price_of, at=exchange)
    world = World()
    channels = [world.channel(name, title) for name, title in CHANNELS.items()]
    for channel in channels:
        for _ in range(history):
            channel.post(call(chance, price))
    server = await Server(world, port).start()
    control = await Control(world, click.echo).start()
    env = (
        f"TELEGRAM_API_ID=1\nTELEGRAM_API_HASH={'0' * 32}\n"
        f"TELEGRAM_TEST_SERVER=127.0.0.1:{server.port}\nTELEGRAM_TEST_KEY={public_line()}\n{CONTROL}={control.url}\n"
    )
    if folder is None:
        sources = ", ".join(f"source: telegram @{name}" for name in CHANNELS)
        print(f"write into .env:\n\n{env}\nand into two profiles: {sources}")
    else:
        write_workspace(folder, env, CHANNELS)
        write_strategy(folder, CHANNELS)
        print(f"in another terminal: python cli.py collect --workspace {folder}")
    print(f"phone number {PHONE}, code {CODE}", flush=True)
    if folder is not None:
        print(f"beside the exchange double also: python cli.py paper practice --workspace {folder}", flush=True)
    try:
        while True:
            await asyncio.sleep(every_s or 3600.0)
            if every_s:
                channel = chance.choice(channels)
                print(f"@{channel.username}: {_acted(channel, chance, price)}", flush=True)
    finally:
        await control.stop()
        await server.stop()


def _acted(channel: Channel, chance: random.Random, price: Price) -> str:
    try:
        return act(channel, chance, price)
    except AskedInVainError as error:
        return f"nothing: {error}"
