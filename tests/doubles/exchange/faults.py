"""What the double can do wrong, one request at a time.

========= ======================================================================================
drop      the connection closes without an answer
delay     the answer comes late (``delay_s``)
429       HTTP 429 with Retry-After
510       MEXC's "requests are too frequent", in an HTTP 200
500, 502  HTTP errors with a page of HTML
error     an error in an HTTP 200: {"success": false, "code": 500, ...}
half      the first half of the JSON, as if that were all
cut       the connection closes in the middle of the announced length
html      a page of HTML in an HTTP 200
empty     a whole answer without rows
short     the last third of the rows is missing
holes     rows are missing here and there
shuffled  rows out of order
twice     some rows stand twice
foreign   rows of another day among those asked for
lost      the request is carried out, and the connection closes without an answer
late 502  the request is carried out, and answered with a page of HTML
stall     the request is carried out, and the answer comes late (``delay_s``)
========= ======================================================================================
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field

HTTP = ("drop", "delay", "429", "510", "500", "502", "error", "half", "cut", "html")
ROWS = ("empty", "short", "holes", "shuffled", "twice", "foreign")
KINDS = HTTP + ROWS
DONE = ("lost", "late 502", "stall")  # what a client cannot tell from a request that never arrived


@dataclass
class Faults:
    """Which requests go wrong. ``queue`` holds (kind, part of a path): each is used by the next path that fits."""

    queue: deque[tuple[str, str]] = field(default_factory=deque)
    planned: dict[int, str] = field(default_factory=dict)
    delay_s: float = 0.3
    served: list[str] = field(default_factory=list)
    random: random.Random = field(default_factory=lambda: random.Random(1))
    _count: int = 0

    def add(self, kind: str, times: int = 1, path: str = "kline") -> None:
        """Spoil the next requests whose path holds ``path``."""
        assert kind in KINDS + DONE, kind
        self.queue.extend([(kind, path)] * times)

    def plan(self, count: int, among: int, seed: int, kinds: tuple[str, ...] = KINDS) -> None:
        """Spoil so many of the next ``among`` requests for candles, at random."""
        chance = random.Random(seed)
        for number in chance.sample(range(among), count):
            self.planned[self._count + number] = chance.choice(kinds)

    def next(self, path: str) -> str:
        """What goes wrong with this request; "" for nothing."""
        for entry in self.queue:
            if entry[1] in path:
                self.queue.remove(entry)
                self.served.append(entry[0])
                return entry[0]
        if "kline" in path:
            kind = self.planned.pop(self._count, "")
            self._count += 1
            if kind:
                self.served.append(kind)
            return kind
        return ""

    def spoil(self, rows: list[list[float]], kind: str, step_ms: int) -> list[list[float]]:
        """Rows of candles with a fault of the second half of the table."""
        if kind == "empty":
            return []
        if kind == "short":
            return rows[: len(rows) * 2 // 3]
        if kind == "holes":
            return [row for row in rows if self.random.random() > 0.1]
        if kind == "shuffled":
            return self.random.sample(rows, len(rows))
        if kind == "twice":
            return sorted(rows + rows[: len(rows) // 4])
        if kind == "foreign" and rows:
            return [[rows[0][0] - 5000 * step_ms, *rows[0][1:]], *rows]
        return rows
