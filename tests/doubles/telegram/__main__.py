"""``python -m tests.doubles.telegram``: a Telegram on this machine, to try ``collect`` with.

It serves two channels that post, edit and delete now and then, and prints what to write where. With ``--workspace DIR``
it writes a workspace of its own there. It listens on 127.0.0.1 only and ends with Ctrl-C.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from pathlib import Path

from tests.doubles.telegram.key import public_line
from tests.doubles.telegram.server import Server
from tests.doubles.telegram.world import CODE, PHONE, Channel, World

PROFILE = """channel "{title}"
source: telegram @{name}
numbers: 1,234.56

words
long = BUY
short = SELL
stop = SL

signal "one line"
<<<
{{side: BUY}} {{symbol: BTCUSDT}} @ {{entry: 64800}}, TP {{target: 65000}}, SL {{stop: 64500}}
>>>

test "chat is no call"
<<<
gm traders
>>>
expect nothing
"""
CHANNELS = {"alpha_signals": "Alpha Signals", "beta_calls": "Beta Calls"}


def call(chance: random.Random) -> str:
    """An invented call."""
    entry = chance.randrange(60_000, 70_000, 50)
    side = chance.choice([1, -1])
    target, stop = entry + side * 200, entry - side * 300
    return f"{'BUY' if side > 0 else 'SELL'} BTCUSDT @ {entry}, TP {target}, SL {stop}"


def act(channel: Channel, chance: random.Random) -> str:
    """Something happens in a channel; what, in words."""
    posts = [n for n, post in channel.posts.items() if getattr(post, "message", "").startswith(("BUY", "SELL"))][-20:]
    kind = chance.choices(["post", "chat", "edit", "delete"], [6, 2, 2, 1])[0]
    if kind == "edit" and posts:
        number = chance.choice(posts)
        channel.edit(number, call(chance))
        return f"edited {number}"
    if kind == "delete" and posts:
        number = chance.choice(posts)
        channel.delete(number)
        return f"deleted {number}"
    return f"posted {channel.post('gm traders' if kind == 'chat' else call(chance))}"


def write_workspace(folder: Path, env: str) -> None:
    """A workspace with the two profiles and the .env."""
    (folder / "channels").mkdir(parents=True, exist_ok=True)
    for name, title in CHANNELS.items():
        (folder / "channels" / f"{name}.channel").write_text(PROFILE.format(name=name, title=title), encoding="utf-8")
    path = folder / ".env"
    path.touch(mode=0o600)
    path.write_text(env, encoding="utf-8")


async def serve(port: int, every_s: float, history: int, folder: Path | None) -> None:
    """Serve until cancelled."""
    chance = random.Random(7)
    world = World()
    channels = [world.channel(name, title) for name, title in CHANNELS.items()]
    for channel in channels:
        for _ in range(history):
            channel.post(call(chance))
    server = await Server(world, port).start()
    env = (
        f"TELEGRAM_API_ID=1\nTELEGRAM_API_HASH={'0' * 32}\n"
        f"TELEGRAM_TEST_SERVER=127.0.0.1:{server.port}\nTELEGRAM_TEST_KEY={public_line()}\n"
    )
    if folder is None:
        print(
            f"write into .env:\n\n{env}\nand into two profiles: "
            + ", ".join(f"source: telegram @{n}" for n in CHANNELS)
        )
    else:
        write_workspace(folder, env)
        print(f"in another terminal: python cli.py collect --workspace {folder}")
    print(f"phone number {PHONE}, code {CODE}", flush=True)
    try:
        while True:
            await asyncio.sleep(every_s)
            channel = chance.choice(channels)
            print(f"@{channel.username}: {act(channel, chance)}", flush=True)
    finally:
        await server.stop()


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.doubles.telegram", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("--every", type=float, default=5.0, metavar="SECONDS", help="between two events (5)")
    parser.add_argument("--history", type=int, default=120, metavar="N", help="posts in each channel before (120)")
    parser.add_argument("--workspace", type=Path, metavar="DIR", help="write profiles and .env into this folder")
    given = parser.parse_args()
    try:
        asyncio.run(serve(given.port, given.every, given.history, given.workspace))
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
