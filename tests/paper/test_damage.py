"""A ledger that is not what was written: found wherever the damage is, told, and mended without inventing anything.

The ledger is as a kill leaves it: its newest events are only in SQLite's WAL. What the damage may do: nothing (it hit
what nobody reads), or be found. What it may never do: change an event, or make one vanish without a word.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from engine.paper.ledger import Event, Ledger, LedgerError
from engine.paper.mending import Mended, mend, put_aside
from engine.paper.witness import Witness
from tests.conftest import EXAMPLES

PAGE = 4096
OLD, COPIED, NEW = 400, 250, 40  # events: in the database, in the daily copy, only in the WAL


def event(number: int) -> Event:
    """One with a message of its own."""
    key = ("alpha", number, 1, "demo/call/0") if number % 3 else None
    said = {"number": number, "text": f"{number} " * 12, "price": number + 0.1}
    return Event(("demo", "demo/alpha")[number % 2], "call", number, said, number % 7, key, made_ms=number)


@dataclass(frozen=True)
class Killed:
    """The files of a ledger whose process was killed, and what it held."""

    folder: Path
    events: list[Event]

    def into(self, folder: Path) -> Path:
        """A copy of them; the path of the ledger."""
        shutil.copytree(self.folder, folder)
        return folder / "paper.db"


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Killed:
    """See the module's docstring."""
    lived, folder = tmp_path_factory.mktemp("lived"), tmp_path_factory.mktemp("killed") / "data"
    ledger = Ledger(lived / "paper.db", every=50)
    for number in range(1, OLD + 1):
        ledger.append(event(number))
        if number == COPIED:
            ledger.flush()
            ledger.back_up(lived / "paper.backup.db")
    ledger.close()
    ledger = Ledger(lived / "paper.db")
    for number in range(OLD + 1, OLD + NEW + 1):
        ledger.append(event(number))
    shutil.copytree(lived, folder)  # while it is open, as after a kill
    events = [*ledger.events()]
    ledger.close()
    assert (folder / "paper.db-wal").stat().st_size > NEW * 24
    assert len(events) == OLD + NEW
    return Killed(folder, events)


def damage(path: Path, spot: int, size: int = PAGE, change: Callable[[int], int] = lambda byte: 255 - byte) -> None:
    """Change some bytes of a file."""
    whole = bytearray(path.read_bytes())
    whole[spot : spot + size] = bytes(change(byte) for byte in whole[spot : spot + size])
    path.write_bytes(whole)


def held(path: Path) -> list[Event]:
    """What a ledger says it holds, once it is found sound."""
    ledger = Ledger(path)
    try:
        ledger.check()
        return [*ledger.events()]
    finally:
        ledger.close()


def sound(path: Path) -> list[Event] | LedgerError:
    """What a ledger says it holds, or what is wrong with it."""
    try:
        return held(path)
    except LedgerError as error:
        return error


def mended(path: Path) -> tuple[Mended, list[Event]]:
    """Mend a ledger; what it says of that, and what it holds then."""
    told: list[Mended] = []

    def sure(found: Mended) -> bool:
        told.append(found)
        return True

    assert mend(path, path.with_name("paper.backup.db"), path.with_name("aside.db"), sure)
    return told[0], held(path)


def test_without_damage_everything_is_there(killed: Killed, tmp_path: Path) -> None:
    assert held(killed.into(tmp_path / "data")) == killed.events


def root_of(path: Path, name: str) -> int:
    """The place of a table's or an index's root page in the file."""
    with sqlite3.connect(f"file:{path}?immutable=1", uri=True) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    return (int(page) - 1) * PAGE


