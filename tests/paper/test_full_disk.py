"""A full disk at every place where paper trading writes: it is said, nothing told is lost, and it goes on."""

from __future__ import annotations

import contextlib
import io
import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from engine.collect.archive import Archive, ArchiveError
from engine.domain import Message
from engine.paper.ledger import Event, Ledger, LedgerError
from engine.pipeline.logs import start_logging
from engine.units import moment_ms
from tests.conftest import Run
from tests.paper.full import POSIX, beside
from tests.paper.tendays import command, trade_ten_days

pytestmark = POSIX
BEGAN_MS = moment_ms("2026-03-01")
TOLD = "the ledger cannot be {}: the disk does not take it; is there room"


def event(number: int, length: int = 40) -> Event:
    return Event("demo", "call", number, {"number": number, "text": "x" * length}, number, made_ms=1)


def numbers(path: Path) -> list[int]:
    """What a ledger holds, found sound."""
    ledger = Ledger(path)
    ledger.check()
    found = [one.data["number"] for one in ledger.events()]
    ledger.close()
    return found


def write(path: Path, first: int, last: int, length: int = 40) -> tuple[int, str]:
    """Write events until one cannot be written; how many were told as written, and what was said then."""
    ledger, told = Ledger(path), first - 1
    try:
        for number in range(first, last + 1):
            ledger.append(event(number, length))
            told = number
    except LedgerError as error:
        return told, str(error)
    finally:
        with contextlib.suppress(LedgerError):
            ledger.close()
    return told, ""


@pytest.mark.parametrize("more", [0, 1, 31, 33, 56, 4000, 4152, 8000, 30_000])
def test_the_ledgers_wal(tmp_path: Path, more: int) -> None:
    path = tmp_path / "paper.db"
    ledger = Ledger(path)
    ledger.append(*(event(number) for number in range(1, 200)))
    ledger.close()
    largest = max(path.stat().st_size, 32 + more)
    told, said = beside(lambda: write(path, 200, 2000), largest)
    assert TOLD.format("written") in said or TOLD.format("opened") in said
    assert told < 2000
    assert numbers(path) == [*range(1, told + 1)]
    assert write(path, told + 1, told + 5) == (told + 5, "")
    assert numbers(path) == [*range(1, told + 6)]


def test_the_ledger_when_its_wal_is_brought_in(tmp_path: Path) -> None:
    """SQLite brings the WAL in when it has a thousand pages; where the file cannot grow, it goes on with the WAL."""
    path = tmp_path / "paper.db"
    assert write(path, 1, 1600, 3500) == (1600, "")
    largest = path.stat().st_size
    assert largest > 5_000_000
    told, said = beside(lambda: write(path, 1601, 9000, 3500), largest)
    assert TOLD.format("written") in said
    assert told > 1601 + 320, "it was tried after a thousand pages, and the WAL had room"
    assert numbers(path) == [*range(1, told + 1)]


@pytest.mark.parametrize("part", [0.0, 0.3, 0.99])
def test_the_ledgers_copy(tmp_path: Path, part: float) -> None:
    path, copy = tmp_path / "paper.db", tmp_path / "paper.backup.db"
    write(path, 1, 50)
    Ledger(path).back_up(copy)
    write(path, 51, 400)
    largest = int(path.stat().st_size * part)
    said = beside(lambda: Ledger(path).back_up(copy), largest)
    assert isinstance(said, str) or TOLD.format("copied") in str(said) or TOLD.format("opened") in str(said)
    assert numbers(copy) == [*range(1, 51)], "the copy before"
    Ledger(path).back_up(copy)
    assert numbers(copy) == [*range(1, 401)]
    assert not list(tmp_path.glob(".*"))


def post(number: int) -> Message:
    return Message("vip", 1, number, 1, "post", BEGAN_MS, None, BEGAN_MS + number, f"BUY {number} " + "x" * 80)


def archived(path: Path) -> list[int]:
    return [message.message_id for message in Archive(path).read()]


def fill(path: Path) -> tuple[int, str]:
    """Write posts until one cannot be written."""
    archive, told = Archive(path), 0
    try:
        for number in range(1, 500):
            archive.append([post(number)])
            told = number
    except ArchiveError as error:
        return told, str(error)
    return told, ""


