"""The double's private side against the real ccxt client: what it sends is understood, and what is wrong is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import ccxt
import pytest

from engine.testnet.client import Keys, open_practice_client
from tests.doubles.exchange import ExchangeDouble, World
from tests.doubles.exchange.clock import Clock
from tests.testnet.conftest import SYMBOL, pin

ISOLATED = {"marginMode": "isolated", "leverage": 5}


def talk(double: ExchangeDouble, say: Callable[[Any], Awaitable[None]], **keys: str) -> None:
    """Say something with a client of its own."""

    async def run() -> None:
        made = {"key": double.key, "secret": double.secret, **keys}
        client = open_practice_client(double.url, Keys(**made))
        try:
            await client.load_markets()
            await say(client)
        finally:
            await client.close()

    asyncio.run(run())


@pytest.mark.parametrize("wrong", [{"secret": "guessed"}, {"key": "mx0other"}])
def test_a_wrong_signature_is_refused_and_nothing_is_done(double: ExchangeDouble, wrong: dict[str, str]) -> None:
    async def say(client: Any) -> None:
        with pytest.raises(ccxt.AuthenticationError):
            await client.create_order(SYMBOL, "market", "buy", 1, None, ISOLATED)
        with pytest.raises(ccxt.AuthenticationError):
            await client.fetch_positions()
        with pytest.raises((ccxt.AuthenticationError, ccxt.BadRequest)):
            await client.create_order("BTC/USDT", "limit", "buy", 1, 100.0)

    talk(double, say, **wrong)
    assert (double.futures.orders, double.spot.orders, double.private.seen) == ({}, {}, [])
    assert double.private.turned_away == 3


def test_a_clock_that_is_far_off_is_refused(double: ExchangeDouble) -> None:
    async def say(client: Any) -> None:
        client.options["timeDifference"] = 60_000
        with pytest.raises(ccxt.BadRequest, match="513"):
            await client.fetch_positions()
        with pytest.raises(ccxt.InvalidNonce):
            await client.fetch_balance({"type": "spot"})

    talk(double, say)


def test_contract_orders_from_placing_to_closing(double: ExchangeDouble) -> None:
    async def say(client: Any) -> None:
        more = ISOLATED | {"clientOrderId": "one", "stopLossPrice": 64_500.0, "takeProfitPrice": 66_000.0}
        made = await client.create_order(SYMBOL, "market", "buy", 100, None, more)
        order = await client.fetch_order(made["id"], SYMBOL)
        assert (order["status"], order["filled"], order["average"]) == ("closed", 100, 64_800.1)
        (position,) = await client.fetch_positions([SYMBOL])
        assert (position["side"], position["contracts"], position["leverage"]) == ("long", 100, 5)
        assert position["liquidationPrice"] == pytest.approx(64_800.1 * (1 - 1 / 5 + 0.001))
        balance = await client.fetch_balance()
        assert balance["USDT"]["free"] == pytest.approx(10_000 - 64_800.1 * 0.01 / 5 - 64_800.1 * 0.01 * 0.0002)
        with pytest.raises(ccxt.ExchangeError, match="already exists"):
            await client.create_order(SYMBOL, "market", "buy", 1, None, ISOLATED | {"clientOrderId": "one"})
        target = await client.create_order(SYMBOL, "limit", "sell", 60, 65_000, ISOLATED | {"reduceOnly": True})
        with pytest.raises(ccxt.ExchangeError, match="2008"):
            await client.create_order(SYMBOL, "limit", "sell", 60, 65_100, ISOLATED | {"reduceOnly": True})
        assert [o["id"] for o in await client.fetch_open_orders(SYMBOL)] == [target["id"]]
        await client.cancel_order(target["id"], SYMBOL)
        with pytest.raises(ccxt.InvalidOrder):
            await client.cancel_order(target["id"], SYMBOL)
        closed = await client.create_order(SYMBOL, "market", "sell", 100, None, ISOLATED | {"reduceOnly": True})
        (deal,) = await client.fetch_order_trades(closed["id"], SYMBOL)
        assert (deal["amount"], deal["price"]) == (100, 64_799.9)
        assert await client.fetch_positions() == []
        with pytest.raises(ccxt.ExchangeError, match="2009"):
            await client.create_order(SYMBOL, "market", "sell", 1, None, ISOLATED | {"reduceOnly": True})

    talk(double, say)
    assert [body["side"] for body in double.private.sent("order/create")] == [1, 1, 4, 4, 4, 4]
    assert all("reduceOnly" not in body for body in double.private.sent("order/create")), "ccxt sends the side alone"


def test_a_plan_order_triggers_once_and_a_cancelled_one_never(double: ExchangeDouble) -> None:
    async def say(client: Any) -> None:
        above = await client.create_order(SYMBOL, "market", "buy", 5, None, ISOLATED | {"triggerPrice": 64_900})
        below = await client.create_order(
            SYMBOL, "limit", "sell", 5, 64_600, ISOLATED | {"triggerPrice": 64_650, "triggerType": 2}
        )
        orders = await client.fetch_open_orders(SYMBOL, params={"trigger": True})
        assert {o["id"] for o in orders} == {above["id"], below["id"]}
        await client.cancel_order(below["id"], SYMBOL, {"trigger": True})
        for price in (64_640.0, 64_910.0, 64_950.0):
            await pin(double, "BTC", price)
        assert await client.fetch_open_orders(SYMBOL, params={"trigger": True}) == []
        (position,) = await client.fetch_positions([SYMBOL])
        assert (position["side"], position["contracts"], position["entryPrice"]) == ("long", 5, 64_910.1)

    talk(double, say)


def test_orders_meet_the_prices_of_the_world_as_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pinned price: a market that runs a thousand times as fast fills a limit within its candles' range."""
    monkeypatch.setattr("engine.testnet.client.CALM_MS", {"mexc": 1})
    world = World(clock=Clock(1_767_225_600_000, 1000.0))
    with ExchangeDouble(world, limited=False) as double:

        async def say(client: Any) -> None:
            price = world.price("BTC")
            limit = await client.create_order(SYMBOL, "limit", "buy", 1, round(price * 0.9995, 1), ISOLATED)
            for _ in range(200):
                order = await client.fetch_order(limit["id"], SYMBOL)
                if order["status"] == "closed":
                    break
                await asyncio.sleep(0.02)
            assert order["average"] <= round(price * 0.9995, 1)

        talk(double, say)


