"""The double's private routes: orders, stops, plan orders, positions and balances, behind MEXC's signatures.

Contracts sign ``key + time + body`` (or the sorted query) in headers, spot signs the query and appends it. A wrong
signature, an unknown key and a time more than ten seconds away are refused before anything is done.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.doubles.exchange import records as fut
from tests.doubles.exchange.accounts import asset, order_row, plan_row, position_row, stop_row
from tests.doubles.exchange.records import RefusedError
from tests.doubles.exchange.spot import spot_deal, spot_order

if TYPE_CHECKING:
    from tests.doubles.exchange.double import ExchangeDouble

PRIVATE = "/api/v1/private"
SPOT = "/api/v3"
WINDOW_S = 10.0


@dataclass(frozen=True)
class Signed:
    """A signed request: method, path behind /private or /api/v3, and its body or query."""

    method: str
    path: str
    body: Any


class Private:
    """The routes. ``seen`` holds every request that was let in, ``turned_away`` counts the others."""

    def __init__(self, double: ExchangeDouble) -> None:
        self.double, self.seen, self.turned_away = double, list[Signed](), 0

    def add_to(self, app: web.Application) -> None:
        """Register everything."""
        app.router.add_route("*", PRIVATE + "/{path:.+}", self.contract)
        for path in ("order", "order/test", "openOrders", "allOrders", "account", "myTrades", "order/all"):
            app.router.add_route("*", f"{SPOT}/{path}", self.spot)
        app.router.add_get(f"{SPOT}/capital/config/getall", self.spot)

    def sent(self, path: str) -> list[Any]:
        """The bodies of all requests to a path, such as ``order/create``."""
        return [signed.body for signed in self.seen if signed.path == path]

    # ------------------------------------------------------------------ contracts

    async def contract(self, request: web.Request) -> web.Response:
        """Check the signature, then answer."""
        text = await request.text()
        payload = text if request.method == "POST" else request.rel_url.raw_query_string
        key, at = request.headers.get("ApiKey", ""), request.headers.get("Request-Time", "")
        if key != self.double.key:
            return self._away({"success": False, "code": 401, "message": "No authority!"})
        if not at.isdigit() or abs(int(at) / 1000 - time.time()) > WINDOW_S:
            return self._away({"success": False, "code": 513, "message": "Invalid request time"})
        if not hmac.compare_digest(self._hmac(key + at + payload), request.headers.get("Signature", "")):
            return self._away({"success": False, "code": 602, "message": "Signature verification failed!"})
        path = request.match_info["path"]
        body = json.loads(text) if request.method == "POST" and text else dict(request.query)
        self.seen.append(Signed(request.method, path, body))
        self.double.futures.settle()
        try:
            return self._answer(request.method, path, body)
        except RefusedError as error:
            return web.json_response({"success": False, "code": error.code, "message": error.text})
        except (KeyError, ValueError, TypeError):
            return web.json_response({"success": False, "code": 600, "message": "Parameter error!"})

    def _away(self, answer: dict[str, Any]) -> web.Response:
        self.turned_away += 1
        return web.json_response(answer)

    def _hmac(self, text: str) -> str:
        return hmac.new(self.double.secret.encode(), text.encode(), hashlib.sha256).hexdigest()

    def _answer(self, method: str, path: str, body: Any) -> web.Response:
        """Find the route of a path: the whole of it, or all but its last parts."""
        parts = path.split("/")
        for cut in range(len(parts), 0, -1):
            route: Callable[..., Any] | None = getattr(self, f"_{method}_{'_'.join(parts[:cut])}".lower(), None)
            if route is not None:
                data = route(body, *parts[cut:])
                return web.json_response({"success": True, "code": 0} | ({} if data is None else {"data": data}))
        return web.json_response({"success": False, "code": 404, "message": f"no {method} {path} here"}, status=404)

    def _post_order_create(self, body: Any) -> Any:
        order = self.double.futures.place(body)
        return {"orderId": str(order.id), "ts": order.created}

    def _post_order_submit(self, body: Any) -> Any:
        return str(self.double.futures.place(body).id)

    def _post_order_cancel(self, body: Any) -> Any:
        return [self._cancelled(str(id_), lambda id_=id_: self.double.futures.order(id_)) for id_ in body]

    def _post_order_cancel_with_external(self, body: Any) -> Any:
        order = self._external(body["symbol"], body["externalOid"])
        self.double.futures.cancel(order)
        return {"symbol": order.symbol, "externalOid": order.external}

    def _cancelled(self, id_: str, find: Callable[[], fut.Order]) -> dict[str, Any]:
        try:
            self.double.futures.cancel(find())
        except RefusedError as error:
            return {"orderId": id_, "errorCode": error.code, "errorMsg": error.text}
        return {"orderId": id_, "errorCode": 0, "errorMsg": "success"}

    def _post_order_cancel_all(self, body: Any) -> None:
        for order in self._orders(body.get("symbol"), fut.RESTING):
            self.double.futures.cancel(order)

    def _post_order_change_limit_order(self, body: Any) -> None:
        order = self.double.futures.order(body["orderId"])
        self.double.futures.change(order, float(body["price"]), float(body["vol"]))

    def _get_order_get(self, _: Any, id_: str) -> Any:
        return order_row(self.double.futures.order(id_))

    def _get_order_external(self, _: Any, symbol: str, external: str) -> Any:
        return order_row(self._external(symbol, external))

    def _external(self, symbol: str, external: str) -> fut.Order:
        order = self.double.futures.by_external(symbol, external)
        if order is None:
            raise RefusedError(2040, "order not exist")
        return order

    def _get_order_batch_query(self, query: Any) -> Any:
        return [order_row(self.double.futures.order(id_)) for id_ in query["order_ids"].split(",")]

    def _get_order_list_open_orders(self, query: Any, symbol: str = "") -> Any:
        return _page([order_row(o) for o in self._orders(symbol or query.get("symbol"), fut.RESTING)], query)

    def _get_order_list_history_orders(self, query: Any) -> Any:
        states = [int(state) for state in query.get("states", "1,2,3,4,5").split(",")]
        return _page([order_row(o) for o in self._orders(query.get("symbol"), *states)], query)

    def _get_order_deal_details(self, _: Any, id_: str) -> Any:
        order = self.double.futures.order(id_)
        same = {"symbol": order.symbol, "side": order.side, "feeCurrency": "USDT", "orderId": id_, "positionMode": 1}
        return [deal | same | {"category": order.category} for deal in order.deals]

    def _orders(self, symbol: str | None, *states: int) -> list[fut.Order]:
        found = [o for o in self.double.futures.orders.values() if o.state in states and symbol in (None, "", o.symbol)]
        return found[::-1]

    def _post_planorder_place(self, body: Any) -> Any:
        return self.double.futures.plan(body).id

    def _post_planorder_cancel(self, body: Any) -> None:
        for item in body:
            plan = self.double.futures.plans.get(int(item["orderId"]))
            if plan is None or plan.state != fut.UNTRIGGERED:
                raise RefusedError(2040, "order not exist")
            plan.state = fut.STOP_CANCELLED

    def _post_planorder_cancel_all(self, body: Any) -> None:
        for plan in self.double.futures.plans.values():
            if plan.state == fut.UNTRIGGERED and body.get("symbol") in (None, plan.symbol):
                plan.state = fut.STOP_CANCELLED

    def _get_planorder_list_orders(self, query: Any) -> Any:
        states = [int(state) for state in query.get("states", "1,2,3,4,5").split(",")]
        plans = [p for p in self.double.futures.plans.values() if p.state in states]
        return _page([plan_row(p) for p in plans[::-1] if query.get("symbol") in (None, p.symbol)], query)

    def _post_stoporder_place(self, body: Any) -> Any:
        position = self.double.futures.positions.get(int(body["positionId"]))
        if position is None or not position.hold:
            raise RefusedError(2009, "Positions do not exist or have been closed")
        stop, target = (float(body.get(name) or 0) or None for name in ("stopLossPrice", "takeProfitPrice"))
        made = self.double.futures.guard(position, float(body["vol"]), stop, target)
        made.loss_trend, made.profit_trend = int(body.get("lossTrend", 1)), int(body.get("profitTrend", 1))
        return made.id

    def _post_stoporder_cancel(self, body: Any) -> None:
        for item in body:
            self._stop(item["stopPlanOrderId"]).state = fut.STOP_CANCELLED

    def _post_stoporder_cancel_all(self, body: Any) -> None:
        for stop in self.double.futures.stops.values():
            if stop.state == fut.UNTRIGGERED and body.get("symbol") in (None, stop.symbol):
                stop.state = fut.STOP_CANCELLED

    def _post_stoporder_change_plan_price(self, body: Any) -> None:
        """Prices that are not sent are taken away, as MEXC does."""
        stop = self._stop(body["stopPlanOrderId"])
        loss, profit = (float(body.get(name) or 0) or None for name in ("stopLossPrice", "takeProfitPrice"))
        if loss is None and profit is None:
            raise RefusedError(5001, "The take-profit price and the stop-loss price cannot be none at the same time")
        self.double.futures._check_protection(stop.type, self.double.futures.price(stop.symbol), loss, profit)
        stop.stop_loss, stop.take_profit = loss, profit

    def _post_stoporder_change_price(self, body: Any) -> None:
        """The stop of an order that still rests."""
        order = self.double.futures.order(body["orderId"])
        if order.state != fut.RESTING:
            raise RefusedError(2009, "Positions do not exist or have been closed")
        loss, profit = (float(body.get(name) or 0) or None for name in ("stopLossPrice", "takeProfitPrice"))
        self.double.futures._check_protection(order.type_of_position, order.price or 0, loss, profit)
        order.stop_loss, order.take_profit = loss, profit

    def _stop(self, id_: int | str) -> fut.StopOrder:
        stop = self.double.futures.stops.get(int(id_))
        if stop is None or stop.state != fut.UNTRIGGERED:
            raise RefusedError(5002, "The Stop-Limit order does not exist or has closed")
        return stop

    def _get_stoporder_list_orders(self, query: Any) -> Any:
        finished = {"0": (fut.UNTRIGGERED,), "1": (2, 3, 4, 5)}.get(query.get("is_finished", ""), (1, 2, 3, 4, 5))
        stops = [s for s in self.double.futures.stops.values() if s.state in finished]
        return _page([stop_row(s) for s in stops[::-1] if query.get("symbol") in (None, s.symbol)], query)

    def _get_stoporder_open_orders(self, query: Any) -> Any:
        return self._get_stoporder_list_orders({**query, "is_finished": "0"})

    def _get_position_open_positions(self, query: Any) -> Any:
        held = [p for p in self.double.futures.positions.values() if p.hold]
        return [position_row(self.double.futures, p) for p in held if query.get("symbol") in (None, p.symbol)]

    def _get_position_list_history_positions(self, query: Any) -> Any:
        over = [p for p in self.double.futures.positions.values() if not p.hold]
        return [position_row(self.double.futures, p) for p in over if query.get("symbol") in (None, p.symbol)]

    def _post_position_change_leverage(self, body: Any) -> None:
        if "positionId" in body:
            self.double.futures.positions[int(body["positionId"])].leverage = int(body["leverage"])
            return
        self.double.futures.leverages[body["symbol"], int(body["positionType"])] = int(body["leverage"])

    def _get_position_leverage(self, query: Any) -> Any:
        rows = [{"positionType": t, "level": 1, "imr": 0.002, "mmr": 0.001, "openType": 1} for t in (1, 2)]
        known = self.double.futures.leverages
        return [row | {"leverage": known.get((query["symbol"], row["positionType"]), 20)} for row in rows]

    def _get_position_position_mode(self, _: Any) -> Any:
        return self.double.futures.mode

    def _post_position_change_position_mode(self, body: Any) -> None:
        if self._orders(None, fut.RESTING) or self._get_position_open_positions({}):
            raise RefusedError(2019, "There is an active open position")
        self.double.futures.mode = int(body["positionMode"])

    def _post_position_close_all(self, _: Any) -> None:
        for position in [p for p in self.double.futures.positions.values() if p.hold]:
            for order in self._orders(position.symbol, fut.RESTING):
                self.double.futures.cancel(order)
            side = fut.CLOSE_LONG if position.type == fut.LONG else fut.CLOSE_SHORT
            body = {"symbol": position.symbol, "side": side, "vol": position.hold, "type": fut.MARKET}
            self.double.futures.place(body)

    def _get_account_assets(self, _: Any) -> Any:
        return [asset(self.double.futures)]

    def _get_account_asset(self, _: Any, currency: str) -> Any:
        return asset(self.double.futures) | {"currency": currency}

    # ------------------------------------------------------------------ spot

    async def spot(self, request: web.Request) -> web.Response:
        """Check the signature, then answer."""
        signed, _, signature = request.rel_url.raw_query_string.rpartition("&signature=")
        query = {k: v for k, v in request.query.items() if k not in ("signature", "timestamp", "recvWindow")}
        window = float(request.query.get("recvWindow", 5000)) / 1000
        if request.headers.get("X-MEXC-APIKEY") != self.double.key:
            return self._spot_away(10072, "Api key info invalid")
        if abs(int(request.query.get("timestamp", 0)) / 1000 - time.time()) > window:
            return self._spot_away(700003, "Timestamp for this request is outside of the recvWindow.")
        if not hmac.compare_digest(self._hmac(signed), signature):
            return self._spot_away(700002, "Signature for this request is not valid.")
        path = request.path.removeprefix(SPOT + "/")
        self.seen.append(Signed(request.method, path, query))
        self.double.spot.settle()
        try:
            return web.json_response(self._spot_answer(request.method, path, query))
        except RefusedError as error:
            return web.json_response({"code": error.code, "msg": error.text}, status=400)
        except (KeyError, ValueError):
            return web.json_response({"code": 700004, "msg": "Mandatory parameter was not sent"}, status=400)

    def _spot_away(self, code: int, text: str) -> web.Response:
        self.turned_away += 1
        return web.json_response({"code": code, "msg": text}, status=400)

    def _spot_answer(self, method: str, path: str, query: dict[str, str]) -> Any:
        spot = self.double.spot
        mine = [o for o in spot.orders.values() if query.get("symbol") in (None, o.symbol)]
        match method, path:
            case "POST", "order":
                order = spot.place(query)
                return {"symbol": order.symbol, "orderId": str(order.id), "orderListId": -1, "price": str(order.price)}
            case "POST", "order/test":
                return {}
            case "GET", "order":
                return spot_order(spot.order(query))
            case "DELETE", "order":
                order = spot.order(query)
                spot.cancel(order)
                return spot_order(order)
            case "DELETE", "openOrders" | "order/all":
                open_ = [o for o in mine if o.status == "NEW"]
                for order in open_:
                    spot.cancel(order)
                return [spot_order(o) for o in open_]
            case "GET", "openOrders":
                return [spot_order(o) for o in mine if o.status == "NEW"]
            case "GET", "allOrders":
                return [spot_order(o) for o in mine]
            case "GET", "myTrades":
                done = [o for o in mine if o.dealt and query.get("orderId") in (None, str(o.id))]
                return [spot_deal(o) for o in done]
            case "GET", "account":
                coins = sorted({*spot.free, *spot.locked})
                balances = [
                    {"asset": c, "free": f"{spot.free.get(c, 0):.8f}", "locked": f"{spot.locked.get(c, 0):.8f}"}
                    for c in coins
                ]
                return {"canTrade": True, "accountType": "SPOT", "balances": balances, "permissions": ["SPOT"]}
            case "GET", "capital/config/getall":
                return [
                    {"coin": listing.base, "name": listing.base, "networkList": []}
                    for listing in self.double.world.listings
                ]
        raise RefusedError(-1102, f"no {method} {path} here")


def _page(rows: list[dict[str, Any]], query: Any) -> list[dict[str, Any]]:
    """A page of a list: 20 rows unless asked for up to 100."""
    number, size = int(query.get("page_num", 1)), min(int(query.get("page_size", 20)), 100)
    return rows[(number - 1) * size : number * size]
