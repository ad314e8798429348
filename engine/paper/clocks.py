"""The clock of this machine against the exchange's: where it is wrong, or was moved, calls look late or too young."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.notify.notice import Notice, NoticeKind
from engine.units import show_duration

JUMP_MS = 3_000
SKEW_MS, SKEWS = 30_000, 20  # so far off, in so many news in a row


@dataclass
class Clocks:
    """See the module's docstring. ``now_ms`` is the time of trading, ``wall_ms`` the clock of this machine."""

    now_ms: Callable[[], int]
    wall_ms: Callable[[], int]
    tell: Callable[[Notice], None]
    _skews: deque[int] = field(default_factory=lambda: deque(maxlen=SKEWS))
    _skewed: bool = False
    _seen: tuple[float, int] | None = None  # on the clock that nobody moves, and on the machine's

    def heard(self, ts_ms: int) -> None:
        """News of a moment by the exchange's clock: say once that the two differ."""
        self._skews.append(self.now_ms() - ts_ms)
        least = min(self._skews, key=abs)  # news may be slow to arrive; none is quicker than the clocks allow
        if len(self._skews) < SKEWS or abs(least) <= SKEW_MS or self._skewed:
            return
        self._skewed = True
        way = "ahead of" if least > 0 else "behind"
        text = f"The clock of this machine is {show_duration(abs(least))} {way} the exchange's. Candles go by the "
        text += "exchange's; a call that seems to arrive late acts late. Let the system keep the time (NTP)."
        self.tell(Notice(NoticeKind.ERROR, "the clock is wrong", text))

    def look(self) -> None:
        """Say so where the clock was moved since the last look."""
        beat, wall = time.monotonic(), self.wall_ms()
        before, self._seen = self._seen or (beat, wall), (beat, wall)
        jump = wall - before[1] - (beat - before[0]) * 1000
        if abs(jump) > JUMP_MS:
            way = "forward" if jump > 0 else "back"
            text = f"The clock of this machine moved {way} by {show_duration(abs(jump))}. Calls that arrive now may "
            text += "look too old or too young; trades go by the exchange's candles and are not touched by it."
            self.tell(Notice(NoticeKind.ERROR, "the clock jumped", text))
