"""What was posted: messages in their versions, as the archive keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.records import quick


@quick
@dataclass(frozen=True, slots=True)
class Entity:
    """A formatted stretch of a message: Telegram's name for it, half-open offsets into the text, a link's address."""

    kind: str
    start: int
    end: int
    url: str | None = None


@quick
@dataclass(frozen=True, slots=True)
class Message:
    """One version of one post.

    ``channel`` is the profile's id (the stem of its file). ``version`` counts from 1. ``posted_ms`` is the
    time of the first version (0 where nobody knows it), ``edited_ms`` the time at which *this* version appeared (None
    for the original). An export knows only last versions: such a message has ``origin="export"``, ``version`` 1 and
    its last edit time in ``edited_ms``.
    """

    channel: str
    chat_id: int
    message_id: int
    version: int
    kind: Literal["post", "edit", "deletion"]
    posted_ms: int
    edited_ms: int | None
    received_ms: int
    text: str
    reply_to: int | None = None
    sender: str | None = None
    forwarded_from: str | None = None
    grouped_id: int | None = None
    media: str | None = None
    origin: Literal["live", "export", "demo"] = "live"
    entities: tuple[Entity, ...] = ()

    @property
    def known_ms(self) -> int:
        """When this text was first there to be read: the edit time of an edited version, else the post time."""
        return self.posted_ms if self.edited_ms is None else self.edited_ms

    @property
    def key(self) -> str:
        """``channel/message_id``: the name of the post, the same for all its versions."""
        return f"{self.channel}/{self.message_id}"
