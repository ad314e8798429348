"""Putting a damaged ledger together again from what can still be read of it and of its daily copy.

All of them are beginnings of one chain of events, so whatever follows from the hash before it is what was written. The
events are taken in their order from whichever file has the next one; the first that nobody has is the end. What stood
behind it is told as lost, never guessed.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from engine.files import remove_left, replacing, sync_folder
from engine.paper.chain import FORMAT, SCHEMA, STORED, Stored, chained
from engine.paper.witness import Witness, path_of

NOT_FINISHED = "paper.restored.db"  # whole, and not yet in its place


@dataclass(frozen=True, slots=True)
class Mended:
    """What can be kept: how many events, how many of them only the copy has, when the last one happened.

    ``lost`` is how many more there were at least: nobody may know of the newest ones.
    """

    kept: int
    from_copy: int
    lost: int
    last_ms: int


def mend(ledger: Path, copy: Path, aside: Path, sure: Callable[[Mended], bool]) -> bool:
    """Put what can be read into a ledger's place, and the damaged one, as it is, aside; whether ``sure`` said so.

    ``sure`` is asked when it is known what can be kept. A kill at any moment loses nothing: what is not whole yet is
    found damaged, and mending begins again. Raises OSError and sqlite3.Error where something cannot be written.
    """
    whole, told = ledger.with_name(NOT_FINISHED), Witness(ledger).read()
    remove_left(whole)
    with replacing(whole, 0o600) as scratch:
        found = _together([ledger, whole, copy], scratch, told[0] if told else 0)
    agreed = False
    try:
        agreed = sure(found)
    finally:
        if not agreed:
            whole.unlink()
    if not agreed:
        return False
    _copy(ledger, aside, "-wal", "-head", "")
    _remove_wal(ledger)
    whole.replace(ledger)
    path_of(ledger).unlink(missing_ok=True)  # last: until then whoever opens the ledger is told to mend it
    sync_folder(ledger.parent)
    return True


def put_aside(ledger: Path, aside: Path) -> None:
    """Give a ledger another name, with what lies beside it. A kill at any moment leaves it whole under one of the two.

    Its WAL is copied before and removed after, so that it is never without.
    """
    _copy(ledger, aside, "-wal", "-head")
    for left in (path_of(ledger), ledger.with_name(NOT_FINISHED)):
        left.unlink(missing_ok=True)
    if ledger.is_file():
        ledger.replace(aside)
        sync_folder(ledger.parent)
    _remove_wal(ledger)


def _copy(ledger: Path, to: Path, *suffixes: str) -> None:
    """Copy a ledger's file, or some beside it, to the disk, where they are there."""
    for suffix in suffixes:
        path, copy = ledger.with_name(ledger.name + suffix), to.with_name(to.name + suffix)
        if path.is_file():
            with replacing(copy, 0o600) as temporary:
                shutil.copyfile(path, temporary)


def _remove_wal(ledger: Path) -> None:
    """Remove the WAL, which would be read into another database that takes the place."""
    for suffix in ("-wal", "-shm"):
        ledger.with_name(ledger.name + suffix).unlink(missing_ok=True)


def _together(sources: Sequence[Path], to: Path, known: int) -> Mended:
    """Write all events that follow from one another to a new ledger; the last of ``sources`` is the copy.

    It is brought to the disk as a whole, by whoever gives it its place.
    """
    kept, chain, last_ms, from_copy, before = 0, "", 0, 0, -1
    insert = f"INSERT INTO events({STORED}) VALUES({', '.join('?' * len(STORED.split(',')))})"
    with closing(sqlite3.connect(to, isolation_level=None)) as db:
        db.executescript(f"PRAGMA synchronous=OFF; BEGIN; {SCHEMA} INSERT INTO about VALUES('format', '{FORMAT}');")
        while kept > before:
            before = kept
            for source in sources:
                for row in _following(source, kept, chain):
                    db.execute(insert, row)
                    kept, chain, last_ms = row[0], row[1], row[4]
                    from_copy += source is sources[-1]
        db.execute("COMMIT")
    return Mended(kept, from_copy, max(0, known - kept), last_ms)


def _following(path: Path, after: int, chain: str) -> Iterator[Stored]:
    """The events of a file behind the one with this number and hash, as long as each follows from the one before.

    A copy of it is read, since SQLite writes to what it opens.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "ledger.db"
        if not path.is_file():
            return
        for suffix in ("", "-wal"):
            with suppress(FileNotFoundError):
                shutil.copyfile(path.with_name(path.name + suffix), copy.with_name(copy.name + suffix))
        with suppress(sqlite3.Error), closing(sqlite3.connect(copy)) as db:
            if db.execute("SELECT value FROM about WHERE name = 'format'").fetchone() != (str(FORMAT),):
                return
            for row, sound in chained(db, after, chain):
                if not sound or row[0] != after + 1:
                    return
                after += 1
                yield row
