"""What live trading needs of a price feed, and how long it waits for what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from engine.market.feedevents import FeedEvent
from engine.problem import Problem
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS


class PriceFeed(Protocol):
    """What is needed of ``market.feed.Feed``."""

    async def subscribe(self, symbol: str, from_ms: int | None = None) -> Problem | None:
        """Watch a symbol from a moment on."""

    async def unsubscribe(self, symbol: str) -> None:
        """Watch it no longer."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that are watched."""

    @property
    def waiting(self) -> int:
        """How many events were not taken yet."""

    def through_ms(self, symbol: str) -> int:
        """All candles that open before this were told."""

    def __aiter__(self) -> AsyncIterator[FeedEvent]:
        """The events."""


@dataclass(frozen=True)
class Pace:
    """Times of live trading. ``history_ms`` of candles are fetched before a call, for market facts and ATRs.

    ``patience_ms`` is how long a symbol without candles may hold up the others, ``silent_ms`` after which its silence
    is told, ``idle_ms`` after which an unneeded symbol is watched no longer; ``tick_s`` between two looks at all that,
    ``orders_s`` between two looks for orders of people, ``again_s`` between two attempts to watch a symbol.
    """

    tick_s: float = 0.2
    orders_s: float = 1.0
    again_s: float = 15.0
    history_ms: int = 2 * DAY_MS
    patience_ms: int = 10 * MINUTE_MS
    silent_ms: int = 3 * MINUTE_MS
    idle_ms: int = HOUR_MS
