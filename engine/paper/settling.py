"""Funding is settled on the hour at most: it is asked for once an hour has begun, and candles from then on wait for it.

Not for ever: after the patience of live trading they go on without it, and it is paid when it comes.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from engine.notify.notice import Notice, NoticeKind
from engine.paper.desk import Desk
from engine.paper.pace import Pace
from engine.problem import Problem
from engine.simulate.account import NEVER_MS
from engine.units import HOUR_MS

SETTLING_MS = 20_000  # an exchange tells a settlement some seconds after it


@dataclass
class Settling:
    """See the module's docstring. ``fund`` as in ``Live`` (None: nothing is settled)."""

    desk: Desk
    fund: Callable[[Sequence[str]], Awaitable[Problem | None]] | None
    pace: Pace
    now_ms: Callable[[], int]
    tell: Callable[[Notice], None]
    started_ms: int = 0
    _funded: int = 0  # the hour, since 1970, whose settlements are known
    _again_s: float = 0.0
    _told_hour: int = 0

    async def ask(self) -> None:
        """Ask anew once an hour has begun, and again where no answer came."""
        now, needed = self.now_ms(), self.desk.symbols()
        hour = (now - SETTLING_MS) // HOUR_MS
        if self.fund is None or hour == self._funded or not needed or time.monotonic() < self._again_s:
            return
        problem = await self.fund(needed)
        self.desk.funded()
        if problem is None:
            self._funded = hour
            return
        self._again_s = time.monotonic() + self.pace.again_s
        if self._told_hour != hour:
            self._told_hour = hour
            self.tell(Notice(NoticeKind.ERROR, "no funding rates", f"{problem}. It is asked for again."))

    def until_ms(self) -> int:
        """Candles that open from here on wait for the funding that was settled by then."""
        settled = (self._funded + 1) * HOUR_MS
        patience = self.pace.patience_ms + SETTLING_MS
        waited = self.now_ms() - max(settled, self.started_ms)
        return NEVER_MS if self.fund is None or waited > patience else settled
