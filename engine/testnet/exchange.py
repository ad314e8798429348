"""What the broker says to a test exchange, in MEXC's words, and what the answers mean.

Questions are asked again until they are answered (``Asker``). Orders are sent once: an answer that got lost says
nothing about the order, so it comes back as ``UNKNOWN`` and the broker asks by the client's id.

What ccxt 4.5.90 makes of a call, and what it leaves out, read in its source and held by tests/testnet/test_double.py:

- ``create_order`` sends parameters it does not know as they are, so ``stopLossPrice`` travels with the order and the
  position is protected from its first contract on.
- ``reduceOnly`` decides the side (2 closes a short, 4 a long) and is not sent; there is no other reduce-only on MEXC.
- An order is found by the client's id through ``order/external``; a plan order (trigger) has no such route and is
  looked for in the list by what it is.
- ``fetch_open_orders(trigger=True)`` reads a cancelled plan order as open: states are read from the raw answer here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from engine.domain import Side
from engine.testnet.line import GONE, Line, Said, said
from engine.testnet.ticket import Rung

RESTING, FILLED = (1, 2), 3  # MEXC's states of an order; 4 is cancelled, 5 invalid
WAITS, EXECUTED = 1, 3  # of a plan order or a stop


class Lost(Enum):
    """What became of an order whose answer did not come."""

    UNKNOWN = "unknown"
    NOT_ARRIVED = "not arrived"


UNKNOWN, NOT_ARRIVED = Lost.UNKNOWN, Lost.NOT_ARRIVED


@dataclass(frozen=True, slots=True)
class Found:
    """An order as the exchange has it; ``plan`` waits for its trigger (then nothing is filled)."""

    exchange_id: str
    contracts: float
    filled: float
    average: float
    open: bool
    plan: bool = False


@dataclass(frozen=True, slots=True)
class StopOrder:
    """A stop as the exchange has it.

    ``order`` is the order it came with ("0": none), ``long`` what it protects, ``placed`` the order that it became.
    """

    id: str
    symbol: str
    order: str
    long: bool
    price: float
    contracts: float
    placed: str


class Exchange(Line):
    """One client with keys, its markets loaded."""

    async def start(self) -> None:
        """Load the contracts. Raises RefusedError."""
        await self.asker.ask(self.client.load_markets, "its contracts")

    def contract_size(self, symbol: str) -> float | None:
        """Coins per contract; None for a contract that the exchange does not list."""
        market = self.client.markets.get(symbol)
        return float(market["contractSize"]) if market is not None else None

    async def price(self, symbol: str) -> float:
        """The last price. Raises RefusedError."""
        ticker = await self.asker.ask(lambda: self.client.fetch_ticker(symbol), f"the price of {symbol}")
        return float(ticker["last"])

    # ------------------------------------------------------------------ orders

    async def enter(
        self, symbol: str, side: Side, rung: Rung, leverage: int, stop: float | None, id_: str
    ) -> str | Said | Lost:
        """Send an entry order with its stop; the exchange's id, its refusal, or that nobody knows."""
        more: dict[str, Any] = {"marginMode": "isolated", "leverage": leverage, "clientOrderId": id_}
        if stop is not None:
            more["stopLossPrice"] = self.level(symbol, stop)
        if rung.kind == "stop":
            more |= {"triggerPrice": rung.price, "triggerType": 1 if side is Side.LONG else 2, "executeCycle": 2}
        kind, price = ("limit", rung.price) if rung.kind == "limit" else ("market", None)
        way = "buy" if side is Side.LONG else "sell"
        return await self._send(symbol, kind, way, rung.contracts, price, more)

    async def leave(
        self, symbol: str, side: Side, contracts: float, price: float | None, leverage: int, id_: str
    ) -> str | Said | Lost:
        """Send an order that only reduces the position: at the market, or at a price."""
        more = {"marginMode": "isolated", "leverage": leverage, "reduceOnly": True, "clientOrderId": id_}
        way = "sell" if side is Side.LONG else "buy"
        return await self._send(symbol, "market" if price is None else "limit", way, contracts, price, more)

    async def _send(
        self, symbol: str, kind: str, way: str, contracts: float, price: float | None, more: dict[str, Any]
    ) -> str | Said | Lost:
        """One request, never repeated here."""
        import ccxt

        try:
            made = await self.client.create_order(symbol, kind, way, contracts, price, more)
        except (ccxt.RateLimitExceeded, ccxt.DDoSProtection):
            return NOT_ARRIVED
        except (
            ccxt.InvalidOrder,
            ccxt.InsufficientFunds,
            ccxt.BadRequest,
            ccxt.AuthenticationError,
            ccxt.ArgumentsRequired,
            ccxt.NotSupported,
        ) as error:
            return said(error)
        except ccxt.ExchangeError as error:
            answer = said(error)
            return answer if answer.code.startswith(("1", "2", "3", "5", "6")) and len(answer.code) == 4 else UNKNOWN
        except (ccxt.BaseError, TimeoutError, OSError):
            return UNKNOWN
        return str(made["id"]) if made["id"] else UNKNOWN

    async def find(self, symbol: str, id_: str) -> Found | None:
        """The order with a client's id. Raises RefusedError when nobody answers."""
        ask = self.client.contractPrivateGetOrderExternalSymbolExternalOid
        query = {"symbol": self.id_of(symbol), "external_oid": id_}
        row = await self.data(lambda: ask(query), f"order {id_}")
        return _found(row) if row else None

    async def look(self, symbol: str, exchange_id: str) -> Found | None:
        """An order by the exchange's id. Raises RefusedError."""
        query = {"symbol": self.id_of(symbol), "order_id": exchange_id}
        row = await self.data(lambda: self.client.contractPrivateGetOrderGetOrderId(query), f"order {exchange_id}")
        return _found(row) if row else None

    async def plans(self, symbol: str) -> list[dict[str, Any]]:
        """The plan orders of a contract, newest first, as MEXC tells them. Raises RefusedError."""
        query = {"symbol": self.id_of(symbol)}
        return await self.pages(self.client.contractPrivateGetPlanorderListOrders, query, "the plan orders")

    async def find_plan(self, symbol: str, side: Side, rung: Rung, id_: str, taken: set[str]) -> Found | None:
        """A plan order by the client's id where it is shown, else by what it is; ``taken`` are others' ids."""
        trigger = self.level(symbol, rung.price or 0.0)
        for row in await self.plans(symbol):
            own = row.get("externalOid") == id_
            same = (
                int(row["side"]) == (1 if side is Side.LONG else 3)
                and float(row["triggerPrice"]) == trigger
                and float(row["vol"]) == rung.contracts
            )
            if own or (same and not row.get("externalOid") and str(row["id"]) not in taken):
                return _found_plan(row)
        return None

    async def look_plan(self, symbol: str, exchange_id: str) -> Found | None:
        """A plan order by its id; once it has triggered, the order that came of it. Raises RefusedError."""
        row = next((row for row in await self.plans(symbol) if str(row["id"]) == exchange_id), None)
        if row is None:
            return None
        placed = str(row.get("orderId") or "0")
        if int(row["state"]) == EXECUTED and placed != "0":
            return await self.look(symbol, placed)
        return _found_plan(row)

    async def cancel(self, symbol: str, exchange_id: str, *, plan: bool) -> None:
        """Take an order back; nothing happens when it has ended. Raises RefusedError."""
        import ccxt

        async def ask() -> None:
            try:
                await self.client.cancel_order(exchange_id, symbol, {"trigger": True} if plan else {})
            except ccxt.InvalidOrder:
                return  # it has ended; its state is read next
            except ccxt.ExchangeError as error:
                if said(error).code not in GONE:
                    raise

        await self.asker.ask(ask, f"cancelling {exchange_id}")

    # ------------------------------------------------------------------ stops

    async def stops(self, symbol: str | None = None, *, finished: bool = False) -> list[StopOrder]:
        """The stops that wait, or those that are over, of one contract or all. Raises RefusedError."""
        query: dict[str, Any] = {"is_finished": int(finished)}
        if symbol is not None:
            query["symbol"] = self.id_of(symbol)
        rows = await self.pages(self.client.contractPrivateGetStoporderListOrders, query, "the stop orders")
        return [
            StopOrder(
                str(row["id"]),
                self.symbol_of(row),
                str(row.get("orderId") or "0"),
                int(row["positionType"]) == 1,
                float(row.get("stopLossPrice") or 0),
                float(row["vol"]),
                str(row.get("placeOrderId") or "0"),
            )
            for row in rows
        ]

    async def move_stop(self, stop: StopOrder, price: float, symbol: str) -> Said | None:
        """Put a stop at another price; what the exchange has against it. Raises RefusedError."""
        level = self.level(symbol, price)
        query = {"stopPlanOrderId": int(stop.id), "stopLossPrice": level}
        return await self.repeat(self.client.contractPrivatePostStoporderChangePlanPrice, query, "moving a stop")

    async def move_attached(self, exchange_id: str, price: float, symbol: str) -> Said | None:
        """Change the stop that will come with an order in the book. Raises RefusedError."""
        level = self.level(symbol, price)
        query = {"orderId": int(exchange_id), "stopLossPrice": level}
        return await self.repeat(self.client.contractPrivatePostStoporderChangePrice, query, "moving an order's stop")

    async def guard(self, symbol: str, side: Side, contracts: float, price: float) -> Said | None:
        """Ask once for a stop of contracts that have none; what is against it. Whether it stands, ``stops`` tells."""
        position = next(
            (p for p in await self.positions(symbol) if p["positionType"] == (1 if side.sign > 0 else 2)), None
        )
        if position is None:
            return Said("2009", "there is no position")
        level = self.level(symbol, price)
        query = {"positionId": int(position["positionId"]), "vol": contracts, "stopLossPrice": level, "lossTrend": 1}
        return await self.once(self.client.contractPrivatePostStoporderPlace, query)

    async def drop_stop(self, stop: StopOrder) -> Said | None:
        """Take a stop away. Raises RefusedError."""
        query = [{"stopPlanOrderId": int(stop.id)}]
        return await self.repeat(self.client.contractPrivatePostStoporderCancel, query, "cancelling a stop")

    # ------------------------------------------------------------------ the account

    async def positions(self, symbol: str | None = None) -> list[dict[str, Any]]:
        """The open positions as MEXC tells them. Raises RefusedError."""
        query = {} if symbol is None else {"symbol": self.id_of(symbol)}
        rows = await self.data(lambda: self.client.contractPrivateGetPositionOpenPositions(query), "the positions")
        return [row | {"positionType": int(row["positionType"])} for row in rows or ()]

    async def holds(self) -> dict[tuple[str, bool], float]:
        """Contracts held by symbol and by whether they are long. Raises RefusedError."""
        return {
            (self.symbol_of(row), row["positionType"] == 1): float(row["holdVol"]) for row in await self.positions()
        }

    async def equity(self, currency: str = "USDT") -> float:
        """What the account is worth. Raises RefusedError."""
        rows = await self.data(self.client.contractPrivateGetAccountAssets, "the account")
        return next((float(row["equity"]) for row in rows or () if row["currency"] == currency), 0.0)

    async def book(self) -> dict[str, Found]:
        """All orders in the book by their ids. Raises RefusedError."""
        rows = await self.pages(self.client.contractPrivateGetOrderListOpenOrders, {}, "the open orders")
        return {str(row["orderId"]): _found(row) for row in rows}


def _found(row: dict[str, Any]) -> Found:
    """An order of MEXC's."""
    dealt = float(row.get("dealVol") or 0)
    open_ = int(row["state"]) in RESTING
    return Found(str(row["orderId"]), float(row["vol"]), dealt, float(row.get("dealAvgPrice") or 0), open_)


def _found_plan(row: dict[str, Any]) -> Found:
    """A plan order of MEXC's that has not become an order."""
    return Found(str(row["id"]), float(row["vol"]), 0.0, 0.0, int(row["state"]) == WAITS, plan=True)
