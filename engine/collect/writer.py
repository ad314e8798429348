"""The archive's one writer within a process: takes messages in order, writes many at once, tells when they are synced.

Everything asked of the archive runs in one thread of its own, so that waiting for the disk never holds up the network,
and no two questions meet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TypeVar

from engine.collect.archive import Archive
from engine.domain import Message

T = TypeVar("T")
Heard = Callable[[list[Message]], None]


@dataclass(slots=True)
class _Item:
    """Messages that wait to be written; ``done`` gets the records that were new."""

    messages: tuple[Message, ...]
    settled: bool
    done: asyncio.Future[list[Message]]


class Writer:
    """Writes to an archive while ``run`` runs. ``heard`` gets the new records of each batch, after they are synced."""

    def __init__(self, archive: Archive, heard: Heard) -> None:
        self._archive = archive
        self._heard = heard
        self._queue: asyncio.Queue[_Item] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(1, "archive")

    def put(self, messages: Iterable[Message], settled: bool = False) -> asyncio.Future[list[Message]]:
        """Let messages be written after all that were put before; the new records among them, once they are synced."""
        item = _Item(tuple(messages), settled, asyncio.get_running_loop().create_future())
        self._queue.put_nowait(item)
        return item.done

    async def ask(self, question: Callable[[Archive], T]) -> T:
        """An answer of the archive. Raises ArchiveError."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, question, self._archive)

    async def run(self) -> None:
        """Write until cancelled. Raises ArchiveError when nothing can be written any more."""
        while True:
            items = [await self._queue.get()]
            while not self._queue.empty():
                items.append(self._queue.get_nowait())
            await self._write(items)

    async def finish(self) -> None:
        """Write what still waits, and let the archive go."""
        items = []
        while not self._queue.empty():
            items.append(self._queue.get_nowait())
        try:
            if items:
                await self._write(items)
        finally:
            await self.ask(Archive.close)
            self._thread.shutdown()

    async def _write(self, items: list[_Item]) -> None:
        """Write items in their order, neighbours of one kind together."""
        for settled, group in groupby(items, lambda item: item.settled):
            run = list(group)
            try:
                new = await asyncio.shield(asyncio.ensure_future(self.ask(partial(_store, run, settled))))
            except Exception as error:
                for item in (item for item in run if not item.done.done()):
                    item.done.set_exception(error)
                    item.done.exception()  # who does not wait for it need not hear of it
                raise
            if new:
                self._heard(new)
            posts = {(m.channel, m.chat_id, m.message_id) for m in new}
            for item in run:
                if not item.done.done():
                    item.done.set_result([m for m in item.messages if (m.channel, m.chat_id, m.message_id) in posts])


def _store(items: list[_Item], settled: bool, archive: Archive) -> list[Message]:
    """Store the messages of items; the new records."""
    return archive.store((message for item in items for message in item.messages), settled)
