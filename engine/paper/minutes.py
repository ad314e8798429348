"""Closed candles are told to the desk in the order of time, all symbols together, as far as every symbol is known.

A symbol that brings nothing for the patience of live trading does not hold up the others; its candles are told when
they come, and a new call on it is over when its first candle does not come in its time.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engine.market.feedevents import ClosedCandle
from engine.paper.call import WAITING
from engine.paper.desk import Desk
from engine.paper.instant import Instant
from engine.paper.pace import Pace, PriceFeed
from engine.paper.settling import Settling
from engine.paper.watching import Watching


@dataclass
class Minutes:
    """See the module's docstring. Candles from a full hour on wait for the funding settled then (``settling``)."""

    desk: Desk
    instant: Instant
    feed: PriceFeed
    watching: Watching
    settling: Settling
    pace: Pace
    now_ms: Callable[[], int]
    _bars: dict[str, deque[int]] = field(default_factory=dict)
    _alone_ms: dict[str, int] = field(default_factory=dict)  # since when others have candles that this one lacks

    def add(self, candle: ClosedCandle) -> None:
        """A candle that is to be told in its turn."""
        self._bars.setdefault(candle.symbol, deque()).append(candle.ts_ms)

    def tell(self) -> None:
        """Tell the desk the candles that are known of all symbols."""
        if self.feed.waiting:
            return  # what was told by the feed is not all here yet
        needed, now, step = self.desk.symbols(), self.now_ms(), self.desk.market.timeframe_ms
        patience = self.pace.patience_ms + step
        stuck = [
            symbol
            for symbol in needed
            if symbol in self.watching.unlisted or now - self.watching.known_ms(symbol, now) > patience
        ]
        self._give_up(stuck, now, alone=len(stuck) < len(needed))
        self._end_gone(step)
        known = [self.feed.through_ms(symbol) for symbol in needed if symbol not in stuck]
        until = min(*(known or [now // step * step - step]), self.settling.until_ms())
        wanted = set(needed)
        while True:
            ts = min([bars[0] for bars in self._bars.values() if bars and bars[0] < until], default=None)
            if ts is None:
                break
            here = {symbol for symbol, bars in self._bars.items() if bars and bars[0] == ts and bars.popleft()}
            mine = {symbol for symbol in here & wanted if self.watching.needs(symbol, ts)}
            if mine:
                self.desk.minute(ts, mine)
                self.instant.told(ts, mine)
        if until - step > self.desk.through_ms:
            self.desk.decide(until - step)
        self.instant.refresh()

    def _end_gone(self, step: int) -> None:
        """Trades that are to be closed on a symbol that the exchange lists no more go out at its last price.

        No candle will come, so one is made of that price for them, in the minute after they were to be closed.
        """
        closing = [call for call in self.desk.trades.closing() if call.plan.symbol in self.watching.unlisted]
        for symbol in sorted({call.plan.symbol for call in closing}):
            asked = max(call.closing_ms or 0 for call in closing if call.plan.symbol == symbol)
            ts, price = -(-asked // step) * step, self.desk.books.marks.price(symbol, self.now_ms())
            candle = ClosedCandle(symbol, ts, step, price, price, price, price, 0.0, "history")
            if math.isfinite(price) and self.watching.prices.add(candle):
                self.add(candle)

    def _give_up(self, stuck: Sequence[str], now: int, *, alone: bool) -> None:
        """Calls that wait for a first candle which does not come are over: nobody could have traded them.

        The account asks about calls in the order of action, so such a call holds up all later ones. Where others have
        had candles for a while (``alone``), it gets no longer than any first candle takes; when nobody has any, the
        exchange is out of reach, and its candles may still come.
        """
        step = self.desk.market.timeframe_ms
        self._alone_ms = {symbol: self._alone_ms.get(symbol, now) for symbol in stuck if alone}
        for symbol in stuck:
            alone_ms = now - self._alone_ms.get(symbol, now)
            for call in list(self.desk.broker.book.get(symbol, [])):
                patience = 3 * step if alone_ms > 2 * step else self.pace.patience_ms
                if call.fate == WAITING and now - call.plan.act_ms > min(patience, self.pace.patience_ms):
                    self.desk.never_came(call)
