"""What keeps a feed whole: history where the sockets failed, new sockets after a silence, polling without any.

1. Candles that are over and that no socket brought are asked for (``candleline.py`` says which).
2. When a symbol says nothing for ``silence_s``, all sockets are replaced; they share one connection. When that does not
   help ``restarts`` times, the symbol is polled until its sockets speak again, and causes a replacement rarely.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from engine.market.asking import Asker
from engine.market.candleline import CandleLine, Row
from engine.market.pages import Series, candle_page
from engine.market.ranges import Range
from engine.tasks import end_tasks, told_to_end

if TYPE_CHECKING:
    from engine.market.feed import Feed

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class FeedSettings:
    """Times in seconds of this machine, except ``grace_ms`` and ``final_ms``, which are market time.

    ``silence_s``: a symbol that says nothing so long gets new sockets. ``grace_ms`` after its end a candle is asked for
    when the socket did not bring it; ``final_ms`` after its end one that the history lacks is one that the exchange
    does not have. ``poll_s``: between two questions for prices while sockets are out; ``retry_s``: between two
    attempts to replace them all the same, because a subscription may have been lost on a socket that works.
    ``answer_s``: a question that nobody has answered by then is asked anew.
    """

    silence_s: float = 20.0
    restarts: int = 2
    tick_s: float = 0.2
    poll_s: float = 2.0
    grace_ms: int = 1_500
    final_ms: int = 30_000
    longest_wait_s: float = 5.0
    retry_s: float = 300.0
    answer_s: float = 60.0


@dataclass
class Watched:
    """One symbol of the feed. ``connections`` are the sockets that its last news came through."""

    series: Series
    line: CandleLine
    heard_at: float
    state: Literal["live", "restarted", "polling"] = "live"
    quiet_restarts: int = 0
    newest_trade_ms: int = 0
    newest_quote_ms: int = 0
    polled_at: float = 0.0
    connections: tuple[Any, ...] = ()
    watchers: list[asyncio.Task[None]] = field(default_factory=list)
    keeper: asyncio.Task[None] | None = None


class Keeper:
    """Keeps one feed; its sockets are replaced for all symbols together."""

    def __init__(self, feed: Feed) -> None:
        self.feed, self.settings = feed, feed.settings
        self.restarts = 0
        self._asker = Asker(feed.client, attempts=1)
        self._restarting = asyncio.Lock()
        self._restarted_at = 0.0
        self._renewing: asyncio.Task[None] | None = None

    async def keep(self, watched: Watched) -> None:
        """Fill what is missing, notice silence, and poll while there are no sockets."""
        failures = 0
        while True:
            wait_s = self.settings.tick_s * 2 ** min(failures, 10)
            await asyncio.sleep(min(wait_s, max(self.settings.longest_wait_s, self.settings.tick_s)))
            try:
                await self._fill(watched)
                await self._notice_silence(watched)
                if watched.state == "polling":
                    await self._poll(watched)
                failures = 0
            except (Exception, asyncio.CancelledError) as error:
                if told_to_end():
                    raise
                failures += 1
                LOG.info("feed %s: %s: %s", watched.series, type(error).__name__, str(error)[:200])

    async def _fill(self, watched: Watched) -> None:
        """Ask the history for candles that are due."""
        line, told = watched.line, self.feed.time
        if line.due(max(self.feed.now_ms(), told.newest_ms), self.settings.grace_ms) is None:
            return
        now_ms = await asyncio.wait_for(told.now_ms(), self.settings.answer_s)
        due = line.due(now_ms, self.settings.grace_ms)
        if due is None:
            return
        page_ms = watched.series.page_ms
        due = Range(due.start_ms, min(due.end_ms, due.start_ms + page_ms))
        asked = due if line.told_ms is None else Range(max(line.told_ms, due.end_ms - page_ms), due.end_ms)
        question = candle_page(self._asker, watched.series, asked)
        found = await asyncio.wait_for(
            question, self.settings.answer_s
        )  # one that never ends would be silence for ever
        columns = (found.ts, found.open, found.high, found.low, found.close, found.volume)
        rows: list[Row] = [(int(r[0]), r[1], r[2], r[3], r[4], r[5]) for r in zip(*map(_list, columns), strict=True)]
        taken = line.fill(due, rows, now_ms - self.settings.final_ms)
        self.feed.tell_candles(watched, taken, "history")
        self.feed.tell_candles(watched, line.take(), "socket")

    async def _notice_silence(self, watched: Watched) -> None:
        """Replace the sockets of a symbol that is silent, or give up on them for now."""
        quiet_s = time.monotonic() - watched.heard_at
        if watched.state == "polling":
            if quiet_s > self.settings.retry_s:
                watched.heard_at = time.monotonic()
                await self._replace_sockets()
            return
        if quiet_s <= self.settings.silence_s:
            return
        if watched.quiet_restarts >= self.settings.restarts:
            self.feed.tell_state(watched, "polling", f"{watched.quiet_restarts} restarts did not help")
            return
        watched.quiet_restarts += 1
        watched.heard_at = time.monotonic()
        self.feed.tell_state(watched, "restarted", f"silent for {self.settings.silence_s:g} s")
        await self._replace_sockets()

    async def _replace_sockets(self) -> None:
        """Close all sockets; the watchers open new ones. Several silent symbols cause one replacement."""
        async with self._restarting:
            if time.monotonic() - self._restarted_at < self.settings.silence_s / 2:
                return
            self._restarted_at = time.monotonic()
            self.restarts += 1
            self._renewing = asyncio.create_task(self._renew())
            await asyncio.shield(self._renewing)  # it is for all symbols: that one of them is left does not cut it off

    async def ended(self) -> None:
        """Until nothing of it works any more; its symbols have been left."""
        if self._renewing is not None:
            await asyncio.gather(self._renewing, return_exceptions=True)

    async def _renew(self) -> None:
        """New sockets for all symbols."""
        everyone = list(self.feed.watched.values())
        try:
            # Their questions would wait for the old sockets, which answer no more.
            await end_tasks(*[task for watched in everyone for task in watched.watchers])
            await self.feed.client.close_ws_clients()
        finally:
            for watched in everyone:
                watched.line.break_()
                if self.feed.watched.get(watched.series.symbol) is watched:
                    self.feed.start_watching(watched)

    async def _poll(self, watched: Watched) -> None:
        """A quote by question; the candles come from ``_fill``."""
        if time.monotonic() - watched.polled_at >= self.settings.poll_s:
            watched.polled_at = time.monotonic()
            name = watched.series.market["symbol"]
            ticker = await self._asker.ask(lambda: self.feed.client.fetch_ticker(name), f"the price of {name}")
            self.feed.on_ticker(watched, ticker)


def _list(column: Any) -> list[Any]:
    """A column as plain numbers."""
    return list(column.tolist())
