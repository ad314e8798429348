"""One channel under watch: what Telegram sends is a hint, its history is the truth.

A pass over a channel:

1. fetch the history behind the cursor, page by page; store a page (synced), then move the cursor behind it. The cursor
   moves only here, never by news, so there is no gap below it;
2. ask for recent posts by their ids: the newest hundred each time, and the older ones of the window in turn. Another
   text is an edit, a post that is not there is asked for once more and then is a deletion.

News that arrive while an answer is on its way may be younger than it: what the answer says about such posts is taken
as news too (not ``settled``), and the next pass looks again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from engine.collect.archive import Archive
from engine.collect.feed import Chat, ChatError, Feed, News
from engine.collect.pacer import Pacer
from engine.collect.writer import Writer
from engine.domain import Message
from engine.problem import Problem
from engine.units import DAY_MS

PAGE = 100


@dataclass(frozen=True, slots=True)
class Pace:
    """How often things are done, in seconds. The defaults are gentle with Telegram; tests hurry.

    ``pass_s`` between two passes over a channel, ``gap_s`` the least between two that news ask for, ``retry_s`` until a
    channel that cannot be read is tried again, ``sources_s`` between two looks at the profiles, ``pulse_s`` between two
    signs of life, ``spacing_s`` between two requests, ``grace_s`` how old a post must be to say that news of it were
    lost, ``again_s`` until a new client is made, doubled each time up to ``again_most_s``. Posts of the last
    ``window_ms`` are looked at again, and at least the newest hundred.
    """

    pass_s: float = 180.0
    gap_s: float = 3.0
    retry_s: float = 600.0
    sources_s: float = 5.0
    pulse_s: float = 30.0
    spacing_s: float = 0.3
    grace_s: float = 15.0
    again_s: float = 1.0
    again_most_s: float = 60.0
    window_ms: int = 7 * DAY_MS


@dataclass
class Watch:
    """A channel under watch. ``lost_news`` counts posts that only the history brought.

    ``moved``: the account may have joined or left it since; the chat has to be found anew.
    """

    channel: str
    address: str
    writer: Writer
    pacer: Pacer
    pace: Pace
    chat: Chat | None = None
    known_chats: tuple[int, ...] = ()
    lost_news: int = 0
    lost_in_a_row: int = 0
    last_id: int = 0
    moved: bool = False
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    _touched: set[int] = field(default_factory=set)
    _turn: int = 0

    def means(self, chat_id: int) -> bool:
        """Whether news of a chat are about this channel."""
        return chat_id == self.chat.chat_id if self.chat else chat_id in self.known_chats

    async def remember(self) -> None:
        """Learn which chats the archive has under this name."""
        self.known_chats = tuple(n for n in await self.writer.ask(lambda a: a.chats(self.channel)) if n)

    async def find(self, feed: Feed) -> Chat:
        """Find the chat. Raises ChatError when it cannot be read, or is not the one that was read before."""
        await self.remember()
        self.moved = False
        found = await self.pacer.call(lambda: feed.find(self.channel, self.address))
        if self.known_chats and found.chat_id not in self.known_chats:
            text = f"{self.address} is now chat {found.chat_id}; the archive has {self.known_chats[0]} under this name"
            hint = "give the other chat a profile of its own, or correct the source line"
            raise ChatError(Problem(text, hint=hint))
        self.chat = found
        return found

    # ------------------------------------------------------------------ news

    def hear(self, feed: Feed, news: News, now_ms: int) -> None:
        """Put news on the way to the archive; ask for a pass where something seems to be missing."""
        chat = self.chat or Chat(self.channel, news.chat_id, "", None, joined=True, handle=None)
        if news.deleted:
            self._touched.update(news.deleted)
            self.writer.put(deletion(self.channel, news.chat_id, number, 0, now_ms) for number in news.deleted)
            return
        if news.moved:
            self.moved = True
        if news.message is None:  # too much happened for Telegram to send it all
            self.wake.set()
            return
        number = int(getattr(news.message, "id", 0))
        message = feed.convert(news, chat)
        if message is not None:
            self._touched.add(number)
            self.writer.put([message])
        if number > self.last_id:
            if self.last_id and number > self.last_id + 1:
                self.wake.set()
            self.last_id = number

    # ------------------------------------------------------------------ a pass

    async def catch_up(self, feed: Feed, is_first: bool, progress: Callable[[int], None]) -> int:
        """Fetch the history behind the cursor; how many posts of it no news had brought.

        ``progress`` hears how many records each page gave. Raises ChatError.
        """
        assert self.chat is not None
        chat, lost = self.chat, 0
        late_ms = (time.time() - self.pace.grace_s) * 1000
        cursor = await self.writer.ask(lambda archive: archive.fetched(chat.channel, chat.chat_id))
        while True:
            self._touched.clear()
            page = await self.pacer.call(partial(feed.history, chat, cursor))
            if not page.last_id:
                break
            new = await self._store(page.messages)
            cursor = page.last_id
            await self.writer.ask(partial(_set_fetched, chat, cursor))
            self.last_id = max(self.last_id, cursor)
            progress(len(new))
            lost += sum(message.posted_ms < late_ms for message in new)
        if is_first or not chat.joined:
            return 0
        self.lost_news += lost
        self.lost_in_a_row = self.lost_in_a_row + 1 if lost else 0
        return lost

    async def look_again(self, feed: Feed, whole: bool = False) -> None:
        """Look at recent posts again for edits and deletions; ``whole``: at all of the window, not a part of it."""
        assert self.chat is not None
        chat, since_ms = self.chat, round(time.time() * 1000) - self.pace.window_ms
        standing = await self.writer.ask(lambda a: a.standing(chat.channel, chat.chat_id, since_ms, PAGE))
        posted = dict(standing)
        parts = [[number for number, _ in standing[i : i + PAGE]] for i in range(0, len(standing), PAGE)]
        older = parts[1:]
        if not whole and older:
            self._turn = (self._turn + 1) % len(older)
            older = [older[self._turn]]
        for part in parts[:1] + older:
            self._touched.clear()
            found = await self.pacer.call(partial(feed.by_ids, chat, part))
            await self._store([message for message in found.values() if message is not None])
            await self._confirm(feed, chat, [n for n in part if found.get(n, 0) is None], posted)

    async def _confirm(self, feed: Feed, chat: Chat, missing: Sequence[int], posted: dict[int, int]) -> None:
        """Ask once more for posts that are not there; those that are not there again are deleted."""
        if not missing:
            return
        found = await self.pacer.call(partial(feed.by_ids, chat, missing))
        gone = [number for number in missing if found.get(number, 0) is None]
        now_ms = round(time.time() * 1000)
        await self.writer.put(deletion(chat.channel, chat.chat_id, n, posted[n], now_ms) for n in gone)

    async def _store(self, messages: Sequence[Message]) -> list[Message]:
        """Store what an answer said; the new records, synced."""
        young = [message for message in messages if message.message_id in self._touched]
        settled = [message for message in messages if message.message_id not in self._touched]
        new = await self.writer.put(settled, settled=True)
        return new + (await self.writer.put(young) if young else [])


def _set_fetched(chat: Chat, cursor: int, archive: Archive) -> None:
    """Move a chat's cursor."""
    archive.set_fetched(chat.channel, chat.chat_id, cursor)


def deletion(channel: str, chat_id: int, number: int, posted_ms: int, seen_ms: int) -> Message:
    """The record of a deletion that was seen at a time; ``posted_ms`` 0 where only the archive knows it."""
    return Message(channel, chat_id, number, 1, "deletion", posted_ms, seen_ms, seen_ms, "")
