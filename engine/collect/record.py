"""One line of the archive: a message version as JSON.

``{"format": 1, "source", "chat_id", "message_id", "version", "kind", "ts", "edited_at", "received_at", "text",
"entities", "reply_to", "sender", "forwarded_from", "grouped_id", "media", "origin"}``. Times are UTC epoch
milliseconds: ``ts`` of the post, ``edited_at`` of this version (null for the original), ``received_at`` of its arrival
here. An entity is ``[kind, start, end, url]`` with offsets into ``text``.
"""

from __future__ import annotations

import json
import re
from hashlib import blake2b
from operator import itemgetter
from sys import intern
from typing import Any, Literal, NamedTuple

import orjson

from engine.domain import Entity, Message

FORMAT = 1
KINDS: dict[str, Literal["post", "edit", "deletion"]] = {"post": "post", "edit": "edit", "deletion": "deletion"}
ORIGINS: dict[str, Literal["live", "export", "demo"]] = {"live": "live", "export": "export", "demo": "demo"}
NUMBERS = ("chat_id", "message_id", "version", "ts", "received_at")
numbers_of = itemgetter(*NUMBERS)
fields_of = itemgetter(
    "format", "source", "chat_id", "message_id", "version", "kind", "ts", "edited_at", "received_at", "text",
    "entities", "reply_to", "sender", "forwarded_from", "grouped_id", "media", "origin",
)  # fmt: skip
LARGEST_NUMBER = 1 << 62
HALF_A_PAIR = re.compile("[\ud800-\udfff]")  # of a surrogate pair
YEAR_10000_MS = 253_402_300_800_000


class UnknownFormatError(ValueError):
    """A record of a format that this program does not know."""


class Key(NamedTuple):
    """What makes a message version the same as another. ``content`` is a hash of the text."""

    source: str
    chat_id: int
    message_id: int
    content: bytes
    kind: str


def key_of(message: Message) -> Key:
    """The key of a message version; a deletion has no content."""
    text = "" if message.kind == "deletion" else message.text
    content = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()
    return Key(message.channel, message.chat_id, message.message_id, content, message.kind)


def encode(message: Message) -> str:
    """A message as one line without its line end. ``decode`` gives it back equal."""
    record = {
        "format": FORMAT,
        "source": message.channel,
        "chat_id": message.chat_id,
        "message_id": message.message_id,
        "version": message.version,
        "kind": message.kind,
        "ts": message.posted_ms,
        "edited_at": message.edited_ms,
        "received_at": message.received_ms,
        "text": message.text,
        "entities": [[e.kind, e.start, e.end, e.url] for e in message.entities],
        "reply_to": message.reply_to,
        "sender": message.sender,
        "forwarded_from": message.forwarded_from,
        "grouped_id": message.grouped_id,
        "media": message.media,
        "origin": message.origin,
    }
    line = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    try:
        line.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: no UTF-8, but JSON can escape it
        return json.dumps(record, separators=(",", ":"))
    return line


def decode(line: bytes) -> Message:
    """The message of a line. Raises UnknownFormatError, or ValueError that says what is wrong with the line.

    orjson is quick and strict; a line that it does not read into a whole record is read once more by the standard
    library, which knows halves of surrogate pairs and numbers of any length, and whose answer is the one that counts.
    """
    try:
        return _plain(*fields_of(orjson.loads(line)))
    except (ValueError, KeyError, TypeError):
        return decode_slowly(line)


