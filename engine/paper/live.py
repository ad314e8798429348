"""Drive a desk live: messages as they reach the archive, candles as they close, in one event loop.

1. Everything in the archive is read once, so that replies and edits find their calls; what the ledger has answered is
   not answered again, and what is older than the account is not acted on.
2. Candles of each symbol that is needed are asked for from where its calls have seen them: what was missed while nobody
   watched comes from the exchange's history, in order, and is told as late. Nothing but candles waits for an exchange
   that is slow to answer: messages go on to the desk.
3. Closed candles are told in the order of time, all symbols together, as far as every symbol is known. A symbol that
   brings nothing for ``patience_ms`` does not hold up the others; its candles are told when they come, and a new call
   on it is over when its first candle does not come in its time. One that the exchange does not list holds up nothing,
   and its calls are over at once. Candles from a full hour on wait for the funding settled then, as long.
4. Live prices move the live side of each call (``instant.py``) and what the table shows. The record hangs on none.
5. A clock that jumps, a feed that is silent, an order of a person (``paper halt``): each is told, once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from engine.collect.reading import when_known
from engine.domain import Message
from engine.market.feedevents import ClosedCandle, FeedEvent, Quote, TradeSeen
from engine.market.listing import NotListed
from engine.notify.notice import Notice, NoticeKind
from engine.paper.call import WAITING
from engine.paper.desk import Desk
from engine.paper.instant import Instant
from engine.paper.ledger import Event
from engine.paper.prices import PriceBook
from engine.problem import Problem
from engine.simulate.account import NEVER_MS
from engine.tasks import end_tasks
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS, show_duration

LOG = logging.getLogger(__name__)
ORDERS = ("halt", "resume", "close")
JUMP_MS = 3_000
SKEW_MS, SKEWS = 30_000, 20  # so far off, in so many news in a row
SETTLING_MS = 20_000  # an exchange tells a settlement some seconds after it


class PriceFeed(Protocol):
    """What is needed of ``market.feed.Feed``."""

    async def subscribe(self, symbol: str, from_ms: int | None = None) -> Problem | None:
        """Watch a symbol from a moment on."""

    async def unsubscribe(self, symbol: str) -> None:
        """Watch it no longer."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that are watched."""

    @property
    def waiting(self) -> int:
        """How many events were not taken yet."""

    def through_ms(self, symbol: str) -> int:
        """All candles that open before this were told."""

    def __aiter__(self) -> AsyncIterator[FeedEvent]:
        """The events."""


