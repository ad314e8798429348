"""The files of the archive: the one that is written, and those that were full before it, read as one.

``signals_raw.jsonl`` is written. When it is full it is renamed to ``signals_raw.000001.jsonl``, the next one to
``signals_raw.000002.jsonl``, and so on; a renamed file is never touched again. A ``Place`` says how far somebody has
read, and stays true through a renaming.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from engine.collect.private import make_private
from engine.files import append_synced, sync_folder


class Place(NamedTuple):
    """Right behind a line: the file's number (from 1), bytes and lines before it in that file."""

    segment: int
    offset: int
    line: int


START = Place(1, 0, 0)
HEAD_BYTES = 64
TAIL_BYTES = 192


class Segments:
    """The files of the archive whose written file is ``path``. Methods raise OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._name = re.compile(re.escape(path.stem) + r"\.([0-9]{6})" + re.escape(path.suffix))

    def full(self) -> list[int]:
        """The numbers of the files that are full, ascending."""
        if not self.path.parent.is_dir():
            return []
        names = (self._name.fullmatch(name) for name in os.listdir(self.path.parent))  # noqa: PTH208 - names only
        return sorted(int(match[1]) for match in names if match)

    def current(self) -> int:
        """The number of the file that is written."""
        return max(self.full(), default=0) + 1

    def path_of(self, segment: int) -> Path:
        """Where a file lies or lay last."""
        full = self.path.with_name(f"{self.path.stem}.{segment:06}{self.path.suffix}")
        return full if full.exists() else self.path

    def size(self) -> int:
        """Bytes in the file that is written; 0 when there is none."""
        return self.path.stat().st_size if self.path.exists() else 0

    def lines(self, start: Place = START) -> Iterator[tuple[bytes, Place]]:
        """Each whole line from a place on, and the place behind it. A last line without its end is left out."""
        place = start
        while True:
            path, last = self._find(place.segment)
            if path is None:  # not there yet, or somebody moved a full file away
                after = self._after(place.segment)
                if after == place.segment or not self._find(after)[0]:
                    return
                place = Place(after, 0, 0)
                continue
            with path.open("rb") as file:
                if last and self._find(place.segment)[1] is False:
                    continue  # renamed between the look and the opening: another file may have been opened
                segment, offset, line = place
                file.seek(offset)
                for raw in file:
                    if not raw.endswith(b"\n"):
                        break
                    offset, line = offset + len(raw), line + 1
                    yield raw, Place(segment, offset, line)
            if last:
                return
            place = Place(self._after(segment), 0, 0)

    def _after(self, segment: int) -> int:
        """The number of the file that follows one."""
        return min((number for number in self.full() if number > segment), default=self.current())

    def _find(self, segment: int) -> tuple[Path | None, bool]:
        """The file with a number, and whether it is the one being written; no file when there is none."""
        path = self.path_of(segment)
        if path != self.path:
            return path, False
        return (path if path.exists() and segment >= self.current() else None), True

    def print_of(self, place: Place) -> bytes:
        """Some bytes before a place by which its file is known again: its first ones and the last before the place."""
        path, _ = self._find(place.segment)
        if path is None:
            return b""
        with path.open("rb") as file:
            head = file.read(min(HEAD_BYTES, place.offset))
            start = file.seek(max(0, place.offset - TAIL_BYTES))
            return head + file.read(place.offset - start)

    # ------------------------------------------------------------------ writing, under the lock

    def append(self, lines: list[str]) -> None:
        """Append lines to the file that is written and sync them; a new file is private."""
        if not self.path.exists():
            make_private(self.path)
            sync_folder(self.path.parent)
        append_synced(self.path, lines)

    def rotate(self, largest: int) -> bool:
        """Rename the file that is written when it has ``largest`` bytes or more; whether it had."""
        if self.size() < largest:
            return False
        self.path.rename(self.path.with_name(f"{self.path.stem}.{self.current():06}{self.path.suffix}"))
        sync_folder(self.path.parent)
        return True

    def last_line(self) -> tuple[int, bytes]:
        """The offset and the bytes of the last line of the file that is written, with its end where it has one."""
        with self.path.open("rb") as file:
            start = file.seek(0, os.SEEK_END)
            tail = b""
            while start:
                step = min(start, 1 << 16)
                start -= step
                file.seek(start)
                tail = file.read(step) + tail
                cut = tail.rfind(b"\n", 0, len(tail) - 1)
                if cut >= 0:
                    return start + cut + 1, tail[cut + 1 :]
            return 0, tail

    def end_last_line(self) -> None:
        """Give a whole last line the end that it lacks."""
        with self.path.open("ab") as file:
            file.write(b"\n")
            file.flush()
            os.fsync(file.fileno())

    def cut(self, offset: int) -> None:
        """Cut off what stands from an offset on."""
        with self.path.open("r+b") as file:
            file.truncate(offset)
            os.fsync(file.fileno())
