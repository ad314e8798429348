"""A live runner on invented time: messages and candles of the demo come when the test says that it is their time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.domain import Message
from engine.market.candles import Candles
from engine.market.feedevents import ClosedCandle, FeedEvent, TradeSeen
from engine.market.listing import NotListed
from engine.notify.notice import Notice
from engine.paper.ledger import Ledger
from engine.paper.live import Live
from engine.paper.pace import Pace
from engine.paper.prices import PriceBook
from engine.problem import Problem
from engine.units import DAY_MS, MINUTE_MS
from tests.paper.world import Month

QUICK = Pace(tick_s=0.0, orders_s=0.0, history_ms=2 * DAY_MS)


@dataclass
class FakeFeed:
    """Candles of a history, told up to a moment; symbols in ``dead`` say nothing."""

    candles: dict[str, Candles]
    now_ms: int
    events: asyncio.Queue[FeedEvent] = field(default_factory=asyncio.Queue)
    through: dict[str, int] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    asked: dict[str, int] = field(default_factory=dict)  # from when on

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(self.through)

    @property
    def waiting(self) -> int:
        return self.events.qsize()

    def through_ms(self, symbol: str) -> int:
        return self.through.get(symbol, 0)

    async def subscribe(self, symbol: str, from_ms: int | None = None) -> Problem | None:
        if symbol not in self.candles:
            return NotListed(f"the exchange lists no {symbol}")
        if symbol not in self.through:
            self.through[symbol] = (self.now_ms if from_ms is None else from_ms) // MINUTE_MS * MINUTE_MS
            self.asked[symbol] = self.through[symbol]
            self.tell(symbol)
        return None

    async def unsubscribe(self, symbol: str) -> None:
        self.through.pop(symbol, None)

    def tell(self, symbol: str) -> None:
        """All candles of a symbol that are over by now."""
        bars = self.candles[symbol]
        if symbol in self.dead:
            return
        first, last = np.searchsorted(bars.ts, (self.through[symbol], self.now_ms - MINUTE_MS + 1))
        columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
        for i in range(first, last):
            row = (float(column[i]) for column in columns)
            self.events.put_nowait(ClosedCandle(symbol, int(bars.ts[i]), MINUTE_MS, *row, "socket"))
        self.through[symbol] = max(self.through[symbol], self.now_ms // MINUTE_MS * MINUTE_MS)

    def advance(self, now_ms: int) -> None:
        self.now_ms = now_ms
        for symbol in self.symbols:
            self.tell(symbol)

    def trade(self, symbol: str, price: float) -> None:
        self.events.put_nowait(TradeSeen(symbol, self.now_ms, price, 1.0, "buy"))

    async def __aiter__(self) -> AsyncIterator[FeedEvent]:
        while True:
            yield await self.events.get()


@dataclass
class Stage:
    """A ledger, an archive and a market on which runners come and go."""

    world: Month
    path: Path
    archive: list[Message] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    candles: dict[str, Candles] = field(default_factory=dict)
    wall_off_ms: int = 0

    def __post_init__(self) -> None:
        self.now_ms = self.world.loaded.strategy.from_ms or 0
        self.candles = self.candles or self.world.candles
        self.feed = FakeFeed(self.candles, self.now_ms)
        self.queue: asyncio.Queue[Message] = asyncio.Queue()
        self.task: asyncio.Task[None] | None = None

    async def listen(self) -> AsyncIterator[Message]:
        while True:
            yield await self.queue.get()

    @asynccontextmanager
    async def running(self, ledger: Ledger | None = None, **more) -> AsyncIterator[Live]:
        """A runner; what ends it is raised."""
        ledger = ledger or Ledger(self.path)
        dead = self.feed.dead
        self.feed, self.queue = FakeFeed(self.candles, self.now_ms, dead=dead), asyncio.Queue()
        prices = PriceBook(MINUTE_MS)
        desk = self.world.desk(ledger, candles=prices, now_ms=lambda: self.now_ms, stale_ms=300_000, **more)
        live = Live(desk, prices, self.feed, lambda: list(self.archive), self.listen, lambda: self.now_ms,
                    self.notices.append, pace=QUICK, wall_ms=lambda: self.now_wall())  # fmt: skip
        task = asyncio.create_task(live.run())
        self.task = task
        try:
            waiting = asyncio.create_task(live.ready.wait())
            await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
            await self.settle()
            yield live
        finally:
            waiting.cancel()
            if not task.done():
                task.cancel()
            (result,) = await asyncio.gather(task, return_exceptions=True)
            ledger.close()
            if not isinstance(result, asyncio.CancelledError):
                raise result

    def now_wall(self) -> int:
        import time

        return round(time.monotonic() * 1000) + self.wall_off_ms

    async def settle(self) -> None:
        """Until everything that was told has been heard."""
        for _ in range(4):
            await asyncio.sleep(0)
        while self.feed.waiting or not self.queue.empty():
            await asyncio.sleep(0)
            if self.task is not None and self.task.done():
                self.task.result()  # what ended it
        for _ in range(8):
            await asyncio.sleep(0)

    async def post(self, message: Message) -> None:
        """A message reaches the archive."""
        self.archive.append(message)
        self.queue.put_nowait(message)
        await self.settle()

    async def until(self, ms: int, step_ms: int = 10 * MINUTE_MS) -> None:
        """Let time pass, with the messages of the demo."""
        told = {(m.key, m.kind, m.known_ms) for m in self.archive}
        todo = [
            m for m in self.world.messages if self.now_ms < m.known_ms <= ms and (m.key, m.kind, m.known_ms) not in told
        ]
        while self.now_ms < ms:
            following = min([ms, self.now_ms // step_ms * step_ms + step_ms, *[m.known_ms for m in todo[:1]]])
            self.now_ms = following
            self.feed.advance(following)
            await self.settle()
            while todo and todo[0].known_ms <= self.now_ms:
                await self.post(todo.pop(0))
