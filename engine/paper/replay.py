"""Drive a desk over history, as fast as it goes: from one event to the next, without the bars that change nothing.

The order is that of time: a message comes before the first candle that opens at or after the moment it was known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from engine.domain import Message
from engine.market.candles import Candles, Floats
from engine.paper.call import WAITING, PaperCall
from engine.paper.desk import Desk
from engine.units import DAY_MS

NEVER = 1 << 62
CHUNK = 512


def play(
    desk: Desk,
    messages: Iterable[Message],
    candles: Mapping[str, Candles],
) -> None:
    """Tell a desk all messages (in the order in which they became known) and all candles, and flush its ledger."""
    clock = Clock(desk, candles)
    for message in messages:
        clock.run(message.known_ms)
        desk.message(message)
    clock.run(NEVER)
    end = max((bars.end_ms for bars in candles.values()), default=0)
    desk.decide(end)
    desk.ledger.flush()


class Clock:
    """The candles that are next to be told; see ``run``."""

    def __init__(self, desk: Desk, candles: Mapping[str, Candles]) -> None:
        self.desk, self.candles = desk, candles
        self.desks = [desk, *desk.alone.values()]
        self._due: dict[tuple[str, int, bool], tuple[object, int]] = {}
        self._spans: dict[str, tuple[Floats, Floats]] = {}

    def run(self, until_ms: int) -> None:
        """Tell all candles that open before a moment."""
        while True:
            wakes = [(self._wake(call, desk), call.plan.symbol) for desk in self.desks for call in self._calls(desk)]
            ts = min((at for at, _ in wakes), default=NEVER)
            if ts >= until_ms:
                return
            symbols = {symbol for at, symbol in wakes if at == ts}
            self.desk.minute(ts, symbols)

    def _calls(self, desk: Desk) -> list[PaperCall]:
        """All calls that wait for candles; those that will never have one are taken away."""
        calls = [call for calls in desk.broker.book.values() for call in calls]
        for call in [call for call in calls if call.fate == WAITING and self._wake(call, desk) == NEVER]:
            desk.never_came(call)
            calls.remove(call)
        known = {call.row for call in calls}
        calls += [call for call in desk.closing() if call.row not in known]
        return [way for call in calls for way in call.ways]

    def _wake(self, call: PaperCall, desk: Desk) -> int:
        """The open of the next candle that a call has to see."""
        bars = self.candles.get(call.plan.symbol)
        if bars is None or not len(bars):
            return NEVER
        state = (call.fate, call.quiet, call.stepper.position.state.last_ts, call.closing_ms)
        key = (desk.account, call.row, call is desk.books.rows[call.row])
        known = self._due.get(key)
        if known is None or known[0] != state:
            known = self._due[key] = (state, self._next(call, bars, desk.through_ms))
        return known[1]

    def _next(self, call: PaperCall, bars: Candles, through_ms: int) -> int:
        ts, last = bars.ts, call.stepper.position.state.last_ts
        if call.fate == WAITING:
            at = int(np.searchsorted(ts, call.plan.act_ms))
            return int(ts[at]) if at < len(ts) and ts[at] - call.plan.act_ms <= DAY_MS else NEVER
        place = int(np.searchsorted(ts, -1 if last is None else last, side="right"))
        end = len(ts)
        if call.closing_ms is not None and call.early is None:
            closing = int(np.searchsorted(ts, max(call.closing_ms, through_ms + 1)))
            end = min(end, closing)
        if not call.stepper.done:
            end = self._first(call, bars, place, end)
        return int(ts[end]) if end < len(ts) else NEVER

    def _first(self, call: PaperCall, bars: Candles, place: int, end: int) -> int:
        """The first bar from a place on that is not a quiet one, ``end`` where there is none before."""
        if call.quiet is None:
            return min(place, end)
        low, high, until = call.quiet
        lows, highs = self._extremes(bars.symbol)
        end = min(end, int(np.searchsorted(bars.ts, until)))
        while place < end:
            stop = min(place + CHUNK, end)
            touched = (lows[place:stop] <= low) | (highs[place:stop] >= high)
            if touched.any():
                return place + int(touched.argmax())
            place = stop
        return max(place, end)

    def _extremes(self, symbol: str) -> tuple[Floats, Floats]:
        """The lowest and the highest price of each bar that can do something: the fair ones count too."""
        if symbol not in self._spans:
            bars, fair = self.candles[symbol], (self.desk.market.fair or {}).get(symbol)
            low, high = bars.low, bars.high
            if fair is not None and len(fair):
                at = np.minimum(fair.first_from(bars.ts), len(fair) - 1)
                known = fair.ts[at] == bars.ts
                low = np.where(known, np.minimum(low, fair.low[at]), low)
                high = np.where(known, np.maximum(high, fair.high[at]), high)
            self._spans[symbol] = low, high
        return self._spans[symbol]
