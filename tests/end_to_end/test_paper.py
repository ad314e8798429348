"""A person trades on paper: Telegram and the exchange on this machine, the command in a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from engine.paper.ledger import Event, Ledger
from tests.conftest import ROOT
from tests.doubles.exchange import ExchangeDouble, World
from tests.doubles.telegram.key import public_line
from tests.doubles.telegram.practice import CHANNELS, write_workspace
from tests.doubles.telegram.server import Server
from tests.doubles.telegram.world import CODE, PHONE, Channel
from tests.doubles.telegram.world import World as Telegram

PATIENCE_S = 60.0
STRATEGY = """name: live
channels: [alpha_signals, beta_calls]
market: {source: mexc, type: swap, timeframe: 1m}
account: {equity: 10000 USDT, leverage: 5}
size: {risk: 1%}
exit: {targets: {shares: [100%]}, stop: {missing: refuse}}
costs: {fees: mexc, slippage: 2bp, funding: none}
"""


class Trader:
    """The command, and what it has said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process, self.lines = process, list[str]()
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.lines.append(line.decode().rstrip())

    async def says(self, *words: str) -> str:
        """Wait for a line with these words."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            for line in self.lines:
                if all(word in line for word in words):
                    return line
            assert self.process.returncode is None, "\n".join(self.lines)
            await asyncio.sleep(0.05)
        raise AssertionError(f"never said {words}:\n" + "\n".join(self.lines))

    async def end(self, number: int) -> int:
        """End it by a signal."""
        self.process.send_signal(number)
        code = await asyncio.wait_for(self.process.wait(), PATIENCE_S)
        await self.reading
        return code


async def command(folder: Path, url: str, *words: str, stdin: str | None = None) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "cli.py", *words, "--workspace", str(folder), cwd=ROOT,
        env=os.environ | {"SIGNALPROOF_EXCHANGE_URL": url}, stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if stdin is not None:
        await process.communicate(stdin.encode())
    return process


@asynccontextmanager
async def trading(folder: Path, url: str) -> AsyncIterator[Trader]:
    """A running account that trades; it is killed at the end when nobody ended it."""
    trader = Trader(await command(folder, url, "paper", "live"))
    try:
        await trader.says("paper trading live")
        await trader.says("alpha_signals", "is up to date")
        yield trader
    finally:
        with suppress(ProcessLookupError):
            trader.process.kill()
        await trader.process.wait()


def call(exchange: ExchangeDouble, base: str = "BTC") -> str:
    """A market call, written as a limit that the market has reached."""
    price = exchange.world.price(base)
    return f"BUY {base}USDT @ {price * 1.02:.0f}, TP {price * 1.03:.0f}, SL {price * 0.99:.0f}"


def events(folder: Path, *kinds: str) -> list[Event]:
    return list(Ledger(folder / "data" / "paper.db").events("live", 0, *kinds))


PROVEN = """rules:
  - {name: only-proven, when: {not: {channel verdict in: [FOLLOW]}}, then: reject}
tests:
  - {name: proven, given: {stop: 98, verdict: FOLLOW}, expect: {action: take}}
  - {name: unproven, given: {stop: 98}, expect: {action: reject, rule: only-proven}}
