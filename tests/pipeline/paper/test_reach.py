"""An exchange that does not answer is told once, and once when it does again."""

from __future__ import annotations

import asyncio

import pytest

from engine.market.venue import open_client
from engine.notify.notice import Notice
from engine.pipeline.paper.reach import Reach
from tests.doubles.exchange import ExchangeDouble


@pytest.mark.parametrize("exchange", ["mexc", "binance"])
def test_gone_at_the_start_back_and_gone_again(exchange: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Notice] = []

    async def until(count: int) -> None:
        async with asyncio.timeout(20):
            while len(told) < count:
                await asyncio.sleep(0.02)

    async def play(double: ExchangeDouble, port: int) -> None:
        client = open_client(exchange, "swap", live=True)
        reach = asyncio.create_task(Reach(client, told.append, lambda: 0, every_s=0.05, again_s=0.02).run())
        await until(1)
        again = ExchangeDouble(port=port, limited=False, exchange=exchange)
        with again:
            await until(2)
            await asyncio.sleep(0.3)
        await until(3)
        await asyncio.sleep(0.3)
        reach.cancel()
        await client.close()

    with ExchangeDouble(exchange=exchange) as double:
        monkeypatch.setenv("SIGNALPROOF_EXCHANGE_URL", double.url)
        port = double.port
    asyncio.run(play(double, port))
    gone, back = "the exchange does not answer", "the exchange answers again"
    assert [notice.title for notice in told] == [gone, back, gone]
    assert f"{exchange} cannot be reached (127.0.0.1:{port}" in told[0].text
    assert "Nothing is filled meanwhile" in told[0].text
    assert "It was out of reach for 1s" in told[1].text
