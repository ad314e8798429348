"""What paper trading knows of its exchange: contracts, funding and fair prices, live and over history."""

from __future__ import annotations

import asyncio
import csv
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from engine.collect.archive import Archive
from engine.config.strategy import Costs, Market
from engine.domain import Message
from engine.market.feedevents import ClosedCandle, FeedEvent, Quote
from engine.market.store import CandleStore
from engine.market.venue import ADDRESS_VARIABLE, open_client
from engine.pipeline.paper.fair import FairFeed
from engine.pipeline.paper.known import Knowledge, constant
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS, moment_ms
from tests.conftest import Run
from tests.doubles.exchange import ExchangeDouble, Faults, World
from tests.doubles.exchange.clock import Clock
from tests.doubles.telegram.practice import PROFILE
from tests.simulate.world import strategy


class Apart(World):
    """A market of one day, whose fair prices lie half a percent below the last ones."""

    def candles(self, base: str, step_ms: int, start_ms: int, end_ms: int, kind: str = "swap", **more: bool):
        rows = super().candles(base, step_ms, start_ms, end_ms, kind, **more).copy()
        rows[:, 1:5] *= 0.995 if kind == "mark" else 1.0
        return rows


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> Iterator[ExchangeDouble]:
    world = Apart(clock=Clock(moment_ms("2026-03-10 12:00")))
    with ExchangeDouble(world, Faults(), limited=False) as exchange:
        monkeypatch.setenv(ADDRESS_VARIABLE, exchange.url)
        monkeypatch.setattr("engine.market.venue.CALM_MS", {"mexc": 1})
        yield exchange


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Iterator[ExchangeDouble]:
    with ExchangeDouble(World(), Faults(), limited=False) as exchange:
        monkeypatch.setenv(ADDRESS_VARIABLE, exchange.url)
        monkeypatch.setattr("engine.market.venue.CALM_MS", {"mexc": 1})
        yield exchange


def knowledge(folder: Path, double: ExchangeDouble, costs: Costs) -> Knowledge:
    market = Market("mexc", "swap", "1m", MINUTE_MS)
    return Knowledge(CandleStore(folder), [strategy(market=market, costs=costs)], double.world.clock.now_ms)


def learnt(known: Knowledge, *symbols: str) -> Knowledge:
    """What it knows after its questions to the double, by the real client."""

    async def ask() -> None:
        client = open_client("mexc", "swap", live=True)
        try:
            await known.open(client)
            await known.fund(symbols)
        finally:
            await client.close()

    asyncio.run(ask())
    return known


# --------------------------------------------------------------------------- contracts


def test_contracts_are_those_of_the_exchange_and_are_kept(tmp_path: Path, double: ExchangeDouble) -> None:
    known = learnt(knowledge(tmp_path, double, Costs(funding=0.0001)), "BTCUSDT")
    assert known.contracts, "also before the first is asked for: whoever holds them asks"
    btc, xrp = known.contracts["BTCUSDT"][-1], known.contracts["XRPUSDT"][-1]
    assert (btc.contract_size, btc.tick, btc.min_contracts) == (0.0001, 0.1, 1.0)
    assert len(btc.tiers) > 1
    assert len(xrp.tiers) == 3
    assert "NOSUCHUSDT" not in known.contracts
    again = CandleStore(tmp_path).contracts("mexc", "swap", "BTCUSDT")
    assert [one.funding_interval_ms for one in again] == [None, 8 * HOUR_MS], "as it was learnt, and when"


def test_an_exchange_that_is_away_leaves_what_the_store_knows(tmp_path: Path, double: ExchangeDouble) -> None:
    learnt(knowledge(tmp_path, double, Costs(funding=0.0001)), "SOLUSDT")
    double.faults.add("502", times=200, path="")
    known = knowledge(tmp_path, double, Costs(funding=0.0001))

    async def ask() -> str:
        client = open_client("mexc", "swap", live=True)
        try:
            await known.open(client)
            await known.fund(["SOLUSDT", "DOGEUSDT"])
            return known.unknown(client)
        finally:
            await client.close()

    said = asyncio.run(ask())
    assert "not known of mexc: contracts" in said
    assert known.contracts["SOLUSDT"][-1].contract_size == 0.1
    assert "DOGEUSDT" not in known.contracts
    assert np.diff(known.funding["SOLUSDT"].ts).max() == 4 * HOUR_MS


