"""How fast Telegram may be asked: a little time between two requests, and silence when it orders silence."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from engine.collect.feed import FloodWait

T = TypeVar("T")
MARGIN_S = 1.0
Sleep = Callable[[float], Awaitable[None]]


class Pacer:
    """Lets requests through one after the other, ``spacing_s`` apart; ``tell`` hears of an ordered wait, in seconds."""

    def __init__(
        self,
        spacing_s: float,
        tell: Callable[[int], None],
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spacing_s = spacing_s
        self._tell = tell
        self._sleep = sleep
        self._clock = clock
        self._next = 0.0
        self._turn = asyncio.Lock()

    async def call(self, request: Callable[[], Awaitable[T]]) -> T:
        """The answer to a request, asked again after each ordered wait."""
        while True:
            async with self._turn:
                while (wait_s := self._next - self._clock()) > 0:
                    await self._sleep(wait_s)
                self._next = self._clock() + self._spacing_s
            try:
                return await request()
            except FloodWait as order:
                self._next = max(self._next, self._clock() + order.seconds + MARGIN_S)
                self._tell(order.seconds)
