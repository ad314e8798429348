"""The posts of its own channel that a message links to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.channel.profile import Profile

Link = tuple[int, int]  # chat (0 where it names none), message
_LINK = re.compile(r"(?<![\w.])t\.me/(c/)?([a-z0-9-]{1,40})/(?:\d{1,12}/)?(\d{1,12})(?!\w)")


def links_in(text: str, profile: Profile) -> Iterator[tuple[int, Link]]:
    """The posts that a folded text links to, with the offsets of the links. A link to another public chat is none."""
    source = profile.source
    own = source.address.lstrip("@").lower() if source and source.kind == "telegram" else None
    for match in _LINK.finditer(text):
        private, chat, message = match.groups()
        if private or own in (None, chat.replace("-", "_")):
            yield match.start(), (int(chat) if private and chat.isdecimal() else 0, int(message))
