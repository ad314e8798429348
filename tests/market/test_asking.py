"""Questions that are cut off with somebody else's: asked again, and no end of whoever asked."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from engine.market.asking import Asker, RefusedError
from engine.market.candleline import CandleLine
from engine.market.feed import Feed
from engine.market.feedkeeping import Watched
from engine.market.venue import ADDRESS_VARIABLE, open_client
from engine.problem import Problem
from engine.units import MINUTE_MS
from tests.doubles.exchange import ExchangeDouble


def test_a_list_of_markets_that_another_caller_gave_up_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """ccxt loads it once for all who ask: the impatience of one cancels it for the others."""

    async def play() -> tuple[object, dict[str, Any], int]:
        client = open_client("mexc", "swap", live=True)
        assert not isinstance(client, Problem)
        load, patient = client.load_markets_helper, Asker(client, first_wait_s=0.01)

        async def slow(*more: Any) -> Any:
            await asyncio.sleep(0.3)
            return await load(*more)

        monkeypatch.setattr(client, "load_markets_helper", slow)
        impatient = Asker(client).ask(client.load_markets, "the list of its markets")
        try:
            hasty, markets = await asyncio.gather(
                asyncio.wait_for(impatient, 0.1),
                patient.ask(client.load_markets, "the list of its markets"),
                return_exceptions=True,
            )
        finally:
            await client.close()
        return hasty, markets, patient.repeated

    with ExchangeDouble(limited=False) as double:
        monkeypatch.setenv(ADDRESS_VARIABLE, double.url)
        monkeypatch.setattr("engine.market.venue.CALM_MS", {"mexc": 1})
        hasty, markets, repeated = asyncio.run(play())
    assert isinstance(hasty, TimeoutError)
    assert "BTC/USDT:USDT" in markets
    assert repeated == 1


async def cut_off() -> None:
    """Await an answer that is cancelled."""
    answer = asyncio.get_running_loop().create_future()
    answer.cancel()
    await answer


def test_what_is_always_cut_off_is_a_refusal() -> None:
    asker = Asker(SimpleNamespace(id="mexc"), attempts=3, first_wait_s=0.0)  # type: ignore[arg-type]
    with pytest.raises(RefusedError, match="no usable answer about its time: it was cut off with another question"):
        asyncio.run(asker.ask(cut_off, "its time"))
    assert asker.asked == 3


def test_whoever_is_told_to_end_ends() -> None:
    async def play() -> bool:
        asker = Asker(SimpleNamespace(id="mexc"))  # type: ignore[arg-type]
        task = asyncio.create_task(asker.ask(lambda: asyncio.sleep(60), "its time"))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task], timeout=5)
        assert asker.asked == 1
        return task.cancelled()

    assert asyncio.run(play())


def test_a_watcher_whose_news_is_cut_off_goes_on() -> None:
    asked: list[int] = []

    async def news() -> None:
        asked.append(len(asked))
        if len(asked) < 3:
            await cut_off()
        await asyncio.sleep(60)

    async def play() -> bool:
        client = SimpleNamespace(id="mexc", handle_message=lambda *_: None)
        feed = Feed(client, "mexc", "swap")  # type: ignore[arg-type]
        watched = Watched(SimpleNamespace(symbol="BTCUSDT"), CandleLine(MINUTE_MS, 0), 0.0)  # type: ignore[arg-type]
        task = asyncio.create_task(feed._watch(watched, news, lambda *_: None))
        async with asyncio.timeout(10):
            while len(asked) < 3 and not task.done():
                await asyncio.sleep(0.01)
        alive = not task.done()
        task.cancel()
        await asyncio.wait([task], timeout=5)
        return alive and task.cancelled()

    assert asyncio.run(play())
    assert len(asked) == 3
