"""Beside a ledger: the number and hash of its newest event, written after each commit (``data/paper.db-head``).

The ledger proves by its chain that what it has is what was written, but not that nothing is missing at its end: a
damaged page of SQLite's WAL ends the reading there, as if nothing had followed. The witness is written after the ledger
and never synced, so it may be behind, and never ahead. Whatever cannot be read of it says nothing.
"""

from __future__ import annotations

import os
from contextlib import suppress
from io import FileIO
from pathlib import Path

LINE = "{:>20} {}\n"


class Witness:
    """The witness of the ledger at a path."""

    def __init__(self, ledger: Path) -> None:
        self.path = path_of(ledger)
        self._file: FileIO | None = None

    def read(self) -> tuple[int, str] | None:
        """Number and hash of the newest event; None where nobody has said so."""
        try:
            number, chain = self.path.read_text(encoding="ascii").split()
            return int(number), chain
        except (OSError, ValueError):
            return None

    def write(self, number: int, chain: str) -> None:
        """Say which event is the newest; where that cannot be written, the one before stands."""
        with suppress(OSError):
            if self._file is None:
                self._file = FileIO(os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600), "w")
            self._file.seek(0)
            self._file.write(LINE.format(number, chain).encode())

    def close(self) -> None:
        """Let the file go."""
        if self._file is not None:
            self._file.close()
            self._file = None


def path_of(ledger: Path) -> Path:
    """Where the witness of a ledger is."""
    return ledger.with_name(ledger.name + "-head")
