"""The candles of one symbol in order, whatever order news arrives in: each closed candle once, none skipped unseen.

A forming candle comes in states; when the first state of a later one arrives, it is over. Its last state is known to be
final only when it was watched from before its beginning without a break. Otherwise, and for every candle in between,
the line has a gap that the exchange's history fills (``due``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.market.ranges import Range

Row = tuple[int, float, float, float, float, float]
"""Open time in ms, open, high, low, close, volume."""


@dataclass
class CandleLine:
    """``next_ms`` is the open time of the first candle not handed out yet; ``stale`` counts news that came late.

    ``told_ms`` is that of the last one that was. An answer of the history has to hold it, or a candle behind, to be
    believed that one between is missing: so many answers in a row (``sure``), because an answer may be cut.
    """

    step_ms: int
    next_ms: int
    stale: int = 0
    told_ms: int | None = None
    sure: int = 3
    _missed: int = 0
    _forming: Row | None = None
    _watched_from_ms: int | None = None
    _ready: dict[int, Row] = field(default_factory=dict)

    def break_(self) -> None:
        """The line was cut: what is forming may miss its last states."""
        self._forming, self._watched_from_ms = None, None

    def push(self, row: Row) -> None:
        """A state of a candle from the socket. Older ones than the present are counted and dropped."""
        ts = row[0]
        if ts < (self._forming[0] if self._forming is not None else self.next_ms):
            self.stale += 1
            return
        if self._watched_from_ms is None:
            # The candle in which watching begins may have had states before; the next one is seen from its first.
            self._watched_from_ms = ts + self.step_ms
        before = self._forming
        # It may be known from the history by now, when the socket was slower.
        if before is not None and ts > before[0] and before[0] >= max(self._watched_from_ms, self.next_ms):
            self._ready[before[0]] = before
        self._forming = row

    def take(self) -> list[Row]:
        """The closed candles that are next in order and known, in order of time."""
        taken = []
        while self.next_ms in self._ready:
            taken.append(self._ready.pop(self.next_ms))
            self._pass(told=True)
        return taken

    def _pass(self, *, told: bool) -> None:
        """The next candle was handed out, or does not exist."""
        if told:
            self.told_ms = self.next_ms
        self.next_ms, self._missed = self.next_ms + self.step_ms, 0

    def due(self, now_ms: int, grace_ms: int) -> Range | None:
        """What has to be asked of the history: candles over for ``grace_ms`` that the socket did not bring whole."""
        end = (now_ms - grace_ms) // self.step_ms * self.step_ms
        if self._ready:
            end = min(end, min(self._ready))
        return Range(self.next_ms, end) if end > self.next_ms else None

    def fill(self, asked: Range, rows: Iterable[Row], final_ms: int = 0) -> list[Row]:
        """The history's answer about ``asked``: its candles that are next, in order of time.

        A candle that the answer lacks is skipped when it was over by ``final_ms`` and answers that can be believed say
        so again and again (the exchange has none), else it stays due.
        """
        found = {row[0]: row for row in rows if row[0] < asked.end_ms}
        taken, counted = [], False
        while self.next_ms < asked.end_ms:
            row = found.get(self.next_ms)
            if row is not None:
                taken.append(row)
            elif self.next_ms in self._ready or self.next_ms + self.step_ms > final_ms:
                break
            elif self.told_ms in found or max(found, default=0) > self.next_ms:
                self._missed += not counted
                counted = True
                if self._missed < self.sure:
                    break
                missed = self._missed
                self._pass(told=False)
                self._missed = missed  # the same answers say it of the next one
                continue
            else:
                break
            self._ready.pop(self.next_ms, None)
            self._pass(told=True)
        return taken
