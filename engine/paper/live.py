"""Drive a desk live: messages as they reach the archive, candles as they close, in one event loop.

1. Everything in the archive is read once, so that replies and edits find their calls; what the ledger has answered is
   not answered again, and what is older than the account is not acted on.
2. The symbols that are needed are watched (``watching.py``), and funding is asked for (``settling.py``). Nothing but
   candles waits for an exchange that is slow to answer: messages go on to the desk.
3. Closed candles are told in the order of time, all symbols together (``minutes.py``).
4. Live prices move the live side of each call (``instant.py``) and what the table shows. The record hangs on none.
5. A clock that jumps (``clocks.py``), a feed that is silent, an order of a person (``paper halt``): each is told, once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from engine.collect.reading import when_known
from engine.domain import Message
from engine.market.feedevents import ClosedCandle, Quote, TradeSeen
from engine.notify.notice import Notice, NoticeKind
from engine.paper.clocks import Clocks
from engine.paper.desk import Desk
from engine.paper.instant import Instant
from engine.paper.ledger import Event
from engine.paper.minutes import Minutes
from engine.paper.pace import Pace, PriceFeed
from engine.paper.prices import PriceBook
from engine.paper.settling import Settling
from engine.paper.watching import Watching
from engine.problem import Problem
from engine.tasks import end_tasks

LOG = logging.getLogger(__name__)
ORDERS = ("halt", "resume", "close")


@dataclass
class Live:
    """See the module's docstring.

    Parameters
    ----------
    archive, listen
        What is in the archive now, and what comes into it from now on (``Collector.listen``).
    fund
        Brings the funding of these symbols up to date; a problem where it cannot. Candles that open at a settlement
        wait for it.
    tell
        Gets notices for people.
    now_ms, wall_ms
        The time of the market, and the clock of this machine.
    news
        What of the event that was written last was not said live already.
    """

    desk: Desk
    prices: PriceBook
    feed: PriceFeed
    archive: Callable[[], Iterable[Message]]
    listen: Callable[[], AsyncIterator[Message]]
    now_ms: Callable[[], int]
    tell: Callable[[Notice], None] = lambda _: None
    fund: Callable[[Sequence[str]], Awaitable[Problem | None]] | None = None
    pace: Pace = field(default_factory=Pace)
    wall_ms: Callable[[], int] = lambda: round(time.time() * 1000)
    news: Event | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _fair: dict[str, float] = field(default_factory=dict)
    _orders: int = 0
    _started_ms: int = 0
    _called: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        desk, pace, now_ms = self.desk, self.pace, self.now_ms
        self.instant = Instant(desk)
        self.clocks = Clocks(now_ms, self.wall_ms, self.tell)
        self.watching = Watching(desk, self.prices, self.feed, pace, now_ms, self.tell)
        self.settling = Settling(desk, self.fund, pace, now_ms, self.tell)
        self.minutes = Minutes(desk, self.instant, self.feed, self.watching, self.settling, pace, now_ms)
        self._pass_on, self.desk.hear = self.desk.hear, self._hear

    def _hear(self, event: Event) -> None:
        """An event is in the ledger."""
        self.news = self.instant.hear(event)
        self._pass_on(event)

    async def run(self) -> None:
        """Trade until cancelled. Raises what ends it: a ledger that cannot be written, a broken archive."""
        self._started_ms = self.settling.started_ms = self.now_ms()
        hearing = self.listen()  # before the archive is read, so that nothing falls between
        waiting = asyncio.ensure_future(anext(hearing))
        await asyncio.sleep(0)
        self._orders = self._first_order()
        for message in sorted(self.archive(), key=when_known):
            self.desk.message(message)
        tasks = [
            asyncio.create_task(self._take_messages(hearing, waiting)),
            asyncio.create_task(self._take_prices()),
            asyncio.create_task(self._ask()),
            asyncio.create_task(self._tick()),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await end_tasks(*tasks)
            self.desk.ledger.flush()

    # ------------------------------------------------------------------ what comes

    async def _take_messages(self, hearing: AsyncIterator[Message], first: asyncio.Future[Message]) -> None:
        message = await first
        while True:
            self.desk.message(message)
            self.instant.refresh()
            self._called.set()
            message = await anext(hearing)

    async def _take_prices(self) -> None:
        async for event in self.feed:
            if isinstance(event, ClosedCandle):
                if self.prices.add(event):
                    self.minutes.add(event)
            elif isinstance(event, TradeSeen):
                self.clocks.heard(event.ts_ms)
                self._price(event.symbol, event.ts_ms, event.price)
            elif isinstance(event, Quote):
                self.clocks.heard(event.ts_ms)
                if event.last is not None:
                    self._price(event.symbol, event.ts_ms, event.last, event.mark)
            elif event.state != "live":
                LOG.warning("prices of %s: %s (%s)", event.symbol, event.state, event.reason)

    def _price(self, symbol: str, ts_ms: int, price: float, fair: float | None = None) -> None:
        if fair is not None:
            self._fair[symbol] = fair
        self.instant.price(symbol, ts_ms, price, self._fair.get(symbol))

    # ------------------------------------------------------------------ what is due

    async def _ask(self) -> None:
        """All that is asked of the exchange: an answer may be long in coming, and nothing else waits for it."""
        while True:
            await self.watching.watch_needed()
            await self.settling.ask()
            self._called.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._called.wait(), max(self.pace.tick_s, 0.001))

    async def _tick(self) -> None:
        asked = 0.0
        while True:
            self.clocks.look()
            self.minutes.tell()
            self.watching.tell_silence()
            if time.monotonic() - asked >= self.pace.orders_s:
                asked = time.monotonic()
                self._obey()
            self.ready.set()
            await asyncio.sleep(self.pace.tick_s)

    # ------------------------------------------------------------------ orders of people

    def _first_order(self) -> int:
        """The order done last."""
        ledger, account = self.desk.ledger, self.desk.account
        return max((event.data["order"] for event in ledger.events(account, 0, "done")), default=0)

    def _obey(self) -> None:
        """Do what people have asked for since.

        A pause holds from when it is known, so that nothing is undone that was taken before; one that was asked for
        while nobody traded, from when it was asked for.
        """
        orders: list[Event] = list(self.desk.ledger.events(self.desk.account, self._orders, *ORDERS))
        for order in orders:
            now = self.now_ms()
            said = self.desk.obey(order, now, order.at_ms if order.at_ms < self._started_ms else now)
            LOG.info("%s: %s", order.kind, said)
            self._orders = order.seq
            if order.kind != "close":
                self.tell(Notice(NoticeKind.HALT, f"paper {order.kind}", said))
