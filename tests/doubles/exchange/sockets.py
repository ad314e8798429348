"""The double's websockets: JSON for contracts (/edge), protobuf for spot (/ws).

Pushes follow the world's clock: every state of the forming candle, trades along its way, a ticker. ``drop`` closes
every socket as a broken line would, ``mute`` leaves them open and silent.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from tests.doubles.exchange.shapes import CONTRACT_STEPS, contract_ticker
from tests.doubles.exchange.world import MINUTE, QUARTER

if TYPE_CHECKING:
    from tests.doubles.exchange.double import ExchangeDouble


@dataclass
class Sockets:
    """The open sockets. ``refuse_until`` (monotonic s): until then new ones are turned away.

    ``deals_per_s``: so many trades a second of each contract that is watched, instead of one every quarter of a minute.
    ``garbled``: so many of the next messages are a page of HTML instead.
    """

    double: ExchangeDouble
    opened: int = 0
    dropped: int = 0
    muted_until: float = 0.0
    refuse_until: float = 0.0
    stale: bool = False
    deals_per_s: float = 0.0
    garbled: int = 0
    _open: set[web.WebSocketResponse] = field(default_factory=set)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        app.router.add_get("/edge", self.edge)
        app.router.add_get("/ws", self.spot)

    async def drop(self) -> int:
        """Cut every socket without a farewell; how many."""
        sockets = list(self._open)
        for socket in sockets:
            transport = getattr(socket, "_req").transport  # noqa: B009 - private to aiohttp
            if transport is not None:
                transport.abort()
        self.dropped += len(sockets)
        return len(sockets)

    def moved(self) -> None:
        """A price was moved: say it at once."""
        self._moved.set()
        self._moved = asyncio.Event()

    def mute(self, seconds: float) -> None:
        """Leave all sockets open and say nothing for a while."""
        self.muted_until = time.monotonic() + seconds

    def refuse(self, seconds: float) -> None:
        """Turn new sockets away for a while."""
        self.refuse_until = time.monotonic() + seconds

    async def edge(self, request: web.Request) -> web.StreamResponse:
        """The contract websocket."""
        return await self._serve(request, self._edge_message)

    async def spot(self, request: web.Request) -> web.StreamResponse:
        """The spot websocket."""
        return await self._serve(request, self._spot_message)

    async def _serve(self, request: web.Request, answer: Any) -> web.StreamResponse:
        """Read messages until the socket ends; subscriptions push in tasks of their own."""
        if time.monotonic() < self.refuse_until:
            return web.Response(status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.opened += 1
        self._open.add(socket)
        pushes: list[asyncio.Task[None]] = []
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    task = await answer(socket, json.loads(message.data))
                    if task is not None:
                        pushes.append(asyncio.create_task(task))
        except ConnectionError:
            pass
        finally:
            self._open.discard(socket)
            for task in pushes:
                task.cancel()
            await asyncio.gather(*pushes, return_exceptions=True)
        return socket

    def _silent(self) -> bool:
        """Whether nothing may be said now."""
        return time.monotonic() < self.muted_until

    # ------------------------------------------------------------------ contracts

    async def _edge_message(self, socket: web.WebSocketResponse, message: dict[str, Any]) -> Any:
        """Answer ping and subscriptions."""
        if self._silent():
            return None
        method, param = message.get("method", ""), message.get("param") or {}
        now = self.double.world.clock.now_ms()
        if method == "ping":
            await socket.send_json({"channel": "pong", "data": now})
            return None
        await socket.send_json({"channel": f"rs.{method}", "data": "success", "ts": now})
        symbol = param.get("symbol", "")
        if method == "sub.kline" and param.get("interval") in CONTRACT_STEPS:
            return self._push(socket, symbol, self._edge_kline)
        if method == "sub.deal" and self.deals_per_s:
            return self._push_deals(socket, symbol)
        if method == "sub.deal":
            return self._push(socket, symbol, self._edge_deal)
        if method == "sub.ticker":
            return self._push(socket, symbol, self._edge_ticker)
        return None

    async def _push(self, socket: web.WebSocketResponse, symbol: str, make: Any) -> None:
        """Push at every quarter of a market minute: the last state of the old minute, then the new one's first."""
        clock = self.double.world.clock
        base = symbol.removesuffix("_USDT").removesuffix("USDT")
        at = clock.now_ms()
        with contextlib.suppress(ConnectionError, RuntimeError):
            while not socket.closed:
                if self.garbled:
                    self.garbled -= 1
                    await socket.send_str("<html><body>Bad Gateway</body></html>")
                elif not self._silent():
                    if at % MINUTE < QUARTER:
                        await _send(socket, make(symbol, base, at // MINUTE * MINUTE - 1))
                    await _send(socket, make(symbol, base, at))
                    if self.stale:
                        await _send(socket, make(symbol, base, at - 20 * MINUTE))
                until = (at // QUARTER + 1) * QUARTER
                while await self._until(until):
                    if not self._silent():
                        await _send(socket, make(symbol, base, clock.now_ms()))
                at = until  # never a later moment: an exchange leaves no state out

    async def _until(self, ms: int) -> bool:
        """Wait for a moment; True when a price was moved before it came."""
        clock = self.double.world.clock
        while (left := ms - clock.now_ms()) > 0:  # again where a test holds the clock
            try:
                await asyncio.wait_for(self._moved.wait(), max(left / 1000 / clock.speed, 0.005))
            except TimeoutError:
                continue
            return clock.now_ms() < ms
        return False

    async def _push_deals(self, socket: web.WebSocketResponse, symbol: str) -> None:
        """Push trades at an even pace, for measurements."""
        clock, base = self.double.world.clock, symbol.removesuffix("_USDT")
        due = time.monotonic()
        with contextlib.suppress(ConnectionError, RuntimeError):
            while not socket.closed:
                if not self._silent():
                    await _send(socket, self._edge_deal(symbol, base, clock.now_ms()))
                due += 1 / self.deals_per_s
                await asyncio.sleep(max(due - time.monotonic(), 0))

    def _edge_kline(self, symbol: str, base: str, at: int) -> dict[str, Any] | None:
        """push.kline: "q" is the volume in contracts."""
        rows = self.double.world.forming(base, "swap", at)
        if not len(rows):
            return None
        ts, open_, high, low, close, volume = rows[-1].tolist()
        data = {
            "a": 1.0,
            "c": close,
            "h": high,
            "interval": "Min1",
            "l": low,
            "o": open_,
            "q": volume,
            "rc": close,
            "rh": high,
            "rl": low,
            "ro": open_,
            "symbol": symbol,
            "t": int(ts) // 1000,
        }
        return {"channel": "push.kline", "data": data, "symbol": symbol, "ts": at}

    def _edge_deal(self, symbol: str, base: str, at: int) -> dict[str, Any]:
        """push.deal."""
        deal = {"p": self.double.world.price(base, "swap", at), "v": 4, "T": 1, "O": 3, "M": 2, "t": at}
        return {"symbol": symbol, "data": [deal], "channel": "push.deal", "ts": at}

    def _edge_ticker(self, symbol: str, base: str, at: int) -> dict[str, Any]:
        """push.ticker."""
        listing = self.double.world.listing(base)
        assert listing is not None
        data = contract_ticker(listing, self.double.world.price(base, "swap", at), at)
        return {"symbol": symbol, "data": data, "channel": "push.ticker", "ts": at}

    # ------------------------------------------------------------------ spot

    async def _spot_message(self, socket: web.WebSocketResponse, message: dict[str, Any]) -> Any:
        """Answer PING and subscriptions."""
        if self._silent():
            return None
        if str(message.get("method", "")).upper() == "PING":
            await socket.send_json({"id": 0, "code": 0, "msg": "PONG"})
            return None
        channel = (message.get("params") or [""])[0]
        await socket.send_json({"id": 0, "code": 0, "msg": channel})
        parts = channel.split("@")
        if "kline" in channel:
            return self._push(socket, parts[2], lambda symbol, base, at: self._spot_kline(channel, symbol, base, at))
        if "aggre.deals" in channel:
            return self._push(socket, parts[-1], lambda symbol, base, at: self._spot_deal(channel, symbol, base, at))
        if "bookTicker" in channel:
            return self._push(socket, parts[-1], lambda symbol, base, at: self._spot_book(channel, symbol, base, at))
        return None

    def _spot_kline(self, channel: str, symbol: str, base: str, at: int) -> bytes | None:
        """publicSpotKline."""
        rows = self.double.world.forming(base, "spot", at)
        listing = self.double.world.listing(base)
        if not len(rows) or listing is None:
            return None
        ts, open_, high, low, close, volume = rows[-1].tolist()
        wrapper = _wrapper(channel, symbol, at)
        kline, d = wrapper.publicSpotKline, listing.decimals
        kline.interval, kline.windowStart, kline.windowEnd = "Min1", int(ts) // 1000, int(ts) // 1000 + 60
        kline.openingPrice, kline.closingPrice = f"{open_:.{d}f}", f"{close:.{d}f}"
        kline.highestPrice, kline.lowestPrice = f"{high:.{d}f}", f"{low:.{d}f}"
        kline.volume, kline.amount = f"{volume * listing.contract_size:.8f}", "1"
        return bytes(wrapper.SerializeToString())

    def _spot_deal(self, channel: str, symbol: str, base: str, at: int) -> bytes:
        """publicAggreDeals."""
        wrapper = _wrapper(channel, symbol, at)
        deal = wrapper.publicAggreDeals.deals.add()
        deal.price, deal.quantity, deal.tradeType, deal.time = (
            str(self.double.world.price(base, "spot", at)),
            "1",
            1,
            at,
        )
        return bytes(wrapper.SerializeToString())

    def _spot_book(self, channel: str, symbol: str, base: str, at: int) -> bytes:
        """publicAggreBookTicker."""
        listing = self.double.world.listing(base)
        assert listing is not None
        price, tick, d = self.double.world.price(base, "spot", at), 10.0**-listing.decimals, listing.decimals
        wrapper = _wrapper(channel, symbol, at)
        book = wrapper.publicAggreBookTicker
        book.bidPrice, book.bidQuantity = f"{price - tick:.{d}f}", "1"
        book.askPrice, book.askQuantity = f"{price + tick:.{d}f}", "1"
        return bytes(wrapper.SerializeToString())


def _wrapper(channel: str, symbol: str, at: int) -> Any:
    """MEXC's envelope."""
    from ccxt.protobuf.mexc import PushDataV3ApiWrapper_pb2

    wrapper = PushDataV3ApiWrapper_pb2.PushDataV3ApiWrapper()
    wrapper.channel, wrapper.symbol, wrapper.sendTime = channel, symbol, at
    return wrapper


async def _send(socket: web.WebSocketResponse, message: dict[str, Any] | bytes | None) -> None:
    """Send JSON or bytes."""
    if isinstance(message, bytes):
        await socket.send_bytes(message)
    elif message is not None:
        await socket.send_json(message)