"""


def test_a_rule_sees_the_verdict_and_a_plan_the_contract(tmp_path: Path) -> None:
    """The verdict is given beside the trading, from candles that are fetched for it; the plan lies on the tick."""

    async def play() -> None:
        telegram = Telegram()
        channels = [telegram.channel("alpha_signals", "Alpha"), telegram.channel("beta_calls", "Beta")]
        server = await Server(telegram, 0).start()
        env = f"TELEGRAM_API_ID=1\nTELEGRAM_API_HASH={'0' * 32}\nTELEGRAM_TEST_SERVER=127.0.0.1:{server.port}\n"
        write_workspace(tmp_path, f"{env}TELEGRAM_TEST_KEY={public_line()}\n", CHANNELS)
        for folder, name, text in (("strategies", "live", f"{STRATEGY}rules: [proven]\n"), ("rules", "proven", PROVEN)):
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        with ExchangeDouble(World(), limited=False) as exchange:
            for channel in channels:
                channel.post(call(exchange))
            await command(tmp_path, exchange.url, "collect", "--once", stdin=f"{PHONE}\n{CODE}\n")
            async with trading(tmp_path, exchange.url) as trader:
                await trader.says("verdicts: not given yet")
                await trader.says("verdicts of live: alpha_signals NOT ENOUGH DATA, beta_calls NOT ENOUGH DATA")
                number = channels[0].post(call(exchange))
                await trader.says(f"alpha_signals/{number}", "verdict on the channel after 0 closed calls")
                assert await trader.end(signal.SIGTERM) == 0
        await server.stop()

    asyncio.run(play())
    (said,) = events(tmp_path, "verdicts")
    given = {"word": "NOT ENOUGH DATA", "trades": 0, "closed": 0, "next": 10}
    assert said.data["words"]["live"]["alpha_signals"] == given
    assert [event.data["plan"]["tick"] for event in events(tmp_path, "call")] == [0.1]
    contract = tmp_path / "data" / "candles" / "mexc" / "swap" / "BTCUSDT" / "contract.json"
    assert contract.is_file(), "kept where a backtest finds it"


def test_trade_crash_go_on_and_stop(tmp_path: Path) -> None:
    async def play() -> int:
        telegram = Telegram()
        channel = telegram.channel("alpha_signals", "Alpha Signals")
        telegram.channel("beta_calls", "Beta Calls")
        server = await Server(telegram, 0).start()
        env = f"TELEGRAM_API_ID=1\nTELEGRAM_API_HASH={'0' * 32}\nTELEGRAM_TEST_SERVER=127.0.0.1:{server.port}\n"
        write_workspace(tmp_path, f"{env}TELEGRAM_TEST_KEY={public_line()}\n", CHANNELS)
        (tmp_path / "strategies").mkdir()
        (tmp_path / "strategies" / "live.yaml").write_text(STRATEGY, encoding="utf-8")
        with ExchangeDouble(World(), limited=False) as exchange:
            await command(tmp_path, exchange.url, "collect", "--once", stdin=f"{PHONE}\n{CODE}\n")
            await crash(tmp_path, exchange, channel)
            traded = len(events(tmp_path, "call"))
            await silence(tmp_path, exchange, channel, server)
            return traded

    assert asyncio.run(play()) == 2


async def crash(folder: Path, exchange: ExchangeDouble, channel: Channel) -> None:
    """Two calls with a kill between them: each is there once, and each was filled at a live price."""
    async with trading(folder, exchange.url) as trader:
        first = channel.post(call(exchange))
        await trader.says(f"alpha_signals/{first} long BTCUSDT in (live)")
        second = await command(folder, exchange.url, "paper", "live")
        said, _ = await second.communicate()
        assert (second.returncode, b"another process trades on this ledger" in said) == (2, True), said
        assert await trader.end(signal.SIGKILL) == -signal.SIGKILL
    async with trading(folder, exchange.url) as trader:
        later = channel.post(call(exchange, "ETH"))
        await trader.says(f"alpha_signals/{later} long ETHUSDT in (live)")
        status = await command(folder, exchange.url, "paper", "status")
        said, _ = await status.communicate()
        assert b"live: running" in said, said
        halt = await command(folder, exchange.url, "paper", "halt", "--for", "1h")
        said, _ = await halt.communicate()
        assert b"it is done within a second" in said, said
        await trader.says("paper halt: no new trades")
        assert await trader.end(signal.SIGTERM) == 0
        assert any(line.endswith(" stopped; everything is written") for line in trader.lines)
    assert [event.data["signal"] for event in events(folder, "call")] == [
        f"alpha_signals/{first}", f"alpha_signals/{later}"
    ]  # fmt: skip
    assert {event.row for event in events(folder, "live")} == {0, 1}
    assert len(events(folder, "done")) == 1
    (log,) = (folder / "logs").iterdir()
    assert f"alpha_signals/{first} long BTCUSDT in (live)" in log.read_text(encoding="utf-8")


async def silence(folder: Path, exchange: ExchangeDouble, channel: Channel, server: Server) -> None:
    """Telegram goes away: it is said, nothing is traded, and SIGINT ends it all the same. Then a page is damaged,
    and mended."""
    async with trading(folder, exchange.url) as trader:
        await server.stop()
        await trader.says("not connected")
        channel.post(call(exchange))
        await asyncio.sleep(1)
        assert len(events(folder, "call")) == 2
        assert await trader.end(signal.SIGINT) == 0
    path = folder / "data" / "paper.db"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + bytes(255 - byte for byte in whole[8192:12288]) + whole[12288:])
    refused = await command(folder, exchange.url, "paper", "live")
    said, _ = await refused.communicate()
    assert refused.returncode == 2, said
    assert b"the ledger is damaged" in said, said
    assert b"mend it with: cli.py paper restore" in said, said
    mend = await command(folder, exchange.url, "paper", "restore", "--yes")
    said, _ = await mend.communicate()
    assert (mend.returncode, b"the ledger is whole again" in said) == (0, True), said
    assert len(events(folder, "call")) >= 1