# --------------------------------------------------------------------------- funding


@pytest.mark.parametrize(("symbol", "hours"), [("BTCUSDT", 8), ("SOLUSDT", 4), ("1000BONKUSDT", 1)])
def test_a_constant_is_paid_at_the_contracts_own_interval(
    symbol: str, hours: int, tmp_path: Path, double: ExchangeDouble
) -> None:
    found = learnt(knowledge(tmp_path, double, Costs(funding=0.0008)), symbol).funding[symbol]
    assert set(np.diff(found.ts).tolist()) == {hours * HOUR_MS}
    assert found.rate[0] == pytest.approx(0.0008 * hours / 8)
    assert found.ts[0] < double.world.clock.now_ms() < found.ts[-1]


def test_a_day_costs_the_same_however_often_it_is_settled() -> None:
    for hours in (1, 4, 8, None):
        found = constant("X", 1000 * DAY_MS, 0.0003, hours and hours * HOUR_MS)
        day = (found.ts >= 999 * DAY_MS) & (found.ts < 1000 * DAY_MS)
        assert found.rate[day].sum() == pytest.approx(0.0009)


def test_the_history_is_what_was_settled_and_the_constant_stands_beside_it(
    tmp_path: Path, double: ExchangeDouble
) -> None:
    known = learnt(knowledge(tmp_path, double, Costs(funding="history", funding_else=0.0008)), "SOLUSDT")
    found, now = known.funding["SOLUSDT"], double.world.clock.now_ms()
    settled = {ts: rate for ts, rate in double.world.funding("SOL") if now - 30 * DAY_MS < ts < now}
    past = {int(ts): float(rate) for ts, rate in zip(found.ts, found.rate, strict=True)}
    assert len(settled) > 100
    assert {ts: past[ts] for ts in settled} == pytest.approx(settled)
    assert {rate for ts, rate in past.items() if ts > now} == {0.0004}


# --------------------------------------------------------------------------- fair prices


@dataclass
class Told:
    """A feed that tells what it is given."""

    events: asyncio.Queue[FeedEvent] = field(default_factory=asyncio.Queue)
    symbols: tuple[str, ...] = ()
    through: int = 0

    @property
    def waiting(self) -> int:
        return self.events.qsize()

    def through_ms(self, symbol: str) -> int:
        return self.through

    async def subscribe(self, symbol: str, from_ms: int | None = None) -> None: ...

    async def unsubscribe(self, symbol: str) -> None: ...

    async def __aiter__(self) -> AsyncIterator[FeedEvent]:
        while True:
            yield await self.events.get()


def candle(symbol: str, ts_ms: int) -> ClosedCandle:
    return ClosedCandle(symbol, ts_ms, MINUTE_MS, 100.0, 101.0, 99.0, 100.0, 1.0, "socket")


async def heard(
    double: ExchangeDouble,
    folder: Path,
    events: list[FeedEvent],
    since_ms: int | None,
    fault: str = "",
    step_s: float = 0.0,
):
    """What comes out of a fair feed for these events, what it knows then, and what it said.

    ``fault`` spoils every answer, and one second is waited for each; with ``step_s`` the events come one by one,
    so many seconds apart.
    """
    client, told, said, now = open_client("mexc", "swap", live=True), Told(), list[str](), [0.0]
    try:
        known = knowledge(folder, double, Costs())
        await known.open(client)
        feed = FairFeed(
            told, client, "mexc", "1m", MINUTE_MS, lambda symbol: None if symbol == "ETHUSDT" else since_ms,
            known.contracts.market, said.append, pause_s=0.1, patience_s=1.0 if fault else 20.0, clock_s=lambda: now[0],
        )  # fmt: skip
        if fault:
            double.faults.add(fault, times=500, path="fair")
        out, found = aiter(feed), []
        for event in events:
            told.events.put_nowait(event)
            if step_s:
                found.append(await asyncio.wait_for(anext(out), 20))
                now[0] += step_s
        found += [await asyncio.wait_for(anext(out), 20) for _ in events[len(found) :]]
        assert feed.waiting == 0
        await out.aclose()
        return found, feed.prices, said
    finally:
        await client.close()


