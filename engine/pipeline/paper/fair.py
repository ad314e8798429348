"""Fair prices beside the live candles: what liquidates a position on a futures exchange.

``FairFeed`` stands between the price feed and whoever takes its events. A closed candle of a symbol with a call in the
market is held back until the fair (mark) price of its time is known, which is one question a minute for each such
symbol; candles of one symbol keep their order, other events pass. Until then the candle counts as one that has not come
yet. An exchange that does not answer for ``PATIENCE_S`` holds trading up no longer: those minutes then go by the last
prices, as in a backtest without fair prices, and that is told once. It is asked again after a while that doubles.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.market.asking import Asker, RefusedError
from engine.market.feedevents import ClosedCandle, FeedEvent
from engine.market.pages import Series, candle_page
from engine.market.ranges import Range
from engine.paper.prices import PriceBook
from engine.units import DAY_MS

if TYPE_CHECKING:
    from engine.market.listing import Market
    from engine.paper.pace import PriceFeed
    from engine.problem import Problem
from engine.tasks import end_tasks

LOG = logging.getLogger(__name__)
AT_ONCE = 8
PAUSE_S = 1.0
PATIENCE_S = 120.0  # a candle is held back no longer
REST_S, LONGEST_REST_S = 60.0, 1800.0  # until a symbol whose fair price did not come is asked for again
MOST_MS = 7 * DAY_MS  # of fair prices asked for at once


@dataclass
class FairFeed:
    """See the module's docstring.

    Parameters
    ----------
    since_ms
        From which moment on a symbol's fair prices matter (None: they do not, no call of it is in the market).
    market
        The listed market of a symbol.
    tell
        Hears of symbols whose fair prices do not come.
    """

    feed: PriceFeed
    client: Any
    source: str
    timeframe: str
    timeframe_ms: int
    since_ms: Callable[[str], int | None]
    market: Callable[[str], Market | None]
    tell: Callable[[str], None]
    pause_s: float = PAUSE_S
    patience_s: float = PATIENCE_S
    clock_s: Callable[[], float] = time.monotonic
    _out: asyncio.Queue[FeedEvent | None] = field(default_factory=asyncio.Queue)
    _held: dict[str, list[ClosedCandle]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _resting: dict[str, tuple[float, float]] = field(default_factory=dict)  # until when, and for how long

    def __post_init__(self) -> None:
        self.prices = PriceBook(self.timeframe_ms)
        self._asker = Asker(self.client, attempts=2, longest_wait_s=2.0)
        self._gate = asyncio.Semaphore(AT_ONCE)

    # ------------------------------------------------------------------ the feed behind it

    async def subscribe(self, symbol: str, from_ms: int | None = None) -> Problem | None:
        """See ``PriceFeed``."""
        return await self.feed.subscribe(symbol, from_ms)

    async def unsubscribe(self, symbol: str) -> None:
        """See ``PriceFeed``."""
        await self.feed.unsubscribe(symbol)

    @property
    def symbols(self) -> tuple[str, ...]:
        """See ``PriceFeed``."""
        return self.feed.symbols

    @property
    def waiting(self) -> int:
        """See ``PriceFeed``; what is held back has not come yet."""
        return self.feed.waiting + self._out.qsize()

    def through_ms(self, symbol: str) -> int:
        """See ``PriceFeed``."""
        held, through_ms = self._held.get(symbol), self.feed.through_ms(symbol)
        return min(held[0].ts_ms, through_ms) if held else through_ms

    # ------------------------------------------------------------------ events

    async def __aiter__(self) -> AsyncIterator[FeedEvent]:
        """The events, closed candles after the fair prices of their time."""
        pump = asyncio.create_task(self._pump())
        try:
            while (event := await self._out.get()) is not None:
                yield event
            pump.result()
        finally:
            await end_tasks(pump, *self._tasks)

    async def _pump(self) -> None:
        try:
            async for event in self.feed:
                self._take(event)
        finally:
            self._out.put_nowait(None)

    def _take(self, event: FeedEvent) -> None:
        if not isinstance(event, ClosedCandle):
            self._out.put_nowait(event)
            return
        held = self._held.get(event.symbol)
        if held is not None:
            held.append(event)  # its turn comes with those before it
            return
        if not self._matters(event):
            self._out.put_nowait(event)
            return
        self._held[event.symbol] = [event]
        task = asyncio.create_task(self._fetch(event.symbol))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _matters(self, candle: ClosedCandle) -> bool:
        if self.clock_s() < self._resting.get(candle.symbol, (0.0, 0.0))[0]:
            return False
        since = self.since_ms(candle.symbol)
        return since is not None and candle.end_ms > since and candle.ts_ms >= self._known_ms(candle.symbol)

    def _known_ms(self, symbol: str) -> int:
        """Fair prices are known up to this moment."""
        return self.prices[symbol].end_ms if symbol in self.prices else 0

    async def _fetch(self, symbol: str) -> None:
        """Get what the held candles need, and let them go."""
        try:
            while True:
                held = self._held[symbol]
                count, last = len(held), held[-1]
                needed = [candle for candle in held if self._matters(candle)]
                if needed:
                    self._rest(symbol, came=await self._tried(symbol, needed[0].ts_ms, last.end_ms))
                if len(held) == count:
                    return
        finally:
            for candle in self._held.pop(symbol, ()):
                self._out.put_nowait(candle)

    async def _tried(self, symbol: str, start_ms: int, end_ms: int) -> bool:
        """Ask for fair prices as long as they may take; whether the last minute's came."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.patience_s):
                while not await self._page(symbol, start_ms, end_ms):
                    await asyncio.sleep(self.pause_s)
                return True
        return False

    def _rest(self, symbol: str, *, came: bool) -> None:
        """Leave a symbol alone for a while whose fair price did not come."""
        if came:
            self._resting.pop(symbol, None)
            return
        if symbol not in self._resting:
            self.tell(f"the fair price of {symbol} is missing; liquidation goes by last prices meanwhile")
        rest = min(2 * self._resting[symbol][1], LONGEST_REST_S) if symbol in self._resting else REST_S
        self._resting[symbol] = self.clock_s() + rest, rest

    async def _page(self, symbol: str, start_ms: int, end_ms: int) -> bool:
        """Ask for fair prices; whether the last minute's is there."""
        market = self.market(symbol)
        if market is None:
            return False
        series = Series(self.source, "swap", market, self.timeframe, self.timeframe_ms, mark=True)
        start = max(start_ms, end_ms - MOST_MS)
        try:
            while start < end_ms:
                page = Range(start, min(start + series.page_ms, end_ms))
                async with self._gate:
                    found = await candle_page(self._asker, series, page)
                for i in range(len(found)):
                    open_, high, low, close = (float(c[i]) for c in (found.open, found.high, found.low, found.close))
                    ts = int(found.ts[i])
                    self.prices.add(
                        ClosedCandle(symbol, ts, self.timeframe_ms, open_, high, low, close, 0.0, "history")
                    )
                start = page.end_ms
        except RefusedError as refusal:
            LOG.warning("fair price of %s: %s", symbol, refusal.problem)
            return False
        return self._known_ms(symbol) >= end_ms
