"""The archive ``data/signals_raw.jsonl``: every version of every message, every edit and deletion, append-only.

What is promised:

1. A message that was appended is on the disk when ``append`` returns: lines are written and synced in batches.
2. A kill in the middle of a batch costs nothing whole. A torn last line is found by the next writer, cut off and kept
   in ``signals_raw.jsonl.torn``; a last line that only lacks its line end gets it.
3. Nothing is written twice. A text that a message had before is not a new version of it, whoever brings it; an original
   is written even when its text is known as an edit, because it proves that the text stood there from the start.
4. One writer at a time (``lock.py``); a second one waits, then knows what the first has written.
5. Nothing is changed: a broken line stays where it is, is skipped and reported. An unknown format is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from engine.collect.lock import locked
from engine.collect.record import Key, UnknownFormatError, decode, encode, key_of
from engine.domain import Message
from engine.files import append_synced
from engine.problem import Problem

BATCH_LINES = 10_000
LISTED_PROBLEMS = 20
WAIT_FOR_WRITER_S = 60.0


class ArchiveError(Exception):
    """An archive that cannot be used at all; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Archive:
    """The archive at ``path`` (it need not exist yet). Every method raises ArchiveError for an unknown format.

    ``problems`` lists what was found wrong so far: broken lines with their place, and what was repaired.
    """

    def __init__(self, path: Path, wait_s: float = WAIT_FOR_WRITER_S) -> None:
        self.path = path
        self._wait_s = wait_s
        self._broken: dict[int, str] = {}
        self._notes: list[Problem] = []
        self._offset = 0  # how far the file is known: bytes, and lines
        self._line = 0
        self._forget()

    @property
    def problems(self) -> list[Problem]:
        """Broken lines (the first 20, then how many more), repairs and warnings."""
        found = [Problem(f"{text}; the line is skipped", str(self.path), line) for line, text in self._broken.items()]
        more = len(found) - LISTED_PROBLEMS
        if more > 0:
            found[LISTED_PROBLEMS:] = [Problem(f"{more} more broken lines; they are skipped", str(self.path))]
        return found + self._notes

    def read(self, source: str | None = None) -> Iterator[Message]:
        """All message versions in the order of their arrival, or those of one channel; streaming.

        A last line without its line end is left out: another process may be writing it.
        """
        for message, _, _ in self._lines(0, 0):
            if message is not None and (source is None or message.channel == source):
                yield message

    def known_keys(self) -> frozenset[Key]:
        """The keys of all versions in the archive."""
        self._catch_up()
        return frozenset(self._known)

    def append(self, messages: Iterable[Message]) -> int:
        """Write what the archive does not know yet and sync it; how many records that were.

        ``version`` and ``kind`` are set here from what is known of the message: the version counts its records, and a
        second unedited text of a message is an edit whose time is not known. Raises ArchiveError when the file cannot
        be written, or when another process keeps writing it for longer than ``wait_s``.
        """
        try:
            with locked(self.path, self._wait_s):
                self._repair()
                self._catch_up()
                new = self._new(messages)
                written = 0
                while batch := list(islice(new, BATCH_LINES)):
                    append_synced(self.path, batch)
                    written += len(batch)
                self._offset, self._line = self._size(), self._line + written
                return written
        except TimeoutError:
            hint = "wait until it is done, or end it"
            raise ArchiveError(Problem("another process is writing the archive", str(self.path), hint=hint)) from None
        except BaseException as error:
            self._forget()  # what was written of the batch is for the next look at the file to say
            if isinstance(error, OSError):
                raise ArchiveError(Problem(f"cannot be written: {error.strerror}", str(self.path))) from error
            raise

    def _new(self, messages: Iterable[Message]) -> Iterator[str]:
        """The records of messages that are not known yet, learned on the way."""
        for message in messages:
            post = (message.channel, message.chat_id, message.message_id)
            if message.kind == "post" and (message.edited_ms is not None or self._has_other_original(message)):
                message = replace(message, kind="edit")
            key = key_of(message)
            if key in self._known or (message.kind == "edit" and key._replace(kind="post") in self._known):
                continue
            message = replace(message, version=self._versions.get(post, 0) + 1)
            self._learn(message, key)
            yield encode(message)

    def _has_other_original(self, message: Message) -> bool:
        """Whether the original of a message is known, with another text."""
        original = self._originals.get((message.channel, message.chat_id, message.message_id))
        return original is not None and original != key_of(message).content

    # ------------------------------------------------------------------ what is known

    def _forget(self) -> None:
        """Start over: nothing of the file is known."""
        self._offset = 0
        self._line = 0
        self._known: set[Key] = set()
        self._versions: dict[tuple[str, int, int], int] = {}
        self._originals: dict[tuple[str, int, int], bytes] = {}
        self._chats: dict[str, int] = {}

    def _learn(self, message: Message, key: Key) -> None:
        """Remember a record."""
        post = (message.channel, message.chat_id, message.message_id)
        self._known.add(key)
        self._versions[post] = max(self._versions.get(post, 0), message.version)
        if message.kind == "post":
            self._originals.setdefault(post, key.content)
        if self._chats.setdefault(message.channel, message.chat_id) != message.chat_id:
            self._note(
                f"{message.channel} holds messages of more than one chat ({self._chats[message.channel]} and "
                f"{message.chat_id}); trades are named by channel and message number, so give each chat its own name"
            )

    def _note(self, text: str) -> None:
        """Add a problem of the whole file, once."""
        problem = Problem(text, str(self.path))
        if problem not in self._notes:
            self._notes.append(problem)

    def _catch_up(self) -> None:
        """Learn what was appended since the last look, by whomever."""
        if self._size() < self._offset:
            self._forget()
        for message, offset, line in self._lines(self._offset, self._line):
            self._offset, self._line = offset, line
            if message is not None:
                self._learn(message, key_of(message))

    # ------------------------------------------------------------------ the file

    def _size(self) -> int:
        """Bytes in the file; 0 when there is none."""
        return self.path.stat().st_size if self.path.exists() else 0

    def _lines(self, offset: int, line: int) -> Iterator[tuple[Message | None, int, int]]:
        """From a place on (byte offset, lines before it): each line's message, None for a broken one, and its end."""
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        except OSError as error:
            raise ArchiveError(Problem(f"cannot be read: {error.strerror}", str(self.path))) from error
        with file:
            file.seek(offset)
            for raw in file:
                if not raw.endswith(b"\n"):
                    return
                offset, line = offset + len(raw), line + 1
                yield self._decode(raw, line), offset, line

    def _decode(self, raw: bytes, line: int) -> Message | None:
        """The message of a line; None, and noted, when it is broken."""
        try:
            return decode(raw)
        except UnknownFormatError as error:
            hint = "use the version of the program that wrote it"
            raise ArchiveError(Problem(str(error), str(self.path), line, hint=hint)) from None
        except ValueError as error:
            self._broken[line] = str(error)
            return None

    def _repair(self) -> None:
        """Make the file end with a whole line: end a whole last one, cut a torn one off and keep it aside."""
        if not self._size():
            return
        with self.path.open("r+b") as file:
            start, last = _last_line(file.fileno())
            try:
                decode(last)
            except UnknownFormatError:
                return  # whole, but not ours to touch: reading it refuses the archive
            except ValueError:
                aside = self.path.with_name(self.path.name + ".torn")
                append_synced(aside, [last.rstrip(b"\n").decode("utf-8", "backslashreplace")])
                file.truncate(start)
                os.fsync(file.fileno())
                self._broken.clear()  # a line cut off is none; the others are found again
                self._forget()
                self._note(f"a torn last line was cut off and kept in {aside.name}")
            else:
                if not last.endswith(b"\n"):
                    file.seek(0, os.SEEK_END)
                    file.write(b"\n")
                    file.flush()
                    os.fsync(file.fileno())


def _last_line(handle: int) -> tuple[int, bytes]:
    """The offset and the bytes of the last line of a file that is not empty, with its line end where it has one."""
    end = os.fstat(handle).st_size
    start, tail = end, b""
    while start:
        step = min(start, 1 << 16)
        start -= step
        os.lseek(handle, start, os.SEEK_SET)
        tail = os.read(handle, step) + tail
        cut = tail.rfind(b"\n", 0, len(tail) - 1)
        if cut >= 0:
            return start + cut + 1, tail[cut + 1 :]
    return 0, tail