@pytest.mark.parametrize("largest", [0, 1, 4095, 9000, 20_000, 20_111, 20_222, 70_000])
def test_the_archive(tmp_path: Path, largest: int) -> None:
    """Its text, or its index; whatever was told as written is there, and a line that was cut is written again."""
    path = tmp_path / "signals_raw.jsonl"
    told, said = beside(lambda: fill(path), largest)
    assert "cannot be written" in said or "cannot be" in said
    assert {*range(1, told + 1)} <= {*archived(path)}
    archive = Archive(path)
    archive.append(post(number) for number in range(1, 600))
    assert sorted(archived(path)) == [*range(1, 600)]


def test_the_days_log(tmp_path: Path) -> None:
    """Said once each time it begins; no work stops for its log."""

    def work() -> tuple[str, int]:
        said = io.StringIO()
        handler = start_logging(tmp_path / "logs")
        with contextlib.redirect_stderr(said):
            for number in range(100):
                logging.getLogger("engine.test").info("line %d", number)
        return said.getvalue(), handler.path_of_today().stat().st_size

    said, size = beside(work, 2000)
    assert said.count("cannot be written") == 1
    assert "the work goes on without it" in said
    assert "Traceback" not in said
    assert size <= 2000


def test_a_log_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be", encoding="utf-8")

    def work() -> str:
        said = io.StringIO()
        start_logging(tmp_path / "logs")
        with contextlib.redirect_stderr(said):
            for number in range(10):
                logging.getLogger("engine.test").info("line %d", number)
        return said.getvalue()

    assert beside(work).count("cannot be written") == 1


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose account has traded for ten days of the demo."""
    folder = tmp_path_factory.mktemp("traded")
    trade_ten_days(folder)
    return folder


@pytest.mark.parametrize("largest", [0, 15_000, 100_000, 1_000_000])
def test_the_folder_of_a_report(traded: Path, tmp_path: Path, largest: int) -> None:
    """Of its files each is whole or not there; the same command makes them when there is room."""
    out = tmp_path / "page"
    ledger = (traded / "data" / "paper.db").read_bytes()
    code, said = beside(lambda: command(traded, "report", "--out", out), largest)
    assert code == 2, said
    assert "a file has reached the largest size" in said or "the ledger cannot be" in said
    assert "Traceback" not in said
    assert not (out / "report.html").exists()
    assert not list(out.glob(".*")) if out.exists() else True
    code, said = command(traded, "report", "--out", out)
    assert code == 0, said
    assert (out / "report.html").stat().st_size > 100_000
    assert (traded / "data" / "paper.db").read_bytes() == ledger


@pytest.mark.parametrize("largest", [0, 100_000])
def test_the_ledger_of_a_replay(traded: Path, tmp_path: Path, largest: int) -> None:
    """It goes on where it was stopped and comes to the same."""
    out = tmp_path / "run"
    code, said = beside(lambda: command(traded, "demo", "--replay", "demo", "--out", out), largest)
    assert code == 2, said
    assert "error: " in said
    assert "Traceback" not in said
    code, said = command(traded, "demo", "--replay", "demo", "--out", out)
    assert code == 0, said
    theirs = [replace(one, made_ms=0) for one in Ledger(traded / "out" / "paper.db").events()]
    assert [replace(one, made_ms=0) for one in Ledger(out / "paper.db").events()] == theirs


@pytest.mark.parametrize("words", [("reset", "--yes"), ("restore", "--yes"), ("halt",), ("resume",), ("close", "all")])
def test_what_people_ask(traded: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    """Nothing of it is done; the ledger stays as it is."""
    folder = Path(shutil.copytree(traded, tmp_path / "workspace"))
    path = folder / "data" / "paper.db"
    killed = Ledger(path)
    killed.append(Event("demo", "halt", BEGAN_MS, {"until_ms": None, "channels": []}))
    files = {one.name: one.read_bytes() for one in path.parent.glob("paper.db*")}
    killed.close()
    for name, content in files.items():
        (path.parent / name).write_bytes(content)
    if words[0] == "restore":
        whole = bytearray(files["paper.db"])
        whole[40_960:45_056] = bytes(4096)
        path.write_bytes(whole)
    before = path.read_bytes()
    code, said = beside(lambda: command(folder, *words), 2000)
    if words[0] == "close":
        assert "nothing is resting or open" in said or code == 2
    else:
        assert code == 2, said
    assert "Traceback" not in said
    assert path.read_bytes() == before
    code, said = command(folder, *words)
    assert code == 0, said


def test_the_shell_says_what_the_machine_refuses(run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever command it is: exit code 2 and a line, no traceback."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.pipeline.paper.live.run_live", full)
    done = run("paper", "demo")
    assert (done.exit_code, done.stderr) == (
        2,
        "error: the disk is full; mend that and try again; what was written before is whole\n",
    )