def test_margin_that_is_not_there_and_a_liquidation(double: ExchangeDouble) -> None:
    async def say(client: Any) -> None:
        with pytest.raises(ccxt.InsufficientFunds):
            await client.create_order(SYMBOL, "market", "buy", 10_000, None, ISOLATED)
        await client.create_order(SYMBOL, "market", "buy", 100, None, ISOLATED)
        await pin(double, "BTC", 51_000.0)
        assert await client.fetch_positions() == []
        assert (await client.fetch_balance())["USDT"]["total"] == pytest.approx(10_000 - 129.6002 - 0.1296002)

    talk(double, say)


def test_spot_orders(double: ExchangeDouble) -> None:
    double.pin("BTC", 64_800.0)

    async def say(client: Any) -> None:
        client.options["defaultType"] = "spot"
        bought = await client.create_order("BTC/USDT", "market", "buy", 0.01)
        assert (await client.fetch_order(bought["id"], "BTC/USDT"))["status"] == "closed"
        limit = await client.create_order("BTC/USDT", "limit", "sell", 0.01, 65_000, {"clientOrderId": "s1"})
        assert [o["id"] for o in await client.fetch_open_orders("BTC/USDT")] == [limit["id"]]
        assert (await client.fetch_balance())["BTC"] == {"free": 0.0, "used": 0.01, "total": 0.01}
        with pytest.raises(ccxt.ExchangeError):
            await client.create_order("BTC/USDT", "limit", "sell", 0.01, 65_000)
        await client.cancel_order(limit["id"], "BTC/USDT")
        sold = await client.create_order("BTC/USDT", "limit", "sell", 0.01, 64_900)
        await pin(double, "BTC", 64_950.0)
        (trade,) = await client.fetch_order_trades(sold["id"], "BTC/USDT")
        assert (trade["price"], trade["amount"]) == (64_900, 0.01)
        assert [o["status"] for o in await client.fetch_orders("BTC/USDT")] == ["closed", "canceled", "closed"]

    talk(double, say)
