"""Live prices of any number of symbols as one stream of events: closed candles, trades, quotes.

::

    async with Feed(client, "mexc", "swap") as feed:
        await feed.subscribe("BTCUSDT")
        async for event in feed: ...

How it works:

1. Each symbol has three watchers (candles, trades, ticker) over ccxt.pro, and a keeper.
2. A watcher that fails, for whatever reason, tells the line of candles that it was cut and starts again. Without this,
   an exception in a handler of ccxt stops a stream in silence.
3. The keeper asks the exchange's history for closed candles that the sockets did not bring whole (``candleline.py``):
   after a start, a break, a silence. Candles come out in order, each once; what comes late is counted and dropped.
4. When a symbol says nothing for ``silence_s``, all sockets are replaced; they share one connection. When that does not
   help ``restarts`` times, the symbol is polled until its sockets speak again, and causes a replacement rarely.

The client is given, not made here, so a test or a paper trader decides where it calls.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from engine.market.asking import Asker, RefusedError
from engine.market.candleline import CandleLine, Row
from engine.market.feedevents import ClosedCandle, FeedEvent, FeedState, Quote, TradeSeen
from engine.market.listing import find_market
from engine.market.pages import VOLUME_IN_CONTRACTS, Series, candle_page
from engine.market.ranges import Range
from engine.market.timeframes import parse_timeframe
from engine.market.venue import Client
from engine.problem import Problem

LOG = logging.getLogger(__name__)
MOST_WAITING = 20_000


@dataclass(frozen=True)
class FeedSettings:
    """Times in seconds of this machine, except ``grace_ms`` and ``final_ms``, which are market time.

    ``silence_s``: a symbol that says nothing so long gets new sockets. ``grace_ms`` after its end a candle is asked for
    when the socket did not bring it; ``final_ms`` after its end one that the history lacks is one that the exchange
    does not have. ``poll_s``: between two questions for prices while sockets are out; ``retry_s``: between two
    attempts to replace them all the same, because a subscription may have been lost on a socket that works.
    """

    silence_s: float = 20.0
    restarts: int = 2
    tick_s: float = 0.2
    poll_s: float = 2.0
    grace_ms: int = 1_500
    final_ms: int = 30_000
    longest_wait_s: float = 5.0
    retry_s: float = 300.0


@dataclass
class _Watched:
    """One symbol of the feed. ``connections`` are the sockets that its last news came through."""

    series: Series
    line: CandleLine
    heard_at: float
    state: Literal["live", "restarted", "polling"] = "live"
    quiet_restarts: int = 0
    newest_trade_ms: int = 0
    newest_quote_ms: int = 0
    polled_at: float = 0.0
    connections: tuple[Any, ...] = ()
    watchers: list[asyncio.Task[None]] = field(default_factory=list)
    keeper: asyncio.Task[None] | None = None


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
        self.restarts = self.overrun = 0
        self._stale = 0
        self._asker = Asker(client, attempts=1)
        self._events: asyncio.Queue[FeedEvent | None] = asyncio.Queue()
        self._watched: dict[str, _Watched] = {}
        self._restarting = asyncio.Lock()
        self._restarted_at = 0.0

    @property
    def stale(self) -> int:
        """See the class."""
        return self._stale + sum(watched.line.stale for watched in self._watched.values())

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that are watched."""
        return tuple(self._watched)

    @property
    def waiting(self) -> int:
        """How many events nobody has taken yet."""
        return self._events.qsize()

    def through_ms(self, symbol: str) -> int:
        """All candles of a symbol that open before this were told, or are not there; 0 for one that is not watched."""
        watched = self._watched.get(symbol)
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
            return refusal.problem
        market = find_market(self.client.markets, symbol, self.kind, self.exchange)
        step = parse_timeframe(self.timeframe)
        if isinstance(market, Problem):
            return market
        if step is None:
            return Problem(f'"{self.timeframe}" is no time frame', hint="such as 1m")
        series = Series(self.exchange, self.kind, market, self.timeframe, step)
        if series.symbol in self._watched:
            return None
        line = CandleLine(step, (self.now_ms() if from_ms is None else from_ms) // step * step)
        watched = self._watched[series.symbol] = _Watched(series, line, time.monotonic())
        self._start_watching(watched)
        watched.keeper = asyncio.create_task(self._keep(watched))
        return None

    def _start_watching(self, watched: _Watched) -> None:
        """The three watchers of a symbol."""
        name = watched.series.market["symbol"]
        work = (
            self._watch(watched, lambda: self.client.watch_ohlcv(name, self.timeframe), self._on_candles),
            self._watch(watched, lambda: self.client.watch_trades(name), self._on_trades),
            self._watch(watched, lambda: self.client.watch_ticker(name), self._on_ticker),
        )
        watched.watchers = [asyncio.create_task(one) for one in work]

    async def unsubscribe(self, symbol: str) -> None:
        """Watch a symbol no longer; nothing for one that is not watched."""
        watched = self._watched.pop(symbol, None)
        if watched is not None:
            self._stale += watched.line.stale
            await _end([*watched.watchers, *([watched.keeper] if watched.keeper else [])])

    async def close(self) -> None:
        """End all watching and the stream of events. The client stays open: it belongs to the caller."""
        for symbol in self.symbols:
            await self.unsubscribe(symbol)
        self._events.put_nowait(None)

    # ------------------------------------------------------------------ sockets

    async def _watch(
        self,
        watched: _Watched,
        news: Callable[[], Awaitable[Any]],
        take: Callable[[_Watched, Any], None],
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
            except Exception as error:
                watched.line.break_()
                failures += 1
                LOG.info("feed %s: %s: %s", watched.series, type(error).__name__, str(error)[:200])
                await asyncio.sleep(min(0.02 * 2**failures, self.settings.longest_wait_s))

    def _hear(self, watched: _Watched) -> None:
        """Something came."""
        watched.heard_at, watched.quiet_restarts = time.monotonic(), 0
        if watched.state != "live":
            self._tell_state(watched, "live", "its sockets speak")

    def _on_candles(self, watched: _Watched, rows: Sequence[Sequence[Any]]) -> None:
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
            open_, high, low, close, volume = (float(value) for value in values)
            watched.line.push((int(ts), open_, high, low, close, volume * self._unit(watched)))
        if watched.line.stale > stale:
            # ccxt hands out the last rows of its cache; an old one among them can stand in the place of a final state.
            watched.line.break_()
        self._tell_candles(watched, watched.line.take(), "socket")

    def _on_trades(self, watched: _Watched, trades: Sequence[dict[str, Any]]) -> None:
        """Trades, in order of time."""
        for trade in trades:
            ts = int(trade["timestamp"])
            if ts < watched.newest_trade_ms:
                self._stale += 1
                continue
            watched.newest_trade_ms = ts
            amount = float(trade["amount"] or 0) * self._unit(watched)
            self._tell(TradeSeen(watched.series.symbol, ts, float(trade["price"]), amount, trade.get("side") or ""))

    def _on_ticker(self, watched: _Watched, ticker: dict[str, Any]) -> None:
        """A quote; MEXC gives the mark price as its fair price."""
        ts = int(ticker.get("timestamp") or self.now_ms())
        if ts < watched.newest_quote_ms:
            self._stale += 1
            return
        watched.newest_quote_ms = ts
        mark = ticker.get("markPrice") or (ticker.get("info") or {}).get("fairPrice")
        last, bid, ask, fair = (
            None if value is None else float(value)
            for value in (ticker.get("last"), ticker.get("bid"), ticker.get("ask"), mark)
        )
        self._tell(Quote(watched.series.symbol, ts, last, bid, ask, fair))

    def _unit(self, watched: _Watched) -> float:
        """Coins in one unit of volume."""
        if self.kind != "swap" or self.exchange not in VOLUME_IN_CONTRACTS:
            return 1.0
        return float(watched.series.market.get("contractSize") or 1)

    # ------------------------------------------------------------------ history, silence, polling

    async def _keep(self, watched: _Watched) -> None:
        """Fill what is missing, notice silence, and poll while there are no sockets."""
        while True:
            await asyncio.sleep(self.settings.tick_s)
            try:
                await self._fill(watched)
                await self._notice_silence(watched)
                if watched.state == "polling":
                    await self._poll(watched)
            except Exception as error:
                LOG.info("feed %s: %s: %s", watched.series, type(error).__name__, str(error)[:200])

    async def _fill(self, watched: _Watched) -> None:
        """Ask the history for candles that are due."""
        line = watched.line
        due = line.due(self.now_ms(), self.settings.grace_ms)
        if due is None:
            return
        due = Range(due.start_ms, min(due.end_ms, due.start_ms + watched.series.page_ms))
        found = await candle_page(self._asker, watched.series, due)
        columns = (found.ts, found.open, found.high, found.low, found.close, found.volume)
        rows: list[Row] = [(int(r[0]), r[1], r[2], r[3], r[4], r[5]) for r in zip(*map(_list, columns), strict=True)]
        taken = line.fill(due, rows, self.now_ms() - self.settings.final_ms)
        self._tell_candles(watched, taken, "history")
        self._tell_candles(watched, line.take(), "socket")

    async def _notice_silence(self, watched: _Watched) -> None:
        """Replace the sockets of a symbol that is silent, or give up on them for now."""
        quiet_s = time.monotonic() - watched.heard_at
        if watched.state == "polling":
            if quiet_s > self.settings.retry_s:
                watched.heard_at = time.monotonic()
                await self._replace_sockets()
            return
        if quiet_s <= self.settings.silence_s:
            return
        if watched.quiet_restarts >= self.settings.restarts:
            self._tell_state(watched, "polling", f"{watched.quiet_restarts} restarts did not help")
            return
        watched.quiet_restarts += 1
        watched.heard_at = time.monotonic()
        self._tell_state(watched, "restarted", f"silent for {self.settings.silence_s:g} s")
        await self._replace_sockets()

    async def _replace_sockets(self) -> None:
        """Close all sockets; the watchers open new ones. Several silent symbols cause one replacement."""
        async with self._restarting:
            if time.monotonic() - self._restarted_at < self.settings.silence_s / 2:
                return
            self._restarted_at = time.monotonic()
            self.restarts += 1
            everyone = list(self._watched.values())
            # Their questions would wait for the old sockets, which answer no more.
            await _end([task for watched in everyone for task in watched.watchers])
            await self.client.close_ws_clients()
            for watched in everyone:
                watched.line.break_()
                if watched.series.symbol in self._watched:
                    self._start_watching(watched)

    async def _poll(self, watched: _Watched) -> None:
        """A quote by question; the candles come from ``_fill``."""
        if time.monotonic() - watched.polled_at >= self.settings.poll_s:
            watched.polled_at = time.monotonic()
            name = watched.series.market["symbol"]
            ticker = await self._asker.ask(lambda: self.client.fetch_ticker(name), f"the price of {name}")
            self._on_ticker(watched, ticker)

    # ------------------------------------------------------------------ telling

    def _tell_candles(self, watched: _Watched, rows: Sequence[Row], origin: Literal["socket", "history"]) -> None:
        """Closed candles."""
        for ts, open_, high, low, close, volume in rows:
            place = (watched.series.symbol, ts, watched.line.step_ms)
            self._events.put_nowait(ClosedCandle(*place, open_, high, low, close, volume, origin))

    def _tell_state(self, watched: _Watched, state: Literal["live", "restarted", "polling"], reason: str) -> None:
        """A change of state."""
        watched.state = state
        self._events.put_nowait(FeedState(watched.series.symbol, self.now_ms(), state, reason))

    def _tell(self, event: TradeSeen | Quote) -> None:
        """News that may be left out when nobody listens."""
        if self._events.qsize() >= MOST_WAITING:
            self.overrun += 1
        else:
            self._events.put_nowait(event)


def _list(column: Any) -> list[Any]:
    """A column as plain numbers."""
    return list(column.tolist())


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait for their end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