def test_a_candle_comes_after_the_fair_price_of_its_time(tmp_path: Path, double: ExchangeDouble) -> None:
    start = (double.world.clock.now_ms() // MINUTE_MS - 60) * MINUTE_MS
    moments = [start + i * MINUTE_MS for i in range(40)]
    events: list[FeedEvent] = [candle("BTCUSDT", ts) for ts in moments]
    events += [candle("ETHUSDT", moments[0]), Quote("BTCUSDT", moments[0], 1.0, None, None, None)]
    found, fair, said = asyncio.run(heard(double, tmp_path, events, start + 10 * MINUTE_MS))
    assert [e.ts_ms for e in found if isinstance(e, ClosedCandle) and e.symbol == "BTCUSDT"] == moments
    assert sorted(map(repr, found)) == sorted(map(repr, events)), "nothing is lost"
    rows = double.world.candles("BTC", MINUTE_MS, moments[10], moments[-1] + 1, "mark")
    assert fair["BTCUSDT"].ts.tolist() == rows[:, 0].tolist() == moments[10:]
    assert fair["BTCUSDT"].low.tolist() == rows[:, 3].tolist()
    assert "ETHUSDT" not in fair, "no call of it is in the market"
    assert said == []


def test_a_candle_that_is_held_back_has_not_come_yet(tmp_path: Path, double: ExchangeDouble) -> None:
    """The symbol stands where its held candle opens, and nothing else waits for it."""
    start = (double.world.clock.now_ms() // MINUTE_MS - 60) * MINUTE_MS
    double.faults.delay_s = 1.0
    double.faults.add("delay", path="fair")

    async def look() -> None:
        client, told = open_client("mexc", "swap", live=True), Told()
        known = knowledge(tmp_path, double, Costs())
        await known.open(client)
        feed = FairFeed(told, client, "mexc", "1m", MINUTE_MS, lambda _: start, known.contracts.market, print)
        told.events.put_nowait(candle("BTCUSDT", start))
        told.events.put_nowait(Quote("SOLUSDT", start, 1.0, None, None, None))
        told.through = start + MINUTE_MS
        out = aiter(feed)
        assert isinstance(await anext(out), Quote)
        assert (feed.through_ms("BTCUSDT"), feed.waiting) == (start, 0)
        assert isinstance(await asyncio.wait_for(anext(out), 10), ClosedCandle)
        assert feed.through_ms("BTCUSDT") == start + MINUTE_MS
        await out.aclose()
        await client.close()

    asyncio.run(look())


@pytest.mark.parametrize("fault", ["502", "drop", "stall", "empty"])
def test_an_exchange_without_an_answer_holds_nothing_up(fault: str, tmp_path: Path, double: ExchangeDouble) -> None:
    double.faults.delay_s = 3.0
    start = (double.world.clock.now_ms() // MINUTE_MS - 60) * MINUTE_MS
    events: list[FeedEvent] = [candle("BTCUSDT", start + i * MINUTE_MS) for i in range(3)]
    found, fair, said = asyncio.run(heard(double, tmp_path, events, start, fault))
    assert found == events
    assert "BTCUSDT" not in fair
    assert said == ["the fair price of BTCUSDT is missing; liquidation goes by last prices meanwhile"]


def test_it_is_asked_again_after_a_while_that_doubles(tmp_path: Path, double: ExchangeDouble) -> None:
    """Thirty minutes without an answer: asked after 0, 1, 3, 7 and 15 of them, each time for a while."""
    start = (double.world.clock.now_ms() // MINUTE_MS - 60) * MINUTE_MS
    events: list[FeedEvent] = [candle("BTCUSDT", start + i * MINUTE_MS) for i in range(30)]
    found, _, said = asyncio.run(heard(double, tmp_path, events, start, "empty", 60.0))
    assert found == events
    assert len(said) == 1
    asked = double.paths("fair")
    assert len({query["start"] for query in asked}) == 5
    assert len(asked) > 5


# --------------------------------------------------------------------------- over history

STRATEGY = """name: known
channels: [alpha]
market: {source: mexc, type: swap, timeframe: 1m}
period: {from: FROM, to: TO}
account: {equity: 10000 USDT, leverage: 50}
size: {fraction: 20%}
exit: {targets: {shares: [100%]}, stop: {missing: trade}, close after: 1d}
costs: {fees: mexc, slippage: 2bp, funding: 0.08%}
"""
NO_STOP = (
    'signal "without a stop"\n<<<\n{side: BUY} {symbol: BTCUSDT} @ {entry: 64800}, TP {target: 65000}\n>>>\n\ntest'
)
DAYS, CALLS = 4, 70


def trades(folder: Path) -> list[dict[str, str]]:
    with (folder / "paper_trades.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_replay_with_all_of_it_is_a_backtest(run: Run, workspace: Path, apart: ExchangeDouble) -> None:
    """Contracts with tiers, fair prices that liquidate, a constant at each contract's interval: trade by trade."""
    now = apart.world.clock.now_ms()
    end = now // DAY_MS * DAY_MS - DAY_MS
    start = end - DAYS * DAY_MS
    day = lambda ms: str(np.datetime64(ms, "ms"))[:10]  # noqa: E731
    profile = PROFILE.format(title="Alpha", name="alpha_signals").replace("test", NO_STOP, 1)
    (workspace / "channels" / "alpha.channel").write_text(profile, encoding="utf-8")
    text = STRATEGY.replace("FROM", day(start)).replace("TO", day(end))
    (workspace / "strategies" / "known.yaml").write_text(text, encoding="utf-8")
    chance = random.Random(5)
    archive = Archive(workspace / "data" / "signals_raw.jsonl")
    posts = []
    for number in range(1, CALLS):
        at = (start + int(number / CALLS * DAYS * DAY_MS)) // 1000 * 1000
        base = chance.choice(["BTC", "SOL"])
        price = float(apart.world.candles(base, MINUTE_MS, at // MINUTE_MS * MINUTE_MS, at + 1)[0, 1])
        side = chance.choice([1, -1])
        words = f"{'BUY' if side > 0 else 'SELL'} {base}USDT @ {price:.2f}, TP {price * (1 + side * 0.012):.2f}"
        if chance.random() < 0.5:
            words += f", SL {price * (1 - side * 0.006):.2f}"
        posts.append(Message("alpha", -1, number, 1, "post", at, None, at, words))
    archive.append(posts)
    fetched = run("market", "fetch", "BTCUSDT", "SOLUSDT", "--from", day(start - DAY_MS), "--to", day(end))
    assert fetched.exit_code == 0, fetched.output
    words = ("paper", "known", "--replay", workspace / "data" / "signals_raw.jsonl", "--out")
    result = run(*words, workspace / "all", "--compare")
    assert result.exit_code == 0, result.output
    assert "a backtest gives the same " in result.stdout
    found = trades(workspace / "all")
    steps = {"BTCUSDT": 0.0001, "SOLUSDT": 0.1}
    for one in found:
        contracts = float(one["quantity"]) / steps[one["symbol"]]
        assert abs(contracts - round(contracts)) < 1e-6, "whole contracts"
    assert sum("liquidation" in one["exits"] for one in found) > 2
    assert any(float(one["funding"]) for one in found)
    folder = workspace / "data" / "candles" / "mexc" / "swap"
    parts = {"fair": "mark*", "contracts": "contract.json"}
    for name, pattern in parts.items():
        gone = [path for path in folder.rglob(pattern) if path.is_file()]
        assert gone
        for path in gone:
            path.rename(path.with_name(f"{path.name}.gone"))
        without = run(*words, workspace / name)
        assert without.exit_code == 0, without.output
        assert trades(workspace / name) != found, f"{name} make no difference here"
        for path in gone:
            path.with_name(f"{path.name}.gone").rename(path)
