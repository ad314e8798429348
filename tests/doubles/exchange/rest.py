"""The double's HTTP side: market data of spot v3 and contract v1, rate limits, and the faults."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.doubles.exchange.shapes import (
    CONTRACT_STEPS,
    SPOT_STEPS,
    contract_detail,
    contract_ticker,
    spot_symbol,
    spot_ticker,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.doubles.exchange.double import ExchangeDouble

CONTRACT = "/api/v1/contract"
SPOT = "/api/v3"
FAULT = web.RequestKey("fault", str)
PAGE = "<html><body>Bad Gateway</body></html>"


class Limiter:
    """Requests within a window: 20 in 2 s for contracts, 500 (by weight 1) in 10 s for spot."""

    def __init__(self) -> None:
        self.over = 0
        self._seen: dict[str, deque[float]] = {"contract": deque(), "spot": deque()}

    def allows(self, path: str) -> bool:
        """Count a request; False when it comes too early."""
        kind, most, window = ("contract", 20, 2.0) if path.startswith("/api/v1") else ("spot", 500, 10.0)
        seen, now = self._seen[kind], time.monotonic()
        while seen and seen[0] <= now - window:
            seen.popleft()
        if len(seen) >= most:
            self.over += 1
            return False
        seen.append(now)
        return True


class Rest:
    """The routes."""

    def __init__(self, double: ExchangeDouble) -> None:
        self.double, self.world, self.faults = double, double.world, double.faults

    def add_to(self, app: web.Application) -> None:
        """Register everything."""
        app.middlewares.append(self.middleware)
        get = app.router.add_get
        get(f"{SPOT}/ping", self.spot_ping)
        get(f"{SPOT}/time", self.spot_time)
        get(f"{SPOT}/exchangeInfo", self.spot_info)
        get(f"{SPOT}/klines", self.spot_klines)
        get(f"{SPOT}/ticker/24hr", self.spot_tickers)
        get(f"{SPOT}/ticker/bookTicker", self.spot_book)
        get(f"{CONTRACT}/ping", self.contract_ping)
        get(f"{CONTRACT}/detail", self.contract_details)
        get(f"{CONTRACT}/ticker", self.contract_tickers)
        get(CONTRACT + "/kline/{symbol}", self.contract_klines)
        get(CONTRACT + "/kline/{kind}/{symbol}", self.contract_klines)
        get(f"{CONTRACT}/funding_rate/history", self.funding_history)
        get(CONTRACT + "/funding_rate/{symbol}", self.funding_rate)

    @web.middleware
    async def middleware(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Note the request, keep the rate limit, and spoil what shall be spoilt."""
        path = request.path
        if request.headers.get("Upgrade", "").lower() == "websocket" or path.startswith("/__double"):
            return await handler(request)
        self.double.requests.append((time.monotonic(), path, dict(request.query)))
        if self.double.limited and not self.double.limiter.allows(path):
            return self._too_many(path)
        kind = request[FAULT] = self.faults.next(path)
        if kind == "drop":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if kind == "delay":
            await asyncio.sleep(self.faults.delay_s)
        if kind == "429":
            return web.Response(status=429, text="{}", headers={"Retry-After": "1"}, content_type="application/json")
        if kind == "510":
            return self._too_many(path)
        if kind in ("500", "502"):
            return web.Response(status=int(kind), text=PAGE, content_type="text/html")
        if kind == "html":
            return web.Response(text=PAGE, content_type="text/html")
        if kind == "error":
            return web.json_response({"success": False, "code": 500, "message": "Internal error!"})
        response = await handler(request)
        if kind == "lost":
            assert request.transport is not None
            request.transport.abort()
        if kind == "late 502":
            return web.Response(status=502, text=PAGE, content_type="text/html")
        if kind == "stall":
            await asyncio.sleep(self.faults.delay_s)
        if kind in ("half", "cut") and isinstance(response, web.Response) and response.body:
            body = bytes(response.body)  # type: ignore[arg-type]
            if kind == "half":
                return web.Response(body=body[: len(body) // 2], content_type="application/json")
            return await _cut(request, body)
        return response

    def _too_many(self, path: str) -> web.Response:
        """MEXC's two ways to say so."""
        if path.startswith("/api/v1"):
            return web.json_response(
                {"success": False, "code": 510, "message": "Requests are too frequent, please try again later!"}
            )
        return web.json_response({"code": 429, "msg": "Too many requests"}, status=429)

    # ------------------------------------------------------------------ spot

    async def spot_ping(self, _: web.Request) -> web.Response:
        """/api/v3/ping."""
        return web.json_response({})

    async def spot_time(self, _: web.Request) -> web.Response:
        """/api/v3/time."""
        return web.json_response({"serverTime": self.world.clock.now_ms()})

    async def spot_info(self, _: web.Request) -> web.Response:
        """/api/v3/exchangeInfo."""
        symbols = [spot_symbol(listing) for listing in self.world.listings if listing.spot]
        return web.json_response(
            {"timezone": "CST", "serverTime": 1, "rateLimits": [], "exchangeFilters": [], "symbols": symbols}
        )

    async def spot_klines(self, request: web.Request) -> web.Response:
        """/api/v3/klines: at most 500 from startTime on, endTime excluded, prices as text."""
        query = request.query
        listing = self.world.listing(query["symbol"].removesuffix("USDT"))
        if listing is None or not listing.spot:
            return web.json_response({"code": -1121, "msg": "Invalid symbol.", "_extend": None}, status=400)
        if query["interval"] not in SPOT_STEPS:
            return web.json_response({"code": -1121, "msg": "Invalid interval."}, status=400)
        step = SPOT_STEPS[query["interval"]] * 1000
        limit = min(int(query.get("limit", 500)), 500)
        end = int(query.get("endTime", self.world.clock.now_ms()))
        start = int(query.get("startTime", end - limit * step))
        rows = self.world.candles(listing.base, step, start, end, "spot")[:limit].tolist()
        rows = self.faults.spoil(rows, request[FAULT], step)
        size = listing.contract_size
        d = listing.decimals
        return web.json_response(
            [
                [
                    int(t),
                    f"{o:.{d}f}",
                    f"{h:.{d}f}",
                    f"{low:.{d}f}",
                    f"{c:.{d}f}",
                    f"{v * size:.8f}",
                    int(t) + step,
                    "1",
                ]
                for t, o, h, low, c, v in rows
            ]
        )

    async def spot_tickers(self, request: web.Request) -> web.Response:
        """/api/v3/ticker/24hr."""
        rows = [
            spot_ticker(listing, self.world.price(listing.base, "spot"), self.world.clock.now_ms())
            for listing in self.world.listings
            if listing.spot
        ]
        symbol = request.query.get("symbol")
        return web.json_response(next((row for row in rows if row["symbol"] == symbol), {}) if symbol else rows)

    async def spot_book(self, request: web.Request) -> web.Response:
        """/api/v3/ticker/bookTicker."""
        return await self.spot_tickers(request)

    # ------------------------------------------------------------------ contracts

    async def contract_ping(self, _: web.Request) -> web.Response:
        """/api/v1/contract/ping."""
        return _ok(self.world.clock.now_ms())

    async def contract_details(self, _: web.Request) -> web.Response:
        """/api/v1/contract/detail."""
        return _ok([contract_detail(listing) for listing in self.world.listings if listing.swap])

    async def contract_tickers(self, request: web.Request) -> web.Response:
        """/api/v1/contract/ticker."""
        now = self.world.clock.now_ms()
        rows = [
            contract_ticker(listing, self.world.price(listing.base), now)
            for listing in self.world.listings
            if listing.swap
        ]
        symbol = request.query.get("symbol")
        return _ok(next((row for row in rows if row["symbol"] == symbol), None) if symbol else rows)

    async def contract_klines(self, request: web.Request) -> web.Response:
        """/api/v1/contract/kline[/fair_price|/index_price]/SYMBOL: at most 2000, start and end in s, both included."""
        query = request.query
        listing = self.world.listing(request.match_info["symbol"].removesuffix("_USDT"))
        if listing is None or not listing.swap:
            return web.json_response({"success": False, "code": 1001, "message": "Contract does not exist!"})
        if query["interval"] not in CONTRACT_STEPS:
            return web.json_response({"success": False, "code": 600, "message": "Parameter error!"})
        step = CONTRACT_STEPS[query["interval"]] * 1000
        kind = "swap" if request.match_info.get("kind") is None else "mark"
        end = int(query["end"]) * 1000 if "end" in query else self.world.clock.now_ms()
        start = int(query["start"]) * 1000 if "start" in query else end - 2000 * step
        rows = self.world.candles(listing.base, step, start, end + 1, kind)
        rows = self.faults.spoil((rows[:2000] if "start" in query else rows[-2000:]).tolist(), request[FAULT], step)
        columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(6)]
        prices = dict(zip(("open", "high", "low", "close"), columns[1:5], strict=True))
        real = {f"real{name.capitalize()}": values for name, values in prices.items()}
        return _ok(
            {
                "time": [int(ts) // 1000 for ts in columns[0]],
                **prices,
                **real,
                "vol": columns[5],
                "amount": [0.0] * len(rows),
            }
        )

    async def funding_history(self, request: web.Request) -> web.Response:
        """/api/v1/contract/funding_rate/history: pages, newest first."""
        symbol = request.query["symbol"]
        number, size = int(request.query.get("page_num", 1)), min(int(request.query.get("page_size", 20)), 100)
        base = symbol.removesuffix("_USDT")
        rows, listing = self.world.funding(base), self.world.listing(base)
        part = rows[(number - 1) * size : number * size]
        if request[FAULT] in ("short", "empty", "holes"):
            part = self.faults.spoil([list(row) for row in part], request[FAULT], 1)  # type: ignore[assignment]
        found = [
            {
                "symbol": symbol,
                "fundingRate": rate,
                "settleTime": ts,
                "collectCycle": listing.cycle_hours if listing else 8,
            }
            for ts, rate in part
        ]
        pages = -(-len(rows) // size)
        return _ok(
            {
                "pageSize": size,
                "totalCount": len(rows),
                "totalPage": pages,
                "currentPage": number,
                "resultList": found,
            }
        )

    async def funding_rate(self, request: web.Request) -> web.Response:
        """/api/v1/contract/funding_rate/SYMBOL."""
        symbol = request.match_info["symbol"]
        listing = self.world.listing(symbol.removesuffix("_USDT"))
        if listing is None:
            return web.json_response({"success": False, "code": 1001, "message": "Contract does not exist!"})
        now, cycle = self.world.clock.now_ms(), listing.cycle_hours * 3_600_000
        return _ok(
            {
                "symbol": symbol,
                "fundingRate": 0.000067,
                "maxFundingRate": 0.0018,
                "minFundingRate": -0.0018,
                "collectCycle": listing.cycle_hours,
                "nextSettleTime": (now // cycle + 1) * cycle,
                "timestamp": now,
            }
        )


def _ok(data: Any) -> web.Response:
    """The envelope of contract v1."""
    return web.json_response({"success": True, "code": 0, "data": data})


async def _cut(request: web.Request, body: bytes) -> web.StreamResponse:
    """Announce a length, send half of it, and hang up."""
    response = web.StreamResponse(headers={"Content-Length": str(len(body)), "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    assert request.transport is not None
    request.transport.abort()
    return response


def as_json(value: Any) -> str:
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":"))
