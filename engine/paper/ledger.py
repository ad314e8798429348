"""The ledger ``data/paper.db``: everything that paper trading ever did, as events in a SQLite file, append-only.

1. An event is on the disk when ``append`` returns (WAL, synchronous=FULL), all events of one call of it or none.
2. Events are never changed or deleted: triggers refuse it. Each event carries a hash over itself and the one before
   (``chain.py``), so a damaged page or an edited row is found when the ledger is opened. A file beside it keeps the
   number and hash of the newest event (``witness.py``): SQLite leaves out what it cannot read of a damaged WAL without
   a word.
3. An event that answers a message has a key (account, channel, message, version, action), and each key is there once:
   whoever brings a message again is told so (``KnownError``), and nothing is written.
4. Other processes may read at any time and append commands (``paper halt``): SQLite orders the writers.
5. A copy of the whole file is made by ``back_up``, while it is in use. What a damaged ledger and its copy still have
   is put together by ``mending.py``.
6. After a writing that failed nothing more is written by this object: whoever was told that it failed has stopped.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.paper.chain import COLUMNS, FORMAT, SCHEMA, chained, follow
from engine.paper.witness import Witness
from engine.problem import Problem

WAIT_S = 20.0
Key = tuple[str, int, int, str]
"""Channel, message, version and action: what an event answers."""

REASONS = {  # what SQLite's errors mean, and what a person can do; by the beginning of the error's name
    "SQLITE_FULL": ("the disk is full", "make room, then start it again: it goes on where the ledger ends"),
    "SQLITE_IOERR": (
        "the disk does not take it",
        "is there room (df), a limit on files (ulimit -f, a quota), or a fault of the disk (dmesg)?",
    ),
    "SQLITE_READONLY": ("it is read-only here", "this user needs the right to write it and its folder"),
    "SQLITE_CANTOPEN": ("it is out of reach", "this user needs the right to read and write it and its folder"),
    "SQLITE_BUSY": ("another program holds it", "close what has it open"),
}


class LedgerError(Exception):
    """The ledger cannot be used or written; ``problem`` says why and what to do.

    ``damaged``: it is not what was written, so nothing in it can be relied on.
    """

    def __init__(self, problem: Problem, damaged: bool = False) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.damaged = damaged


class KnownError(Exception):
    """An event with this key is there already: a message was brought twice."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in an account at ``at_ms``; ``made_ms`` is when it was written.

    ``row`` is the call that it is about, ``key`` the message that it answers. ``late``: it was worked out after the
    fact, from history. ``seq`` numbers the events of a ledger (0: not written yet).
    """

    account: str
    kind: str
    at_ms: int
    data: dict[str, Any]
    row: int | None = None
    key: Key | None = None
    late: bool = False
    made_ms: int = 0
    seq: int = 0


@dataclass
class Ledger:
    """The ledger at ``path``, opened or made. Every method raises LedgerError.

    ``every`` > 1 commits only so many events at a time, for replays: a kill then costs the last ones, which the next
    run works out again.
    """

    path: Path
    every: int = 1
    _db: sqlite3.Connection = field(init=False, repr=False)
    _waiting: int = 0
    _last: tuple[int, str] | None = None  # number and hash of the newest event of the open transaction
    _failed: Problem | None = None

    def __post_init__(self) -> None:
        self._witness = Witness(self.path)
        self._seen = self._witness.read()  # before the ledger: it is never ahead of it
        with self._telling("opened"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self._seen is not None and (not self.path.is_file() or not self.path.stat().st_size):
                raise self._damaged(f"it is empty or gone, and had {self._seen[0]} events")
            self._db = sqlite3.connect(self.path, timeout=WAIT_S, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            if not self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                if self._seen is not None:
                    raise self._damaged(f"it is empty, and had {self._seen[0]} events")
                self._db.executescript(
                    f"BEGIN IMMEDIATE; {SCHEMA} INSERT INTO about VALUES('format', '{FORMAT}'); COMMIT"
                )
                self.path.chmod(0o600)
            (found,) = self._db.execute("SELECT value FROM about WHERE name = 'format'").fetchone() or ("?",)
        if found != str(FORMAT):
            hint = "use the version of the program that wrote it"
            raise LedgerError(
                Problem(f"the ledger has format {found}, this version reads {FORMAT}", self.path.name, hint=hint)
            )

    def check(self) -> None:
        """Read the whole file and follow the chain of hashes. Raises LedgerError where it is damaged."""
        with self._telling("read"):
            told, last = self._witness.read() or self._seen, 0
            (verdict,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise self._damaged(verdict.splitlines()[-1])
            for (seq, chain, *_), sound in chained(self._db):
                if not sound:
                    raise self._damaged(f"event {seq} is not what was written")
                if told is not None and seq == told[0] and chain != told[1]:
                    raise self._damaged(f"event {seq} is another one than was written")
                last = seq
            if told is not None and last < told[0]:
                raise self._damaged(f"it ends at event {last}, and had {told[0]}")

    def append(self, *events: Event) -> None:
        """Write events, all or none. Raises KnownError where one of them answers a message that was answered before."""
        with self._writing():
            if not self._db.in_transaction:
                self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("SAVEPOINT these")
            try:
                (before,) = self._db.execute("SELECT chain FROM events ORDER BY seq DESC LIMIT 1").fetchone() or ("",)
                for event in events:
                    row = _row(event)
                    before = follow(before, row)
                    marks = ", ".join("?" * (len(row) + 1))
                    told = self._db.execute(f"INSERT INTO events({COLUMNS}, chain) VALUES({marks})", (*row, before))
                    self._last = told.lastrowid or 0, before
                self._db.execute("RELEASE these")
            except sqlite3.IntegrityError as error:
                self._take_back()
                if "UNIQUE" in str(error):
                    raise KnownError(str(error)) from None
                raise
            except sqlite3.Error:
                raise
            except BaseException:
                self._take_back()
                raise
            self._waiting += len(events)
            if self._waiting >= self.every:
                self._commit()

    def flush(self) -> None:
        """Commit and sync what is not yet."""
        with self._writing():
            self._commit()

    def _take_back(self) -> None:
        """Undo what the present ``append`` has done; what waited before it stays."""
        self._last = None
        self._db.execute("ROLLBACK TO these")
        self._db.execute("RELEASE these")
        self._commit()

    def _commit(self) -> None:
        if self._db.in_transaction:
            self._db.execute("COMMIT")
        self._waiting = 0
        if self._last is not None and self.every == 1:  # a replay can be made again
            self._witness.write(*self._last)
        self._last = None

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Within the block something is written; where that fails, nothing of it is there, and nothing more follows."""
        if self._failed is not None:
            raise LedgerError(self._failed)
        try:
            with self._telling("written"):
                yield
        except LedgerError as error:
            self._failed = error.problem
            with suppress(sqlite3.Error):
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
            raise

    def events(self, account: str | None = None, after: int = 0, *kinds: str) -> Iterator[Event]:
        """The events of an account (or all) in their order, behind a number, of some kinds (or all)."""
        names = ", ".join("?" * len(kinds))
        wanted = f"AND kind IN ({names})" if kinds else ""
        query = f"SELECT seq, {COLUMNS} FROM events WHERE seq > ? AND (? IS NULL OR account = ?) {wanted} ORDER BY seq"  # noqa: S608
        with self._telling("read"):
            for row in self._db.execute(query, (after, account, account, *kinds)):
                try:
                    event = _event(row)
                except ValueError as error:  # whoever has not asked ``check`` first
                    raise self._damaged(f"event {row[0]} is not what was written") from error
                yield event

    def last(self) -> int:
        """The number of the newest event, 0 without any."""
        with self._telling("read"):
            return int(self._db.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0])

    def head(self) -> str:
        """The hash over all events, "" without any: who has it can tell later whether anything was changed."""
        with self._telling("read"):
            (found,) = self._db.execute("SELECT chain FROM events ORDER BY seq DESC LIMIT 1").fetchone() or ("",)
            return str(found)

    def accounts(self) -> list[str]:
        """The accounts that have events."""
        with self._telling("read"):
            return [name for (name,) in self._db.execute("SELECT DISTINCT account FROM events ORDER BY account")]

    def back_up(self, to: Path) -> None:
        """Copy the whole ledger to another file, which takes its place when it is whole and found sound.

        It has connections of its own, so that it may run in another thread.
        """
        from engine.files import remove_left, replacing

        with self._telling("copied"):
            remove_left(to)
            with replacing(to, 0o600) as temporary:
                with closing(sqlite3.connect(temporary)) as copy:
                    with closing(sqlite3.connect(self.path, timeout=WAIT_S)) as source:
                        source.backup(copy)
                    copy.execute("PRAGMA journal_mode=DELETE")  # one file, whatever lies beside it
                with closing(sqlite3.connect(temporary)) as copy:
                    (verdict,) = copy.execute("PRAGMA quick_check(1)").fetchone()
                    if verdict != "ok" or not all(sound for _, sound in chained(copy)):
                        raise self._damaged("its copy is not what was written; the copy before is kept")

    def close(self) -> None:
        """Commit what is not yet, and let the file go."""
        try:
            if self._failed is None:
                self.flush()
        finally:
            with suppress(sqlite3.Error):
                self._db.close()
            self._witness.close()

    @contextmanager
    def _telling(self, done: str) -> Iterator[None]:
        """Turn what SQLite and the system say into a LedgerError."""
        try:
            yield
        except sqlite3.OperationalError as error:
            name = getattr(error, "sqlite_errorname", "")
            if "decode" in str(error):
                raise self._damaged(str(error)) from error
            text, hint = next((why for begin, why in REASONS.items() if name.startswith(begin)), (str(error), ""))
            problem = Problem(f"the ledger cannot be {done}: {text}", str(self.path), hint=hint)
            raise LedgerError(problem) from error
        except sqlite3.DatabaseError as error:
            raise self._damaged(str(error)) from error
        except OSError as error:
            raise LedgerError(Problem(f"the ledger cannot be {done}: {error.strerror}", str(self.path))) from error

    def _damaged(self, text: str) -> LedgerError:
        again = "delete it: a replay is made again" if self.every > 1 else "mend it with: cli.py paper restore"
        return LedgerError(Problem(f"the ledger is damaged ({text})", str(self.path), hint=again), damaged=True)


def _row(event: Event) -> tuple[Any, ...]:
    """An event as the values of ``COLUMNS``."""
    data = json.dumps(event.data, ensure_ascii=False, separators=(",", ":"))
    made = event.made_ms or round(time.time() * 1000)
    return (event.account, event.kind, event.at_ms, made, int(event.late), event.row, *(event.key or (None,) * 4), data)


def _event(row: tuple[Any, ...]) -> Event:
    seq, account, kind, at_ms, made_ms, late, number, channel, message, version, action, data = row
    key = None if action is None else (channel, message, version, action)
    return Event(account, kind, at_ms, json.loads(data), number, key, bool(late), made_ms, seq)
