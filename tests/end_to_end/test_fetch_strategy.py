"""From a channel's export to a report on prices fetched for exactly its calls, from MEXC or another exchange."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.market.store import CandleStore
from engine.market.venue import ADDRESS_VARIABLE
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS, moment_ms
from tests.conftest import Run
from tests.doubles.exchange import ExchangeDouble, World
from tests.doubles.exchange.clock import Clock

NOW_MS = moment_ms("2026-03-10 12:00")
FIRST_MS = NOW_MS - 4 * DAY_MS
COINS = ("BTC", "ETH", "SOL")
PROFILE = """\
channel "Calls"
source: export Calls
numbers: 1234.56

defaults
quote: USDT

signal "one line"
<<<
{side: BUY} {symbol: BTCUSDT} @ {entry: 64800}, TP {target: 65000}, SL {stop: 64500}
>>>
"""
STRATEGY = """\
name: vip
channels: [calls]
market: {source: SOURCE, type: swap, timeframe: 1m}
account: {equity: 1000 USDT, leverage: 5}
size: {risk: 1%}
entry: {valid for: 2h}
exit: {close after: 6h}
costs: {fees: {maker: 0.02%, taker: 0.06%, source: "a test"}, slippage: 2bp, funding: history}
"""
Start = Callable[[str], ExchangeDouble]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch):
    """Start the double as one exchange or the other; its time stands in March 2026."""
    running: list[ExchangeDouble] = []

    def start_one(exchange: str) -> ExchangeDouble:
        double = ExchangeDouble(World(clock=Clock(NOW_MS)), limited=False, exchange=exchange)
        running.append(double.__enter__())
        monkeypatch.setenv(ADDRESS_VARIABLE, double.url)
        monkeypatch.setattr("engine.market.venue.CALM_MS", {"mexc": 1})
        return double

    yield start_one
    for double in running:
        double.__exit__()


def calls(world: World, *more: str) -> list[str]:
    """Calls of the three coins at the prices of their moments, and others."""
    texts = []
    for i, base in enumerate(COINS):
        at, listing = FIRST_MS + i * 7 * HOUR_MS, world.listing(base)
        assert listing is not None
        price = world.price(base, at_ms=at)
        entry, target, stop = (f"{price * by:.{listing.decimals}f}" for by in (1.0, 1.01, 0.99))
        texts.append(f"BUY {base}USDT @ {entry}, TP {target}, SL {stop}")
    return [*texts, *more]


def prepared(workspace: Path, run: Run, source: str, texts: list[str]) -> None:
    """A workspace with the channel's history and the strategy."""
    (workspace / "channels" / "calls.channel").write_text(PROFILE, encoding="utf-8")
    (workspace / "strategies" / "vip.yaml").write_text(STRATEGY.replace("SOURCE", source), encoding="utf-8")
    messages = []
    for i, text in enumerate(texts):
        at = FIRST_MS + i * 7 * HOUR_MS
        when = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        dated = {"date": when, "date_unixtime": str(at // 1000)}
        messages.append({"id": i + 1, "type": "message", **dated, "from": "Calls", "text": text})
    export = {"name": "Calls", "type": "public_channel", "id": 77, "messages": messages}
    (workspace / "result.json").write_text(json.dumps(export), encoding="utf-8")
    result = run("import", workspace / "result.json", "--channel", "calls")
    assert result.exit_code == 0, result.stderr


def test_another_exchange_by_config_and_the_report_says_whose_prices(start: Start, workspace: Path, run: Run) -> None:
    double = start("binance")
    prepared(workspace, run, "binance", calls(double.world))
    fetched = run("market", "fetch", "--strategy", "vip")
    assert fetched.exit_code == 0, fetched.stderr
    assert {query["symbol"] for query in double.paths("/fapi/v1/klines")} == {"BTCUSDT", "ETHUSDT", "SOLUSDT"}
    assert "binance swap SOLUSDT 1m: " in fetched.stdout
    done = run("backtest", "vip")
    assert done.exit_code == 0, done.stderr
    (folder,) = (workspace / "runs").iterdir()
    told = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    (prices,) = [line for line in told["assumptions"] if line.startswith("prices: ")]
    assert "binance" in prices
    assert "mexc" not in prices
    assert prices.removeprefix("prices: ").split(" ")[0] in (folder / "report.html").read_text(encoding="utf-8")
    rows = (folder / "trades.csv").read_text(encoding="utf-8")
    assert rows.count("calls/") >= 3


def test_a_strategy_fetches_the_symbols_and_the_time_of_its_calls(start: Start, workspace: Path, run: Run) -> None:
    """From a day before the first call on, until the last one is surely over: 2 hours of waiting, 6 of trading."""
    double = start("mexc")
    prepared(workspace, run, "mexc", calls(double.world))
    fetched = run("market", "fetch", "--strategy", "vip")
    assert fetched.exit_code == 0, fetched.stderr
    store = CandleStore(workspace / "data" / "candles")
    assert sorted({row.symbol for row in store.list()}) == ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
    for base in COINS:
        candles = store.read("mexc", "swap", f"{base}USDT", "1m")
        assert candles is not None
        first, last = FIRST_MS - DAY_MS, FIRST_MS + 14 * HOUR_MS + 8 * HOUR_MS
        assert (int(candles.ts[0]), int(candles.ts[-1])) == (first, last - MINUTE_MS)
    double.requests.clear()
    again = run("market", "fetch", "--strategy", "vip")
    assert again.exit_code == 0
    assert double.paths("kline") == []
    assert run("backtest", "vip").exit_code == 0


def test_a_delisted_symbol_among_the_calls_is_named_and_the_others_are_fetched(
    start: Start, workspace: Path, run: Run
) -> None:
    """A contract that is gone, a coin under its old name: both are told with what to do, and stay in the funnel."""
    double = start("mexc")
    gone = ["BUY GONEUSDT @ 5, TP 6, SL 4", "BUY MATICUSDT @ 0.5, TP 0.6, SL 0.4"]
    prepared(workspace, run, "mexc", calls(double.world, *gone))
    fetched = run("market", "fetch", "--strategy", "vip")
    assert fetched.exit_code == 2
    assert "mexc lists no swap market GONEUSDT; it was never listed there, or is delisted" in fetched.stderr
    assert "MATIC became POL in 2024-09" in fetched.stderr
    assert sorted({row.symbol for row in CandleStore(workspace / "data" / "candles").list()}) == [
        "BTCUSDT",
        "ETHUSDT",
        "SOLUSDT",
    ]
    done = run("backtest", "vip")
    assert done.exit_code == 0, done.stderr
    (folder,) = (workspace / "runs").iterdir()
    told = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert any("no candles for GONEUSDT, MATICUSDT" in line for line in told["warnings"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--strategy", "nobody"], "nobody"),
        (["--strategy", "vip", "--source", "mxec"], 'did you mean "mexc"?'),
        (["--strategy", "demo"], 'the prices of source "synthetic" are not fetched'),
    ],
)
def test_what_cannot_be_fetched_is_said(start: Start, workspace: Path, run: Run, words: list[str], says: str) -> None:
    double = start("mexc")
    prepared(workspace, run, "mexc", calls(double.world))
    result = run("market", "fetch", *words)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_strategy_whose_channels_never_called_fetches_nothing(start: Start, workspace: Path, run: Run) -> None:
    start("mexc")
    prepared(workspace, run, "mexc", ["gm"])
    result = run("market", "fetch", "--strategy", "vip")
    assert result.exit_code == 2
    assert "its channels have no signal in its period" in result.stderr
