"""The same world as Binance shows it: spot v3 and USD-M futures v1, market data only, for the real ccxt client.

Its paths overlap with MEXC's, so a double is one or the other: ``ExchangeDouble(exchange="binance")``. Volumes are in
coins; a page holds 1,000 candles (futures: 1,500), funding comes oldest first from a start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.doubles.exchange.rest import FAULT, Rest

if TYPE_CHECKING:
    from tests.doubles.exchange.world import Listing

STEPS = {"1m": 60, "3m": 180, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "2h": 7200, "4h": 14_400, "6h": 21_600,
         "8h": 28_800, "12h": 43_200, "1d": 86_400, "1w": 604_800}  # fmt: skip

UNREAD = ("0", 1, "0", "0", "0")  # what a candle's row ends with


class Binance(Rest):
    """The routes."""

    def add_to(self, app: web.Application) -> None:
        """Register everything."""
        app.middlewares.append(self.middleware)
        get = app.router.add_get
        for root, kind in (("/api/v3", "spot"), ("/fapi/v1", "swap")):
            get(f"{root}/time", self.spot_time)
            get(f"{root}/exchangeInfo", self.info_of(kind))
            get(f"{root}/klines", self.klines_of(kind))
        get("/fapi/v1/markPriceKlines", self.klines_of("mark"))
        get("/fapi/v1/fundingRate", self.funding_rates)
        get("/fapi/v1/premiumIndex", self.premium)

    def info_of(self, kind: str) -> Any:
        """``exchangeInfo`` of spot pairs or perpetual contracts."""

        async def info(_: web.Request) -> web.Response:
            listed = [one for one in self.world.listings if (one.spot if kind == "spot" else one.swap)]
            symbols = [_symbol(one, kind) for one in listed]
            return web.json_response({"timezone": "UTC", "serverTime": 1, "rateLimits": [], "symbols": symbols})

        return info

    def klines_of(self, kind: str) -> Any:
        """Candles that open within [startTime, endTime], both included."""

        async def klines(request: web.Request) -> web.Response:
            query = request.query
            listing = self.world.listing(query["symbol"].removesuffix("USDT"))
            if listing is None or not (listing.spot if kind == "spot" else listing.swap):
                return web.json_response({"code": -1121, "msg": "Invalid symbol."}, status=400)
            most = 1000 if kind == "spot" else 1500
            step, limit = STEPS[query["interval"]] * 1000, min(int(query.get("limit", 500)), most)
            end = int(query.get("endTime", self.world.clock.now_ms()))
            start = int(query.get("startTime", end - limit * step))
            rows = self.world.candles(listing.base, step, start, end + 1, kind)[:limit].tolist()
            rows = self.faults.spoil(rows, request[FAULT], step)
            size = listing.contract_size
            shown = [
                [int(t), *(f"{p:.{listing.decimals}f}" for p in prices), f"{v * size:.8f}", int(t) + step - 1, *UNREAD]
                for t, *prices, v in rows
            ]
            return web.json_response(shown)

        return klines

    async def funding_rates(self, request: web.Request) -> web.Response:
        """/fapi/v1/fundingRate: oldest first from startTime, 1,000 at most."""
        query = request.query
        start, end = int(query.get("startTime", 0)), int(query.get("endTime", self.world.clock.now_ms()))
        rows = sorted(self.world.funding(query["symbol"].removesuffix("USDT")))
        inside = [(ts, rate) for ts, rate in rows if start <= ts <= end][: min(int(query.get("limit", 100)), 1000)]
        return web.json_response(
            [{"symbol": query["symbol"], "fundingTime": ts + 3, "fundingRate": f"{rate:.8f}"} for ts, rate in inside]
        )

    async def premium(self, request: web.Request) -> web.Response:
        """/fapi/v1/premiumIndex."""
        symbol, now = request.query["symbol"], self.world.clock.now_ms()
        price = str(self.world.price(symbol.removesuffix("USDT")))
        return web.json_response(
            {"symbol": symbol, "markPrice": price, "indexPrice": price, "lastFundingRate": "0.0001",
             "nextFundingTime": now // 28_800_000 * 28_800_000 + 28_800_000, "interestRate": "0.0001", "time": now}
        )  # fmt: skip


def _symbol(listing: Listing, kind: str) -> dict[str, Any]:
    """An entry of exchangeInfo."""
    tick = f"{10.0**-listing.decimals:.{listing.decimals}f}"
    one = {
        "symbol": f"{listing.base}USDT",
        "status": "TRADING" if listing.state == 0 else "BREAK",
        "baseAsset": listing.base,
        "quoteAsset": "USDT",
        "pricePrecision": listing.decimals,
        "quantityPrecision": 3,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000000", "tickSize": tick},
            {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
            {"filterType": "MIN_NOTIONAL", "notional": "5", "minNotional": "5"},
        ],
    }
    if kind == "spot":
        return {**one, "isSpotTradingAllowed": True, "permissions": ["SPOT"]}
    contract = {"pair": one["symbol"], "contractType": "PERPETUAL", "marginAsset": "USDT", "underlyingType": "COIN"}
    return {**one, **contract, "deliveryDate": 4_133_404_800_000, "onboardDate": listing.since_ms}
