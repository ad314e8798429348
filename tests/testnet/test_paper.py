"""``cli.py paper`` with a test exchange: a post on Telegram becomes a protected order there; production is refused."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.collect.account import Account, load_account
from engine.collect.signin import sign_in
from engine.market.venue import ADDRESS_VARIABLE
from engine.pipeline.paper.desk import load, open_ledger
from engine.pipeline.paper.trading import Settings, Trading
from engine.pipeline.workspace import Workspace
from engine.testnet.client import KEY, SECRET
from tests.collect.live import HURRY, Someone
from tests.conftest import Run
from tests.doubles.exchange import ExchangeDouble, Faults, World
from tests.doubles.telegram.key import public_line
from tests.doubles.telegram.server import Server
from tests.doubles.telegram.world import World as Telegram
from tests.testnet.conftest import Watch
from tests.testnet.test_broker import held, live_stops, resting

PROFILE = """channel "Fast"
source: telegram @fast
numbers: 1,234.56

words
long = BUY
short = SELL
stop = SL

signal "one line"
<<<
{side: BUY} {symbol: BTCUSDT} @ {entry market: 64800}, TP {target: 65000}, SL {stop: 64500}
>>>

update close
<<<
close now
>>>

test "chat is no call"
<<<
gm traders
>>>
expect nothing
"""
STRATEGY = """name: practice
channels: [fast]
market: {{source: mexc, type: swap, timeframe: 1m}}
account: {{equity: 10000 USDT, leverage: 5}}
size: {{fixed: 1000 USDT}}
entry: {{latency: 1s}}
costs: {{funding: none}}
testnet: {{address: "{address}"}}
"""


def lay_out(root: Path, address: str, double: ExchangeDouble, telegram_port: int = 9) -> Workspace:
    """A workspace with one channel, one strategy and all keys."""
    for folder in ("channels", "strategies", "rules"):
        shutil.rmtree(root / folder, ignore_errors=True)
        (root / folder).mkdir()
    (root / "data").mkdir(exist_ok=True)
    (root / "channels" / "fast.channel").write_text(PROFILE, encoding="utf-8")
    (root / "strategies" / "practice.yaml").write_text(STRATEGY.format(address=address), encoding="utf-8")
    env = root / ".env"
    env.touch(mode=0o600)
    env.write_text(
        f"TELEGRAM_API_ID=1\nTELEGRAM_API_HASH={'0' * 32}\nTELEGRAM_TEST_SERVER=127.0.0.1:{telegram_port}\n"
        f"TELEGRAM_TEST_KEY={public_line()}\n{KEY}={double.key}\n{SECRET}={double.secret}\n",
        encoding="utf-8",
    )
    return Workspace(root)


@pytest.fixture
def market(monkeypatch: pytest.MonkeyPatch) -> object:
    """An exchange whose prices move as they will, for orders and for market data."""
    monkeypatch.setattr("engine.testnet.client.CALM_MS", {"mexc": 1})
    monkeypatch.setattr("engine.market.venue.CALM_MS", {"mexc": 1})
    with ExchangeDouble(World(), Faults(), limited=False) as exchange:
        exchange.sockets.deals_per_s = 5
        monkeypatch.setenv(ADDRESS_VARIABLE, exchange.url)
        yield exchange


async def until(what: str, holds: Callable[[], bool], said: list[str]) -> None:
    """Wait for something."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, f"never: {what}; {said}"
        await asyncio.sleep(0.05)


