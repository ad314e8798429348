"""The live feed against the double, whose clock runs sixty times as fast: a minute is a second.

``SIGNALPROOF_DISCONNECTS`` says how often the line is cut (200 for the whole proof).
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Awaitable, Callable

import pytest

from engine.market.feed import Feed, FeedSettings
from engine.market.feedevents import ClosedCandle, FeedEvent, FeedState, Quote, TradeSeen
from engine.market.venue import ADDRESS_VARIABLE, open_client
from engine.problem import Problem
from engine.units import MINUTE_MS, moment_ms
from tests.doubles.exchange import ExchangeDouble, World
from tests.doubles.exchange.clock import Clock
from tests.market.exchange import expected

DISCONNECTS = int(os.environ.get("SIGNALPROOF_DISCONNECTS", "12"))
SPEED = 60.0
START_MS = moment_ms("2026-03-01 12:00")
QUICK = FeedSettings(
    silence_s=1.5, tick_s=0.05, poll_s=0.2, grace_ms=20_000, final_ms=240_000, longest_wait_s=0.3, retry_s=2.0
)
Act = Callable[[ExchangeDouble, Feed], Awaitable[None]]


def watch(
    monkeypatch: pytest.MonkeyPatch,
    act: Act,
    symbols: tuple[str, ...] = ("BTCUSDT", "SOLUSDT"),
    kind: str = "swap",
    settings: FeedSettings = QUICK,
    world: World | None = None,
) -> tuple[ExchangeDouble, Feed, list[FeedEvent], int]:
    """Run ``act`` while a feed watches; the events, and the market time at which listening ended."""
    world = world or World(clock=Clock(START_MS, SPEED))
    monkeypatch.setattr("engine.market.venue.CALM_MS", {"mexc": 1})

    async def run(double: ExchangeDouble) -> tuple[Feed, list[FeedEvent], int]:
        client = open_client("mexc", kind, live=True)
        assert not isinstance(client, Problem)
        events: list[FeedEvent] = []
        feed = Feed(client, "mexc", kind, settings=settings, now_ms=world.clock.now_ms)
        try:
            for symbol in symbols:
                assert await feed.subscribe(symbol) is None

            async def listen() -> None:
                async for event in feed:
                    events.append(event)

            listener = asyncio.create_task(listen())
            await act(double, feed)
            end = world.clock.now_ms() - MINUTE_MS
            await asyncio.sleep(2 * MINUTE_MS / 1000 / SPEED)
            await feed.close()
            await listener
        finally:
            await client.close()
        return feed, events, end

    with ExchangeDouble(world, limited=False) as double:
        monkeypatch.setenv(ADDRESS_VARIABLE, double.url)
        feed, events, end = asyncio.run(run(double))
        return double, feed, events, end


def candles_of(events: list[FeedEvent], symbol: str) -> list[ClosedCandle]:
    return [event for event in events if isinstance(event, ClosedCandle) and event.symbol == symbol]


def assert_whole(
    double: ExchangeDouble, events: list[FeedEvent], end: int, bases: tuple[str, ...], kind: str = "swap"
) -> None:
    """Every candle that was over is there once, in order, as the exchange has it."""
    for base in bases:
        ours = candles_of(events, f"{base}USDT")
        first = ours[0].ts_ms
        theirs = expected(double, base, first, end // MINUTE_MS * MINUTE_MS, kind=kind)
        found = [(c.ts_ms, c.open, c.high, c.low, c.close, c.volume) for c in ours][: len(theirs)]
        assert len(found) == len(theirs) > 0
        for one, other in zip(found, theirs.tolist(), strict=True):
            assert one == pytest.approx(tuple(other), rel=1e-9)
        times = [c.ts_ms for c in ours]
        assert times == sorted(set(times))


async def quiet(double: ExchangeDouble, feed: Feed) -> None:
    await asyncio.sleep(5)


@pytest.mark.parametrize("kind", ["swap", "spot"])
def test_candles_trades_and_quotes_come_over_websockets(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    double, feed, events, end = watch(monkeypatch, quiet, ("BTC",), kind)
    assert_whole(double, events, end, ("BTC",), kind)
    assert "socket" in {c.origin for c in candles_of(events, "BTCUSDT")[1:]}
    trades = [event for event in events if isinstance(event, TradeSeen)]
    assert len(trades) > 10
    assert [t.ts_ms for t in trades] == sorted(t.ts_ms for t in trades)
    assert trades[0].amount == pytest.approx(0.0004 if kind == "swap" else 1.0)
    quotes = [event for event in events if isinstance(event, Quote)]
    assert all(q.bid and q.ask and q.bid < q.ask and q.spread and q.spread < 1e-4 for q in quotes)
    assert all((q.mark is not None) == (kind == "swap") for q in quotes)
    assert feed.restarts == 0


def test_an_empty_book_is_no_quote_of_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    """A contract that trades no more has a last price, and neither bid nor ask nor spread."""
    _, _, events, _ = watch(monkeypatch, quiet, ("OLDUSDT",))
    quotes = [event for event in events if isinstance(event, Quote)]
    assert quotes
    assert {(q.bid, q.ask, q.spread) for q in quotes} == {(None, None, None)}
    assert all(q.last for q in quotes)


def test_no_candle_is_lost_over_many_disconnects(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(7)

    async def cut(double: ExchangeDouble, feed: Feed) -> None:
        await asyncio.sleep(2)
        done = 0
        for _ in range(40 * DISCONNECTS):
            if done >= DISCONNECTS:
                break
            await asyncio.sleep(chance.uniform(0.05, 0.9))
            if chance.random() < 0.1:
                double.sockets.refuse(chance.uniform(0.1, 1.0))
            done += 1 if await asyncio.wrap_future(_call(double)) else 0
        await asyncio.sleep(1.5)

    double, _, events, end = watch(monkeypatch, cut)
    assert double.sockets.dropped >= DISCONNECTS
    assert_whole(double, events, end, ("BTC", "SOL"))
    origins = {c.origin for c in candles_of(events, "BTCUSDT")}
    assert origins == {"socket", "history"}
    print(
        f"{double.sockets.dropped} disconnects, {len(candles_of(events, 'BTCUSDT'))} candles a symbol, "
        f"{sum(c.origin == 'history' for c in candles_of(events, 'BTCUSDT'))} of them from history, none lost"
    )


def _call(double: ExchangeDouble):  # type: ignore[no-untyped-def]
    return asyncio.run_coroutine_threadsafe(double.sockets.drop(), double._loop)


def test_a_silent_socket_is_noticed_in_time_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    noticed: list[float] = []

    async def mute(double: ExchangeDouble, feed: Feed) -> None:
        await asyncio.sleep(2)
        double.sockets.mute(1.8)
        began = time.monotonic()
        while not feed.restarts and time.monotonic() - began < 10:
            await asyncio.sleep(0.02)
        noticed.append(time.monotonic() - began)
        await asyncio.sleep(7)

    double, feed, events, end = watch(monkeypatch, mute)
    assert feed.restarts >= 1
    assert noticed[0] < QUICK.silence_s + 1.0
    states = [event.state for event in events if isinstance(event, FeedState) and event.symbol == "BTCUSDT"]
    assert states[0] == "restarted"
    assert states[-1] == "live"
    assert_whole(double, events, end, ("BTC", "SOL"))
    print(f"a silent socket was noticed after {noticed[0]:.2f} s ({QUICK.silence_s} s configured)")


def test_an_answer_that_a_handler_stumbles_over_does_not_end_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception in a handler of ccxt stops its stream in silence: the watchers begin again, the gap is filled."""

    async def garble(double: ExchangeDouble, feed: Feed) -> None:
        for _ in range(3):
            await asyncio.sleep(1.2)
            double.sockets.garbled = 8
        await asyncio.sleep(4)

    double, _, events, end = watch(monkeypatch, garble)
    assert double.sockets.garbled == 0
    assert_whole(double, events, end, ("BTC", "SOL"))
    assert isinstance(events[-1], ClosedCandle | TradeSeen | Quote)


