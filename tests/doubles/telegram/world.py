"""What exists, whatever happens to servers and connections: the account, the channels, their posts and their pasts.

Every post, edit and deletion is written down in ``record``, so that a test can compare what a collector kept with what
truly happened. Authors act through ``Channel``; servers that run are told and tell their clients.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from telethon.crypto import AuthKey
from telethon.tl import types as t

CODE = "22222"
PHONE = "+99966000001"
FIRST_CHANNEL = 1_000_000_001
MARKED = -1_000_000_000_000


@dataclass(frozen=True)
class Event:
    """What truly happened. ``text`` is None for a deletion; ``at`` is in seconds since 1970."""

    kind: Literal["post", "edit", "deletion"]
    chat_id: int
    message_id: int
    text: str | None
    at: float


@dataclass
class Change:
    """An entry of a channel's log of updates, which ends at ``pts`` and counts ``count``."""

    pts: int
    count: int
    kind: Literal["post", "edit", "deletion"]
    ids: list[int]
    at: float


@dataclass
class Channel:
    """A channel: its posts by id, and the log of what happened in it."""

    world: World
    number: int
    username: str | None
    title: str
    joined: bool = True
    closed: bool = False  # the account was thrown out
    posts: dict[int, Any] = field(default_factory=dict)
    log: list[Change] = field(default_factory=list)
    pts: int = 1
    next_id: int = 1

    @property
    def chat_id(self) -> int:
        """The id as the API marks it."""
        return MARKED - self.number

    def tl(self) -> Any:
        """The channel as a client sees it."""
        if self.closed:
            return t.ChannelForbidden(self.number, self.access_hash, self.title, broadcast=True)
        return t.Channel(
            id=self.number, title=self.title, photo=t.ChatPhotoEmpty(), date=datetime(2024, 1, 1, tzinfo=UTC),
            broadcast=True, left=not self.joined, access_hash=self.access_hash, username=self.username,
        )  # fmt: skip

    @property
    def access_hash(self) -> int:
        """What a client has to know to ask for this channel."""
        return 7000 + self.number

    # ------------------------------------------------------------------ what authors do

    def post(self, text: str, reply_to: int | None = None, at: datetime | None = None, **more: Any) -> int:
        """A new post; its id."""
        header = t.MessageReplyHeader(reply_to_msg_id=reply_to) if reply_to else None
        message = t.Message(
            id=self.next_id, peer_id=t.PeerChannel(self.number), date=at or self.world.now(), message=text, post=True,
            out=False, views=1, forwards=0, reply_to=header, **more,
        )  # fmt: skip
        self.next_id += 1
        self.posts[message.id] = message
        self.world.record.append(Event("post", self.chat_id, message.id, text, time.time()))
        change = self._changed("post", [message.id])
        self._push(t.UpdateNewChannelMessage(message, change.pts, 1))
        return int(message.id)

    def album(self, captions: list[str]) -> list[int]:
        """Several photos that belong together: a post each, with one grouped id."""
        group = self.next_id + 10_000
        photo = t.MessageMediaPhoto(photo=t.PhotoEmpty(1))
        return [self.post(caption, grouped_id=group, media=photo) for caption in captions]

    def pin(self, message_id: int) -> int:
        """A service message: takes an id, is no post."""
        number = self.next_id
        self.next_id += 1
        self.posts[number] = t.MessageService(
            id=number, peer_id=t.PeerChannel(self.number), date=now(), action=t.MessageActionPinMessage(), post=True,
            reply_to=t.MessageReplyHeader(reply_to_msg_id=message_id),
        )  # fmt: skip
        change = self._changed("post", [number])
        self._push(t.UpdateNewChannelMessage(self.posts[number], change.pts, 1))
        return number

    def edit(self, message_id: int, text: str, hidden: bool = False) -> None:
        """Another text; ``hidden`` edits are not shown as such."""
        message = self.posts[message_id]
        message.message, message.edit_date, message.edit_hide = text, self.world.now(), hidden
        self.world.record.append(Event("edit", self.chat_id, message_id, text, time.time()))
        change = self._changed("edit", [message_id])
        self._push(t.UpdateEditChannelMessage(message, change.pts, 1))

    def delete(self, *ids: int) -> None:
        """Posts go for ever."""
        for number in ids:
            del self.posts[number]
            self.world.record.append(Event("deletion", self.chat_id, number, None, time.time()))
        change = self._changed("deletion", list(ids))
        self._push(t.UpdateDeleteChannelMessages(self.number, list(ids), change.pts, len(ids)))

    def throw_out(self) -> None:
        """The account may read this channel no longer, and is told that something happened."""
        self._push(t.UpdateChannel(self.number))
        self.closed = True

    def readmit(self) -> None:
        """The account may read it again."""
        self.closed = False
        self._push(t.UpdateChannel(self.number))

    def _changed(self, kind: Literal["post", "edit", "deletion"], ids: list[int]) -> Change:
        count = len(ids) if kind == "deletion" else 1
        self.pts += count
        self.log.append(Change(self.pts, count, kind, ids, time.time()))
        return self.log[-1]

    def _push(self, update: Any) -> None:
        for listener in self.world.listeners:
            listener(self, update)


def now() -> datetime:
    """The time as Telegram tells it: in whole seconds."""
    return datetime.fromtimestamp(int(time.time()), UTC)


class World:
    """Everything that outlives a server. ``now`` dates posts and edits: a test's market may have a time of its own."""

    def __init__(self, password: str | None = None, now: Callable[[], datetime] = now) -> None:
        self.password, self.now = password, now
        self.keys: dict[int, AuthKey] = {}
        self.authorized: set[int] = set()
        self.channels: dict[int, Channel] = {}
        self.record: list[Event] = []
        self.pts = 10  # an account whose pts is 0 is not taken seriously by clients
        self.longest_difference = 100
        self.scanned: set[bytes] = set()
        self.listeners: list[Callable[[Channel, Any], None]] = []

    def channel(self, username: str | None, title: str | None = None, joined: bool = True) -> Channel:
        """A new channel; one without a name is private."""
        number = FIRST_CHANNEL + len(self.channels)
        made = Channel(self, number, username, title or username or f"private {number}", joined)
        self.channels[number] = made
        return made

    def me(self) -> Any:
        """The account's user."""
        return t.User(id=777001, access_hash=42, first_name="Collector", phone=PHONE.strip("+"), is_self=True)

    def revoke(self) -> None:
        """End every login, as the owner does under Settings, Devices."""
        self.authorized.clear()