class Practice:
    """Lives of the program beside the doubles; ``said`` are its lines."""

    def __init__(self, root: Path, market: ExchangeDouble, server: Server) -> None:
        self.root, self.market, self.server, self.said = root, market, server, list[str]()

    async def life(self, *acts: tuple[Callable[[], object], Callable[[], bool]]) -> None:
        """One life: each act is done, then waited for."""
        workspace = lay_out(self.root, self.market.url, self.market, self.server.port)
        account = load_account(self.root / ".env", workspace.archive_path.parent)
        assert isinstance(account, Account)
        await sign_in(account, Someone(), by_qr=False)
        ledger, loaded = open_ledger(workspace.ledger_path), [load(workspace, "practice")]
        trading = Trading(workspace, loaded, account, ledger, self.said.append, Settings(collect=HURRY))
        task = asyncio.create_task(trading.run())
        await until("started", lambda: any("sent to the test exchange" in line for line in self.said), self.said)
        await until("live", lambda: any("live" in line for line in self.said), self.said)
        for play, holds in acts:
            play()
            await until("done", holds, self.said)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        ledger.close()


def test_a_post_becomes_an_order_with_its_stop_and_its_target(tmp_path: Path, market: ExchangeDouble) -> None:
    async def run() -> list[str]:
        telegram = Telegram()
        channel = telegram.channel("fast", "Fast")
        server = await Server(telegram).start()
        practice = Practice(tmp_path, market, server)
        price = market.world.price("BTC")
        text = f"BUY BTCUSDT @ {price:.1f}, TP {price * 1.05:.1f}, SL {price * 0.95:.1f}"
        await practice.life((lambda: channel.post(text), lambda: len(resting(market)) == 1))
        contracts = held(market)["BTC_USDT", 1]
        assert contracts * 0.0001 * price == pytest.approx(1000, rel=0.02), "the price moves on meanwhile"
        assert live_stops(market) == [(round(price * 0.95, 1), contracts)]
        assert resting(market) == {round(price * 1.05, 1): contracts}
        before = len(market.futures.orders)
        practice.said.clear()
        started = time.monotonic()
        await practice.life((lambda: None, lambda: time.monotonic() - started > 3))
        assert len(market.futures.orders) == before, "a restart orders nothing again"
        await server.stop()
        return practice.said

    said = asyncio.run(run())
    assert not [line for line in said if "test exchange:" in line]


def test_what_the_channel_closes_is_closed_there_at_once(tmp_path: Path, market: ExchangeDouble) -> None:
    """A minute before its candle is over and the record has it."""

    async def run() -> tuple[list[str], float]:
        telegram = Telegram()
        channel = telegram.channel("fast", "Fast")
        server = await Server(telegram).start()
        practice = Practice(tmp_path, market, server)
        price, asked, numbers = market.world.price("BTC"), list[float](), list[int]()
        text = f"BUY BTCUSDT @ {price:.1f}, TP {price * 1.05:.1f}, SL {price * 0.95:.1f}"

        def close() -> None:
            asked.append(time.monotonic())
            channel.post("close now", reply_to=numbers[0])

        await practice.life(
            (lambda: numbers.append(channel.post(text)), lambda: len(resting(market)) == 1),
            (close, lambda: not held(market) and not resting(market)),
        )
        await server.stop()
        return practice.said, time.monotonic() - asked[0]

    said, took_s = asyncio.run(run())
    assert took_s < 20, "one second of latency, some requests"
    assert not [line for line in said if "test exchange:" in line]


@pytest.mark.parametrize("command", [("paper", "practice"), ("validate",), ("backtest", "practice")])
@pytest.mark.parametrize(
    "address", ["https://contract.mexc.com", "https://api.mexc.com", "https://contract.mexc.com/testnet"]
)
def test_a_production_host_is_refused_by_every_command(
    workspace: Path, run: Run, double: ExchangeDouble, watch: Watch, command: tuple[str, ...], address: str
) -> None:
    lay_out(workspace, address, double)
    watch.calls.clear()
    done = run(*command)
    assert done.exit_code in (1, 2)
    assert "R120" in done.output + done.stderr
    assert "is not a declared test host" in done.output + done.stderr
    assert (watch.calls, watch.names) == ([], [])
    assert not (workspace / "data" / "testnet.jsonl").exists()
