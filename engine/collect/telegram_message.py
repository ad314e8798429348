"""A message as Telegram's API has it becomes a ``Message``, with the same words that an export uses.

Offsets of formatted parts are counted in UTF-16 units there and in characters here. Service messages (joined, pinned)
are no posts. An edit that Telegram does not show as one (a button, a reaction) is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from telethon.tl import types as t

from engine.collect.export_message import LONGEST_TEXT, clean
from engine.domain import Entity, Message

KINDS = {
    t.MessageEntityBold: "bold",
    t.MessageEntityItalic: "italic",
    t.MessageEntityUnderline: "underline",
    t.MessageEntityStrike: "strikethrough",
    t.MessageEntitySpoiler: "spoiler",
    t.MessageEntityCode: "code",
    t.MessageEntityPre: "pre",
    t.MessageEntityBlockquote: "blockquote",
    t.MessageEntityTextUrl: "text_link",
    t.MessageEntityUrl: "link",
    t.MessageEntityMention: "mention",
    t.MessageEntityMentionName: "mention_name",
    t.MessageEntityHashtag: "hashtag",
    t.MessageEntityCashtag: "cashtag",
    t.MessageEntityBotCommand: "bot_command",
    t.MessageEntityEmail: "email",
    t.MessageEntityPhone: "phone",
    t.MessageEntityBankCard: "bank_card",
    t.MessageEntityCustomEmoji: "custom_emoji",
}
Names = Callable[[int], str | None]


def to_message(found: Any, channel: str, chat_id: int, names: Names, received_ms: int) -> Message | None:
    """The message of a TL ``Message``; None for service messages and for what is no message.

    ``names`` knows the names of users and chats by their marked ids. ``version`` is 1: the archive counts.
    """
    if not isinstance(found, t.Message) or found.date is None:
        return None
    posted_ms = epoch_ms(found.date)
    edited = found.edit_date is not None and not found.edit_hide
    raw = found.message or ""
    return Message(
        channel=channel,
        chat_id=chat_id,
        message_id=found.id,
        version=1,
        kind="edit" if edited else "post",
        posted_ms=posted_ms,
        edited_ms=max(epoch_ms(found.edit_date), posted_ms) if edited else None,
        received_ms=received_ms,
        text=clean(raw)[:LONGEST_TEXT],
        reply_to=_reply_to(found, chat_id),
        sender=_sender(found, chat_id, names),
        forwarded_from=_forwarded_from(found.fwd_from, names),
        grouped_id=found.grouped_id,
        media=_media(found.media),
        origin="live",
        entities=tuple(_entities(found.entities or (), raw)),
    )


def epoch_ms(moment: datetime) -> int:
    """A moment in UTC milliseconds."""
    return round(moment.timestamp() * 1000)


def peer_id(peer: Any) -> int | None:
    """The marked id of a peer; None for anything else."""
    match peer:
        case t.PeerUser(user_id=int(number)):
            return number
        case t.PeerChat(chat_id=int(number)):
            return -number
        case t.PeerChannel(channel_id=int(number)):
            return -1_000_000_000_000 - number
    return None


def names_of(users: Iterable[Any], chats: Iterable[Any]) -> dict[int, str]:
    """The names of users and chats by their marked ids."""
    found: dict[int, str] = {}
    for user in users:
        name = " ".join(part for part in (getattr(user, "first_name", ""), getattr(user, "last_name", "")) if part)
        if name:
            found[user.id] = clean(name)
    for chat in chats:
        title = getattr(chat, "title", "")
        if title:
            marked = -chat.id if isinstance(chat, t.Chat | t.ChatForbidden) else -1_000_000_000_000 - chat.id
            found[marked] = clean(title)
    return found


def _reply_to(found: Any, chat_id: int) -> int | None:
    """The number of the message that is answered, when it stands in the same chat."""
    header = found.reply_to
    if not isinstance(header, t.MessageReplyHeader) or header.reply_to_peer_id not in (None, found.peer_id):
        return None
    if header.reply_to_scheduled or peer_id(found.peer_id) not in (None, chat_id):
        return None
    return header.reply_to_msg_id or None


def _sender(found: Any, chat_id: int, names: Names) -> str | None:
    """Who wrote: the author that a channel shows, else the sender's name, else the chat's."""
    if found.post_author:
        return clean(found.post_author)
    sender = peer_id(found.from_id)
    return names(chat_id if sender is None else sender)


def _forwarded_from(header: Any, names: Names) -> str | None:
    """From whom a message was forwarded, when it was."""
    if header is None:
        return None
    sender = peer_id(header.from_id)
    name = header.from_name or (names(sender) if sender is not None else None) or header.post_author
    return clean(name) if name else "unknown"


def _media(media: Any) -> str | None:
    """What hangs on a message, in the words of an export."""
    match media:
        case None | t.MessageMediaEmpty() | t.MessageMediaWebPage():
            return None
        case t.MessageMediaPhoto():
            return "photo"
        case t.MessageMediaDocument():
            return _document(media)
        case t.MessageMediaPoll():
            return "poll"
    return type(media).__name__.removeprefix("MessageMedia").lower()


def _document(media: Any) -> str:
    """The kind of a document."""
    for found in getattr(media.document, "attributes", ()):
        match found:
            case t.DocumentAttributeSticker():
                return "sticker"
            case t.DocumentAttributeAnimated():
                return "animation"
            case t.DocumentAttributeAudio():
                return "voice_message" if found.voice else "audio_file"
            case t.DocumentAttributeVideo():
                return "video_message" if found.round_message else "video_file"
    return "file"


def _entities(found: Iterable[Any], raw: str) -> Iterable[Entity]:
    """The formatted parts, with offsets into the cleaned text."""
    wide = raw.encode("utf-16-le", "surrogatepass")

    def place(units: int) -> int:
        return len(clean(wide[: 2 * units].decode("utf-16-le", "ignore")))

    for entity in found:
        kind = KINDS.get(type(entity))
        if kind is not None and entity.offset >= 0 and entity.length > 0:
            url = getattr(entity, "url", None)
            start, end = place(entity.offset), place(entity.offset + entity.length)
            yield Entity(kind, start, end, clean(url) if isinstance(url, str) else None)
