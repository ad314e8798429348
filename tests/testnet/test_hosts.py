"""Orders leave for a declared test host or not at all: not a byte, not even a question for a name, to another one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from engine.config.testhosts import TEST_HOSTS, PracticeAddress, Refused, practice_address_of
from engine.market.venue import addresses
from engine.problem import Problem
from engine.testnet.client import ForeignHostError, Keys, OneHost, check_host, open_practice_client
from tests.doubles.exchange import ExchangeDouble
from tests.testnet.conftest import SYMBOL, Watch

KEYS = Keys("mx0vglREAL", "a-real-secret")
PRODUCTION = [
    "https://api.mexc.com",
    "https://contract.mexc.com",
    "https://contract.mexc.com/testnet",
    "https://futures.mexc.com",
    "https://www.mexc.com",
    "https://wbs-api.mexc.com",
    "wss://contract.mexc.com/edge",
    "https://API.MEXC.COM",
    "https://api.mexc.com.",
    "https://api.mexc.com:443",
    "https://api.binance.com",
    "https://testnet.binance.vision",
]
LOOKALIKES = [
    "http://127.0.0.1@api.mexc.com",
    "http://127.0.0.1:80@api.mexc.com",
    "http://user:password@127.0.0.1:18080",
    "https://futures.testnet.mexc.com@api.mexc.com",
    "https://api.mexc.com\\@127.0.0.1",
    "http://127.0.0.1:18080\\@api.mexc.com",
    "https://futures.testnet.mexc.com.evil.example",
    "https://futures.testnet.mexc.com.",
    "https://xfutures.testnet.mexc.com",
    "https://futures-testnet.mexc.com",
    "https://futures.testnet.mexc.co",
    "https://testnet.mexc.com",
    "https://mexc.com",
    "http://localhost.api.mexc.com",
    "http://localhost.:18080",
    "http://127.0.0.1.nip.io",
    "http://127.0.0.1.:18080",
    "http://127.1:18080",
    "http://0x7f000001",
    "http://2130706433",
    "http://0.0.0.0:18080",
    "http://[::ffff:127.0.0.1]:18080",
    "http://[::ffff:8.8.8.8]",
    "http://[::]:18080",
    "http://[0:0:0:0:0:0:0:1]:18080",
    "http://[::1%25eth0]:18080",
    "http://[::1",
    "http://ⓛocalhost",
    "http://127。0。0。1",
    "https://futures.testnet.mexc.com\u200b",
    "https://futures.testnet.mехc.com",  # Cyrillic е and х
    "http://127.0.0.1:18080/api.mexc.com",
    "http://127.0.0.1:18080?host=api.mexc.com",
    "http://127.0.0.1:18080#@api.mexc.com",
    "http://127.0.0.1:18080\r\nHost: api.mexc.com",
    "http://127.0.0.1:18080\n",
    " http://127.0.0.1:18080",
    "http://127.0.0.1:0",
    "http://127.0.0.1:65536",
    "http://127.0.0.1:",
    "http://futures.testnet.mexc.com",
    "ftp://127.0.0.1",
    "file:///etc/passwd",
    "//127.0.0.1",
    "127.0.0.1:18080",
    "http://",
    "",
]
ALLOWED = {
    "http://127.0.0.1:18080": "http://127.0.0.1:18080",
    "http://127.0.0.1:18080/": "http://127.0.0.1:18080",
    "http://LOCALHOST:18080": "http://localhost:18080",
    "http://[::1]:18080": "http://[::1]:18080",
    "https://futures.testnet.mexc.com": "https://futures.testnet.mexc.com:443",
    "https://FUTURES.TESTNET.MEXC.COM:443": "https://futures.testnet.mexc.com:443",
}


@pytest.mark.parametrize("address", [*PRODUCTION, *LOOKALIKES])
def test_no_client_is_made_for_another_host_even_with_keys(address: str, watch: Watch) -> None:
    async def attempt() -> Any:
        return open_practice_client(address, KEYS)

    refused = asyncio.run(attempt())
    assert isinstance(refused, Problem)
    assert "no orders are sent" in refused.text
    assert "secret" not in str(refused)
    assert (watch.calls, watch.names) == ([], [])


@pytest.mark.parametrize(("address", "url"), ALLOWED.items())
def test_a_declared_host_is_read_in_its_plain_form(address: str, url: str) -> None:
    read = practice_address_of(address)
    assert isinstance(read, PracticeAddress)
    assert read.url == url


def test_the_list_of_test_hosts_holds_no_production_host() -> None:
    for host in TEST_HOSTS:
        assert host in ("127.0.0.1", "::1", "localhost") or "testnet" in host.split(".")
    assert isinstance(practice_address_of("https://contract.mexc.com/testnet"), Refused)


def test_every_address_of_ccxt_is_replaced(double: ExchangeDouble) -> None:
    async def look() -> list[str]:
        client = open_practice_client(double.url, KEYS)
        urls = list(addresses(client.urls["api"]))
        await client.close()
        return urls

    urls = asyncio.run(look())
    assert len(urls) >= 7
    assert all(url.startswith(double.url) for url in urls)


def _poison(path: tuple[str, ...]) -> Callable[[Any, str], None]:
    def put(client: Any, url: str) -> None:
        tree = client.urls["api"]
        for part in path[:-1]:
            tree = tree[part]
        tree[path[-1]] = url

    return put


CALLS: dict[tuple[str, ...], Callable[[Any], Any]] = {
    ("spot", "public"): lambda c: c.spotPublicGetTime(),
    ("spot", "private"): lambda c: c.spotPrivatePostOrder({"symbol": "BTCUSDT", "side": "BUY"}),
    ("spot2", "public"): lambda c: c.spot2PublicGetCommonTimestamp(),
    ("spot2", "private"): lambda c: c.spot2PrivateGetAccountInfo(),
    ("contract", "public"): lambda c: c.contractPublicGetPing(),
    ("contract", "private"): lambda c: c.create_order(SYMBOL, "market", "buy", 1),
    ("broker", "private"): lambda c: c.brokerPrivateGetSubAccountUniversalTransfer(),
}


@pytest.mark.parametrize("path", CALLS, ids="/".join)
def test_an_address_that_was_changed_afterwards_is_not_called(
    double: ExchangeDouble, watch: Watch, path: tuple[str, ...]
) -> None:
    """Whatever writes a production address into the client later: the request does not leave."""

    async def call() -> None:
        client = open_practice_client(double.url, Keys(double.key, double.secret))
        try:
            await client.load_markets()
            watch.calls.clear()
            _poison(path)(client, "https://api.mexc.com")
            with pytest.raises(ForeignHostError, match="nothing was sent"):
                await CALLS[path](client)
        finally:
            await client.close()

    asyncio.run(call())
    assert (watch.calls, watch.names) == ([], [])


def test_there_is_a_call_for_each_address_of_ccxt(double: ExchangeDouble) -> None:
    async def look() -> Any:
        client = open_practice_client(double.url, KEYS)
        await client.close()
        return client.urls["api"]

    tree = asyncio.run(look())
    assert {(section, access) for section, part in tree.items() for access in part} == set(CALLS)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "target", ["https://api.mexc.com/api/v1/private/order/create", "http://127.0.0.2:9/", "//api.mexc.com/"]
)
def test_a_redirect_to_another_host_is_not_followed(watch: Watch, status: int, target: str) -> None:
    """A test host that sends the order on to production gets it back unsent."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": target})

    async def attempt() -> None:
        app = web.Application()
        app.router.add_route("*", "/{any:.*}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        client = open_practice_client(f"http://127.0.0.1:{port}", KEYS)
        try:
            with pytest.raises(ForeignHostError, match="nothing was sent"):
                await client.contractPrivatePostOrderCreate({"symbol": "BTC_USDT", "vol": 1})
        finally:
            await client.close()
            await runner.cleanup()

    asyncio.run(attempt())
    assert [call for call in watch.calls if isinstance(call, tuple) and call[0] != "127.0.0.1"] == []
    assert watch.names == []


def test_proxies_are_not_used(double: ExchangeDouble, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://api.mexc.com:8080")

    async def call(**settings: str) -> None:
        client = open_practice_client(double.url, Keys(double.key, double.secret))
        for name, value in settings.items():
            setattr(client, name, value)
        try:
            await client.contractPrivateGetAccountAssets()
        finally:
            await client.close()

    asyncio.run(call())
    assert len(double.private.seen) == 1, "the environment's proxies are not asked"
    for name in ("httpProxy", "https_proxy", "proxyUrl", "aiohttp_proxy", "socksProxy", "proxyUrlCallback"):
        with pytest.raises(ForeignHostError):
            asyncio.run(call(**{name: "http://api.mexc.com:8080/"}))
    assert "api.mexc.com" not in watch.names
    assert len(double.private.seen) == 1


def test_a_websocket_of_the_same_session_is_held_too(double: ExchangeDouble, watch: Watch) -> None:
    async def attempt(url: str) -> None:
        client = open_practice_client(double.url, KEYS)
        try:
            async with client.session.ws_connect(url) as socket:
                await socket.send_json({"method": "ping"})
                assert (await socket.receive_json())["channel"] == "pong"
        finally:
            await client.close()

    asyncio.run(attempt(double.url.replace("http", "ws") + "/edge"))
    watch.calls.clear()
    with pytest.raises(ForeignHostError):
        asyncio.run(attempt("wss://contract.mexc.com/edge"))
    assert (watch.calls, watch.names) == ([], [])


def test_the_client_has_no_websockets_of_its_own(double: ExchangeDouble) -> None:
    async def look() -> Any:
        client = open_practice_client(double.url, KEYS)
        await client.close()
        return client

    client = asyncio.run(look())
    assert not any(base.__module__.startswith("ccxt.pro") for base in type(client).__mro__)
    assert "ws" not in client.urls["api"]


def test_localhost_is_this_machine_whatever_a_resolver_says(double: ExchangeDouble, watch: Watch) -> None:
    async def call() -> None:
        client = open_practice_client(f"http://localhost:{double.port}", Keys(double.key, double.secret))
        try:
            await client.contractPrivateGetAccountAssets()
        finally:
            await client.close()

    asyncio.run(call())
    assert watch.names == []
    assert len(double.private.seen) == 1


def test_a_connection_is_compared_even_without_ccxt(watch: Watch) -> None:
    allowed = practice_address_of("http://127.0.0.1:18080")
    assert isinstance(allowed, PracticeAddress)

    async def attempt(url: str) -> None:
        async with aiohttp.ClientSession(connector=OneHost(allowed)) as session, session.get(url):
            pass

    for url in (
        "http://127.0.0.1:18081/",
        "https://127.0.0.1:18080/",
        "http://127.0.0.2:18080/",
        "http://api.mexc.com/",
    ):
        with pytest.raises(ForeignHostError):
            asyncio.run(attempt(url))
    assert (watch.calls, watch.names) == ([], [])


@pytest.mark.parametrize("url", ["http://127.0.0.1:18080/x", "ws://127.0.0.1:18080/edge"])
def test_check_host_lets_the_declared_one_through(url: str) -> None:
    allowed = practice_address_of("http://127.0.0.1:18080")
    assert isinstance(allowed, PracticeAddress)
    assert check_host(url, allowed) is None  # type: ignore[func-returns-value]


def test_ccxt_names_no_address_that_is_not_among_the_calls() -> None:
    """A later ccxt with a new group of addresses (wapi, say) makes this fail, before it makes a hole."""
    import ccxt

    tree = ccxt.mexc().urls["api"]
    assert {(section, access) for section, part in tree.items() for access in part} == set(CALLS)
