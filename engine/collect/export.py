"""A Telegram Desktop export (``result.json``) becomes messages, in bounded memory.

1. walk through the whole file once (``export_file.py``): is it whole, and which chats does it hold;
2. find the chat: the file holds one, or a list of them (``chats.list`` and ``left_chats.list``) to choose from;
3. walk through it again and read each message of that chat (``export_message.py``); skip and count the rest.

A file that is broken or cut off is known as such before its first message is given out. Every message in it that is
whole is kept (``salvage.py``), and the summary says that it is damaged and where, so that no half history is taken for
a whole one.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.collect.export_file import BrokenError, Found, walk
from engine.collect.export_message import clean, has_utc_time, read_message
from engine.collect.salvage import Place, Salvage
from engine.config.diagnostics import did_you_mean
from engine.domain import Message
from engine.problem import Problem
from engine.units import iso

LISTED_CHATS = 10
MARKED_CHANNEL = -1_000_000_000_000
LONGEST_NAME = 120
MOST_BITS = 200_000_000


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What an export held. ``local_times`` counts messages whose UTC time follows from ``timezone`` only.

    An export has only the last text of what was ``edited``; of ``originals`` of them the archive has the first one too.
    ``broken`` says what is wrong with a damaged file, ``damage`` at which places something could not be read.
    """

    chat: str
    chat_id: int
    messages: int
    edited: int
    first_ms: int | None
    last_ms: int | None
    skipped: tuple[tuple[str, int], ...]
    local_times: int
    timezone: str
    broken: Problem | None = None
    damage: tuple[Place, ...] = ()
    originals: int = 0

    def __str__(self) -> str:
        """One line: the chat, its days, what was skipped."""
        parts = [f'chat "{self.chat}"']
        if self.first_ms is not None and self.last_ms is not None:
            parts.append(f"{iso(self.first_ms)[:10]} to {iso(self.last_ms)[:10]}")
        if self.edited:
            parts.append(f"{self.edited:,} edited after posting, {self._known}")
        if self.skipped:
            parts.append("skipped: " + ", ".join(f"{count:,} {reason}" for reason, count in self.skipped))
        if self.local_times:
            parts.append(f"{self.local_times:,} times without a zone taken as {self.timezone}")
        return "; ".join(parts)

    @property
    def _known(self) -> str:
        """What is known of the edited messages."""
        if not self.originals:
            return "only the last text known"
        if self.originals < self.edited:
            return f"the original of {self.originals:,} in the archive, of the others only the last text known"
        return "the original in the archive" if self.edited == 1 else "all originals in the archive"


class Export:
    """A chat of an export. Iterate over ``messages`` once; ``summary`` is known after that.

    ``broken`` is what is wrong with the file; only what is whole in it is read then.
    """

    def __init__(self, path: Path, channel: str, zone: ZoneInfo, chat: _Chat, broken: Problem | None = None) -> None:
        self._broken = broken
        self._salvage = Salvage(path)
        self._path = path
        self._channel = channel
        self._zone = zone
        self._chat = chat
        self._skipped: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._edited = array("q")
        self._first_ms: int | None = None
        self._last_ms: int | None = None

    def messages(self) -> Iterator[Message]:
        """The messages in the order of the file, each once, with ``origin="export"``.

        ``received_ms`` is the time at which the file was written. Raises ExportError when the file has changed
        meanwhile and is broken now.
        """
        written_ms = round(self._path.stat().st_mtime * 1000)
        seen = _Ids()
        try:
            for record in self._records():
                message = read_message(record, self._channel, self._chat.chat_id, self._zone, written_ms)
                if isinstance(message, str):
                    self._skipped[message] += 1
                elif seen.add(message.message_id):
                    self._count(message, record)
                    yield message
                else:
                    self._skipped["repeated"] += 1
        except BrokenError as error:
            raise ExportError(error.problem) from None

    def _records(self) -> Iterator[Any]:
        """The chat's messages as the file has them."""
        if self._broken is not None:
            yield from self._salvage.messages(self._chat.number)
            return
        for _, batch in walk(self._path, self._chat.number):
            yield from batch or ()

    def _count(self, message: Message, record: dict[str, Any]) -> None:
        """Count a message for the summary."""
        self._counts["messages"] += 1
        if message.kind == "edit":
            self._edited.append(message.message_id)
        self._counts["local"] += not has_utc_time(record)
        self._first_ms = min(message.posted_ms, self._first_ms or message.posted_ms)
        self._last_ms = max(message.posted_ms, self._last_ms or message.posted_ms)

    @property
    def edited(self) -> Sequence[int]:
        """The numbers of the edited messages that were read so far."""
        return self._edited

    @property
    def summary(self) -> ImportSummary:
        """What the export held, as far as it was read."""
        return ImportSummary(
            chat=self._chat.name,
            chat_id=self._chat.chat_id,
            messages=self._counts["messages"],
            edited=len(self._edited),
            first_ms=self._first_ms,
            last_ms=self._last_ms,
            skipped=tuple(sorted(self._skipped.items())),
            local_times=self._counts["local"],
            timezone=self._zone.key,
            broken=self._broken,
            damage=tuple(self._salvage.damage),
        )


