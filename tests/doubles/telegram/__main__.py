"""A Telegram on this machine, to try ``collect`` and ``paper`` with: ``python -m tests.doubles.telegram``.

It serves two channels that post, edit and delete now and then, and prints what to write where. With ``--workspace DIR``
it writes a workspace of its own there. Its calls quote the prices of the exchange double, as this computes them by the
clock or, with ``--exchange URL``, as the one that runs there has them. It listens on 127.0.0.1 only and ends with
Ctrl-C; what it knew is gone then, so begin with a new folder.

``post``, ``edit``, ``delete``, ``remove`` and ``readmit`` make a double that runs do something; ``--workspace`` names
the folder that it wrote.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from tests.doubles.exchange.asking import AskedInVainError, ask, price_of
from tests.doubles.exchange.world import World as Market
from tests.doubles.telegram.control import Control
from tests.doubles.telegram.key import public_line
from tests.doubles.telegram.practice import CONTROL, control_of, write_strategy, write_workspace
from tests.doubles.telegram.server import Server
from tests.doubles.telegram.world import CODE, PHONE, Channel, World

CHANNELS = {"alpha_signals": "Alpha Signals", "beta_calls": "Beta Calls"}
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
    target, stop = entry * (1 + side * chance.uniform(0.003, 0.006)), entry * (1 - side * chance.uniform(0.003, 0.006))
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
    control = await Control(world, partial(click.echo, nl=True)).start()
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
        print(f"or, with the exchange double: python cli.py paper practice --workspace {folder}")
    print(f"phone number {PHONE}, code {CODE}", flush=True)
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


@click.group(invoke_without_command=True, help=__doc__)
@click.option("--port", type=int, default=0, help="Default: any free one.")
@click.option("--every", type=float, default=5.0, metavar="SECONDS", help="Between two events (5); 0: none by itself.")
@click.option("--history", type=int, default=120, metavar="N", help="Posts in each channel before (120).")
@click.option("--workspace", type=click.Path(path_type=Path), metavar="DIR", help="Write profiles and .env there.")
@click.option("--exchange", metavar="URL", help="Quote the prices of the exchange double that listens there.")
@click.pass_context
def main(
    ctx: click.Context, port: int, every: float, history: int, workspace: Path | None, exchange: str | None
) -> None:
    """Read the options and serve."""
    if ctx.invoked_subcommand is not None:
        return
    try:
        asyncio.run(serve(port, every, history, workspace, exchange))
    except AskedInVainError as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        sys.exit(0)


def tell(what: str, workspace: Path, **given: object) -> None:
    """Make the double of a workspace do something, and print what it did."""
    url = control_of(workspace)
    if not url:
        raise click.ClickException(f"no double has written {workspace}; name its folder with --workspace")
    try:
        click.echo(ask(f"{url}/{what}", json.dumps(given).encode()))
    except AskedInVainError as error:
        raise click.ClickException(str(error)) from None


WHERE = click.option("--workspace", type=click.Path(path_type=Path), default=Path(), metavar="DIR", help="Its folder.")
CHANNEL = click.option("--channel", metavar="NAME", help=f"Default: {next(iter(CHANNELS))}.")


@main.command()
@click.argument("text")
@click.option("--reply-to", type=int, metavar="NUMBER", help="The post that it answers.")
@CHANNEL
@WHERE
def post(workspace: Path, channel: str | None, text: str, reply_to: int | None) -> None:
    """Post TEXT, such as "BUY BTCUSDT @ market, TP 1%, SL 1%"."""
    tell("post", workspace, channel=channel, text=text, number=reply_to)


@main.command()
@click.argument("number", type=int)
@click.argument("text")
@CHANNEL
@WHERE
def edit(workspace: Path, channel: str | None, number: int, text: str) -> None:
    """Give a post another TEXT."""
    tell("edit", workspace, channel=channel, number=number, text=text)


@main.command()
@click.argument("number", type=int)
@CHANNEL
@WHERE
def delete(workspace: Path, channel: str | None, number: int) -> None:
    """Delete a post."""
    tell("delete", workspace, channel=channel, number=number)


@main.command()
@CHANNEL
@WHERE
def remove(workspace: Path, channel: str | None) -> None:
    """Throw the account out of a channel."""
    tell("remove", workspace, channel=channel)


@main.command()
@CHANNEL
@WHERE
def readmit(workspace: Path, channel: str | None) -> None:
    """Let the account read a channel again."""
    tell("readmit", workspace, channel=channel)


if __name__ == "__main__":
    main()
