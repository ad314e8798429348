"""The ledger keeps every event, once, and finds damage."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from engine.paper.ledger import Event, KnownError, Ledger, LedgerError

KEY = ("alpha", 7, 1, "demo/call/0")


def event(kind: str = "call", key: tuple | None = None, **data: object) -> Event:
    return Event("demo", kind, 1000, dict(data), 0, key, made_ms=2000)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "paper.db")
    ledger.append(event(key=KEY, price=64800.1), event("step", legs=[1, 2.5]))
    ledger.append(Event("other", "call", 5, {}, made_ms=1))
    assert [(e.seq, e.kind, e.data, e.key) for e in Ledger(tmp_path / "paper.db").events("demo")] == [
        (1, "call", {"price": 64800.1}, KEY),
        (2, "step", {"legs": [1, 2.5]}, None),
    ]
    assert [e.seq for e in ledger.events(None, 1)] == [2, 3]
    assert [e.kind for e in ledger.events("demo", 0, "step")] == ["step"]
    assert (ledger.last(), ledger.accounts()) == (3, ["demo", "other"])
    ledger.check()


def test_a_message_is_answered_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "paper.db")
    ledger.append(event(key=KEY))
    with pytest.raises(KnownError):
        ledger.append(event("step"), event(key=KEY))
    assert ledger.last() == 1, "all of it or none"
    ledger.append(event(key=("alpha", 7, 2, "demo/call/0")))
    ledger.append(Event("other", "call", 1, {}, key=KEY))
    assert ledger.last() == 3


def test_events_are_never_changed_or_deleted(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    ledger = Ledger(path)
    ledger.append(event())
    for words in ("UPDATE events SET data = '{}'", "DELETE FROM events"):
        with sqlite3.connect(path) as db, pytest.raises(sqlite3.IntegrityError, match="events are never"):
            db.execute(words)
    ledger.check()


def test_an_edited_row_is_found(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    ledger = Ledger(path)
    ledger.append(event(net=-12.5), event())
    ledger.close()
    with sqlite3.connect(path) as db:
        db.execute("DROP TRIGGER kept")
        db.execute("""UPDATE events SET data = '{"net":12.5}' WHERE seq = 1""")
    with pytest.raises(LedgerError, match=r"event 1 is not what was written.*paper restore"):
        Ledger(path).check()


def test_a_file_that_is_no_ledger(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    path.write_bytes(b"this is no database at all" * 300)
    with pytest.raises(LedgerError, match="the ledger is damaged"):
        Ledger(path)


def test_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    Ledger(path).close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE about SET value = '9'")
    with pytest.raises(LedgerError, match="the ledger has format 9, this version reads 1"):
        Ledger(path)


def test_a_full_disk_is_said_and_nothing_of_it_stays(tmp_path: Path) -> None:
    """Who was told that a writing failed has stopped: nothing more is written by him, also when there is room again."""
    path = tmp_path / "paper.db"
    ledger = Ledger(path)
    ledger.append(event(number=1))
    (pages,) = ledger._db.execute("PRAGMA page_count").fetchone()
    ledger._db.execute(f"PRAGMA max_page_count = {pages}")
    for text in ("x" * 100_000, "short"):
        with pytest.raises(LedgerError, match="the disk is full; make room, then start it again"):
            ledger.append(event(text=text))
        ledger._db.execute("PRAGMA max_page_count = 100000")
    ledger.close()
    again = Ledger(path)
    again.append(event(number=2))
    assert [e.data["number"] for e in again.events()] == [1, 2]
    again.check()


def test_others_cannot_read_it(tmp_path: Path) -> None:
    Ledger(tmp_path / "paper.db")
    assert (tmp_path / "paper.db").stat().st_mode & 0o077 == 0
