"""``cli.py import``: an export, or a history as lines of JSON, into the archive.

An export is walked through once to see whether it is whole, then what the archive does not know yet is appended. Of a
damaged one every whole message is, and what could not be read is told. Lines are read one by one; broken ones are
skipped and counted.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config.diagnostics import did_you_mean
from engine.pipeline.errors import InputError
from engine.pipeline.workspace import Workspace
from engine.problem import Problem
from engine.units import show_count

LOG = logging.getLogger(__name__)

if TYPE_CHECKING:
    from engine.collect.archive import Archive
    from engine.collect.export import ImportSummary

CHANNEL_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


SHOWN_PLACES = 5


@dataclass(frozen=True, slots=True)
class Imported:
    """What was done, as text; ``whole``: nothing of the export was damaged."""

    text: str
    whole: bool


def import_export(workspace: Workspace, export: Path, name: str, chat: str | None) -> Imported:
    """Append a Telegram Desktop export to the archive. Raises InputError where nothing of it can be imported."""
    from engine.collect.archive import Archive, ArchiveError
    from engine.collect.export import ExportError, open_export

    if not CHANNEL_NAME.fullmatch(name):
        raise InputError(Problem(f'"{name}" cannot name a channel', hint="use a-z, 0-9, _ and -, such as fast_scalps"))
    known = workspace.names("channels", ".channel")
    near = "" if name in known else did_you_mean(name, known)
    if near:
        hint = f"{near} Write that profile first if you mean a channel of its own"
        raise InputError(Problem(f"there is no channels/{name}.channel", hint=hint))
    archive = Archive(workspace.archive_path)
    damage: list[str] = []
    try:
        if export.suffix.lower() == ".jsonl":
            count, summary, new = _import_lines(workspace, archive, export, name, chat)
        else:
            found = open_export(export, name, workspace.settings.timezone, chat)
            if isinstance(found, Problem):
                raise InputError(found)
            new = archive.append(found.messages())
            held = found.summary
            if held.broken is not None and not held.messages:
                raise InputError(held.broken)
            held = replace(held, originals=archive.originals(name, held.chat_id, found.edited))
            count, summary, damage = held.messages, str(held), _damage(held)
    except (ArchiveError, ExportError) as error:
        raise InputError(error.problem) from None
    LOG.info("import %s into %s: %d messages, %d new", export, name, count, new)
    lines = [
        f"{name}: {show_count(count, 'message')} in the export ({summary}); {new:,} new in the archive",
        f"archive: {workspace.archive_path.as_posix()}",
    ]
    if name not in known:
        lines.append(f"note: there is no channels/{name}.channel yet")
    for line in damage:
        LOG.warning("import %s: %s", export, line)
    lines += [*damage, *(f"note: {problem}" for problem in archive.problems)]
    return Imported("\n".join(lines), not damage)


def _damage(summary: ImportSummary) -> list[str]:
    """What is to be said of an export that is broken."""
    if summary.broken is None:
        return []
    lines = [f"damaged: {replace(summary.broken, hint='')}"]
    if summary.damage:
        named = ", ".join(map(str, summary.damage[:SHOWN_PLACES]))
        more = len(summary.damage) - SHOWN_PLACES
        rest = f" and {more:,} more" if more > 0 else ""
        lines.append(f"not read: {show_count(len(summary.damage), 'place')} ({named}{rest})")
    lines.append("hint: export the chat again and import that file too; only what is missing is added then")
    return lines


def _import_lines(
    workspace: Workspace, archive: Archive, path: Path, name: str, chat: str | None
) -> tuple[int, str, int]:
    """Append the messages of a .jsonl file: how many it has, a summary, how many are new."""
    from engine.collect.lines import Lines

    known = [number for number in archive.chats(name) if number]
    if chat is not None and not re.fullmatch("-?[0-9]{1,18}", chat):
        raise InputError(Problem(f'--chat "{chat}" is no number', str(path), hint="a .jsonl file holds one chat"))
    chat_id = int(chat) if chat is not None else (known[0] if known else 0)
    lines = Lines(path, name, chat_id, workspace.settings.timezone)
    try:
        path.stat()
        new = archive.append(lines.messages())
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror}", str(path))) from None
    parts = [f"chat {chat_id}" if chat_id else "chat unknown, name it with --chat NUMBER"]
    if lines.undated:
        parts.append(f"{lines.undated:,} without a date: read and counted, never traded, without weight in a verdict")
    if lines.skipped:
        parts.append("skipped: " + ", ".join(f"{count:,} {why}" for why, count in sorted(lines.skipped.items())))
    return lines.count, "; ".join(parts), new
