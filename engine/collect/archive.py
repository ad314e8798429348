"""The archive ``data/signals_raw.jsonl``: every version of every message, every edit and deletion, append-only.

What is promised:

1. A message that was appended is on the disk when ``append`` returns: lines are written and synced in batches.
2. A kill in the middle of a batch costs nothing whole. A torn last line is found by the next writer, cut off and kept
   in ``signals_raw.jsonl.torn``; a last line that only lacks its line end gets it.
3. Nothing is written twice (``versions.py`` has the rule, ``index.py`` the memory).
4. One writer at a time (``lock.py``); a second one waits, then knows what the first has written.
5. Nothing is changed: a broken line stays where it is, is skipped and reported. An unknown format is refused.
6. A file that is full is renamed, and reading goes through all files in order (``segments.py``).
7. Others cannot read it (``private.py``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TypeVar

from engine.collect.index import Index, Post, PostState
from engine.collect.lock import locked
from engine.collect.private import NotPrivateError, keep_private
from engine.collect.record import UnknownFormatError, decode, encode
from engine.collect.segments import START, Place, Segments
from engine.collect.versions import learn, take
from engine.domain import Message
from engine.files import append_synced
from engine.problem import Problem

T = TypeVar("T")
BATCH_LINES = 10_000
LISTED_PROBLEMS = 20
WAIT_FOR_WRITER_S = 60.0
FULL_BYTES = 256_000_000


class ArchiveError(Exception):
    """An archive that cannot be used at all; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Archive:
    """The archive at ``path`` (it need not exist yet). Every method raises ArchiveError for an unknown format.

    ``problems`` lists what was found wrong so far: broken lines with their place, and what was repaired. One object is
    not for two threads at once. A file of ``full_bytes`` is renamed and a new one begun.
    """

    def __init__(self, path: Path, wait_s: float = WAIT_FOR_WRITER_S, full_bytes: int = FULL_BYTES) -> None:
        self.path = path
        self._wait_s = wait_s
        self._full_bytes = full_bytes
        self._files = Segments(path)
        self._index = Index(path.with_name(path.stem + ".index"))
        self._broken: dict[tuple[int, int], Problem] = {}
        self._more_broken = 0
        self._notes: list[Problem] = []

    @property
    def problems(self) -> list[Problem]:
        """Broken lines (the first 20, then how many more), repairs and warnings."""
        found = [self._broken[place] for place in sorted(self._broken)]
        if self._more_broken:
            found.append(Problem(f"{self._more_broken} more broken lines; they are skipped", str(self.path)))
        return found + self._notes

    def close(self) -> None:
        """Close the files that are held open between two calls; the archive can still be used."""
        self._index.close()

    # ------------------------------------------------------------------ reading

    def read(self, source: str | None = None) -> Iterator[Message]:
        """All message versions in the order of their arrival, or those of one channel; streaming.

        A last line without its line end is left out: another process may be writing it.
        """
        self._more_broken = 0
        for message, _ in self._messages(START):
            if message is not None and (source is None or message.channel == source):
                yield message

    def read_since(self, place: Place) -> Iterator[tuple[Message, Place]]:
        """The message versions behind a place, each with the place behind it: for those who read on later."""
        self._more_broken = 0
        for message, after in self._messages(place):
            if message is not None:
                yield message, after

    def read_lines(self, places: Iterable[Place]) -> Iterator[Message]:
        """The messages of the lines that begin at places; for few lines."""
        for place in places:
            for message, _ in islice(self._messages(place), 1):
                if message is not None:
                    yield message

    def print_of(self, place: Place) -> bytes:
        """Some bytes by which a place is known again: another archive has others there."""
        return self._files.print_of(place)

    # ------------------------------------------------------------------ writing

    def append(self, messages: Iterable[Message], settled: bool = False) -> int:
        """Write what the archive does not know yet and sync it; how many records that were.

        ``version`` and ``kind`` are set here from what is known of the message: the version counts its records, and a
        second unedited text of a message is an edit. ``settled`` says that Telegram's history has it so at this moment.
        Raises ArchiveError when the file cannot be written, is somebody else's, or when another process keeps writing
        it for longer than ``wait_s``.
        """
        return sum(len(batch) for batch in self._append(messages, settled))

    def store(self, messages: Iterable[Message], settled: bool = False) -> list[Message]:
        """As ``append``, for few messages; the records that were written."""
        return [message for batch in self._append(messages, settled) for message in batch]

    def _append(self, messages: Iterable[Message], settled: bool) -> Iterator[list[Message]]:
        """Write in batches; each batch's records when they are synced."""
        with self._writing():
            pending = iter(messages)
            while batch := list(islice(pending, BATCH_LINES)):
                written = self._write(batch, settled)
                if written:
                    yield written

    def _write(self, batch: list[Message], settled: bool) -> list[Message]:
        """Write what is new in a batch; the records."""
        with self._index.transaction():
            posts = self._posts(batch)
            states = self._index.load(dict.fromkeys(posts))
            new, changed = [], {}
            for message, post in zip(batch, posts, strict=True):
                state = states.setdefault(post, PostState())
                record = take(message, state, settled)
                if record is not None:
                    new.append(record)
                    changed[post] = state
            if new:
                lines = [encode(record) for record in new]
                place, _ = self._index.place
                current = self._files.current()
                if place.segment != current:  # the file before was renamed
                    place = Place(current, 0, 0)
                self._files.append(lines)
                self._index.save(changed)
                self._keep_place(Place(current, self._files.size(), place.line + len(lines)))
        self._files.rotate(self._full_bytes)
        return new

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the lock; within the block the file ends with a whole line and everything in it is known."""
        try:
            with locked(self.path, self._wait_s):
                self._guard()
                self._repair()
                self._catch_up()
                yield
        except TimeoutError:
            hint = "wait until it is done, or end it"
            raise ArchiveError(Problem("another process is writing the archive", str(self.path), hint=hint)) from None
        except NotPrivateError as error:
            raise ArchiveError(error.problem) from None
        except OSError as error:
            raise ArchiveError(Problem(f"cannot be written: {error.strerror}", str(self.path))) from error
        except sqlite3.OperationalError as error:
            raise ArchiveError(Problem(f"cannot be written: {error}", str(self._index.path))) from error

    def _guard(self) -> None:
        """Keep others from reading the archive. Raises NotPrivateError."""
        for path in (self.path, *(self._files.path_of(number) for number in self._files.full())):
            note = keep_private(path, "the archive")
            if note is not None and note not in self._notes:
                self._notes.append(note)

    def _repair(self) -> None:
        """Make the file end with a whole line: end a whole last one, cut a torn one off and keep it aside."""
        if not self._files.size():
            return
        start, last = self._files.last_line()
        try:
            decode(last)
        except UnknownFormatError:
            return  # whole, but not ours to touch: reading it refuses the archive
        except ValueError:
            aside = self.path.with_name(self.path.name + ".torn")
            append_synced(aside, [last.rstrip(b"\n").decode("utf-8", "backslashreplace")])
            keep_private(aside, "the torn line")
            self._files.cut(start)
            self._broken = {(n, at): found for (n, at), found in self._broken.items() if n != self._files.current()}
            self._note(f"a torn last line was cut off and kept in {aside.name}")
        else:
            if not last.endswith(b"\n"):
                self._files.end_last_line()

    # ------------------------------------------------------------------ what is known

    def chats(self, source: str) -> list[int]:
        """The chats whose messages stand under a channel's name."""
        return self._ask(lambda index: index.chats(source).get(source, []))

    def originals(self, source: str, chat_id: int, ids: Iterable[int]) -> int:
        """Of how many of some posts the text that was first posted is here, and not only a later one."""

        def count(index: Index) -> int:
            number, pending, found = index.chat(source, chat_id), iter(ids), 0
            while batch := list(islice(pending, BATCH_LINES)):
                states = index.load([(number, one) for one in batch]).values()
                found += sum(state.original is not None for state in states)
            return found

        return self._ask(count)

    def fetched(self, source: str, chat_id: int) -> int:
        """The number of the message up to which a history was fetched whole; 0 when it was not."""
        return self._ask(lambda index: index.fetched(source, chat_id))

    def set_fetched(self, source: str, chat_id: int, message_id: int) -> None:
        """Say up to which message a history was fetched whole and appended."""
        with self._writing(), self._index.transaction():
            self._index.set_fetched(source, chat_id, message_id)

    def standing(self, source: str, chat_id: int, since_ms: int, least: int) -> list[tuple[int, int]]:
        """(id, time posted) of the posts since a time that are not known to be deleted, the newest first.

        There are at least ``least`` of them, whatever their age, where the archive has so many.
        """
        return self._ask(lambda index: index.standing(source, chat_id, since_ms, least))

    def _ask(self, question: Callable[[Index], T]) -> T:
        """An answer of the index, after it has learned what was appended."""
        with self._writing():
            return question(self._index)

    def _catch_up(self) -> None:
        """Let the index learn what was appended since its last look, by whomever."""
        place, seen = self._index.place
        if seen != self._files.print_of(place):
            self._index.delete()  # another archive lies here now
            place = START
        lines = self._messages(place)
        while found := list(islice(lines, BATCH_LINES)):
            with self._index.transaction():
                messages = [message for message, _ in found if message is not None]
                posts = self._posts(messages)
                states: dict[Post, PostState] = self._index.load(dict.fromkeys(posts))
                for message, post in zip(messages, posts, strict=True):
                    learn(message, states.setdefault(post, PostState()))
                self._index.save(states)
                self._keep_place(found[-1][1])

    def _keep_place(self, place: Place) -> None:
        """Say in the index how far the archive is known."""
        self._index.set_place(place, self._files.print_of(place))

    def _posts(self, messages: list[Message]) -> list[Post]:
        """The posts of messages, as the index names them."""
        chats = dict.fromkeys((message.channel, message.chat_id) for message in messages)
        numbers = {chat: self._chat(*chat) for chat in chats}
        return [(numbers[message.channel, message.chat_id], message.message_id) for message in messages]

    def _chat(self, source: str, chat_id: int) -> int:
        """The index's number of a chat; a second chat under one name is pointed out."""
        number = self._index.chat(source, chat_id)
        chats = self._index.chats(source)[source]
        if len(chats) > 1:
            self._note(
                f"{source} holds messages of more than one chat ({chats[0]} and {chats[1]}); trades are named by "
                "channel and message number, so give each chat its own name"
            )
        return number

    def _note(self, text: str) -> None:
        """Add a problem of the whole file, once."""
        problem = Problem(text, str(self.path))
        if problem not in self._notes:
            self._notes.append(problem)

    # ------------------------------------------------------------------ lines

    def _messages(self, place: Place) -> Iterator[tuple[Message | None, Place]]:
        """Each line's message from a place on, None for a broken one, and the place behind it."""
        try:
            for raw, after in self._files.lines(place):
                yield self._decode(raw, after), after
        except OSError as error:
            raise ArchiveError(Problem(f"cannot be read: {error.strerror}", str(self.path))) from error

    def _decode(self, raw: bytes, after: Place) -> Message | None:
        """The message of a line; None, and noted, when it is broken."""
        try:
            return decode(raw)
        except UnknownFormatError as error:
            path, hint = self._files.path_of(after.segment), "use the version of the program that wrote it"
            raise ArchiveError(Problem(str(error), str(path), after.line, hint=hint)) from None
        except ValueError as error:
            key = (after.segment, after.line)
            if key not in self._broken and len(self._broken) >= LISTED_PROBLEMS:
                self._more_broken += 1
            else:
                path = self._files.path_of(after.segment)
                self._broken[key] = Problem(f"{error}; the line is skipped", str(path), after.line)
            return None
