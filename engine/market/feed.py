"""Live prices of any number of symbols as one stream of events: closed candles, trades, quotes.

::

    async with Feed(client, "mexc", "swap") as feed:
        await feed.subscribe("BTCUSDT")
        async for event in feed: ...

How it works:

1. Each symbol has three watchers (candles, trades, ticker) over ccxt.pro, and a keeper.
2. A watcher that fails, for whatever reason, tells the line of candles that it was cut and starts again. Without this,
   an exception in a handler of ccxt stops a stream in silence.
3. The keeper (``feedkeeping.py``) asks the exchange's history for closed candles that the sockets did not bring whole:
   after a start, a break, a silence; what is over, the exchange's clock says (``exchangetime.py``), not that of this
   machine. Candles come out in order, each once; what comes late is counted and dropped. It
   replaces the sockets of a symbol that is silent, and polls when there are none.

The client is given, not made here, so a test or a paper trader decides where it calls.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

from engine.market.asking import Asker, RefusedError
from engine.market.candleline import CandleLine, Row
from engine.market.exchangetime import ExchangeTime
from engine.market.feedevents import ClosedCandle, FeedEvent, FeedState, Quote, TradeSeen
from engine.market.feedkeeping import FeedSettings, Keeper, Watched
from engine.market.listing import find_market
from engine.market.pages import VOLUME_IN_CONTRACTS, Series
from engine.market.timeframes import parse_timeframe
from engine.market.venue import Client
from engine.problem import Problem
from engine.tasks import end_tasks, told_to_end

LOG = logging.getLogger(__name__)
MOST_WAITING = 20_000
__all__ = ["Feed", "FeedSettings", "machine_ms"]


def machine_ms() -> int:
    """The time of this machine, UTC epoch ms."""
    return int(time.time() * 1000)


class Feed:
    """See the module's docstring.

    Attributes
    ----------
    stale
        News older than what was known already (candles, trades, quotes): counted, not passed on.
    restarts
        How often the sockets were replaced.
    overrun
        Trades and quotes left out because nobody took the events; candles are never left out.
    """

    def __init__(
        self,
        client: Client,
        exchange: str,
        kind: str,
        timeframe: str = "1m",
        settings: FeedSettings | None = None,
        now_ms: Callable[[], int] = machine_ms,
    ) -> None:
        self.client, self.exchange, self.kind, self.timeframe = client, exchange, kind, timeframe
        self.settings = settings or FeedSettings()
        self.now_ms = now_ms
        self.overrun = 0
        self._stale = 0
        self._events: asyncio.Queue[FeedEvent | None] = asyncio.Queue()
        self.watched: dict[str, Watched] = {}
        self.time = ExchangeTime(client, self.settings.poll_s, now_ms)
        self._keeper = Keeper(self)
        self._understood = client.handle_message
        client.handle_message = self._message

    @property
    def stale(self) -> int:
        """See the class."""
        return self._stale + sum(watched.line.stale for watched in self.watched.values())

    @property
    def restarts(self) -> int:
        """See the class."""
        return self._keeper.restarts

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that are watched."""
        return tuple(self.watched)

    @property
    def waiting(self) -> int:
        """How many events nobody has taken yet."""
        return self._events.qsize()

    def through_ms(self, symbol: str) -> int:
        """All candles of a symbol that open before this were told, or are not there; 0 for one that is not watched."""
        watched = self.watched.get(symbol)
        return watched.line.next_ms if watched else 0

    async def __aenter__(self) -> Feed:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def __aiter__(self) -> AsyncIterator[FeedEvent]:
        """The events, until the feed is closed."""
        while (event := await self._events.get()) is not None:
            yield event

    async def subscribe(self, symbol: str, from_ms: int | None = None) -> Problem | None:
        """Watch a symbol; its first candle is the one now forming, or that which opens at ``from_ms`` (a restart).

        A problem when the exchange cannot be reached or lists no such market. Twice the same symbol does nothing.
        """
        try:
            await Asker(self.client, attempts=3).ask(self.client.load_markets, "the list of its markets")
        except RefusedError as refusal:
            return replace(refusal.problem, hint="it is asked again")
        market = find_market(self.client.markets, symbol, self.kind, self.exchange)
        step = parse_timeframe(self.timeframe)
        if isinstance(market, Problem):
            return market
        if step is None:
            return Problem(f'"{self.timeframe}" is no time frame', hint="such as 1m")
        series = Series(self.exchange, self.kind, market, self.timeframe, step)
        if series.symbol in self.watched:
            return None
        line = CandleLine(step, (self.now_ms() if from_ms is None else from_ms) // step * step)
        watched = self.watched[series.symbol] = Watched(series, line, time.monotonic())
        self.start_watching(watched)
        watched.keeper = asyncio.create_task(self._keeper.keep(watched))
        return None

    def start_watching(self, watched: Watched) -> None:
        """The three watchers of a symbol."""
        name = watched.series.market["symbol"]
        work = (
            self._watch(watched, lambda: self.client.watch_ohlcv(name, self.timeframe), self._on_candles),
            self._watch(watched, lambda: self.client.watch_trades(name), self._on_trades),
            self._watch(watched, lambda: self.client.watch_ticker(name), self.on_ticker),
        )
        watched.watchers = [asyncio.create_task(one) for one in work]

    async def unsubscribe(self, symbol: str) -> None:
        """Watch a symbol no longer; nothing for one that is not watched."""
        watched = self.watched.pop(symbol, None)
        if watched is not None:
            self._stale += watched.line.stale
            await end_tasks(*watched.watchers, *([watched.keeper] if watched.keeper else []))

    async def close(self) -> None:
        """End all watching and the stream of events. The client stays open: it belongs to the caller."""
        for symbol in self.symbols:
            await self.unsubscribe(symbol)
        await self._keeper.ended()
        self._events.put_nowait(None)

    # ------------------------------------------------------------------ sockets

    async def _watch(
        self,
        watched: Watched,
        news: Callable[[], Awaitable[Any]],
        take: Callable[[Watched, Any], None],
    ) -> None:
        """Take one kind of news for ever, and start again after whatever goes wrong."""
        failures = 0
        while True:
            try:
                found = await asyncio.wait_for(news(), 2 * self.settings.silence_s)
                failures = 0
                self._hear(watched)
                take(watched, found)
            except TimeoutError:
                continue
            except (Exception, asyncio.CancelledError) as error:
                if told_to_end():
                    raise
                watched.line.break_()
                failures += 1
                LOG.info("feed %s: %s: %s", watched.series, type(error).__name__, str(error)[:200])
                await asyncio.sleep(min(0.02 * 2**failures, self.settings.longest_wait_s))

    def _message(self, socket: object, message: object) -> None:
        """Every message of a socket, on its way to ccxt. One that is no JSON may have been any candle's last state."""
        if isinstance(message, str):
            for watched in self.watched.values():
                watched.line.break_()
        self._understood(socket, message)

    def _hear(self, watched: Watched) -> None:
        """Something came."""
        watched.heard_at, watched.quiet_restarts = time.monotonic(), 0
        if watched.state != "live":
            self.tell_state(watched, "live", "its sockets speak")

    def _on_candles(self, watched: Watched, rows: Sequence[Sequence[Any]]) -> None:
        """States of candles. When the sockets were replaced meanwhile, nobody knows which of them came before."""
        connections = tuple((self.client.clients or {}).values())
        same = len(connections) == len(watched.connections) and all(
            one is other for one, other in zip(connections, watched.connections, strict=True)
        )
        if not same:
            watched.connections = connections
            watched.line.break_()
            return
        stale = watched.line.stale
        for ts, *values in rows:
            self.time.seen(int(ts))
            open_, high, low, close, volume = (float(value) for value in values)
            watched.line.push((int(ts), open_, high, low, close, volume * self._unit(watched)))
        if watched.line.stale > stale:
            # ccxt hands out the last rows of its cache; an old one among them can stand in the place of a final state.
            watched.line.break_()
        self.tell_candles(watched, watched.line.take(), "socket")

    def _on_trades(self, watched: Watched, trades: Sequence[dict[str, Any]]) -> None:
        """Trades, in order of time."""
        for trade in trades:
            ts = int(trade["timestamp"])
            if ts < watched.newest_trade_ms:
                self._stale += 1
                continue
            watched.newest_trade_ms = ts
            self.time.seen(ts)
            amount = float(trade["amount"] or 0) * self._unit(watched)
            self._tell(TradeSeen(watched.series.symbol, ts, float(trade["price"]), amount, trade.get("side") or ""))

    def on_ticker(self, watched: Watched, ticker: dict[str, Any]) -> None:
        """A quote; MEXC gives the mark price as its fair price."""
        self.time.seen(int(ticker.get("timestamp") or 0))
        ts = int(ticker.get("timestamp") or self.now_ms())
        if ts < watched.newest_quote_ms:
            self._stale += 1
            return
        watched.newest_quote_ms = ts
        mark = ticker.get("markPrice") or (ticker.get("info") or {}).get("fairPrice")
        last, bid, ask, fair = (
            float(value) if value else None  # an empty book is quoted as 0
            for value in (ticker.get("last"), ticker.get("bid"), ticker.get("ask"), mark)
        )
        self._tell(Quote(watched.series.symbol, ts, last, bid, ask, fair))

    def _unit(self, watched: Watched) -> float:
        """Coins in one unit of volume."""
        if self.kind != "swap" or self.exchange not in VOLUME_IN_CONTRACTS:
            return 1.0
        return float(watched.series.market.get("contractSize") or 1)

    # ------------------------------------------------------------------ telling

    def tell_candles(self, watched: Watched, rows: Sequence[Row], origin: Literal["socket", "history"]) -> None:
        """Closed candles."""
        for ts, open_, high, low, close, volume in rows:
            place = (watched.series.symbol, ts, watched.line.step_ms)
            self._events.put_nowait(ClosedCandle(*place, open_, high, low, close, volume, origin))

    def tell_state(self, watched: Watched, state: Literal["live", "restarted", "polling"], reason: str) -> None:
        """A change of state."""
        watched.state = state
        self._events.put_nowait(FeedState(watched.series.symbol, self.now_ms(), state, reason))

    def _tell(self, event: TradeSeen | Quote) -> None:
        """News that may be left out when nobody listens."""
        if self._events.qsize() >= MOST_WAITING:
            self.overrun += 1
        else:
            self._events.put_nowait(event)
