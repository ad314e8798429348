"""The exchange's own time, as its news and its answers tell it.

A candle is over when the exchange says so, not when the clock of this machine does: a clock that runs ahead would take
a forming candle for a closed one, and call one that has not come yet missing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from engine.market.asking import Asker
from engine.market.venue import Client


class ExchangeTime:
    """The newest moment that the exchange has spoken of; it is asked when its news are older than ``every_s``."""

    def __init__(self, client: Client, every_s: float, own_ms: Callable[[], int]) -> None:
        self._client, self._every_s, self._own_ms = client, every_s, own_ms
        self._asker = Asker(client, attempts=1)
        self._asking = asyncio.Lock()
        self._seen_at = -every_s
        self.newest_ms = 0

    def seen(self, ts_ms: int) -> None:
        """News carry a time."""
        if ts_ms > self.newest_ms:
            self.newest_ms, self._seen_at = ts_ms, time.monotonic()

    async def now_ms(self) -> int:
        """The exchange's time, at most ``every_s`` old. Raises RefusedError where it does not answer.

        For an exchange that cannot be asked for its time it is the time of this machine.
        """
        if not self._client.has.get("fetchTime"):
            return self._own_ms()
        async with self._asking:
            if time.monotonic() - self._seen_at >= self._every_s:
                said = await self._asker.ask(self._client.fetch_time, "its time")
                self.newest_ms, self._seen_at = int(said), time.monotonic()
        return self.newest_ms
