"""What the exchange does with spot orders: two kinds of orders, balances, no stops (MEXC's spot API has none)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.doubles.exchange.records import RefusedError

if TYPE_CHECKING:
    from tests.doubles.exchange.world import Listing, World

TAKER, MAKER = 0.0005, 0.0


@dataclass
class SpotOrder:
    """One order, quantities in coins."""

    id: int
    symbol: str
    side: str
    type: str
    quantity: float
    price: float
    client: str
    created: int
    status: str = "NEW"
    dealt: float = 0.0
    spent: float = 0.0
    fee: float = 0.0
    maker: bool = False
    updated: int = 0


class Spot:
    """The account: ``free`` and ``locked`` coins, and its orders."""

    def __init__(self, world: World, usdt: float = 10_000.0) -> None:
        self.world = world
        self.free: dict[str, float] = {"USDT": usdt}
        self.locked: dict[str, float] = {}
        self.orders: dict[int, SpotOrder] = {}
        self._next = 133_000_000_000_000_000

    def place(self, query: dict[str, str]) -> SpotOrder:
        """order: quantities in coins, or quoteOrderQty in USDT at the market."""
        listing = self._listing(query["symbol"])
        side, type_ = query["side"], query["type"]
        if side not in ("BUY", "SELL") or type_ not in (
            "MARKET",
            "LIMIT",
            "LIMIT_MAKER",
            "IMMEDIATE_OR_CANCEL",
            "FILL_OR_KILL",
        ):
            raise RefusedError(-1102, "Mandatory parameter was not sent, was empty/null, or malformed.")
        best = self._best(listing, side)
        price = best if type_ == "MARKET" else float(query.get("price", 0))
        quantity = float(query["quantity"]) if "quantity" in query else float(query["quoteOrderQty"]) / best
        if price * quantity < 1:
            raise RefusedError(30002, "The minimum transaction volume cannot be less than:1USDT")
        coin, needed = ("USDT", price * quantity) if side == "BUY" else (listing.base, quantity)
        if needed > self.free.get(coin, 0.0) + 1e-9:
            raise RefusedError(30004, "Insufficient position") if side == "SELL" else RefusedError(30005, "Oversold")
        client = query.get("newClientOrderId", "")
        if client and any(order.client == client for order in self.orders.values()):
            raise RefusedError(30029, "Duplicate clientOrderId")
        self._next += 1
        now = self.world.clock.now_ms()
        order = SpotOrder(self._next, query["symbol"], side, type_, quantity, price, client, now, updated=now)
        self.orders[order.id] = order
        self._lock(coin, needed)
        marketable = type_ == "MARKET" or (best <= price if side == "BUY" else best >= price)
        if marketable and type_ == "LIMIT_MAKER":
            self.cancel(order)
        elif marketable:
            self._deal(order, best)
        elif type_ in ("IMMEDIATE_OR_CANCEL", "FILL_OR_KILL"):
            self.cancel(order)
        return order

    def order(self, query: dict[str, str]) -> SpotOrder:
        """By id or the client's id."""
        for order in self.orders.values():
            if query.get("orderId") == str(order.id) or (
                order.client and query.get("origClientOrderId") == order.client
            ):
                return order
        raise RefusedError(-2013, "Order does not exist.")

    def cancel(self, order: SpotOrder) -> None:
        """Cancel what rests."""
        if order.status != "NEW":
            raise RefusedError(-2011, "Unknown order sent.")
        order.status, order.updated = "CANCELED", self.world.clock.now_ms()
        coin, needed = self._need(order)
        self._lock(coin, -needed)

    def settle(self) -> None:
        """Fill limits that the present price touches."""
        for order in self.orders.values():
            if order.status == "NEW":
                price = self.world.price(order.symbol.removesuffix("USDT"), "spot")
                if price <= order.price if order.side == "BUY" else price >= order.price:
                    order.maker = True
                    self._deal(order, order.price)

    def _deal(self, order: SpotOrder, price: float) -> None:
        coin, needed = self._need(order)
        self._lock(coin, -needed)
        base, worth = order.symbol.removesuffix("USDT"), price * order.quantity
        sign = 1 if order.side == "BUY" else -1
        order.fee = worth * (MAKER if order.maker else TAKER)
        self.free[base] = self.free.get(base, 0.0) + sign * order.quantity
        self.free["USDT"] = self.free.get("USDT", 0.0) - sign * worth - order.fee
        order.status, order.dealt, order.spent = "FILLED", order.quantity, worth
        order.updated = self.world.clock.now_ms()

    def _need(self, order: SpotOrder) -> tuple[str, float]:
        """What an order locks."""
        if order.side == "BUY":
            return "USDT", order.price * order.quantity
        return order.symbol.removesuffix("USDT"), order.quantity

    def _lock(self, coin: str, amount: float) -> None:
        self.free[coin] = self.free.get(coin, 0.0) - amount
        self.locked[coin] = self.locked.get(coin, 0.0) + amount

    def _listing(self, symbol: str) -> Listing:
        listing = self.world.listing(symbol.removesuffix("USDT"))
        if listing is None or not listing.spot:
            raise RefusedError(-1121, "Invalid symbol.")
        return listing

    def _best(self, listing: Listing, side: str) -> float:
        tick = 10.0**-listing.decimals
        return round(self.world.price(listing.base, "spot") + (tick if side == "BUY" else -tick), listing.decimals)


def spot_order(order: SpotOrder) -> dict[str, Any]:
    """An order as /api/v3/order shows it."""
    return {
        "symbol": order.symbol,
        "orderId": str(order.id),
        "orderListId": "-1",
        "clientOrderId": order.client or None,
        "price": f"{order.price:.8f}",
        "origQty": f"{order.quantity:.8f}",
        "executedQty": f"{order.dealt:.8f}",
        "cummulativeQuoteQty": f"{order.spent:.8f}",
        "status": order.status,
        "timeInForce": None,
        "type": order.type,
        "side": order.side,
        "stopPrice": None,
        "icebergQty": None,
        "time": order.created,
        "updateTime": order.updated,
        "isWorking": True,
        "origQuoteOrderQty": f"{order.price * order.quantity:.8f}",
    }


def spot_deal(order: SpotOrder) -> dict[str, Any]:
    """A deal as /api/v3/myTrades shows it."""
    return {
        "symbol": order.symbol,
        "id": f"{order.id}1",
        "orderId": str(order.id),
        "orderListId": "-1",
        "price": f"{order.spent / order.dealt:.8f}",
        "qty": f"{order.dealt:.8f}",
        "quoteQty": f"{order.spent:.8f}",
        "commission": f"{order.fee:.8f}",
        "commissionAsset": "USDT",
        "time": order.updated,
        "isBuyer": order.side == "BUY",
        "isMaker": order.maker,
        "isBestMatch": True,
    }
