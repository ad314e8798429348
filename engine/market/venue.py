"""Exchange clients (ccxt): public market data only, without keys, and where they are allowed to call.

``SIGNALPROOF_EXCHANGE_URL`` points every client of market data at a practice exchange instead of the real one. It has
to be an address of this machine: a typing mistake or a foreign file must not be able to feed prices from elsewhere.
What was fetched so carries that address (see ``store.py``), and does not mix with prices of the exchange.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from engine.config.diagnostics import did_you_mean
from engine.config.exchanges import NOT_AN_EXCHANGE
from engine.config.testhosts import LOOPBACK
from engine.problem import Problem

ADDRESS_VARIABLE = "SIGNALPROOF_EXCHANGE_URL"
TIMEOUT_MS = 15_000
CALM_MS = {"mexc": 60}
"""Between two requests of weight 1. The 50 ms of ccxt is exactly the limit, and a burst at the start goes over it."""

Client = Any
"""A ccxt.pro exchange: REST and websocket calls by the same object."""


def practice_address() -> str | Problem:
    """The address of the practice exchange; "" without one, a problem for an address outside this machine."""
    address = os.environ.get(ADDRESS_VARIABLE, "").strip().rstrip("/")
    if not address:
        return ""
    parts = urlsplit(address)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK or parts.path or parts.query:
        text = f'{ADDRESS_VARIABLE} is "{address}", which is not an address of this machine'
        return Problem(text, hint="write http://127.0.0.1:PORT, or remove it to use the real exchange")
    return address


def open_client(exchange: str, market_type: str, *, live: bool = False) -> Client | Problem:
    """A client for public market data; close it with ``await client.close()``.

    Parameters
    ----------
    exchange
        ccxt's name of it, such as ``mexc``.
    market_type
        ``swap`` or ``spot``: which markets questions without a symbol are about.
    live
        With websockets.

    Returns
    -------
        The client, or a problem: the name is no exchange, it has no live prices, or the practice address is not one.
    """
    import ccxt.async_support

    rest: Any = ccxt.async_support
    address = practice_address()
    if isinstance(address, Problem):
        return address
    if exchange in NOT_AN_EXCHANGE or exchange not in rest.exchanges:
        near = did_you_mean(exchange, rest.exchanges)
        hint = near or "use the name of an exchange in lower case, such as mexc or binance"
        return Problem(f'"{exchange}" is not an exchange that prices can be fetched from', hint=hint)
    module = rest
    if live:
        import ccxt.pro

        module = ccxt.pro
        if exchange not in module.exchanges:
            hint = "a backtest can use its history; to trade on paper name another one, such as mexc"
            return Problem(f"{exchange} has no live prices here", hint=hint)
    client = strict(getattr(module, exchange))(_settings(exchange, market_type))
    if address:
        client.urls["api"] = redirected(client.urls["api"], address)
        check_addresses(client, address)
    return client


def origin_of(client: Client) -> str:
    """Where a client's prices come from: the exchange's address, as the store notes it."""
    hosts = sorted({urlsplit(url).netloc for url in addresses(client.urls["api"]) if url.startswith("http")})
    return f"http://{hosts[0]}" if urlsplit(f"//{hosts[0]}").hostname in LOOPBACK else f"{client.id} ({hosts[0]})"


def redirected(urls: Any, address: str) -> Any:
    """A tree of addresses with another host, the paths kept."""
    if isinstance(urls, Mapping):
        return {name: redirected(part, address) for name, part in urls.items()}
    if not isinstance(urls, str):
        return urls
    host, parts = urlsplit(address).netloc, urlsplit(urls)
    secure = "s" if address.startswith("https:") else ""
    scheme = ("ws" if parts.scheme.startswith("ws") else "http") + secure
    return urlunsplit((scheme, host, parts.path, parts.query, ""))


def addresses(urls: Any) -> Iterator[str]:
    """All addresses of a tree."""
    if isinstance(urls, Mapping):
        for part in urls.values():
            yield from addresses(part)
    elif isinstance(urls, str):
        yield urls


def check_addresses(client: Client, address: str) -> None:
    """Raises RuntimeError when a client holds an address other than the practice exchange's."""
    host = urlsplit(address).netloc
    for url in addresses(client.urls["api"]):
        if urlsplit(url).netloc != host:
            raise RuntimeError(f"{client.id} would call {url}, not {address}")


def _settings(exchange: str, market_type: str) -> dict[str, Any]:
    """How a client is made: no keys, the exchange's rate limit, one kind of markets where ccxt can."""
    options: dict[str, Any] = {"defaultType": market_type}
    if exchange == "binance":
        options["fetchMarkets"] = {"types": ["spot"] if market_type == "spot" else ["linear"]}
    settings: dict[str, Any] = {"enableRateLimit": True, "timeout": TIMEOUT_MS, "options": options}
    if exchange in CALM_MS:
        settings["rateLimit"] = CALM_MS[exchange]
    return settings


def strict(base: Any) -> Any:
    """A ccxt class that refuses answers which are no JSON.

    ccxt hands the text of such an answer on, and its parsers then find no candles in it: half an answer would look
    like a market without trades.
    """

    class Strict(base):  # type: ignore[misc]
        def handle_errors(
            self,
            code: int,
            reason: str,
            url: str,
            method: str,
            headers: Any,
            body: Any,
            response: Any,
            request_headers: Any,
            request_body: Any,
        ) -> Any:
            """See ccxt: raises for errors that the exchange names in its answer."""
            from ccxt import BadResponse

            given = super().handle_errors(
                code, reason, url, method, headers, body, response, request_headers, request_body
            )
            if response is None and code < 400:
                raise BadResponse(f"{self.id} {method} {url} answered with something that is no JSON")
            return given

    Strict.__name__ = base.__name__
    return Strict
