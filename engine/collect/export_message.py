"""One message of a Telegram Desktop export, in the old form or the new one.

Text is a string, or a list of strings and formatted pieces. Times are ``date_unixtime`` and ``edited_unixtime``
(seconds as text), in old exports only ``date`` and ``edited`` in the local time of whoever exported; an ``edited`` in
1970 means never. Nothing in a message can make reading it fail: what cannot be used is skipped with a reason.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.domain import Entity, Message

LONGEST_TEXT = 32_768  # Telegram itself stops at 4,096
LARGEST_ID = 1 << 62
EARLIEST_S = 1_000_000_000  # 2001; Telegram is younger
LATEST_S = 4_102_444_800  # 2100
YEAR_S = 366 * 86_400
UNCLEAN = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def read_message(record: Any, channel: str, chat_id: int, zone: ZoneInfo, received_ms: int) -> Message | str:
    """The message of a record of the export, or the reason for skipping it, in words that fit behind a number."""
    if not isinstance(record, dict) or _number(record.get("id")) is None:
        return "malformed"
    kind = record.get("type", "message")
    if kind != "message":
        return "service" if kind == "service" else "unsupported"
    posted_s = _moment_s(record, "date", zone)
    if posted_s is None or not EARLIEST_S <= posted_s < LATEST_S:
        return "without a readable date"
    pieces = record.get("text")
    text, entities = _text(pieces if isinstance(pieces, str | list) else record.get("text_entities"))
    if len(text) > LONGEST_TEXT:
        return "longer than any Telegram message"
    is_edited, edited_s = _edited(record, zone)
    return Message(
        channel=channel,
        chat_id=chat_id,
        message_id=record["id"],
        version=1,
        kind="edit" if is_edited else "post",
        posted_ms=posted_s * 1000,
        edited_ms=None if edited_s is None else max(edited_s, posted_s) * 1000,
        received_ms=received_ms,
        text=text,
        reply_to=None if record.get("reply_to_peer_id") else _number(record.get("reply_to_message_id")),
        sender=_sender(record),
        forwarded_from=_words(record.get("forwarded_from")),
        media=_media(record),
        origin="export",
        entities=entities,
    )


def has_utc_time(record: dict[str, Any]) -> bool:
    """Whether the export gives the time of a message in UTC, not only in local time."""
    return _seconds(record.get("date_unixtime")) is not None


def clean(text: str) -> str:
    """Text without control characters (line feeds and tabs stay) and halves of surrogate pairs."""
    return UNCLEAN.sub("", text)


def _text(pieces: Any) -> tuple[str, tuple[Entity, ...]]:
    """The text of a string or of a list of strings and pieces, and where the formatted pieces stand in it."""
    if isinstance(pieces, str):
        return clean(pieces), ()
    text, length, entities = [], 0, []
    for piece in pieces if isinstance(pieces, list) else ():
        formatted = isinstance(piece, dict)
        words = piece.get("text") if formatted else piece
        if not isinstance(words, str):
            continue
        words = clean(words)
        kind = piece.get("type") if formatted else "plain"
        if isinstance(kind, str) and kind != "plain":
            url = piece.get("href")
            entities.append(
                Entity(clean(kind), length, length + len(words), clean(url) if isinstance(url, str) else None)
            )
        text.append(words)
        length += len(words)
    return "".join(text), tuple(entities)


def _edited(record: dict[str, Any], zone: ZoneInfo) -> tuple[bool, int | None]:
    """Whether a message was edited, and when (epoch seconds; None where the export does not say it readably)."""
    if record.get("edited") is None and record.get("edited_unixtime") is None:
        return False, None
    edited_s = _moment_s(record, "edited", zone)
    if edited_s is None or edited_s >= LATEST_S:
        return True, None
    return (False, None) if edited_s < YEAR_S else (True, edited_s)


def _moment_s(record: dict[str, Any], name: str, zone: ZoneInfo) -> int | None:
    """A time of a record in epoch seconds, from its UTC form if it has one, else from its local one."""
    seconds = _seconds(record.get(f"{name}_unixtime"))
    if seconds is not None:
        return seconds
    try:
        local = datetime.fromisoformat(record.get(name) or "")
        # Of an hour that comes twice in autumn the later one is meant: a call must not act before it was posted.
        return round((local if local.tzinfo else local.replace(tzinfo=zone, fold=1)).timestamp())
    except (TypeError, ValueError, OverflowError):
        return None


def _seconds(value: Any) -> int | None:
    """Epoch seconds from a number or its text."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,11}", value):
        return int(value)
    return value if type(value) is int and 0 <= value < 10**11 else None


def _number(value: Any) -> int | None:
    """A message number, or None for anything else."""
    return value if type(value) is int and 0 < value < LARGEST_ID else None


def _words(value: Any) -> str | None:
    """A name, or None for anything else."""
    return clean(value)[:LONGEST_TEXT] if isinstance(value, str) else None


def _sender(record: dict[str, Any]) -> str | None:
    """Who wrote: the author that a channel shows, else the sender's name, else his id."""
    for name in ("author", "from", "from_id"):
        value = record.get(name)
        if isinstance(value, str | int) and str(value):
            return _words(str(value))
    return None


def _media(record: dict[str, Any]) -> str | None:
    """What hangs on a message: the media type the export names, or photo, file or poll."""
    kind = _words(record.get("media_type"))
    return kind or next((name for name in ("photo", "file", "poll") if record.get(name)), None)