def leaf(path: Path) -> int:
    """The place of a page that holds events, in the middle of the file."""
    whole = path.read_bytes()
    leaves = [
        spot for spot in range(PAGE, len(whole), PAGE) if whole[spot] == 13 and b'"number"' in whole[spot:][:PAGE]
    ]
    return leaves[len(leaves) // 2]


PLACES: dict[str, Callable[[Path], int]] = {
    "the header": lambda _: 0,
    "the table's root": lambda path: root_of(path, "events"),
    "the index of keys": lambda path: root_of(path, "once"),
    "the index of rows": lambda path: root_of(path, "by_row"),
    "a page of events in the middle": leaf,
    "the last page": lambda path: path.stat().st_size // PAGE * PAGE - PAGE,
}


@pytest.mark.parametrize("kind", ["turned over", "zeros"])
@pytest.mark.parametrize("place", PLACES)
def test_a_damaged_page_is_found_and_mended(killed: Killed, tmp_path: Path, place: str, kind: str) -> None:
    """Without its WAL, whose pages stand before those of the file."""
    path = killed.into(tmp_path / "data")
    Ledger(path).close()  # the WAL goes into the file
    damage(path, PLACES[place](path), change=(lambda _: 0) if kind == "zeros" else lambda byte: 255 - byte)
    damaged = path.read_bytes()
    with pytest.raises(LedgerError, match=r"the ledger is damaged.*; mend it with: cli.py paper restore") as found:
        held(path)
    assert found.value.damaged
    said, now = mended(path)
    assert now == killed.events[: said.kept]
    assert said.kept >= COPIED
    assert said.kept + said.lost == OLD + NEW
    if "index" in place:
        assert (said.lost, said.from_copy) == (0, 0)
    assert path.with_name("aside.db").read_bytes() == damaged
    ledger = Ledger(path)
    ledger.append(event(5000))
    ledger.close()
    assert len(held(path)) == said.kept + 1, "it goes on"


@pytest.mark.parametrize("frame", [0, 1, NEW // 2, -1])
def test_a_damaged_wal_is_no_shorter_ledger(killed: Killed, tmp_path: Path, frame: int) -> None:
    """SQLite reads a WAL as far as it is sound, and says nothing of what follows; the witness does."""
    path = killed.into(tmp_path / "data")
    wal = path.with_name("paper.db-wal")
    frames = (wal.stat().st_size - 32) // (PAGE + 24)
    damage(wal, 32 + (frame % frames) * (PAGE + 24) + 24, 64)
    with pytest.raises(LedgerError, match=rf"it ends at event \d+, and had {OLD + NEW}"):
        held(path)
    said, now = mended(path)
    assert now == killed.events[: said.kept]
    assert OLD <= said.kept < OLD + NEW
    assert said.lost == OLD + NEW - said.kept


def test_a_wal_that_is_gone_is_missed(killed: Killed, tmp_path: Path) -> None:
    path = killed.into(tmp_path / "data")
    path.with_name("paper.db-wal").unlink()
    with pytest.raises(LedgerError, match=f"it ends at event {OLD}, and had {OLD + NEW}"):
        held(path)
    said, now = mended(path)
    assert (said.kept, said.lost, now) == (OLD, NEW, killed.events[:OLD])


def test_the_index_of_the_wal_is_made_anew(killed: Killed, tmp_path: Path) -> None:
    path = killed.into(tmp_path / "data")
    path.with_name("paper.db-shm").write_bytes(random.Random(3).randbytes(32768))
    assert held(path) == killed.events


@pytest.mark.parametrize("left", [0, 1, PAGE - 1, 12 * PAGE])
def test_a_file_that_was_cut_off(killed: Killed, tmp_path: Path, left: int) -> None:
    path = killed.into(tmp_path / "data")
    Ledger(path).close()
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(LedgerError, match="the ledger is damaged"):
        held(path)
    said, now = mended(path)
    assert now == killed.events[: said.kept]
    assert said.kept >= COPIED


def test_a_ledger_that_is_gone_does_not_begin_anew_by_itself(killed: Killed, tmp_path: Path) -> None:
    """Only ``paper reset`` begins anew."""
    path = killed.into(tmp_path / "data")
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink()
    with pytest.raises(LedgerError, match=f"it is empty or gone, and had {OLD + NEW} events"):
        Ledger(path)
    assert not path.exists()
    said, now = mended(path)
    assert (said.kept, said.from_copy, now) == (COPIED, COPIED, killed.events[:COPIED])


def test_an_older_copy_in_its_place_is_told(killed: Killed, tmp_path: Path) -> None:
    path = killed.into(tmp_path / "data")
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink()
    shutil.copy(path.with_name("paper.backup.db"), path)
    with pytest.raises(LedgerError, match=f"it ends at event {COPIED}, and had {OLD + NEW}"):
        held(path)


def test_what_stands_beside_a_ledger_need_not_be_there(killed: Killed, tmp_path: Path) -> None:
    """Ledgers of before have no witness; one that cannot be read says nothing."""
    path = killed.into(tmp_path / "data")
    Witness(path).path.write_text("nonsense", encoding="utf-8")
    assert held(path) == killed.events
    Witness(path).path.unlink()
    assert held(path) == killed.events


def test_damage_anywhere_changes_no_event(killed: Killed, tmp_path: Path) -> None:
    """Random bytes of all files, one to sixteen at a time."""
    chance, found = random.Random(7), 0
    for number in range(max(40, EXAMPLES // 10)):
        path = killed.into(tmp_path / str(number))
        name = chance.choice(["paper.db", "paper.db", "paper.db-wal"])
        broken = path.with_name(name)
        damage(
            broken,
            chance.randrange(broken.stat().st_size),
            chance.choice([1, 1, 4, 16]),
            chance.choice([lambda _: 0, lambda byte: byte ^ 1, lambda byte: 255 - byte, lambda _: 65]),
        )
        now = sound(path)
        if isinstance(now, LedgerError):
            found += 1
            assert now.damaged or "has format" in str(now)
            if now.damaged:
                said, now = mended(path)
                assert now == killed.events[: said.kept], number
                assert said.kept >= COPIED, number
        else:
            assert now == killed.events, number
        shutil.rmtree(path.parent)
    assert found >= 10


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Whether a process that does this work dies of it before its so manieth change of a folder."""
    steps = 0

    def dying(change: Callable) -> Callable:
        def run(*given: object, **more: object) -> object:
            nonlocal steps
            if steps == step:
                os._exit(9)  # nothing is cleared away, nothing is closed
            steps += 1
            return change(*given, **more)

        return run

    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    for owner, name in ((Path, "replace"), (Path, "rename"), (Path, "unlink"), (shutil, "copyfile"), (os, "fsync")):
        setattr(owner, name, dying(getattr(owner, name)))
    try:
        work()
    finally:
        os._exit(0)


FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")


@FORKS
def test_a_kill_while_mending_loses_nothing(killed: Killed, tmp_path: Path) -> None:
    """Whatever moment: mending again keeps what mending at once would have kept."""
    whole = killed.into(tmp_path / "whole")
    broken = whole.with_name("paper.db-wal")
    damage(broken, broken.stat().st_size // 2, 64)
    shutil.copytree(whole.parent, tmp_path / "damaged")
    expected = mended(whole)[1]
    step, died = 0, True
    while died:
        path = Path(shutil.copytree(tmp_path / "damaged", tmp_path / str(step))) / "paper.db"
        died = killed_at(step, lambda path=path: mended(path))
        now = sound(path)
        assert died or now == expected
        if isinstance(now, LedgerError):
            assert now.damaged
            now = mended(path)[1]
        assert now == expected, step
        step += 1
    assert 8 < step < 80


@FORKS
def test_a_kill_while_it_is_put_aside_loses_nothing(killed: Killed, tmp_path: Path) -> None:
    """Either it is where it was, or it is aside; whole, with what stood in its WAL. A new one begins empty."""
    step, died = 0, True
    while died:
        path = killed.into(tmp_path / str(step))
        aside = path.with_name("aside.db")
        died = killed_at(step, lambda path=path, aside=aside: put_aside(path, aside))
        if path.exists():
            assert held(path) == killed.events, step
        else:
            assert held(path) == [], step
            assert held(aside) == killed.events, step
        step += 1
    assert 4 < step < 40


@FORKS
def test_a_kill_while_it_is_copied_leaves_a_whole_copy(killed: Killed, tmp_path: Path) -> None:
    """The one before or the new one; what was begun is cleared away by the next copy."""
    step, died, left = 0, True, 0
    while died:
        path = killed.into(tmp_path / str(step))
        copy = path.with_name("paper.backup.db")
        died = killed_at(step, lambda path=path, copy=copy: Ledger(path).back_up(copy))
        assert held(copy) in (killed.events[:COPIED], killed.events), step
        left += len([*path.parent.glob(".*")])
        ledger = Ledger(path)
        ledger.back_up(copy)
        ledger.close()
        assert held(copy) == killed.events
        assert not list(path.parent.glob(".*"))
        step += 1
    assert step >= 2
    assert left > 0


def test_a_damaged_ledger_does_not_replace_a_good_copy(killed: Killed, tmp_path: Path) -> None:
    path = killed.into(tmp_path / "data")
    Ledger(path).close()
    ledger, copy = Ledger(path), path.with_name("paper.backup.db")
    damage(path, leaf(path))
    with pytest.raises(LedgerError, match="the ledger is damaged") as found:
        ledger.back_up(copy)
    assert found.value.damaged
    assert held(copy) == killed.events[:COPIED]


def test_nothing_of_another_ledger_comes_in(killed: Killed, tmp_path: Path) -> None:
    """A copy that is of another account's ledger, or of another version."""
    path = killed.into(tmp_path / "data")
    copy = path.with_name("paper.backup.db")
    copy.unlink()
    other = Ledger(copy)
    for number in range(1, OLD + 2 * NEW):
        other.append(replace(event(number), made_ms=9))
    other.close()
    damage(path.with_name("paper.db-wal"), 32 + 24, 64)
    said, now = mended(path)
    assert (said.from_copy, now) == (0, killed.events[: said.kept])


def test_who_says_no_changes_nothing(killed: Killed, tmp_path: Path) -> None:
    path = killed.into(tmp_path / "data")
    path.with_name("paper.db-wal").unlink()
    before = {one.name: one.read_bytes() for one in path.parent.iterdir()}
    assert not mend(path, path.with_name("paper.backup.db"), path.with_name("aside.db"), lambda _: False)
    assert {one.name: one.read_bytes() for one in path.parent.iterdir()} == before


@pytest.mark.skipif(os.name == "nt", reason="rights are not those of Windows")
def test_none_of_its_files_is_for_others(killed: Killed, tmp_path: Path) -> None:
    path = killed.into(tmp_path / "data")
    path.with_name("paper.db-wal").unlink()
    mended(path)
    ledger = Ledger(path)
    ledger.append(event(5000))
    ledger.back_up(path.with_name("paper.backup.db"))
    ledger.close()
    assert {one.stat().st_mode & 0o777 for one in path.parent.iterdir()} == {0o600}
