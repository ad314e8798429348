"""The only client with keys: ccxt's own MEXC client, bolted to one declared test host.

Four bolts, each of which holds alone:

1. The address is checked by ``practice_address_of`` and every address that ccxt has is replaced by it.
2. ``fetch``, through which each of ccxt's requests goes, compares scheme, host and port before it does anything.
3. The connector compares them again for every connection, so for redirects, proxies and websockets too.
4. The names of this machine are not looked up: they are 127.0.0.1, whatever a resolver says.

The keys come from ``.env`` and from nowhere else, not even from variables of the environment.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from engine.collect.envfile import read_env
from engine.config.testhosts import PracticeAddress, Refused, practice_address_of
from engine.market.venue import CALM_MS, TIMEOUT_MS, Client, addresses, redirected, strict
from engine.problem import Problem

KEY, SECRET = "TESTNET_API_KEY", "TESTNET_API_SECRET"


class ForeignHostError(Exception):
    """A request that would have left for another host than the declared one. It has not been sent."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a test account; they never show in a log."""

    key: str
    secret: str

    def __repr__(self) -> str:
        """Without the secret, and without most of the key."""
        return f"Keys({self.key[:4]}...)"


def read_keys(env: Path) -> Keys | Problem:
    """The keys of the test account in ``.env``."""
    found = read_env(env, (KEY, SECRET), environment={})
    if isinstance(found, Problem):
        return found
    values, _ = found
    missing = [name for name in (KEY, SECRET) if not values[name]]
    if missing:
        hint = "write the keys of your test account there, never those of a real one"
        return Problem(f"{' and '.join(missing)} missing", env.name, hint=hint)
    return Keys(values[KEY], values[SECRET])


def open_practice_client(address: str, keys: Keys) -> Client | Problem:
    """A client that orders at a test host; close it with ``await client.close()``. To be called in a running loop.

    Returns
    -------
        The client, or the problem that the address is not one of a declared test host (nothing was sent or looked up).
    """
    checked = practice_address_of(address)
    if isinstance(checked, Refused):
        return Problem(f"no orders are sent: {checked.why}", hint=checked.hint)
    client = _guarded(checked)(
        {
            "apiKey": keys.key,
            "secret": keys.secret,
            "enableRateLimit": True,
            "rateLimit": CALM_MS["mexc"],
            "timeout": TIMEOUT_MS,
            "options": {"defaultType": "swap"},
            "session": aiohttp.ClientSession(connector=OneHost(checked), trust_env=False),
        }
    )
    client.urls["api"] = redirected(client.urls["api"], checked.url)
    client.has["fetchCurrencies"] = False  # with keys, load_markets would make a signed call to the spot side
    client.timeout_on_exit = 0
    for url in addresses(client.urls["api"]):
        check_host(url, checked)
    return client


def check_host(url: Any, allowed: PracticeAddress) -> None:
    """Raises ForeignHostError for an address other than the declared host's."""
    parts = urlsplit(str(url))
    secure = {"http": False, "ws": False, "https": True, "wss": True}.get(parts.scheme)
    try:
        port = parts.port or (443 if secure else 80)
    except ValueError:
        port = -1
    same = (secure, parts.hostname, port) == (allowed.scheme == "https", allowed.host, allowed.port)
    if not same or parts.username is not None or parts.password is not None or "\\" in str(url):
        raise ForeignHostError(f"{parts.scheme}://{parts.hostname} is not {allowed.url}; nothing was sent")


class OneHost(aiohttp.TCPConnector):
    """Connections to one host. It is asked for each request, the ones that follow a redirect included."""

    def __init__(self, allowed: PracticeAddress) -> None:
        super().__init__(resolver=_Names(allowed), family=socket.AF_UNSPEC)
        self._allowed = allowed

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Any:
        """A connection for a request. Raises ForeignHostError before a name is looked up or a socket opened."""
        if req.proxy is not None:
            raise ForeignHostError("requests with keys do not go through a proxy; nothing was sent")
        check_host(req.url, self._allowed)
        return await super().connect(req, traces, timeout)


class _Names(AbstractResolver):
    """Addresses of the one name; those of this machine are known without asking."""

    def __init__(self, allowed: PracticeAddress) -> None:
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of the declared host. Raises ForeignHostError for another."""
        if host != self._allowed.host:
            raise ForeignHostError(f"{host} is not {self._allowed.host}; nothing was sent")
        if self._allowed.local:
            family = socket.AF_INET
            return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0)]
        return await aiohttp.ThreadedResolver().resolve(host, port, family)

    async def close(self) -> None:
        """Nothing is held."""


def _guarded(allowed: PracticeAddress) -> Any:
    """Ccxt's class for MEXC, without websockets, that looks at each address before it is called."""
    import ccxt.async_support

    base: Any = strict(ccxt.async_support.mexc)
    proxies = [name for name in dir(base) if "prox" in name.lower() and getattr(base, name) is None]

    class Guarded(base):  # type: ignore[misc]
        async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
            """See ccxt. Raises ForeignHostError, for any of ccxt's proxies too (some have connectors of their own)."""
            check_host(url, allowed)
            if any(getattr(self, name) for name in proxies):
                raise ForeignHostError("requests with keys do not go through a proxy; nothing was sent")
            return await super().fetch(url, method, headers, body)

        async def close(self, clean_instance_data: bool = False) -> None:
            """See ccxt; the session is ours to close."""
            session = self.session
            await super().close(clean_instance_data)
            if session is not None:
                await session.close()

    Guarded.__name__ = "mexc"
    return Guarded
