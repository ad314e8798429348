"""Live paper trading end to end: ``python -m benchmarks.paper_latency [SECONDS]``.

A Telegram and an exchange of our own on this machine, in a process of their own; the program, ``cli.py paper``, in
another, as a user starts it. 50 channels, 50 contracts with ten trades a second each, 200 open trades. Then for so many
seconds (default 120) a post a second in a random channel, and measured:

- from a post to its filled order in the ledger, synced to the disk: the ``live`` event with its fill, at the first live
  price after its moment of action (the strategy's latency is one second, counted from the whole second that Telegram
  stamps a post with);
- from a post to its place in the record: the ``step`` with fills, once its first one-minute candle is over;
- how far the live fills were from the record's;
- processor time of the program, as a share of one core, and its resident memory, over the same time.

The times of events are those at which the ledger wrote them; posts are stamped by the Telegram's process.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from engine.paper.ledger import Ledger
from engine.paper.spoken import Pair, Spoken
from tests.doubles.exchange import ExchangeDouble, World
from tests.doubles.telegram.key import public_line
from tests.doubles.telegram.server import Server
from tests.doubles.telegram.world import CODE, PHONE
from tests.doubles.telegram.world import World as Telegram

CHANNELS = SYMBOLS = 50
OPEN_TRADES = 200
UPDATES_PER_S = 10
PROFILE = """channel "Channel {n}"
source: telegram @channel_{n}
numbers: 1,234.56

words
long = BUY
short = SELL
stop = SL

signal "one line"
<<<
{{side: BUY}} {{symbol: BTCUSDT}} @ {{entry market: 64800}}, TP {{target: 65000}}, SL {{stop: 64500}}
>>>

test "chat is no call"
<<<
gm traders
>>>
expect nothing
"""
STRATEGY = """name: bench
channels: [{channels}]
market: {{source: mexc, type: swap, timeframe: 1m}}
account: {{equity: 100000000 USDT, leverage: 5}}
size: {{fixed: 100 USDT}}
entry: {{latency: 1s}}
calls: {{repeat: add, opposite: add}}
rules: [watching]
"""
RULES = """rules:
  - {name: daily-stop, when: {daily loss over: 5%}, then: {halt: until next day, close: open trades}}
  - {name: deep, when: {drawdown over: 20%}, then: {halt: 2d}}
  - {name: many, when: {open trades at least: 1000}, then: {halt: 1h}}
"""  # asked at every live price


# ---------------------------------------------------------------------------- the doubles' process


async def serve(folder: Path) -> None:
    """Serve both until standard input ends; a line ``CHANNEL SYMBOL`` posts a call, and its time is printed."""
    world = World.many(SYMBOLS)
    telegram = Telegram()
    channels = [telegram.channel(f"channel_{n}", f"Channel {n}") for n in range(CHANNELS)]
    server = await Server(telegram, 0).start()
    with ExchangeDouble(world) as exchange:
        exchange.sockets.deals_per_s = UPDATES_PER_S
        write_workspace(folder, server.port)
        print(json.dumps({"exchange": exchange.url}), flush=True)
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
        while line := await reader.readline():
            channel, number = map(int, line.split())
            price = world.price(f"TK{number:02}", "swap")
            text = f"BUY TK{number:02}USDT @ {price:.4f}, TP {price * 1.15:.4f}, SL {price * 0.85:.4f}"
            at = time.time()
            message = channels[channel].post(text)
            print(json.dumps({"channel": channel, "message": message, "at": at}), flush=True)
    await server.stop()


def write_workspace(folder: Path, port: int) -> None:
    """Profiles, strategy and .env."""
    for name in ("channels", "strategies", "rules"):
        (folder / name).mkdir(parents=True)
    for n in range(CHANNELS):
        (folder / "channels" / f"channel_{n}.channel").write_text(PROFILE.format(n=n), encoding="utf-8")
    names = ", ".join(f"channel_{n}" for n in range(CHANNELS))
    (folder / "strategies" / "bench.yaml").write_text(STRATEGY.format(channels=names), encoding="utf-8")
    (folder / "rules" / "watching.yaml").write_text(RULES, encoding="utf-8")
    env = folder / ".env"
    env.touch(mode=0o600)
    env.write_text(
        f"TELEGRAM_API_ID=1\nTELEGRAM_API_HASH={'0' * 32}\n"
        f"TELEGRAM_TEST_SERVER=127.0.0.1:{port}\nTELEGRAM_TEST_KEY={public_line()}\n",
        encoding="utf-8",
    )


# ---------------------------------------------------------------------------- the measuring process


class Doubles:
    """The other process."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "benchmarks.paper_latency", "--serve", str(folder)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.exchange = str(self._line()["exchange"])

    def post(self, channel: int, symbol: int) -> tuple[str, float]:
        """A call in a channel: its key, and when it was posted."""
        assert self.process.stdin
        self.process.stdin.write(f"{channel} {symbol}\n")
        self.process.stdin.flush()
        said = self._line()
        return f"channel_{said['channel']}/{said['message']}", float(said["at"])

    def _line(self) -> dict[str, object]:
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(20)


