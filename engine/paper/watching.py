"""Which symbols are watched, from when on; and since when one of them has been silent.

Candles of each symbol that is needed are asked for from where its calls have seen them: what was missed while nobody
watched comes from the exchange's history. One that the exchange does not list holds up nothing, and its calls are over.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.market.listing import NotListed
from engine.notify.notice import Notice, NoticeKind
from engine.paper.call import WAITING
from engine.paper.desk import Desk
from engine.paper.pace import Pace, PriceFeed
from engine.paper.prices import PriceBook
from engine.problem import Problem
from engine.units import show_duration


@dataclass
class Watching:
    """See the module's docstring. ``unlisted`` are symbols that the exchange does not have."""

    desk: Desk
    prices: PriceBook
    feed: PriceFeed
    pace: Pace
    now_ms: Callable[[], int]
    tell: Callable[[Notice], None]
    unlisted: set[str] = field(default_factory=set)
    needed_ms: dict[str, int] = field(default_factory=dict)
    _began_ms: dict[str, int] = field(default_factory=dict)
    _since_ms: dict[str, int] = field(default_factory=dict)
    _again_s: dict[str, float] = field(default_factory=dict)
    _unknown: set[str] = field(default_factory=set)
    _silent: set[str] = field(default_factory=set)

    async def watch_needed(self) -> None:
        """Watch the symbols that are needed, and none for long that are not."""
        now = self.now_ms()
        needed = self.desk.symbols()
        for symbol in needed:
            self.needed_ms[symbol] = now
            self._began_ms.setdefault(symbol, now)
            if symbol in self.feed.symbols or time.monotonic() < self._again_s.get(symbol, 0.0):
                continue
            self._since_ms[symbol] = self._seen_ms(symbol)
            problem = await self.feed.subscribe(symbol, self._from_ms(symbol, now))
            if isinstance(problem, NotListed):
                self.unlisted.add(symbol)  # nothing waits for it
                self._never_come(symbol)
            if problem is not None:
                self._again_s[symbol] = time.monotonic() + self.pace.again_s
                if symbol not in self._unknown:
                    self._unknown.add(symbol)
                    self.tell(Notice(NoticeKind.ERROR, f"no prices of {symbol}", self._missing(symbol, problem)))
            else:
                self._unknown.discard(symbol)
                self.unlisted.discard(symbol)
                self._began_ms[symbol] = now
        for symbol in {*self._began_ms} - {*needed, *self.feed.symbols}:
            del self._began_ms[symbol]  # when it is needed again, it is asked for and waited for again
            self._again_s.pop(symbol, None)
        for symbol in self.feed.symbols:
            if now - self.needed_ms.get(symbol, 0) > self.pace.idle_ms:
                await self.feed.unsubscribe(symbol)
                self._began_ms.pop(symbol, None)

    def known_ms(self, symbol: str, now: int) -> int:
        """All candles of a symbol that open before this were told; while it was not watched none were there to tell."""
        return max(self.feed.through_ms(symbol), self._began_ms.get(symbol, now))

    def needs(self, symbol: str, ts_ms: int) -> bool:
        """Whether the calls of a symbol have to be told a candle; what is older is only known."""
        return ts_ms >= self._since_ms.get(symbol, 0)

    def _from_ms(self, symbol: str, now: int) -> int:
        """From where candles of a symbol are needed."""
        if symbol in self.prices:
            return self.prices[symbol].end_ms
        start, books = now - self.pace.history_ms, self.desk.books.books
        if self.desk.calls_on(symbol):  # there may be none: the last trade is over, and its money not booked yet
            start = min(start, self._seen_ms(symbol))
        if symbol in books.books.held and books.now_ms:
            start = min(start, books.now_ms - self.desk.market.timeframe_ms)
        return start

    def _seen_ms(self, symbol: str) -> int:
        """From which candle on the calls of a symbol have to be told."""
        found = []
        for call in self.desk.calls_on(symbol):
            seen = call.stepper.position.state.last_ts
            found.append((call.plan.act_ms if seen is None else seen) - 2 * self.desk.market.timeframe_ms)
        return min(found, default=0)

    def _missing(self, symbol: str, problem: Problem) -> str:
        """What is told of a symbol that cannot be watched."""
        if not isinstance(problem, NotListed) or symbol not in self.desk.books.books.books.held:
            return str(problem)
        return (
            f"{problem}. Its open trades stand at their last price and are not filled any more; "
            "cli.py paper close ends them at that price"
        )

    def _never_come(self, symbol: str) -> None:
        """The exchange has no such market: its calls wait for nothing."""
        for call in list(self.desk.broker.book.get(symbol, [])):
            if call.fate == WAITING:
                self.desk.never_came(call)

    def tell_silence(self) -> None:
        """Say once that a symbol is silent, and once that it is back."""
        now = self.now_ms()
        held = self.desk.books.books.books.held
        for symbol in self.desk.symbols():
            if symbol in self.unlisted:
                continue  # that was told
            late_ms = now - self.known_ms(symbol, now) - self.desk.market.timeframe_ms
            if late_ms > self.pace.silent_ms and symbol not in self._silent:
                self._silent.add(symbol)
                text = f"No candles of {symbol} for {show_duration(late_ms)}. "
                text += f"Its {'open trades' if symbol in held else 'calls'} wait; nothing is filled meanwhile."
                self.tell(Notice(NoticeKind.SILENCE, f"{symbol} is silent", text))
            elif late_ms < self.pace.silent_ms / 2 and symbol in self._silent:
                self._silent.discard(symbol)
                self.tell(Notice(NoticeKind.SILENCE, f"{symbol} is back", "What was missed has been told as late."))
