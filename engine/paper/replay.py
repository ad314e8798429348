"""Drive a desk over history, as fast as it goes: from one event to the next, without the bars that change nothing.

The order is that of time: a message comes before the first candle that opens at or after the moment it was known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

import numpy as np

from engine.domain import Message
from engine.market.candles import Candles
from engine.paper.call import WAITING, Bar, PaperCall
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
    clock = _Clock(desk, candles)
    for message in messages:
        clock.run(message.known_ms)
        desk.message(message)
    clock.run(NEVER)
    end = max((bars.end_ms for bars in candles.values()), default=0)
    desk.decide(end)
    desk.ledger.flush()


class _Clock:
    """The candles that are next to be told; see ``run``."""

    def __init__(self, desk: Desk, candles: Mapping[str, Candles]) -> None:
        self.desk, self.candles = desk, candles
        self._due: dict[int, tuple[object, int]] = {}

    def run(self, until_ms: int) -> None:
        """Tell all candles that open before a moment."""
        while True:
            wakes = [(self._wake(call), call.plan.symbol) for call in self._calls()]
            ts = min((at for at, _ in wakes), default=NEVER)
            if ts >= until_ms:
                return
            symbols = {symbol for at, symbol in wakes if at == ts}
            bars = {symbol: self._bar(symbol, ts) for symbol in symbols}
            self.desk.minute(ts, bars, partial(self._before, ts))

    def _calls(self) -> list[PaperCall]:
        """All calls that wait for candles; those that will never have one are taken away."""
        calls = [call for calls in self.desk.broker.book.values() for call in calls]
        for call in [call for call in calls if call.fate == WAITING and self._wake(call) == NEVER]:
            self.desk.never_came(call)
            calls.remove(call)
        known = {call.row for call in calls}
        return calls + [call for call in self.desk.closing() if call.row not in known]

    def _wake(self, call: PaperCall) -> int:
        """The open of the next candle that a call has to see."""
        bars = self.candles.get(call.plan.symbol)
        if bars is None or not len(bars):
            return NEVER
        state = (call.fate, call.quiet, call.stepper.position.state.last_ts, call.closing_ms)
        known = self._due.get(call.row)
        if known is None or known[0] != state:
            known = self._due[call.row] = (state, self._next(call, bars))
        return known[1]

    def _next(self, call: PaperCall, bars: Candles) -> int:
        ts, last = bars.ts, call.stepper.position.state.last_ts
        if call.fate == WAITING:
            at = int(np.searchsorted(ts, call.plan.act_ms))
            return int(ts[at]) if at < len(ts) and ts[at] - call.plan.act_ms <= DAY_MS else NEVER
        place = int(np.searchsorted(ts, -1 if last is None else last, side="right"))
        end = len(ts)
        if call.closing_ms is not None and call.early is None:
            closing = int(np.searchsorted(ts, max(call.closing_ms, self.desk.through_ms + 1)))
            end = min(end, closing)
        if not call.stepper.done:
            end = self._first(call, bars, place, end)
        return int(ts[end]) if end < len(ts) else NEVER

    def _first(self, call: PaperCall, bars: Candles, place: int, end: int) -> int:
        """The first bar from a place on that is not a quiet one, ``end`` where there is none before."""
        if call.quiet is None:
            return min(place, end)
        low, high, until = call.quiet
        end = min(end, int(np.searchsorted(bars.ts, until)))
        while place < end:
            stop = min(place + CHUNK, end)
            touched = (bars.low[place:stop] <= low) | (bars.high[place:stop] >= high)
            if touched.any():
                return place + int(touched.argmax())
            place = stop
        return max(place, end)

    def _bar(self, symbol: str, ts: int) -> Bar:
        bars = self.candles[symbol]
        i = int(np.searchsorted(bars.ts, ts))
        return Bar(ts, *(float(column[i]) for column in (bars.open, bars.high, bars.low, bars.close)))

    def _before(self, ts: int, symbol: str) -> Bar | None:
        bars = self.candles[symbol]
        i = int(np.searchsorted(bars.ts, ts)) - 1
        return self._bar(symbol, int(bars.ts[i])) if i >= 0 else None
