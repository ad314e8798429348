"""A history as lines of JSON becomes messages: ``{"id": 1, "text": "...", "date": ..., "reply_to_message_id": ...}``.

Lines of another archive are taken as they are. A message without a date has none: it is stored as a version of unknown
time (``ts`` 0, kind ``edit``, no ``edited_at``), so it can be read and counted, but never acts and has no weight in a
verdict. When the same text comes with a date later, from Telegram or an export, that one counts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine.collect.export_message import read_message
from engine.collect.record import UnknownFormatError, decode
from engine.domain import Message

LONGEST_LINE = 1_000_000
EPOCH = {"date_unixtime": "1000000000"}


class Lines:
    """The messages of a .jsonl file for a channel; ``skipped`` and ``undated`` are known after the iteration.

    ``chat_id`` is the chat's, where the lines do not say it. Raises OSError.
    """

    def __init__(self, path: Path, channel: str, chat_id: int, timezone: str) -> None:
        self._path = path
        self._channel = channel
        self._chat_id = chat_id
        self._zone = ZoneInfo(timezone)
        self.skipped: Counter[str] = Counter()
        self.undated = 0
        self.count = 0

    def messages(self) -> Iterator[Message]:
        """The messages in the order of the file."""
        written_ms = round(self._path.stat().st_mtime * 1000)
        with self._path.open("rb") as file:
            while raw := file.readline(LONGEST_LINE):
                if not raw.strip():
                    continue
                message = self._message(raw, written_ms)
                if isinstance(message, str):
                    self.skipped[message] += 1
                else:
                    self.count += 1
                    self.undated += message.posted_ms == 0
                    yield message

    def _message(self, raw: bytes, written_ms: int) -> Message | str:
        """The message of a line, or why it is skipped."""
        try:
            record: Any = json.loads(raw, strict=False)
        except (ValueError, RecursionError):
            return "not whole JSON"
        if isinstance(record, dict) and "message_id" in record:
            try:
                found = decode(raw)
            except (ValueError, UnknownFormatError):
                return "malformed"
            return found if found.channel == self._channel else "of another channel"
        if isinstance(record, dict) and type(record.get("date")) in (int, float):
            record["date_unixtime"] = str(int(record["date"]))
        message = read_message(record, self._channel, self._chat_id, self._zone, written_ms)
        if message == "without a readable date" and not record.get("date"):
            message = read_message(record | EPOCH, self._channel, self._chat_id, self._zone, written_ms)
            if isinstance(message, Message):
                return replace(message, kind="edit", posted_ms=0, edited_ms=None)
        return message
