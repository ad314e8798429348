"""The double's time: as fast as it is told, and for several processes one clock that can be held."""

from __future__ import annotations

import mmap
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast


@dataclass
class Clock:
    """The double's time, which may run faster than ours: ``speed`` market ms for each ms."""

    start_ms: int | None = None
    speed: float = 1.0
    _began: float = field(default_factory=time.monotonic)

    def now_ms(self) -> int:
        """Market time."""
        if self.start_ms is None:
            return int(time.time() * 1000)
        return self.start_ms + int((time.monotonic() - self._began) * 1000 * self.speed)


@dataclass
class HeldClock(Clock):
    """A clock that several processes read from one file, and that one of them sets going and holds.

    While it goes (``with clock.going():``) it is ``speed`` times as fast as ours; ``held`` stops it for a while. It
    also waits for those of its readers that are in ``awaited`` (their ``place``, from 1): it is never more than
    ``ahead_ms`` beyond what each of them read last, so that a busy machine makes nobody late.
    """

    path: Path = Path("clock")
    place: int = 0
    held: bool = False
    ahead_ms: int = 20_000
    awaited: set[int] = field(default_factory=set)

    def set(self, now_ms: int) -> None:
        """Set it, and make the file."""
        self.path.write_bytes(struct.pack("<64q", *[now_ms] * 64))

    def now_ms(self) -> int:
        """Market time."""
        now_ms = self._read(0)
        if self.place:
            self._write(self.place, now_ms)
        return now_ms

    def _read(self, place: int) -> int:
        return int(struct.unpack_from("<q", self._memory(), 8 * place)[0])

    def _write(self, place: int, ms: int) -> None:
        struct.pack_into("<q", self._memory(), 8 * place, ms)

    def _memory(self) -> mmap.mmap:
        if "memory" not in self.__dict__:
            with self.path.open("r+b") as file:
                self.__dict__["memory"] = mmap.mmap(file.fileno(), 64 * 8)
        return cast("mmap.mmap", self.__dict__["memory"])

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "memory"}

    @contextmanager
    def going(self) -> Iterator[None]:
        """Let it go, in a thread of its own."""
        ended = threading.Event()

        def run() -> None:
            before = time.monotonic()
            while not ended.wait(0.005):
                now = time.monotonic()
                if not self.held:
                    later = self._read(0) + round((now - before) * 1000 * self.speed)
                    limits = [self._read(place) + self.ahead_ms for place in [*self.awaited]]
                    self._write(0, max(self._read(0), min([later, *limits])))
                before = now

        thread = threading.Thread(target=run, name="clock", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(5)