def events(folder: Path) -> dict[str, dict[str, float]]:
    """When the ledger wrote what of each call: the first ``live``, ``decided`` and ``step`` with fills (in s)."""
    found: dict[str, dict[str, float]] = {}
    rows: dict[int, str] = {}
    with contextlib.closing(sqlite3.connect(f"file:{folder / 'data' / 'paper.db'}?mode=ro", uri=True)) as db:
        for kind, made, row, data in db.execute(
            "SELECT kind, made_ms, row, data FROM events WHERE account = 'bench' ORDER BY seq"
        ):
            if row is None:
                continue
            said = json.loads(data)
            if kind == "call":
                rows[row] = said["signal"]
            if kind in ("step", "live") and not said["fills"]:
                continue
            found.setdefault(rows[row], {}).setdefault(kind, made / 1000)
    return found


def distances(folder: Path) -> list[float]:
    """How far each live move was from the record's, in basis points."""
    pairs: list[Pair] = []
    spoken = Spoken(pairs.append)
    for event in Ledger(folder / "data" / "paper.db").events("bench"):
        spoken.take(event)
    return [pair.points for pair in pairs]


def until(what: str, done: object, timeout_s: float) -> None:
    """Wait for something."""
    deadline = time.monotonic() + timeout_s
    while not done():  # type: ignore[operator]
        if time.monotonic() > deadline:
            raise SystemExit(f"gave up waiting: {what}")
        time.sleep(0.5)


def shown(name: str, took: list[float]) -> None:
    """One line of figures."""
    if len(took) < 2:
        print(f"{name}: {len(took)} measured")
        return
    took.sort()
    middle, most = statistics.median(took), took[min(len(took) - 1, round(0.95 * len(took)))]
    print(f"{name}: median {middle * 1000:,.0f} ms, 95% {most * 1000:,.0f} ms, longest {took[-1] * 1000:,.0f} ms")


def main(seconds: int) -> None:
    """Start everything, measure, end everything."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "workspace"
        doubles = Doubles(folder)
        environment = os.environ | {"SIGNALPROOF_EXCHANGE_URL": doubles.exchange}
        command = [sys.executable, "cli.py", "collect", "--once", "--workspace", str(folder)]
        subprocess.run(command, input=f"{PHONE}\n{CODE}\n", text=True, check=True, capture_output=True, timeout=180)
        log = (Path(name) / "out.txt").open("w", encoding="utf-8")
        command = [sys.executable, "cli.py", "paper", "bench", "--workspace", str(folder)]
        program = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            measure(folder, doubles, psutil.Process(program.pid), seconds)
        finally:
            program.terminate()
            program.wait(60)
            doubles.close()
            log.close()
            if program.returncode:
                print((Path(name) / "out.txt").read_text(encoding="utf-8")[-3000:])
            print(f"the program ended with {program.returncode} after SIGTERM")


def measure(folder: Path, doubles: Doubles, program: psutil.Process, seconds: int) -> None:
    """Open the trades, then post and look."""
    dice = random.Random(7)
    until("the ledger", (folder / "data" / "paper.db").exists, 60)
    time.sleep(10)
    opened = [doubles.post(n % CHANNELS, (n % CHANNELS + n // CHANNELS * 12) % SYMBOLS)[0] for n in range(OPEN_TRADES)]
    filled = lambda keys: sum("step" in one for key, one in events(folder).items() if key in keys)  # noqa: E731
    until("200 open trades", lambda: filled(opened) >= OPEN_TRADES, 300)
    print(f"{filled(opened)} trades are open in {CHANNELS} channels on {SYMBOLS} contracts")
    time.sleep(5)
    before, began = program.cpu_times(), time.monotonic()
    posts, memory = {}, []
    for _ in range(seconds):
        key, at = doubles.post(dice.randrange(CHANNELS), dice.randrange(SYMBOLS))
        posts[key] = at
        memory.append(program.memory_info().rss)
        at_any_part = dice.random()  # of a second: that of the stamp counts for the moment of action
        time.sleep(max(0.0, began + len(posts) + at_any_part - time.monotonic()))
    after, span = program.cpu_times(), time.monotonic() - began
    used = after.user + after.system - before.user - before.system
    time.sleep(75)
    found = events(folder)
    print(f"{len(posts)} posts in {span:.0f} s, {SYMBOLS * UPDATES_PER_S} price updates a second")
    for kind, what in (("live", "post to its filled order in the ledger"), ("step", "post to its fill in the record")):
        shown(what, [found[key][kind] - at for key, at in posts.items() if kind in found.get(key, {})])
    missing = [key for key in posts if "live" not in found.get(key, {})]
    print(f"posts without a live fill: {len(missing)}")
    away = distances(folder)
    print(f"live fills from the record's: mean {statistics.mean(away):.2f} bp, worst {max(away):.2f} bp of {len(away)}")
    print(f"processor: {100 * used / span:.0f}% of one core; memory: {max(memory) / 1e6:.0f} MB at most")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        asyncio.run(serve(Path(sys.argv[2])))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 120)