@dataclass(frozen=True)
class Pace:
    """Times of live trading. ``history_ms`` of candles are fetched before a call, for market facts and ATRs.

    ``patience_ms`` is how long a symbol without candles may hold up the others, ``silent_ms`` after which its silence
    is told, ``idle_ms`` after which an unneeded symbol is watched no longer; ``tick_s`` between two looks at all that,
    ``orders_s`` between two looks for orders of people, ``again_s`` between two attempts to watch a symbol.
    """

    tick_s: float = 0.2
    orders_s: float = 1.0
    again_s: float = 15.0
    history_ms: int = 2 * DAY_MS
    patience_ms: int = 10 * MINUTE_MS
    silent_ms: int = 3 * MINUTE_MS
    idle_ms: int = HOUR_MS


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
    last: dict[str, tuple[int, float]] = field(default_factory=dict)
    news: Event | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _bars: dict[str, deque[int]] = field(default_factory=dict)
    _needed_ms: dict[str, int] = field(default_factory=dict)
    _began_ms: dict[str, int] = field(default_factory=dict)
    _since_ms: dict[str, int] = field(default_factory=dict)
    _again_s: dict[str, float] = field(default_factory=dict)
    _silent: set[str] = field(default_factory=set)
    _unknown: set[str] = field(default_factory=set)
    _unlisted: set[str] = field(default_factory=set)
    _alone_ms: dict[str, int] = field(default_factory=dict)  # since when others have candles that this one lacks
    _fair: dict[str, float] = field(default_factory=dict)
    _orders: int = 0
    _funded: int = 0  # the hour, since 1970, whose settlements are known
    _fund_again_s: float = 0.0
    _told_hour: int = 0
    _started_ms: int = 0
    _skews: deque[int] = field(default_factory=lambda: deque(maxlen=SKEWS))
    _skewed: bool = False
    _called: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.instant = Instant(self.desk)
        self._pass_on, self.desk.hear = self.desk.hear, self._hear

    def _hear(self, event: Event) -> None:
        """An event is in the ledger; ``news`` is what of it was not said live already."""
        self.news = self.instant.hear(event)
        self._pass_on(event)

    async def run(self) -> None:
        """Trade until cancelled. Raises what ends it: a ledger that cannot be written, a broken archive."""
        self._started_ms = self.now_ms()
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

    # ------------------------------------------------------------------ messages

    async def _take_messages(self, hearing: AsyncIterator[Message], first: asyncio.Future[Message]) -> None:
        message = await first
        while True:
            self.desk.message(message)
            self.instant.refresh()
            self._called.set()
            message = await anext(hearing)

    # ------------------------------------------------------------------ prices

    async def _take_prices(self) -> None:
        async for event in self.feed:
            if isinstance(event, ClosedCandle):
                if self.prices.add(event):
                    self._bars.setdefault(event.symbol, deque()).append(event.ts_ms)
            elif isinstance(event, TradeSeen):
                self._compare_clocks(event.ts_ms)
                self._price(event.symbol, event.ts_ms, event.price)
            elif isinstance(event, Quote):
                self._compare_clocks(event.ts_ms)
                if event.last is not None:
                    self._price(event.symbol, event.ts_ms, event.last, event.mark)
            elif event.state != "live":
                LOG.warning("prices of %s: %s (%s)", event.symbol, event.state, event.reason)

    def _compare_clocks(self, ts_ms: int) -> None:
        """Say once that the clock of this machine and the exchange's differ: calls would look late, or too young."""
        self._skews.append(self.now_ms() - ts_ms)
        least = min(self._skews, key=abs)  # news may be slow to arrive; none is quicker than the clocks allow
        if len(self._skews) < SKEWS or abs(least) <= SKEW_MS or self._skewed:
            return
        self._skewed = True
        way = "ahead of" if least > 0 else "behind"
        text = f"The clock of this machine is {show_duration(abs(least))} {way} the exchange's. Candles go by the "
        text += "exchange's; a call that seems to arrive late acts late. Let the system keep the time (NTP)."
        self.tell(Notice(NoticeKind.ERROR, "the clock is wrong", text))

    def _price(self, symbol: str, ts_ms: int, price: float, fair: float | None = None) -> None:
        self.last[symbol] = ts_ms, price
        if fair is not None:
            self._fair[symbol] = fair
        self.instant.price(symbol, ts_ms, price, self._fair.get(symbol))

    async def _ask(self) -> None:
        """All that is asked of the exchange: an answer may be long in coming, and nothing else waits for it."""
        while True:
            await self._watch_needed()
            await self._fund()
            self._called.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._called.wait(), max(self.pace.tick_s, 0.001))

    async def _watch_needed(self) -> None:
        """Watch the symbols that are needed, and none for long that are not."""
        now = self.now_ms()
        needed = self.desk.symbols()
        for symbol in needed:
            self._needed_ms[symbol] = now
            self._began_ms.setdefault(symbol, now)
            if symbol in self.feed.symbols or time.monotonic() < self._again_s.get(symbol, 0.0):
                continue
            self._since_ms[symbol] = self._seen_ms(symbol)
            problem = await self.feed.subscribe(symbol, self._from_ms(symbol, now))
            if isinstance(problem, NotListed):
                self._unlisted.add(symbol)  # nothing waits for it
                self._never_come(symbol)
            if problem is not None:
                self._again_s[symbol] = time.monotonic() + self.pace.again_s
                if symbol not in self._unknown:
                    self._unknown.add(symbol)
                    self.tell(Notice(NoticeKind.ERROR, f"no prices of {symbol}", str(problem)))
            else:
                self._unknown.discard(symbol)
                self._unlisted.discard(symbol)
                self._began_ms[symbol] = now
        for symbol in {*self._began_ms} - {*needed, *self.feed.symbols}:
            del self._began_ms[symbol]  # when it is needed again, it is asked for and waited for again
            self._again_s.pop(symbol, None)
        for symbol in self.feed.symbols:
            if now - self._needed_ms.get(symbol, 0) > self.pace.idle_ms:
                await self.feed.unsubscribe(symbol)
                self._began_ms.pop(symbol, None)

    def _from_ms(self, symbol: str, now: int) -> int:
        """From where candles of a symbol are needed."""
        if symbol in self.prices:
            return self.prices[symbol].end_ms
        start, books = now - self.pace.history_ms, self.desk.books.books
        if self.desk.calls_on(symbol):  # there may be none: the last trade is over, and its money not booked yet
            start = min(start, self._seen_ms(symbol))
        if symbol in books.books.held and books.now_ms:
            start = min(start, books.now_ms - self.desk.timeframe_ms)
        return start

    def _seen_ms(self, symbol: str) -> int:
        """From which candle on the calls of a symbol have to be told; what is older is only known."""
        found = []
        for call in self.desk.calls_on(symbol):
            seen = call.stepper.position.state.last_ts
            found.append((call.plan.act_ms if seen is None else seen) - 2 * self.desk.timeframe_ms)
        return min(found, default=0)

    # ------------------------------------------------------------------ time

    async def _tick(self) -> None:
        beat, wall = time.monotonic(), self.wall_ms()
        asked = 0.0
        while True:
            self._tell_minutes()
            self._tell_silence()
            if time.monotonic() - asked >= self.pace.orders_s:
                asked = time.monotonic()
                self._obey()
            self.ready.set()
            await asyncio.sleep(self.pace.tick_s)
            now_beat, now_wall = time.monotonic(), self.wall_ms()
            jump = now_wall - wall - (now_beat - beat) * 1000
            if abs(jump) > JUMP_MS:
                way = "forward" if jump > 0 else "back"
                text = (
                    f"The clock of this machine moved {way} by {show_duration(abs(jump))}. Calls that arrive now may "
                )
                text += "look too old or too young; trades go by the exchange's candles and are not touched by it."
                self.tell(Notice(NoticeKind.ERROR, "the clock jumped", text))
            beat, wall = now_beat, now_wall

    async def _fund(self) -> None:
        """Funding is settled on the hour at most: ask anew once an hour has begun, and again where no answer came."""
        now, needed = self.now_ms(), self.desk.symbols()
        hour = (now - SETTLING_MS) // HOUR_MS
        if self.fund is None or hour == self._funded or not needed or time.monotonic() < self._fund_again_s:
            return
        problem = await self.fund(needed)
        self.desk.funded()
        if problem is None:
            self._funded = hour
            return
        self._fund_again_s = time.monotonic() + self.pace.again_s
        if self._told_hour != hour:
            self._told_hour = hour
            self.tell(Notice(NoticeKind.ERROR, "no funding rates", f"{problem}. It is asked for again."))

    def _funded_until(self, now: int) -> int:
        """Candles that open from here on wait for the funding that was settled by then; not for ever."""
        settled = (self._funded + 1) * HOUR_MS
        patience = self.pace.patience_ms + SETTLING_MS
        return NEVER_MS if self.fund is None or now - max(settled, self._started_ms) > patience else settled

    def _tell_minutes(self) -> None:
        """Tell the desk the candles that are known of all symbols."""
        if self.feed.waiting:
            return  # what was told by the feed is not all here yet
        needed, now, step = self.desk.symbols(), self.now_ms(), self.desk.timeframe_ms
        patience = self.pace.patience_ms + step
        stuck = [
            symbol
            for symbol in needed
            if symbol in self._unlisted
            or now - max(self.feed.through_ms(symbol), self._began_ms.get(symbol, now)) > patience
        ]
        self._give_up(stuck, now, alone=len(stuck) < len(needed))
        known = [self.feed.through_ms(symbol) for symbol in needed if symbol not in stuck]
        until = min(*(known or [now // step * step - step]), self._funded_until(now))
        wanted = set(needed)
        while True:
            ts = min([bars[0] for bars in self._bars.values() if bars and bars[0] < until], default=None)
            if ts is None:
                break
            here = {symbol for symbol, bars in self._bars.items() if bars and bars[0] == ts and bars.popleft()}
            mine = {symbol for symbol in here & wanted if ts >= self._since_ms.get(symbol, 0)}
            if mine:
                self.desk.minute(ts, mine)
                self.instant.told(ts, mine)
        if until - step > self.desk.through_ms:
            self.desk.decide(until - step)
        self.instant.refresh()

    def _give_up(self, stuck: Sequence[str], now: int, *, alone: bool) -> None:
        """Calls that wait for a first candle which does not come are over: nobody could have traded them.

        The account asks about calls in the order of action, so such a call holds up all later ones. Where others have
        had candles for a while (``alone``), it gets no longer than any first candle takes; when nobody has any, the
        exchange is out of reach, and its candles may still come.
        """
        step = self.desk.timeframe_ms
        self._alone_ms = {symbol: self._alone_ms.get(symbol, now) for symbol in stuck if alone}
        for symbol in stuck:
            alone_ms = now - self._alone_ms.get(symbol, now)
            for call in list(self.desk.broker.book.get(symbol, [])):
                patience = 3 * step if alone_ms > 2 * step else self.pace.patience_ms
                if call.fate == WAITING and now - call.plan.act_ms > min(patience, self.pace.patience_ms):
                    self.desk.never_came(call)

    def _never_come(self, symbol: str) -> None:
        """The exchange has no such market: its calls wait for nothing."""
        for call in list(self.desk.broker.book.get(symbol, [])):
            if call.fate == WAITING:
                self.desk.never_came(call)

    def _tell_silence(self) -> None:
        """Say once that a symbol is silent, and once that it is back."""
        now = self.now_ms()
        held = self.desk.books.books.books.held
        for symbol in self.desk.symbols():
            if symbol in self._unlisted:
                continue  # that was told
            since = max(self.feed.through_ms(symbol), self._began_ms.get(symbol, now))
            late_ms = now - since - self.desk.timeframe_ms
            if late_ms > self.pace.silent_ms and symbol not in self._silent:
                self._silent.add(symbol)
                text = f"No candles of {symbol} for {show_duration(late_ms)}. "
                text += f"Its {'open trades' if symbol in held else 'calls'} wait; nothing is filled meanwhile."
                self.tell(Notice(NoticeKind.SILENCE, f"{symbol} is silent", text))
            elif late_ms < self.pace.silent_ms / 2 and symbol in self._silent:
                self._silent.discard(symbol)
                self.tell(Notice(NoticeKind.SILENCE, f"{symbol} is back", "What was missed has been told as late."))

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
