"""The folder of a run is whole or not there: a full disk or a kill leaves nothing that is taken for the last run."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from engine.pipeline import runfolder
from engine.report.runfile import run_folders
from tests.conftest import Run


@pytest.fixture
def last(workspace: Path, run: Run) -> Path:
    """A run of a month of the demo."""
    assert run("backtest", "demo", "--to", "2025-02-01").exit_code == 0
    (folder,) = (workspace / "runs").iterdir()
    return folder


@pytest.mark.parametrize("file", ["write_evidence", "write_calls", "write_text", "write_tables", "render_report"])
def test_a_full_disk_leaves_no_half_run(
    file: str, workspace: Path, last: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (workspace / "data" / "trials.jsonl").read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "some file")

    monkeypatch.setattr(runfolder, file, full)
    died = run("backtest", "demo", "--to", "2025-02-01")
    assert (died.exit_code, died.stderr.startswith("error: some file: the disk is full")) == (2, True), died.stderr
    assert list((workspace / "runs").iterdir()) == [last]
    assert (workspace / "data" / "trials.jsonl").read_bytes() == before, "nobody has seen a result"
    assert run("report").stdout.strip() == str(last / "report.html")


def test_what_a_kill_left_is_not_the_last_run(workspace: Path, last: Path, run: Run) -> None:
    killed = workspace / "runs" / ".29990101-000000-demo.unfinished"
    shutil.copytree(last, killed)
    half = workspace / "runs" / "29990101-000000-demo"
    shutil.copytree(last, half)
    (half / "trades.csv").unlink()
    assert run_folders(workspace / "runs") == [last]
    assert run("report").stdout.strip() == str(last / "report.html")
    for folder in (killed, half):
        asked = run("report", folder.name)
        assert asked.exit_code == 2
        assert "this run was never finished: its writing was cut off" in asked.stderr
        assert "run the backtest again" in asked.stderr


def test_a_folder_that_is_there_gets_the_new_run_and_keeps_other_files(workspace: Path, last: Path, run: Run) -> None:
    out = workspace / "mine"
    shutil.copytree(last, out)
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    (out / "trades.csv").write_text("old", encoding="utf-8")
    assert run("backtest", "demo", "--to", "2025-02-01", "--out", out).exit_code == 0
    assert (out / "trades.csv").read_bytes() == (last / "trades.csv").read_bytes()
    assert (out / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert [path for path in workspace.rglob("*") if "unfinished" in path.name] == []
