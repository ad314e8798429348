"""What was read of the archive already, so that ``parse`` only reads what is new: a SQLite file beside the table.

What a post gave (its rows of the table, its counts) depends on the versions of that post alone. So when new lines come,
the posts that they are about are read again with all their versions (their lines are found by place), and nothing else.
The file can be deleted at any time; it starts over by itself when the archive is another one, or when ``stamp`` (the
profiles, the program) has changed.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.collect.private import make_private
from engine.collect.segments import START, Place

TABLES = """
DROP TABLE IF EXISTS state; DROP TABLE IF EXISTS line; DROP TABLE IF EXISTS post;
CREATE TABLE state (stamp TEXT, segment INTEGER, offset INTEGER, line INTEGER, seen BLOB);
CREATE TABLE line (channel TEXT, chat INTEGER, id INTEGER, segment INTEGER, offset INTEGER, line INTEGER,
                   PRIMARY KEY (channel, chat, id, segment, offset)) WITHOUT ROWID;
CREATE TABLE post (channel TEXT, chat INTEGER, id INTEGER, fate TEXT, updates INTEGER, signals INTEGER,
                   known INTEGER, rows TEXT, unfollowed TEXT, PRIMARY KEY (channel, chat, id)) WITHOUT ROWID;
"""
Key = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a post gave: its fate (called, updated, refused, unread), counts, its rows of the table, and why later
    versions of it are not followed (codes).
    """

    key: Key
    fate: str
    updates: int
    known_ms: int
    rows: list[list[Any]]
    unfollowed: tuple[str, ...] = ()


class Parsed:
    """The file at ``path``. Within a ``with`` block; what was kept is committed at its end, or nothing is."""

    def __init__(self, path: Path, stamp: str) -> None:
        self._path = path
        self._stamp = stamp

    def __enter__(self) -> Parsed:
        """Open the file, anew when it is damaged."""
        try:
            self._db = self._open()
        except sqlite3.DatabaseError:
            self._path.unlink()
            self._db = self._open()
        return self

    def _open(self) -> sqlite3.Connection:
        make_private(self._path)
        db = sqlite3.connect(self._path, timeout=60, isolation_level=None)
        db.execute("PRAGMA journal_mode=TRUNCATE")
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute("BEGIN IMMEDIATE")
        found = db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'state'").fetchone()[0]
        if not found or db.execute("SELECT stamp FROM state").fetchone() != (self._stamp,):
            _start_over(db)
        return db

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Keep what was learned, unless something went wrong."""
        self._db.execute("COMMIT" if kind is None else "ROLLBACK")
        self._db.close()

    @property
    def place(self) -> tuple[Place, bytes]:
        """How far the archive was read, and by which bytes that place is known again."""
        row = self._db.execute("SELECT segment, offset, line, seen FROM state").fetchone()
        return (START, b"") if row is None else (Place(*row[:3]), row[3])

    def start_over(self) -> None:
        """Forget everything."""
        _start_over(self._db)

    def set_place(self, place: Place, seen: bytes) -> None:
        """Say how far the archive was read."""
        self._db.execute("DELETE FROM state")
        self._db.execute("INSERT INTO state VALUES (?, ?, ?, ?, ?)", (self._stamp, *place, seen))

    def earlier(self, keys: Iterable[Key]) -> list[Place]:
        """Where the known lines of posts begin, in the order of the archive."""
        question = "SELECT segment, offset, line FROM line WHERE channel = ? AND chat = ? AND id = ?"
        return sorted(Place(*row) for key in keys for row in self._db.execute(question, key))

    def add_lines(self, lines: Iterable[tuple[Key, Place]]) -> None:
        """Remember where lines begin."""
        self._db.executemany("INSERT OR REPLACE INTO line VALUES (?, ?, ?, ?, ?, ?)", ((*k, *p) for k, p in lines))

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Remember what posts gave, in place of what they gave before."""
        self._db.executemany(
            "INSERT OR REPLACE INTO post VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    *o.key,
                    o.fate,
                    o.updates,
                    len(o.rows),
                    o.known_ms,
                    json.dumps(o.rows) if o.rows else "",
                    " ".join(o.unfollowed),
                )
                for o in outcomes
            ),
        )

    def counts(self) -> dict[str, dict[str, int]]:
        """For each channel: posts, signals, updates, and the posts of each fate."""
        found: dict[str, dict[str, int]] = {}
        for channel, posts, signals, updates in self._db.execute(
            "SELECT channel, count(*), sum(signals), sum(updates) FROM post GROUP BY channel"
        ):
            found[channel] = {"posts": posts, "signals": signals, "updates": updates}
        for channel, fate, count in self._db.execute("SELECT channel, fate, count(*) FROM post GROUP BY channel, fate"):
            found[channel][fate] = count
        return found

    def unfollowed(self) -> dict[str, Counter[str]]:
        """For each channel: how many later versions of calls are not followed, by code."""
        found: dict[str, Counter[str]] = {}
        for channel, codes in self._db.execute("SELECT channel, unfollowed FROM post WHERE unfollowed > ''"):
            found.setdefault(channel, Counter()).update(codes.split())
        return found

    def rows(self) -> Iterator[list[Any]]:
        """The rows of the table: by channel, then in the order in which the calls became known."""
        for (rows,) in self._db.execute("SELECT rows FROM post WHERE signals > 0 ORDER BY channel, known, chat, id"):
            yield from json.loads(rows)


def _start_over(db: sqlite3.Connection) -> None:
    """Empty tables."""
    for statement in TABLES.split(";"):
        db.execute(statement)
