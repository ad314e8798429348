"""Is this a new version of a post? The one rule by which the archive decides, whoever brings the text.

A text is a version of its post. What is known is not written again:

1. A text that the post had before is not new, however often it is brought: exports repeat, Telegram redelivers.
   An original is written even when its text is known as an edit: it proves that the text stood there from the start.
2. A text that comes back (edited to B, then to A again) is new when Telegram itself says so: its edit is later than
   the newest known, or it was read from the history, which is how the post stands now (``settled``).
3. A post has one original. Another text that claims to be it is an edit: of unknown time from an export, and from
   Telegram seen when it arrived. What was heard live wins over an export that claims another original.
4. A deletion is written once. One that does not say when its post was posted takes that from the archive, and says
   nothing about a post that the archive never saw.
"""

from __future__ import annotations

from dataclasses import replace

from engine.collect.index import MARK, STEP, PostState
from engine.collect.record import key_of
from engine.domain import Message


def take(message: Message, state: PostState, settled: bool = False) -> Message | None:
    """The record to write for a message, ``state`` then knowing it too; None when it says nothing new.

    ``settled`` says that this is how the post stands at this moment, not news that may have been overtaken.
    """
    if message.kind == "deletion":
        posted_ms = message.posted_ms or state.posted_ms
        if state.deleted or not posted_ms:
            return None
        gone_ms = max(message.known_ms, posted_ms)  # this machine's clock may be behind Telegram's
        return _learned(replace(message, version=state.versions + 1, posted_ms=posted_ms, edited_ms=gone_ms), state)
    content = key_of(message).content
    if message.kind == "post":
        if message.edited_ms is not None:
            message = replace(message, kind="edit")
        elif state.original not in (None, content):
            if message.origin == "export" and state.live:
                return None
            seen_ms = message.received_ms if message.origin == "live" else None
            message = replace(message, kind="edit", edited_ms=seen_ms)
    known = state.has(message.kind, content) or (message.kind == "edit" and state.has("post", content))
    if known and not _comes_back(message, content, state, settled):
        return None
    return _learned(replace(message, version=state.versions + 1), state)


def learn(message: Message, state: PostState) -> None:
    """Remember a record of the archive."""
    state.versions = max(state.versions, message.version)
    state.posted_ms = state.posted_ms or message.posted_ms
    if message.kind == "deletion":
        state.deleted = True
        return
    state.live |= message.origin == "live"
    entry = MARK[message.kind] + key_of(message).content
    if message.known_ms >= state.edited_ms or not state.known:
        state.known += entry
        state.edited_ms = message.known_ms
    else:  # overtaken: the newest stays last
        state.known = state.known[:-STEP] + entry + state.known[-STEP:]


def _learned(message: Message, state: PostState) -> Message:
    """The message, which the state knows now."""
    learn(message, state)
    return message


def _comes_back(message: Message, content: bytes, state: PostState, settled: bool) -> bool:
    """Whether Telegram says that a post has a text again which it had before."""
    if message.origin != "live" or content == state.newest or message.kind != "edit":
        return False
    return message.known_ms > state.edited_ms or (settled and message.known_ms == state.edited_ms)
