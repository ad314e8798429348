"""``cli.py import``: an export, or a history as lines of JSON, into the archive.

An export is walked through once to see that it is whole, then what the archive does not know yet is appended. Lines are
read one by one; broken ones are skipped and counted.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING

from engine.config.diagnostics import did_you_mean
from engine.pipeline.errors import InputError
from engine.pipeline.validate import plural
from engine.pipeline.workspace import Workspace
from engine.problem import Problem

LOG = logging.getLogger(__name__)

if TYPE_CHECKING:
    from engine.collect.archive import Archive

CHANNEL_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def import_export(workspace: Workspace, export: Path, name: str, chat: str | None) -> str:
    """Append a Telegram Desktop export to the archive; what was done, as text. Raises InputError for a bad export."""
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
    try:
        if export.suffix.lower() == ".jsonl":
            count, summary, new = _import_lines(workspace, archive, export, name, chat)
        else:
            found = open_export(export, name, workspace.settings.timezone, chat)
            if isinstance(found, Problem):
                raise InputError(found)
            new = archive.append(found.messages())
            count, summary = found.summary.messages, str(found.summary)
    except (ArchiveError, ExportError) as error:
        raise InputError(error.problem) from None
    LOG.info("import %s into %s: %d messages, %d new", export, name, count, new)
    lines = [
        f"{name}: {plural(count, 'message')} in the export ({summary}); {new:,} new in the archive",
        f"archive: {workspace.shown(workspace.archive_path)}",
    ]
    if name not in known:
        lines.append(f"note: there is no channels/{name}.channel yet")
    return "\n".join(lines + [f"note: {problem}" for problem in archive.problems])


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