def test_without_sockets_prices_are_polled_until_they_are_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(double: ExchangeDouble, feed: Feed) -> None:
        await asyncio.sleep(1)
        double.sockets.refuse(4)
        await asyncio.wrap_future(_call(double))
        opened = double.sockets.opened
        for _ in range(200):  # ccxt waits longer and longer before it dials again
            if double.sockets.opened > opened:
                break
            await asyncio.sleep(0.1)
        await asyncio.sleep(2)

    settings = FeedSettings(
        silence_s=1.0,
        restarts=1,
        tick_s=0.05,
        poll_s=0.2,
        grace_ms=20_000,
        final_ms=240_000,
        longest_wait_s=0.3,
        retry_s=2.0,
    )
    double, _, events, end = watch(monkeypatch, refuse, ("BTC",), settings=settings)
    states = [event.state for event in events if isinstance(event, FeedState)]
    assert states == ["restarted", "polling", "live"]
    polling, live = (
        next(i for i, e in enumerate(events) if isinstance(e, FeedState) and e.state == s) for s in ("polling", "live")
    )
    meanwhile = events[polling:live]
    assert sum(isinstance(event, Quote) for event in meanwhile) > 3
    assert sum(isinstance(event, ClosedCandle) for event in meanwhile) > 1
    assert_whole(double, events, end, ("BTC",))


def test_old_data_never_comes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """The double sends every piece of news again with what it was twenty minutes before."""

    async def stale(double: ExchangeDouble, feed: Feed) -> None:
        double.sockets.stale = True
        await asyncio.sleep(5)

    double, feed, events, end = watch(monkeypatch, stale, ("BTC",))
    assert feed.stale > 10
    for kind in (TradeSeen, Quote):
        times = [event.ts_ms for event in events if isinstance(event, kind)]
        assert times == sorted(times)
    assert_whole(double, events, end, ("BTC",))