def _plain(
    form: Any, source: Any, chat_id: Any, message_id: Any, version: Any, kind: Any, ts: Any, edited_at: Any,
    received_at: Any, text: Any, entities: Any, reply_to: Any, sender: Any, forwarded_from: Any, grouped_id: Any,
    media: Any, origin: Any,
) -> Message:  # fmt: skip
    """The message of a record by its fields. Raises ValueError or TypeError where ``_message`` has to look at it."""
    if not (
        form == FORMAT
        and type(chat_id) is type(message_id) is type(version) is type(ts) is type(received_at) is int
        and -LARGEST_NUMBER < chat_id < LARGEST_NUMBER
        and -LARGEST_NUMBER < message_id < LARGEST_NUMBER
        and -LARGEST_NUMBER < version < LARGEST_NUMBER
        and 0 <= ts < YEAR_10000_MS
        and 0 <= received_at < YEAR_10000_MS
        and (edited_at is None or (type(edited_at) is int and 0 <= edited_at < YEAR_10000_MS))
        and type(source) is type(text) is str
        and (reply_to is None or type(reply_to) is int)
        and (sender is None or type(sender) is str)
        and (forwarded_from is None or type(forwarded_from) is str)
        and (grouped_id is None or type(grouped_id) is int)
        and (media is None or type(media) is str)
    ):
        raise ValueError
    return Message(
        intern(source), chat_id, message_id, version, KINDS[kind], ts, edited_at, received_at, text, reply_to, sender,
        forwarded_from, grouped_id, media, ORIGINS[origin],
        () if entities == [] else tuple([_entity(item) for item in entities]),
    )  # fmt: skip


def decode_slowly(line: bytes) -> Message:
    """What ``decode`` gives and raises, without orjson."""
    try:
        record = json.loads(line)
    except RecursionError:
        raise ValueError("not a record of a message") from None
    except UnicodeDecodeError:
        raise ValueError("not UTF-8 text") from None
    except ValueError:
        raise ValueError("not whole JSON") from None
    if not isinstance(record, dict) or "format" not in record:
        raise ValueError("not a record of a message")
    if record["format"] != FORMAT:
        raise UnknownFormatError(f"written in format {record['format']!r:.20}, this program knows format {FORMAT}")
    try:
        return _message(record)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a record of a message: {error}") from None


def _message(record: dict[str, Any]) -> Message:
    """The message of a record. Raises KeyError for a field that is missing, TypeError for one of the wrong kind."""
    for name, value in zip(NUMBERS, numbers_of(record), strict=True):
        if type(value) is not int or not -LARGEST_NUMBER < value < LARGEST_NUMBER:
            raise TypeError(f'"{name}" is not a whole number')
    get = record.get
    for name in ("edited_at", "reply_to", "grouped_id"):
        if (value := get(name)) is not None and type(value) is not int:
            raise TypeError(f'"{name}" is not a whole number')
    for name in ("ts", "edited_at", "received_at"):
        if not 0 <= (get(name) or 0) < YEAR_10000_MS:
            raise TypeError(f'"{name}" is not a time in milliseconds')
    for name in ("sender", "forwarded_from", "media"):
        if (value := get(name)) is not None and type(value) is not str:
            raise TypeError(f'"{name}" is not text')
    if type(record["source"]) is not str or type(record["text"]) is not str:
        raise TypeError('"source" or "text" is not text')
    if HALF_A_PAIR.search(record["source"]):
        raise TypeError('"source" is no name')
    kind, origin = KINDS.get(record["kind"]), ORIGINS.get(record["origin"])  # one text each for all messages
    if kind is None or origin is None:
        raise TypeError('unknown "kind" or "origin"')
    return Message(
        channel=intern(record["source"]),
        chat_id=record["chat_id"],
        message_id=record["message_id"],
        version=record["version"],
        kind=kind,
        posted_ms=record["ts"],
        edited_ms=get("edited_at"),
        received_ms=record["received_at"],
        text=record["text"],
        reply_to=get("reply_to"),
        sender=get("sender"),
        forwarded_from=get("forwarded_from"),
        grouped_id=get("grouped_id"),
        media=get("media"),
        origin=origin,
        entities=tuple([_entity(item) for item in get("entities", ())]),
    )


def _entity(item: Any) -> Entity:
    """An entity of a record. Raises TypeError."""
    match item:
        case [str(kind), int(start), int(end), (None | str()) as url]:
            return Entity(kind, start, end, url)
    raise TypeError('unknown form of "entities"')
