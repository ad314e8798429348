"""How events lie in the ledger's SQLite file, each with a hash over itself and the one before.

So what was changed in the file is found, and events of several files that follow from one another are put together
(``mending.py``).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any

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
STORED = f"seq, chain, {COLUMNS}"
Stored = tuple[Any, ...]
"""An event's ``STORED`` columns."""


def chained(db: sqlite3.Connection, after: int = 0, before: str = "") -> Iterator[tuple[Stored, bool]]:
    """Each event as it is stored, and whether its hash follows from the ones before. Raises sqlite3.Error.

    ``after``: begin behind this event, whose hash is ``before``.
    """
    query = f"SELECT {STORED} FROM events WHERE seq > ? ORDER BY seq"  # noqa: S608 - no text of strangers
    for row in db.execute(query, (after,)):
        before = follow(before, row[2:])
        yield row, row[1] == before


def follow(before: str, row: Iterable[Any]) -> str:
    """The hash over an event (its ``COLUMNS``) and all before it, whose hash is ``before``."""
    text = json.dumps([before, *row], ensure_ascii=False, separators=(",", ":"), default=repr)  # damage can make bytes
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
