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
    """``next_ms`` is the open time of the first candle not yet handed out; ``stale`` counts news that came late."""

    step_ms: int
    next_ms: int
    stale: int = 0
    _forming: Row | None = None
    _watched_from_ms: int | None = None
    _ready: dict[int, Row] = field(default_factory=dict)

    def break_(self) -> None:
        """The line was cut: what is forming may miss its last states."""
        self._forming, self._watched_from_ms = None, None

    def push(self, row: Row) -> None:
        """A state of a candle from the socket. Older ones than the present are counted and dropped."""
        ts = row[0]
        present = self._forming[0] if self._forming is not None else self.next_ms
        if ts < present:
            self.stale += 1
            return
        if self._watched_from_ms is None:
            # The candle in which watching begins may have had states before; the next one is seen from its first.
            self._watched_from_ms = ts + self.step_ms
        if self._forming is not None and ts > self._forming[0] and self._forming[0] >= self._watched_from_ms:
            self._ready[self._forming[0]] = self._forming
        self._forming = row

    def take(self) -> list[Row]:
        """The closed candles that are next in order and known, in order of time."""
        taken = []
        while self.next_ms in self._ready:
            taken.append(self._ready.pop(self.next_ms))
            self.next_ms += self.step_ms
        return taken

    def due(self, now_ms: int, grace_ms: int) -> Range | None:
        """What has to be asked of the history: candles over for ``grace_ms`` that the socket did not bring whole."""
        end = (now_ms - grace_ms) // self.step_ms * self.step_ms
        if self._ready:
            end = min(end, min(self._ready))
        return Range(self.next_ms, end) if end > self.next_ms else None

    def fill(self, asked: Range, rows: Iterable[Row], *, final: bool) -> list[Row]:
        """The history's answer about ``asked``: its new candles in order of time, then those that follow.

        A candle that the answer lacks is skipped when ``final`` (the exchange has none), else it stays due.
        """
        found = {row[0]: row for row in rows if asked.start_ms <= row[0] < asked.end_ms}
        taken = []
        while self.next_ms < asked.end_ms:
            row = found.get(self.next_ms) or self._ready.pop(self.next_ms, None)
            if row is not None:
                taken.append(row)
            elif not final:
                break
            self._ready.pop(self.next_ms, None)
            self.next_ms += self.step_ms
        return taken + self.take()
