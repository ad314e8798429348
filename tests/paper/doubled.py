"""Telegram and an exchange on the loopback interface with one quick clock, and workspaces that trade on them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.market.feed import FeedSettings
from engine.paper.pace import Pace
from engine.units import moment_ms
from tests.doubles.exchange import ExchangeDouble, World
from tests.doubles.exchange.clock import HeldClock
from tests.doubles.telegram.key import public_line
from tests.doubles.telegram.server import Server
from tests.doubles.telegram.world import World as Telegram
from tests.paper.trader import Start, Trader

BEGIN_MS = moment_ms("2026-06-01") + 15 * 3_600_000 + 55 * 60_000  # five minutes before a funding
BASES = ("BTC", "ETH", "SOL", "DOGE", "XRP", "1000BONK")
PROFILE = """channel "{name}"
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

signal "market"
<<<
{{side: BUY}} {{symbol: BTCUSDT}} now {{entry market: 64800}}, TP {{target: 65000}}, SL {{stop: 64500}}
>>>

update close
<<<
close {{symbol: BTCUSDT}} here
>>>

update move-stop
<<<
{{symbol: BTCUSDT}} move SL to {{stop: breakeven}}
>>>

test "chat is no call"
<<<
gm traders
>>>
expect nothing
"""


@dataclass
class Doubles:
    """Both servers, and the clock that they and the accounts go by."""

    telegram: Telegram
    server: Server
    exchange: ExchangeDouble
    clock: HeldClock
    loop: asyncio.AbstractEventLoop
    places: int = 0

    def call(self, work: Any) -> Any:
        """Do something where Telegram's server lives."""

        async def run() -> Any:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(10)

    def wait(self, work: Any) -> Any:
        """Await something there."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def trader(
        self, folder: Path, strategies: dict[str, str], rules: dict[str, str], pace: Pace, feed: FeedSettings
    ) -> Trader:
        """A workspace with these files and a login of its own."""
        for name in ("channels", "strategies", "rules", "data"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for channel in self.telegram.channels.values():
            path = folder / "channels" / f"{channel.username}.channel"
            path.write_text(PROFILE.format(name=channel.username), encoding="utf-8")
        for kind, files in (("strategies", strategies), ("rules", rules)):
            for name, text in files.items():
                (folder / kind / f"{name}.yaml").write_text(text, encoding="utf-8")
        env = folder / ".env"
        env.touch(mode=0o600)
        env.write_text(
            f"TELEGRAM_API_ID=1\nTELEGRAM_API_HASH={'0' * 32}\n"
            f"TELEGRAM_TEST_SERVER=127.0.0.1:{self.server.port}\nTELEGRAM_TEST_KEY={public_line()}\n",
            encoding="utf-8",
        )
        self.places += 1
        clock = replace(self.clock, place=self.places, awaited=set())
        made = Trader(Start(folder, tuple(strategies), self.exchange.url, clock, pace, feed))
        made.sign_in()
        return made


@contextmanager
def doubles(folder: Path, speed: float, channels: int, *, begin_ms: int = BEGIN_MS) -> Iterator[Doubles]:
    """Both servers; market time begins at ``begin_ms`` and goes ``speed`` times as fast as ours."""
    clock = HeldClock(begin_ms, speed, path=folder / "clock")
    clock.set(begin_ms)
    telegram = Telegram(now=lambda: datetime.fromtimestamp(clock.now_ms() // 1000, UTC))
    for number in range(channels):
        telegram.channel(f"channel_{number}")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="telegram double", daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(Server(telegram).start(), loop).result(10)
    try:
        with ExchangeDouble(World(clock=clock), limited=False) as exchange, clock.going():
            yield Doubles(telegram, server, exchange, clock, loop)
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