class ExportError(Exception):
    """An export that turned out to be unreadable; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def open_export(path: Path, channel: str, timezone: str, chat: str | None = None) -> Export | Problem:
    """Find a chat in an export, or say why there is none to be read.

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
    """
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return Problem(f'there is no time zone "{timezone}"', hint="write one such as Europe/Sofia or UTC")
    broken = None
    try:
        listed = _in_order(path)
    except BrokenError as error:
        broken, listed = error.problem, [Found(head) for head in _heads(path, error)]
        if not listed:
            return broken
    chats = [_Chat.of(number, found) for number, found in enumerate(listed)]
    found = _find_chat([one for one in chats if one is not None], str(path), chat)
    return found if isinstance(found, Problem) else Export(path, channel, zone, found, broken)


def read_export(
    path: Path, channel: str, timezone: str, chat: str | None = None
) -> tuple[list[Message], ImportSummary] | Problem:
    """All messages of one chat at once, and a summary; see ``open_export``. For small files."""
    found = open_export(path, channel, timezone, chat)
    if isinstance(found, Problem):
        return found
    return list(found.messages()), found.summary


class _Ids:
    """A set of message numbers in little memory: one bit for each number up to the highest."""

    def __init__(self) -> None:
        self._bits = bytearray()
        self._others: set[int] = set()  # numbers that no chat reaches in earnest

    def add(self, number: int) -> bool:
        """Add a number; whether it is new."""
        if number >= MOST_BITS:
            new = number not in self._others
            self._others.add(number)
            return new
        place, bit = number >> 3, 1 << (number & 7)
        if place >= len(self._bits):
            self._bits.extend(bytes(place + 4096 - len(self._bits)))
        new = not self._bits[place] & bit
        self._bits[place] |= bit
        return new


@dataclass(frozen=True, slots=True)
class _Chat:
    """A chat of an export: its number in the walk, its name fit for one line, its id bare and as the API marks it."""

    number: int
    name: str
    bare_id: int
    chat_id: int

    @classmethod
    def of(cls, number: int, found: dict[str, Any]) -> _Chat | None:
        """The chat that an export's object is; None when it is none."""
        if "messages" not in found or type(found.get("id")) is not int or not abs(found["id"]) < 1 << 62:
            return None
        return cls(number, _name(found), found["id"], _marked(found))


def _heads(path: Path, error: BrokenError) -> list[dict[str, Any]]:
    """What can be read of the chats of a damaged file; nothing of one that is no export at all."""
    try:
        return Salvage(path).chats() if error.damaged else []
    except OSError:
        return []


def _in_order(path: Path) -> list[Found]:
    """All objects of an export that may be chats, in the order of the walk. Raises BrokenError."""
    found = [chat for chat, _ in walk(path)]
    # the file's own object ends last and is counted first
    return found[-1:] + found[:-1]


# --------------------------------------------------------------------------- 1. the chat


def _find_chat(chats: list[_Chat], shown: str, wanted: str | None) -> _Chat | Problem:
    """The one chat that is meant, or a Problem that names the chats there are."""
    if not chats:
        return Problem(
            'not an export of Telegram Desktop: it has no "messages"', shown, hint="choose the file result.json"
        )
    found = chats if wanted is None else [chat for chat in chats if _is_called(chat, wanted)]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f'"{chat.name}" ({chat.bare_id})' for chat in (found or chats)[:LISTED_CHATS])
    more = len(found or chats) - LISTED_CHATS
    listed += f" and {more} more" if more > 0 else ""
    if wanted is None:
        return Problem(
            f"the export holds {len(chats)} chats", shown, hint=f"choose one with --chat NAME or ID: {listed}"
        )
    if found:
        return Problem(f'{len(found)} chats are called "{wanted}"', shown, hint=f"choose by id: {listed}")
    near = did_you_mean(wanted, [chat.name for chat in chats])
    hint = f"{near} the export holds {listed}".strip()
    return Problem(f'the export holds no chat "{wanted}"', shown, hint=hint)


def _name(chat: dict[str, Any]) -> str:
    """A chat's name, fit for one line; deleted accounts have none."""
    return " ".join(clean(str(chat.get("name") or "")).split())[:LONGEST_NAME]


def _is_called(chat: _Chat, wanted: str) -> bool:
    """Whether a chat is meant by a name, whatever its case, or by its id, marked or not."""
    given = wanted.strip()
    return given.casefold() == chat.name.casefold() or given in (str(chat.bare_id), str(chat.chat_id))


def _marked(chat: dict[str, Any]) -> int:
    """A chat's id as the Telegram API has it: -100 in front for channels and supergroups, minus for small groups."""
    number, kind = int(chat["id"]), str(chat.get("type"))
    if number < 0:
        return number
    if kind.endswith(("channel", "supergroup")):
        return MARKED_CHANNEL - number
    return -number if kind.endswith("group") else number
