"""A Telegram Desktop export (``result.json``) becomes messages.

1. read the file, or say in one line why it cannot be one (``export_file.py``);
2. find the chat: the file holds one, or a list of them (``chats.list`` and ``left_chats.list``) to choose from;
3. read each message (``export_message.py``), skip and count the rest.

An export is all or nothing: it gives messages with a summary, or one ``Problem``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.collect.export_file import load_json
from engine.collect.export_message import clean, has_utc_time, read_message
from engine.config.diagnostics import did_you_mean
from engine.domain import Message
from engine.problem import Problem
from engine.units import iso

LISTED_CHATS = 10
MARKED_CHANNEL = -1_000_000_000_000
LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What an export held. ``local_times`` counts messages whose UTC time follows from ``timezone`` only."""

    chat: str
    chat_id: int
    messages: int
    edited: int
    first_ms: int | None
    last_ms: int | None
    skipped: tuple[tuple[str, int], ...]
    local_times: int
    timezone: str

    def __str__(self) -> str:
        """One line: the chat, its days, what was skipped."""
        parts = [f'chat "{self.chat}"']
        if self.first_ms is not None and self.last_ms is not None:
            parts.append(f"{iso(self.first_ms)[:10]} to {iso(self.last_ms)[:10]}")
        if self.edited:
            parts.append(f"{self.edited:,} edited after posting, only the last text known")
        if self.skipped:
            parts.append("skipped: " + ", ".join(f"{count:,} {reason}" for reason, count in self.skipped))
        if self.local_times:
            parts.append(f"{self.local_times:,} times without a zone taken as {self.timezone}")
        return "; ".join(parts)


def read_export(
    path: Path, channel: str, timezone: str, chat: str | None = None
) -> tuple[list[Message], ImportSummary] | Problem:
    """Read the messages of one chat.

    Parameters
    ----------
    path
        The ``result.json``.
    channel
        The id of the profile that will read the messages.
    timezone
        The zone of the computer that made the export, for old exports that have local times only.
    chat
        The chat's name or id, where the export holds several.

    Returns
    -------
        The messages in the order of the file, each once, with ``origin="export"`` and ``received_ms`` the time at which
        the file was written; and a summary. Or a Problem, when the file cannot be used.
    """
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return Problem(f'there is no time zone "{timezone}"', hint="write one such as Europe/Sofia or UTC")
    loaded = load_json(path)
    if isinstance(loaded, Problem):
        return loaded
    found = _find_chat(loaded, str(path), chat)
    if isinstance(found, Problem):
        return found
    return _read_chat(found, channel, zone, round(path.stat().st_mtime * 1000))


# --------------------------------------------------------------------------- 1. the chat


def _find_chat(export: Any, shown: str, wanted: str | None) -> dict[str, Any] | Problem:
    """The one chat that is meant, or a Problem that names the chats there are."""
    chats = _chats(export)
    if not chats:
        return Problem(
            'not an export of Telegram Desktop: it has no "messages"', shown, hint="choose the file result.json"
        )
    found = chats if wanted is None else [chat for chat in chats if _is_called(chat, wanted)]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f'"{_name(chat)}" ({chat["id"]})' for chat in (found or chats)[:LISTED_CHATS])
    more = len(found or chats) - LISTED_CHATS
    listed += f" and {more} more" if more > 0 else ""
    if wanted is None:
        return Problem(
            f"the export holds {len(chats)} chats", shown, hint=f"choose one with --chat NAME or ID: {listed}"
        )
    if found:
        return Problem(f'{len(found)} chats are called "{wanted}"', shown, hint=f"choose by id: {listed}")
    near = did_you_mean(wanted, [_name(chat) for chat in chats])
    hint = f"{near} the export holds {listed}".strip()
    return Problem(f'the export holds no chat "{wanted}"', shown, hint=hint)


def _chats(export: Any) -> list[dict[str, Any]]:
    """All chats of an export of one chat or of a whole account."""
    if not isinstance(export, dict):
        return []
    found = [export]
    for part in (export.get("chats"), export.get("left_chats")):
        if isinstance(part, dict) and isinstance(part.get("list"), list):
            found += part["list"]
    return [
        chat for chat in found if isinstance(chat, dict) and isinstance(chat.get("messages"), list) and _has_id(chat)
    ]


def _has_id(chat: dict[str, Any]) -> bool:
    """Whether a chat has a number that Telegram could have given it."""
    return type(chat.get("id")) is int and abs(chat["id"]) < 1 << 62


def _name(chat: dict[str, Any]) -> str:
    """A chat's name, fit for one line; deleted accounts have none."""
    return " ".join(clean(str(chat.get("name") or "")).split())[:LONGEST_NAME]


def _is_called(chat: dict[str, Any], wanted: str) -> bool:
    """Whether a chat is meant by a name, whatever its case, or by its id, marked or not."""
    return wanted.strip().casefold() == _name(chat).casefold() or wanted.strip() in (
        str(chat["id"]),
        str(_marked(chat)),
    )


def _marked(chat: dict[str, Any]) -> int:
    """A chat's id as the Telegram API has it: -100 in front for channels and supergroups, minus for small groups."""
    number, kind = int(chat["id"]), str(chat.get("type"))
    if number < 0:
        return number
    if kind.endswith(("channel", "supergroup")):
        return MARKED_CHANNEL - number
    return -number if kind.endswith("group") else number


# --------------------------------------------------------------------------- the messages


def _read_chat(
    chat: dict[str, Any], channel: str, zone: ZoneInfo, written_ms: int
) -> tuple[list[Message], ImportSummary]:
    """The messages of a chat, and what was skipped."""
    messages: dict[int, Message] = {}
    skipped: Counter[str] = Counter()
    local_times = 0
    for record in chat["messages"]:
        message = read_message(record, channel, _marked(chat), zone, written_ms)
        if isinstance(message, str):
            skipped[message] += 1
        elif message.message_id in messages:
            skipped["repeated"] += 1
        else:
            messages[message.message_id] = message
            local_times += not has_utc_time(record)
    found = list(messages.values())
    times = [message.posted_ms for message in found]
    summary = ImportSummary(
        chat=_name(chat),
        chat_id=_marked(chat),
        messages=len(found),
        edited=sum(message.kind == "edit" for message in found),
        first_ms=min(times, default=None),
        last_ms=max(times, default=None),
        skipped=tuple(sorted(skipped.items())),
        local_times=local_times,
        timezone=zone.key,
    )
    return found, summary
