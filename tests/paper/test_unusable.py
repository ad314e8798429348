"""A ledger that cannot be used: without rights, of another version, damaged, used by another process. Every command
says so in one line with what to do, ends with exit code 2, and leaves the ledger as it is."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import cli
from engine.paper.ledger import Ledger
from tests.paper.full import NOBODY, POSIX, beside
from tests.paper.tendays import command, trade_ten_days

LOOKING = (("status",), ("trades",), ("calls",), ("report",), ("reconcile", "2025-01-05"))
SPEAKING = (("halt",), ("resume",), ("close", "all"))
MENDING = (("restore", "--yes"), ("reset", "--yes"))


@pytest.fixture(scope="module")
def began() -> Iterator[Path]:
    """A workspace whose account has traded for ten days of the demo, where everybody may read it."""
    with tempfile.TemporaryDirectory(prefix="signalproof-") as name:
        folder = Path(name)
        trade_ten_days(folder)
        with closing(Ledger(folder / "data" / "paper.db")) as ledger:
            ledger.back_up(folder / "data" / "paper.backup.db")
        yield folder


@pytest.fixture
def workspace(began: Path) -> Iterator[Path]:
    """A copy of it, which belongs to a person without special rights."""
    with tempfile.TemporaryDirectory(prefix="signalproof-") as name:
        folder = Path(name)
        shutil.copytree(began, folder, dirs_exist_ok=True)
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
        yield folder
        for path in (folder, folder / "data"):
            path.chmod(0o700)


def files(folder: Path) -> dict[str, bytes]:
    """The ledger and its copy."""
    return {path.name: path.read_bytes() for path in sorted((folder / "data").glob("paper*.db"))}


RIGHTS = {
    "the file": (0o755, 0o444),
    "the folder": (0o555, 0o644),
    "both": (0o555, 0o444),
    "no reading": (0o755, 0o000),
}


@POSIX
@pytest.mark.parametrize("what", RIGHTS)
def test_without_the_right_to_write(workspace: Path, what: str) -> None:
    data = workspace / "data"
    before = files(workspace)
    folder_mode, file_mode = RIGHTS[what]
    (data / "paper.db").chmod(file_mode)
    data.chmod(folder_mode)

    def work() -> list[tuple[str, int, str]]:
        return [(words[0], *command(workspace, *words)) for words in (("halt",), *MENDING)]

    for name, code, said in beside(work, mortal=True):
        assert "Traceback" not in said
        if name == "restore" and code == 0:
            assert said == "the ledger is sound; nothing was changed\n"
        elif name == "reset" and code == 0:
            assert folder_mode == 0o755, "whoever may write the folder may give a file another name"
        else:
            assert code == 2, (name, said)
            assert any(why in said for why in ("read-only here", "out of reach", "no right to that")), (name, said)
    data.chmod(0o755)
    aside = [*data.glob("paper-*[0-9].db")]
    for path in (data / "paper.db", *aside):
        if path.exists():
            path.chmod(0o644)
    assert sorted(files(workspace).values()) == sorted(before.values())


@pytest.mark.parametrize("words", [*LOOKING, *SPEAKING, ("restore", "--yes"), ("demo",)], ids=" ".join)
def test_a_ledger_of_a_newer_version(workspace: Path, words: tuple[str, ...]) -> None:
    path = workspace / "data" / "paper.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE about SET value = '2'")
    before = files(workspace)
    code, said = command(workspace, *words)
    if words == ("demo",):
        assert code == 2, "prices of the demo are invented, which is said first"
    else:
        assert code == 2
        assert "the ledger has format 2, this version reads 1; use the version of the program that wrote it" in said
    assert files(workspace) == before


@pytest.mark.parametrize("words", [*LOOKING, *SPEAKING, ("verdicts", "demo")], ids=" ".join)
def test_a_damaged_ledger(workspace: Path, words: tuple[str, ...]) -> None:
    """No figure of it is shown, and nothing is written into it; then it is mended by the command that is named."""
    path = workspace / "data" / "paper.db"
    whole = bytearray(path.read_bytes())
    spot = whole.index(b'"quantity":', 5 * 4096)
    whole[spot + 12] = whole[spot + 12] ^ 1  # a digit: SQLite itself sees nothing
    path.write_bytes(whole)
    before = files(workspace)
    code, said = command(workspace, *words)
    if words[0] != "verdicts":  # which looks at the archive
        assert code == 2, said
        assert "the ledger is damaged" in said
        assert "mend it with: cli.py paper restore" in said
    assert files(workspace) == before
    code, said = command(workspace, "restore", "--yes")
    assert (code, "the ledger is whole again" in said) == (0, True), said
    assert command(workspace, "status")[0] == 0
    assert command(workspace, "restore", "--yes") == (0, "the ledger is sound; nothing was changed\n")


def test_explain_of_a_damaged_ledger(workspace: Path) -> None:
    """It looks whether paper trading knows a call before it knows that the ledger is sound."""
    path = workspace / "data" / "paper.db"
    whole = bytearray(path.read_bytes())
    spot = whole.index(b'"signal":', 5 * 4096)
    whole[spot] = ord("x")
    path.write_bytes(whole)
    done = CliRunner().invoke(cli, ["explain", "trade", "demo_keel/1", "--workspace", str(workspace)])
    assert done.exit_code == 2, done.output
    assert "Traceback" not in done.output


def test_restore_says_what_it_can_keep_and_asks(workspace: Path) -> None:
    path = workspace / "data" / "paper.db"
    with closing(Ledger(path)) as ledger:
        count = ledger.last()
    path.write_bytes(path.read_bytes()[:60_000])
    before = files(workspace)
    done = CliRunner().invoke(cli, ["paper", "restore", "--workspace", str(workspace)], input="n\n")
    assert done.exit_code == 0
    assert f"{count:,} events can be kept" in done.output or f"{count} events can be kept" in done.output
    assert "of them only the daily copy has" in done.output
    assert "nothing was changed" in done.output
    assert files(workspace) == before


def test_restore_without_anything_to_read(workspace: Path) -> None:
    data = workspace / "data"
    (data / "paper.backup.db").unlink()
    (data / "paper.db").write_bytes(b"this is no database at all" * 300)
    code, said = command(workspace, "restore", "--yes")
    assert code == 2
    assert "nothing of it can be read" in said
    assert "begin anew with: cli.py paper reset" in said
    code, said = command(workspace, "reset", "--yes")
    assert code == 0, said
    assert command(workspace, "restore", "--yes")[1].strip().endswith("there is no ledger")


@pytest.mark.parametrize("words", MENDING, ids=" ".join)
def test_nobody_mends_what_another_process_trades_on(workspace: Path, words: tuple[str, ...]) -> None:
    from engine.collect.lock import locked

    before = files(workspace)
    with locked(workspace / "data" / "paper.db", 0):
        code, said = command(workspace, *words)
    assert (code, "the account is running; stop it first" in said) == (2, True), said
    assert files(workspace) == before


def test_two_programs_write_one_ledger_in_turn(tmp_path: Path) -> None:
    """A word of a person while another program is in the middle of writing: it waits, or says who holds it."""
    from engine.paper import ledger as module
    from engine.paper.ledger import Event, LedgerError

    path = tmp_path / "paper.db"
    first, second = Ledger(path), Ledger(path)
    first.append(Event("demo", "call", 1, {}))
    second.append(Event("demo", "halt", 2, {}))
    first.append(Event("demo", "call", 3, {}))
    assert [event.kind for event in second.events()] == ["call", "halt", "call"]
    second.check()
    assert module.WAIT_S >= 10
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        first._db.execute("PRAGMA busy_timeout = 50")
        with pytest.raises(LedgerError, match="another program holds it; close what has it open"):
            first.append(Event("demo", "call", 4, {}))
        other.execute("ROLLBACK")
    assert [event.at_ms for event in second.events()] == [1, 2, 3]
