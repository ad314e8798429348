"""Messages from wherever a user has them: an export, the archive, or lines of ``{"id": ..., "text": ...}``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.collect.export import read_export
from engine.collect.record import UnknownFormatError, decode
from engine.collect.segments import Segments
from engine.domain import Message
from engine.pipeline.errors import InputError
from engine.problem import Problem
from engine.units import moment_ms


@dataclass(frozen=True, slots=True)
class Post:
    """A text to read. ``posted_ms`` None: nobody knows when it was posted."""

    id: str
    text: str
    posted_ms: int | None = None
    sender: str | None = None


def load_posts(path: Path, channel: str, timezone: str) -> list[Post]:
    """The posts of a file, in its order; of the archive only ``channel``'s own, first versions.

    Raises InputError for a file that is none of the three, naming the first bad line.
    """
    if path.suffix.lower() == ".json":
        found = whole_export(path, channel, timezone)
        return [Post(str(m.message_id), m.text, m.known_ms, m.sender) for m in found]
    files = Segments(path)  # an archive may have more files than the one that is written
    try:
        paths = [*(files.path_of(number) for number in files.full()), path]
        lines = [(one, *numbered) for one in paths for numbered in enumerate(one.read_bytes().splitlines(), 1)]
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror}", str(path))) from None
    posts: list[Post] = []
    seen: set[str] = set()
    for file, number, line in lines:
        if not line.strip():
            continue
        try:
            post = _post(line, channel)
        except (ValueError, UnknownFormatError) as error:
            hint = 'each line is {"id": 1, "text": "..."}, with "date" where it is known'
            raise InputError(Problem(f"not a message: {error}", str(file), number, hint=hint)) from None
        if post is not None and post.id not in seen:
            seen.add(post.id)
            posts.append(post)
    return posts


def whole_export(path: Path, channel: str, timezone: str) -> list[Message]:
    """The messages of an export. Raises InputError also for a damaged one: half a history is not taken for a whole."""
    found = read_export(path, channel, timezone)
    if isinstance(found, Problem):
        raise InputError(found)
    messages, summary = found
    if summary.broken is not None:
        raise InputError(summary.broken)
    return list(messages)


def _post(line: bytes, channel: str) -> Post | None:
    """One line; None for a line of the archive that belongs to another channel or is a deletion. Raises ValueError."""
    record: Any = json.loads(line)
    if not isinstance(record, dict):
        raise ValueError("no object")
    if "message_id" in record:
        message = decode(line)
        if message.channel != channel or message.kind == "deletion":
            return None
        return Post(str(message.message_id), message.text, message.known_ms, message.sender)
    if "id" not in record or not isinstance(record.get("text", ""), str):
        raise ValueError('"id" and "text" are needed')
    date = record.get("date")
    return Post(str(record["id"]), record.get("text", ""), moment_ms(date) if isinstance(date, str) else None)
