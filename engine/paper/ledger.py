"""The ledger ``data/paper.db``: everything that paper trading ever did, as events in a SQLite file, append-only.

1. An event is on the disk when ``append`` returns (WAL, synchronous=FULL), all events of one call of it or none.
2. Events are never changed or deleted: triggers refuse it. Each event carries a hash over itself and the one before
   (``chain``), so a damaged page or an edited row is found when the ledger is opened.
3. An event that answers a message has a key (account, channel, message, version, action), and each key is there once:
   whoever brings a message again is told so (``KnownError``), and nothing is written.
4. Other processes may read at any time and append commands (``paper halt``): SQLite orders the writers.
5. A copy of the whole file is made by ``back_up``, while it is in use.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from engine.problem import Problem

FORMAT = 1
SCHEMA = """
CREATE TABLE about(name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE events(
    seq INTEGER PRIMARY KEY, account TEXT NOT NULL, kind TEXT NOT NULL, at_ms INTEGER NOT NULL,
    made_ms INTEGER NOT NULL, late INTEGER NOT NULL, row INTEGER, channel TEXT, message INTEGER, version INTEGER,
    action TEXT, data TEXT NOT NULL, chain TEXT NOT NULL);
CREATE UNIQUE INDEX once ON events(account, channel, message, version, action) WHERE action IS NOT NULL;
CREATE INDEX by_row ON events(account, row) WHERE row IS NOT NULL;
CREATE TRIGGER kept BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER held BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
"""
COLUMNS = "account, kind, at_ms, made_ms, late, row, channel, message, version, action, data"
WAIT_S = 20.0
Key = tuple[str, int, int, str]
"""Channel, message, version and action: what an event answers."""


class LedgerError(Exception):
    """The ledger cannot be used or written; ``problem`` says why and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


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

    def __post_init__(self) -> None:
        with self._telling("opened"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, timeout=WAIT_S, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            if not self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
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
            (verdict,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise self._damaged(verdict.splitlines()[-1])
            before = ""
            everything = f"SELECT seq, chain, {COLUMNS} FROM events ORDER BY seq"  # noqa: S608 - no text of strangers
            for seq, chain, *row in self._db.execute(everything):
                before = _chained(before, row)
                if chain != before:
                    raise self._damaged(f"event {seq} is not what was written")

    def append(self, *events: Event) -> None:
        """Write events, all or none. Raises KnownError where one of them answers a message that was answered before."""
        with self._telling("written"):
            if not self._db.in_transaction:
                self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("SAVEPOINT these")
            try:
                (before,) = self._db.execute("SELECT chain FROM events ORDER BY seq DESC LIMIT 1").fetchone() or ("",)
                for event in events:
                    row = _row(event)
                    before = _chained(before, row)
                    marks = ", ".join("?" * (len(row) + 1))
                    self._db.execute(f"INSERT INTO events({COLUMNS}, chain) VALUES({marks})", (*row, before))
                self._db.execute("RELEASE these")
            except BaseException as error:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK TO these")
                    self._db.execute("RELEASE these")
                    self._commit()
                if isinstance(error, sqlite3.IntegrityError) and "UNIQUE" in str(error):
                    raise KnownError(str(error)) from None
                raise
            self._waiting += len(events)
            if self._waiting >= self.every:
                self._commit()

    def flush(self) -> None:
        """Commit and sync what is not yet."""
        with self._telling("written"):
            self._commit()

    def _commit(self) -> None:
        if self._db.in_transaction:
            self._db.execute("COMMIT")
        self._waiting = 0

    def events(self, account: str | None = None, after: int = 0, *kinds: str) -> Iterator[Event]:
        """The events of an account (or all) in their order, behind a number, of some kinds (or all)."""
        names = ", ".join("?" * len(kinds))
        wanted = f"AND kind IN ({names})" if kinds else ""
        query = f"SELECT seq, {COLUMNS} FROM events WHERE seq > ? AND (? IS NULL OR account = ?) {wanted} ORDER BY seq"  # noqa: S608
        with self._telling("read"):
            for row in self._db.execute(query, (after, account, account, *kinds)):
                yield _event(row)

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
        """Copy the whole ledger to another file, which takes its place when it is whole."""
        from engine.files import replacing

        with self._telling("copied"), replacing(to, 0o600) as temporary:
            copy = sqlite3.connect(temporary)
            try:
                self._db.backup(copy)
            finally:
                copy.close()

    def close(self) -> None:
        """Commit what is not yet, and let the file go."""
        with self._telling("written"):
            self._commit()
            self._db.close()

    @contextmanager
    def _telling(self, done: str) -> Iterator[None]:
        """Turn what SQLite and the system say into a LedgerError."""
        try:
            yield
        except sqlite3.OperationalError as error:
            full = "the disk is full" if "full" in str(error) else str(error)
            raise LedgerError(Problem(f"the ledger cannot be {done}: {full}", str(self.path))) from error
        except sqlite3.DatabaseError as error:
            raise self._damaged(str(error)) from error
        except OSError as error:
            raise LedgerError(Problem(f"the ledger cannot be {done}: {error.strerror}", str(self.path))) from error

    def _damaged(self, text: str) -> LedgerError:
        copy = self.path.with_suffix(".backup.db")
        hint = f"put {copy.name} in its place" if copy.is_file() else "start anew with: cli.py paper reset"
        return LedgerError(Problem(f"the ledger is damaged ({text})", str(self.path), hint=hint))


def _row(event: Event) -> tuple[Any, ...]:
    """An event as the values of ``COLUMNS``."""
    data = json.dumps(event.data, ensure_ascii=False, separators=(",", ":"))
    made = event.made_ms or round(time.time() * 1000)
    return (event.account, event.kind, event.at_ms, made, int(event.late), event.row, *(event.key or (None,) * 4), data)


def _event(row: tuple[Any, ...]) -> Event:
    seq, account, kind, at_ms, made_ms, late, number, channel, message, version, action, data = row
    key = None if action is None else (channel, message, version, action)
    return Event(account, kind, at_ms, json.loads(data), number, key, bool(late), made_ms, seq)


def _chained(before: str, row: Iterable[Any]) -> str:
    """The hash over an event and all before it."""
    text = json.dumps([before, *row], ensure_ascii=False, separators=(",", ":"))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
