"""The collector: every post, edit and deletion of every channel, once, whatever happens.

1. connect; what Telegram sends from then on goes to the archive (``writer.py``);
2. each channel has a task: find the chat, then pass over it (``watch.py``) at the start, every few minutes, and when
   news show a gap;
3. the profiles are looked at every few seconds: channels come and go without a restart;
4. a pulse finds a dead connection or a revoked login; a channel whose posts come by history alone, pass after pass,
   means that no news arrive;
5. when the connection is lost, or news stay away, the client is thrown away and all begins at 1 with a new one. What
   happened meanwhile is in the history.

It knows nothing of terminals and can run beside others in one event loop: ``run`` it as a task, and ``listen`` to what
is in the archive, after it is there.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from engine.collect.archive import Archive
from engine.collect.feed import ChatError, Feed, News, Unreachable
from engine.collect.pacer import Pacer, Sleep
from engine.collect.tasks import first_of, is_connection_trouble
from engine.collect.watch import Pace, Watch
from engine.collect.writer import Writer
from engine.domain import Message
from engine.tasks import end_tasks

LOG = logging.getLogger(__name__)
LOST_IN_A_ROW = 3


@dataclass(frozen=True, slots=True)
class Notice:
    """What a person should know. ``kind`` "problem" needs him; ``channel`` empty: it is about all."""

    kind: Literal["state", "problem"]
    text: str
    channel: str = ""

    def __str__(self) -> str:
        """One line."""
        return f"{self.channel}: {self.text}" if self.channel else self.text


class Collector:
    """Collects the channels of ``sources`` into an archive.

    Parameters
    ----------
    archive
        Where everything goes. It belongs to the collector until ``run`` or ``once`` has ended.
    connect
        Makes a connection that is not open yet; called again after each loss.
    sources
        The channels to watch now: the profile's name and its Telegram address. Called often; may change its answer.
    pace
        How often things are done.
    tell
        Gets notices for people.
    sleep
        Waits for an ordered time; for tests.
    """

    def __init__(
        self,
        archive: Archive,
        connect: Callable[[], Feed],
        sources: Callable[[], Mapping[str, str]],
        pace: Pace | None = None,
        tell: Callable[[Notice], None] = lambda _: None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._connect = connect
        self._sources = sources
        self._pace = pace or Pace()
        self._tell = tell
        self._sleep = sleep
        self._watches: dict[str, Watch] = {}
        self._listeners: list[asyncio.Queue[Message]] = []
        self._writer = Writer(archive, self._heard)
        self._pacer = Pacer(self._pace.spacing_s, self._flooded, sleep)
        self._feed: Feed | None = None

    # ------------------------------------------------------------------ for others

    async def run(self) -> None:
        """Collect until cancelled.

        Raises LoginRevoked when the owner has ended the login, ArchiveError when nothing can be written any more.
        """
        writing = asyncio.create_task(self._writer.run())
        try:
            await first_of(writing, asyncio.create_task(self._stay()))
        finally:
            await end_tasks(writing)
            await self._writer.finish()

    async def once(self) -> bool:
        """Bring every channel up to date, look at all recent posts again, and end; whether all could be read.

        Raises Unreachable as well: once is once.
        """
        writing = asyncio.create_task(self._writer.run())
        try:
            return bool(await first_of(writing, asyncio.create_task(self._once())))
        finally:
            await end_tasks(writing)
            await self._writer.finish()

    async def listen(self) -> AsyncIterator[Message]:
        """Each record after it is synced to the archive, from the first step of the iteration on; never ends."""
        queue: asyncio.Queue[Message] = asyncio.Queue()
        self._listeners.append(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._listeners.remove(queue)

    # ------------------------------------------------------------------ connections

    async def _stay(self) -> None:
        """Hold a connection, and another one after it."""
        pause_s = self._pace.again_s
        while True:
            began = time.monotonic()
            try:
                await self._with_client(self._serve)
            except Unreachable as error:
                LOG.warning("connection: %s", error)
                if time.monotonic() - began > self._pace.again_most_s:
                    pause_s = self._pace.again_s
                else:
                    self._notice("state", f"not connected ({error}); trying again in {pause_s:.0f} s")
                await self._sleep(pause_s)
                pause_s = min(pause_s * 2, self._pace.again_most_s)
            else:
                pause_s = self._pace.again_s

    async def _with_client(self, work: Callable[[Feed], Any]) -> Any:
        """Do something with a new client that is connected, and let it go again."""
        await self._prepare()
        feed = self._connect()
        self._feed = feed
        try:
            await self._pacer.call(lambda: feed.open(self._hear))
            return await work(feed)
        finally:
            self._feed = None
            await feed.close()

    async def _prepare(self) -> None:
        """Know the chats of the archive before the first news of them arrive."""
        for name, address in self._sources().items():
            if name not in self._watches:
                watch = self._watches[name] = self._new_watch(name, address)
                await watch.remember()

    def _new_watch(self, name: str, address: str) -> Watch:
        return Watch(name, address, self._writer, self._pacer, self._pace)

    async def _serve(self, feed: Feed) -> None:
        """Watch all channels until the connection is lost (Unreachable) or something worse happens."""
        tasks: dict[str, asyncio.Task[None]] = {}
        others = [asyncio.create_task(self._lost(feed)), asyncio.create_task(self._pulse(feed))]
        try:
            while True:
                self._look_at_sources(feed, tasks)
                done, _ = await asyncio.wait(
                    [*others, *tasks.values()], timeout=self._pace.sources_s, return_when=asyncio.FIRST_COMPLETED
                )
                for task in sorted(done, key=is_connection_trouble):
                    task.result()
        finally:
            await end_tasks(*others, *tasks.values())

    def _look_at_sources(self, feed: Feed, tasks: dict[str, asyncio.Task[None]]) -> None:
        """Begin to watch new channels, and stop where a profile is gone or says another address."""
        wanted = self._sources()
        for name in [name for name, watch in self._watches.items() if wanted.get(name) != watch.address]:
            del self._watches[name]
            if name in tasks:
                tasks.pop(name).cancel()
            self._notice("state", "no longer watched", name)
        for name, address in wanted.items():
            if name not in self._watches:
                self._watches[name] = self._new_watch(name, address)
            if name not in tasks:
                tasks[name] = asyncio.create_task(self._watch(feed, self._watches[name]))

    async def _lost(self, feed: Feed) -> None:
        """Raise Unreachable when the connection is gone."""
        await feed.lost()
        raise Unreachable("the connection was lost")

    async def _pulse(self, feed: Feed) -> None:
        """Ask for a sign of life now and then."""
        while True:
            await asyncio.sleep(self._pace.pulse_s)
            await self._pacer.call(feed.pulse)

    # ------------------------------------------------------------------ channels

    async def _watch(self, feed: Feed, watch: Watch) -> None:
        """Pass over a channel again and again."""
        is_first = True
        while True:
            watch.wake.clear()
            wait_s = self._pace.pass_s
            try:
                await self._pass(feed, watch, is_first)
                is_first = False
            except ChatError as error:
                watch.chat = None
                wait_s = self._pace.retry_s
                self._notice("problem", str(error.problem), watch.channel)
            await asyncio.sleep(min(self._pace.gap_s, wait_s))
            with suppress(TimeoutError):
                await asyncio.wait_for(watch.wake.wait(), max(wait_s - self._pace.gap_s, 0))

    async def _pass(self, feed: Feed, watch: Watch, is_first: bool, whole: bool = False) -> None:
        """One pass over a channel. Raises ChatError, and Unreachable when news stay away pass after pass."""
        is_new = watch.chat is None or watch.moved
        chat = await watch.find(feed) if watch.chat is None or watch.moved else watch.chat
        fetched: list[int] = []
        lost = await watch.catch_up(feed, is_first, fetched.append)
        await watch.look_again(feed, whole)
        if is_new:
            how = "live" if chat.joined else "this account is not in it: new posts are seen within minutes, not at once"
            self._notice("state", f'"{chat.title}" is up to date ({sum(fetched):,} new); {how}', watch.channel)
        elif is_first and any(fetched):
            self._notice("state", f"{sum(fetched):,} records were missed and are here now", watch.channel)
        if lost:
            LOG.warning("%s: %d posts came by history alone", watch.channel, lost)
            if watch.lost_in_a_row >= LOST_IN_A_ROW:
                watch.lost_in_a_row = 0
                raise Unreachable(f"no news of {watch.channel} arrive, though it posts")
            await feed.catch_up()

    async def _once(self) -> bool:
        """One whole pass over every channel."""
        return bool(await self._with_client(self._pass_over_all))

    async def _pass_over_all(self, feed: Feed) -> bool:
        """One whole pass over every channel; whether all could be read."""
        whole = True
        for name, watch in self._watches.items():
            try:
                await self._pass(feed, watch, is_first=True, whole=True)
            except ChatError as error:
                whole = False
                self._notice("problem", str(error.problem), name)
        return whole

    # ------------------------------------------------------------------ what is heard

    def _hear(self, news: News) -> None:
        """News from Telegram."""
        for watch in self._watches.values():
            if self._feed is not None and watch.means(news.chat_id):
                watch.hear(self._feed, news, round(time.time() * 1000))

    def _heard(self, messages: list[Message]) -> None:
        """Records that are in the archive now."""
        for queue in self._listeners:
            for message in messages:
                queue.put_nowait(message)

    def _flooded(self, seconds: int) -> None:
        """Telegram orders a wait."""
        self._notice("state", f"Telegram asks for a pause of {seconds} s")

    def _notice(self, kind: Literal["state", "problem"], text: str, channel: str = "") -> None:
        """Tell people, and the log."""
        notice = Notice(kind, text, channel)
        LOG.log(logging.WARNING if kind == "problem" else logging.INFO, "%s", notice)
        self._tell(notice)