def test_a_candle_that_the_exchange_does_not_have_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(clock=Clock(START_MS, SPEED))

    async def wait(double: ExchangeDouble, feed: Feed) -> None:
        hole = world.clock.now_ms() // MINUTE_MS * MINUTE_MS + 2 * MINUTE_MS
        world.holes = (("BTC", hole, hole + 2 * MINUTE_MS),)
        await asyncio.sleep(13)

    double, _, events, end = watch(monkeypatch, wait, ("BTC",), world=world)
    times = {candle.ts_ms for candle in candles_of(events, "BTCUSDT")}
    ((_, hole, end_of_hole),) = world.holes
    assert hole not in times
    assert end_of_hole in times
    assert_whole(double, events, end, ("BTC",))


def test_symbols_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    async def change(double: ExchangeDouble, feed: Feed) -> None:
        assert await feed.subscribe("BTC/USDT") is None
        problem = await feed.subscribe("GONECOINUSDT")
        assert isinstance(problem, Problem)
        await asyncio.sleep(3)
        await feed.unsubscribe("SOLUSDT")
        assert await feed.subscribe("ETH", START_MS - 5 * MINUTE_MS) is None
        await asyncio.sleep(3)
        assert feed.symbols == ("BTCUSDT", "ETHUSDT")

    double, _, events, end = watch(monkeypatch, change)
    assert candles_of(events, "ETHUSDT")[0].ts_ms == START_MS - 5 * MINUTE_MS
    assert max(c.ts_ms for c in candles_of(events, "SOLUSDT")) < max(c.ts_ms for c in candles_of(events, "BTCUSDT"))
    assert_whole(double, events, end, ("BTC", "ETH"))


SECONDS = float(os.environ.get("SIGNALPROOF_COMING_AND_GOING_S", "8"))


def test_no_symbol_is_forgotten_while_others_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Symbols are watched, left and watched again where they were, while lines break and answers go wrong."""
    chance = random.Random(5)
    told: dict[str, int] = {}

    async def change(double: ExchangeDouble, feed: Feed) -> None:
        async def bring_back(symbol: str) -> None:
            assert await feed.subscribe(symbol, told.get(symbol)) is None

        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            symbol = chance.choice(["ETHUSDT", "SOLUSDT", "XRPUSDT"])
            match chance.randrange(6):
                case 0 | 1 if symbol in feed.symbols:
                    told[symbol] = feed.through_ms(symbol)
                    await feed.unsubscribe(symbol)
                case 0 | 1 | 2 if symbol not in feed.symbols:
                    await bring_back(symbol)
                case 3:
                    await double.sockets.drop()
                case 4:
                    double.sockets.mute(chance.uniform(0, 2 * QUICK.silence_s))
                case 5:
                    double.faults.add(
                        chance.choice(["drop", "error", "cut", "html"]), path=chance.choice(["kline", "ping"])
                    )
            await asyncio.sleep(chance.uniform(0, 0.3))
        for symbol in ("ETHUSDT", "SOLUSDT", "XRPUSDT"):
            if symbol not in feed.symbols:
                await bring_back(symbol)
        await quiet(double, feed)

    double, feed, events, end = watch(monkeypatch, change)
    assert feed.restarts > 0
    assert_whole(double, events, end, ("BTC", "ETH", "SOL", "XRP"))


def test_a_cancellation_of_another_ends_no_keeper(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks that share a future all hear of a cancellation; a symbol whose keeper was gone would lose its candles."""

    async def change(double: ExchangeDouble, feed: Feed) -> None:
        close, left = feed.client.close_ws_clients, [2]

        async def cut_off() -> None:
            await close()
            if left[0]:
                left[0] -= 1
                raise asyncio.CancelledError

        monkeypatch.setattr(feed.client, "close_ws_clients", cut_off)
        double.sockets.mute(4 * QUICK.silence_s)
        await asyncio.sleep(4 * QUICK.silence_s)
        assert left == [0]
        assert all(watched.keeper is not None and not watched.keeper.done() for watched in feed.watched.values())
        await quiet(double, feed)

    double, _, events, end = watch(monkeypatch, change)
    assert_whole(double, events, end, ("BTC", "SOL"))


def test_a_keeper_that_ends_while_it_replaces_the_sockets_leaves_the_others_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def change(double: ExchangeDouble, feed: Feed) -> None:
        close, closing = feed.client.close_ws_clients, asyncio.Event()

        async def slow() -> None:
            closing.set()
            await asyncio.sleep(0.3)
            await close()

        monkeypatch.setattr(feed.client, "close_ws_clients", slow)
        double.sockets.mute(0.5)
        await asyncio.sleep(0.2)
        feed.watched["SOLUSDT"].heard_at = time.monotonic() - 60
        await asyncio.wait_for(closing.wait(), 5)
        await feed.unsubscribe("SOLUSDT")
        await asyncio.sleep(0.6)
        watchers = feed.watched["BTCUSDT"].watchers
        assert [task.done() for task in watchers] == [False] * 3

    watch(monkeypatch, change)
