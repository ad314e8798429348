"""The double as a whole: one server on a loopback port, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from aiohttp import web

from tests.doubles.exchange.binance import Binance
from tests.doubles.exchange.faults import Faults
from tests.doubles.exchange.futures import Futures
from tests.doubles.exchange.private import Private
from tests.doubles.exchange.rest import Limiter, Rest
from tests.doubles.exchange.sockets import Sockets
from tests.doubles.exchange.spot import Spot
from tests.doubles.exchange.world import World

HOST = "127.0.0.1"
KEY, SECRET = "mx0practice", "practice-secret"  # of the one account


class ExchangeDouble:
    """``with ExchangeDouble() as exchange: ... exchange.url``.

    Attributes
    ----------
    world, faults
        What it shows, and what it does wrong.
    requests
        Every HTTP request: (monotonic s, path, query).
    sockets
        Its websockets, which can be dropped, muted and refused.
    futures, spot
        The account (``key``, ``secret``): its orders, positions and money.
    private
        Every signed request with its body, and those whose signature was wrong.
    limiter
        ``limiter.over`` counts the requests that came faster than the exchange allows.
    """

    def __init__(
        self,
        world: World | None = None,
        faults: Faults | None = None,
        port: int = 0,
        *,
        limited: bool = True,
        exchange: str = "mexc",
    ) -> None:
        self.exchange = exchange
        self.world, self.faults, self.limited = world or World(), faults or Faults(), limited
        self.limiter = Limiter()
        self.sockets = Sockets(self)
        self.futures, self.spot = Futures(self.world), Spot(self.world)
        self.key, self.secret = KEY, SECRET
        self.private = Private(self)
        self.requests: list[tuple[float, str, dict[str, str]]] = []
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="exchange double", daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.port}"

    def paths(self, part: str) -> list[dict[str, str]]:
        """The queries of all requests whose path holds ``part``."""
        return [query for _, path, query in self.requests if part in path]

    def __enter__(self) -> ExchangeDouble:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def call(self, coroutine: Any) -> Any:
        """Run something on the server's loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def pin(self, base: str, price: float) -> None:
        """Set a coin's last price and let the orders meet it; ``/__double/pin?base=&price=`` does the same."""

        async def set_it() -> None:
            self._pin(base, price)

        self.call(set_it())

    async def _move_asked(self, request: web.Request) -> web.Response:
        """Move a coin's price, candles included (``World.move``)."""
        base, price = request.query["base"], float(request.query["price"])
        if self.world.listing(base) is None:
            raise web.HTTPBadRequest(text=self._unknown(base))
        if not 0 < price < 1e12:
            raise web.HTTPBadRequest(text=f"{price:g} is no price; write 65000, +1% or -1%")
        self.world.move(base, price)
        self.sockets.moved()
        self.futures.settle(base)
        self.spot.settle()
        return await self._price_asked(request)

    async def _price_asked(self, request: web.Request) -> web.Response:
        base = request.query["base"]
        listing = self.world.listing(base)
        if listing is None:
            raise web.HTTPNotFound(text=self._unknown(base))
        return web.json_response({"price": self.world.price(base), "decimals": listing.decimals})

    def _unknown(self, base: str) -> str:
        return f"no price of {base}; there are " + " ".join(listing.base for listing in self.world.listings)

    def _pin(self, base: str, price: float) -> None:
        self.world.pins[base] = price
        self.futures.settle(base)
        self.spot.settle()

    async def _pin_asked(self, request: web.Request) -> web.Response:
        self._pin(request.query["base"], float(request.query["price"]))
        return web.Response(text="set")

    def app(self) -> web.Application:
        """All routes."""
        app = web.Application()
        (Binance(self) if self.exchange == "binance" else Rest(self)).add_to(app)
        self.private.add_to(app)
        app.router.add_get("/__double/pin", self._pin_asked)
        app.router.add_get("/__double/move", self._move_asked)
        app.router.add_get("/__double/price", self._price_asked)
        self.sockets.add_to(app)
        return app

    def _run(self) -> None:
        """The server's thread."""
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._ready.set()
        self._loop.run_forever()

    async def _start(self) -> None:
        """Listen."""
        self._runner = web.AppRunner(self.app(), access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, self.port)
        await site.start()
        assert site._server is not None
        self.port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]

    async def _stop(self) -> None:
        """Hang up."""
        await self._runner.cleanup()
