"""What the checks of files found, kept in ``data/cache/validate.json``, so that ``validate`` checks only what changed.

1. An entry holds for one text of one file, for the settings it was checked under, for the texts it takes over, and for
   one state of the program (the size and time of every file of the engine and of the packages that read user files).
2. The file is plain JSON under a hash of itself. Whatever is damaged, of another format or not what it should be is
   forgotten, never believed, and nothing in it can be executed.
3. Only findings are kept. No command that reads or trades looks here.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine import __version__
from engine.config.diagnostics import Diagnostic, Related
from engine.config.text import Span
from engine.files import write_text
from engine.pipeline.checking import Checked, hash_of

FORMAT = 1
LARGEST_BYTES = 50_000_000
READERS = ("jsonschema", "lark", "numpy", "scipy", "yaml", "tzdata")


class Memory:
    """The entries of a workspace; ``path`` None keeps nothing beyond this run."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.program = "" if path is None else program_state()
        self.old: Mapping[str, Any] = {} if path is None else _load(path, self.program)
        self.new: dict[str, Any] = {}

    def recall(self, shown: str, state: str, text_of: Callable[[str], str | None]) -> Checked | None:
        """What was found in a file in a ``state``; None when that is not known.

        ``text_of`` gives the text of a profile by its name, None for one that is not there.
        """
        entry = self.old.get(shown)
        if not isinstance(entry, dict) or entry.get("state") != state:
            return None
        try:
            checked = _unpack(entry["checked"])
        except (LookupError, TypeError, ValueError):
            return None
        for name, known in checked.needs.items():
            text = text_of(name)
            if known != (None if text is None else hash_of(text)):
                return None
        self.new[shown] = entry
        return checked

    def keep(self, shown: str, state: str, checked: Checked) -> None:
        """Remember what was found in a file in a state."""
        self.new[shown] = {"state": state, "checked": _pack(checked)}

    def save(self) -> None:
        """Write what is known now; where that cannot be written, the next run checks again."""
        if self.path is None or self.new == self.old:
            return
        body = json.dumps({"format": FORMAT, "program": self.program, "files": self.new}, ensure_ascii=False)
        try:
            write_text(self.path, f"{hash_of(body)}\n{body}\n")
        except OSError:
            return


def program_state() -> str:
    """A hash that changes with the program and the packages that read user files."""
    engine = Path(__file__).parent.parent
    parts = [__version__, sys.version, str(FORMAT)]
    for folder, _, files in sorted(os.walk(engine)):
        for name in sorted(files):
            if not name.endswith(".pyc"):
                about = (Path(folder) / name).stat()
                parts.append(f"{folder}/{name} {about.st_size} {about.st_mtime_ns}")
    for package in READERS:
        spec = find_spec(package)
        if spec and spec.origin:
            parts.append(f"{spec.origin} {Path(spec.origin).stat().st_mtime_ns}")
    return hash_of(*parts)


def _load(path: Path, program: str) -> Mapping[str, Any]:
    """The entries on disk; none where anything about the file is not as it should be."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            return {}
        digest, _, body = path.read_text(encoding="utf-8").rstrip("\n").partition("\n")
        if digest != hash_of(body):
            return {}
        data = json.loads(body)
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(data, dict) or data.get("format") != FORMAT or data.get("program") != program:
        return {}
    files = data.get("files")
    return files if isinstance(files, dict) else {}


def _pack(checked: Checked) -> dict[str, Any]:
    """A check's result as plain data."""
    return {
        "findings": [
            [d.path, d.line, d.column, d.end_column, d.code, d.severity, d.message, d.hint,
             [[r.path, r.line, r.column, r.message] for r in d.related]]
            for d in checked.findings
        ],
        "channels": {name: list(span) for name, span in checked.channels.items()},
        "rules": {name: list(span) for name, span in checked.rules.items()},
        "currency": checked.currency,
        "invented": checked.invented,
        "needs": checked.needs,
    }  # fmt: skip


def _unpack(data: Mapping[str, Any]) -> Checked:
    """A check's result from plain data. Raises LookupError, TypeError or ValueError for anything else."""
    return Checked(
        tuple(_finding(*row) for row in data["findings"]),
        {str(name): Span(*span) for name, span in data["channels"].items()},
        {str(name): Span(*span) for name, span in data["rules"].items()},
        data["currency"],
        data["invented"],
        dict(data["needs"]),
    )


def _finding(*row: Any) -> Diagnostic:
    """A finding from the plain data of ``_pack``."""
    path, line, column, end_column, code, severity, message, hint, others = row
    related = tuple(Related(*other) for other in others)
    return Diagnostic(path, line, column, end_column, code, severity, message, hint, related)
