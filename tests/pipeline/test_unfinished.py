"""What a kill has left in the folder of the runs is removed by the next run; what another run writes is left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.collect import lock
from engine.pipeline.errors import InputError
from engine.pipeline.runfolder import new_folder, whole_folder
from engine.report.runfile import run_folders
from tests.conftest import Run

WRITES = """
import sys, time
from pathlib import Path
from engine.pipeline.runfolder import whole_folder
with whole_folder(Path(sys.argv[1])) as begun:
    (begun / "tables").mkdir()
    (begun / "tables" / "half.csv").write_text("half")
    print("writing", flush=True)
    sys.stdin.read()
    (begun / "whole.csv").write_text("whole")
"""


@contextmanager
def writing(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that writes into a folder until its input ends."""
    command = [sys.executable, "-c", WRITES, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        try:
            yield process
        finally:
            process.kill()


def killed(folder: Path) -> None:
    """Leave what a process leaves that is killed while it writes."""
    with writing(folder) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_next_backtest_removes_what_a_kill_left(workspace: Path, run: Run) -> None:
    runs = workspace / "runs"
    killed(runs / "20250101-000000-demo")
    assert (runs / ".20250101-000000-demo.unfinished" / "tables" / "half.csv").is_file()
    assert run("backtest", "demo", "--to", "2025-02-01").exit_code == 0
    (folder,) = runs.iterdir()
    assert run_folders(runs) == [folder]


def test_a_run_under_way_in_the_same_folder_is_left_alone(tmp_path: Path) -> None:
    killed(tmp_path / "killed")
    with writing(tmp_path / "slow") as slow:
        for number in range(3):
            with whole_folder(tmp_path / f"quick-{number}") as begun:
                (begun / "whole.csv").write_text("whole", encoding="utf-8")
        assert names(tmp_path) == [".slow.unfinished", ".slow.unfinished.lock", "quick-0", "quick-1", "quick-2"]
        slow.communicate("")
        assert slow.returncode == 0
    assert names(tmp_path) == ["quick-0", "quick-1", "quick-2", "slow"]
    assert (tmp_path / "slow" / "whole.csv").read_text(encoding="utf-8") == "whole"


def test_what_a_kill_left_in_a_folder_that_is_there_goes_and_other_files_stay(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "notes.txt").write_text("mine", encoding="utf-8")
    killed(mine)
    assert names(mine) == [".mine.unfinished", ".mine.unfinished.lock", "notes.txt"]
    with whole_folder(mine) as begun:
        (begun / "whole.csv").write_text("whole", encoding="utf-8")
    assert names(mine) == ["notes.txt", "whole.csv"]


def test_a_folder_that_no_run_began_is_never_removed(tmp_path: Path) -> None:
    """Whatever it is called, and wherever a link of such a name leads."""
    (tmp_path / ".novel.unfinished").mkdir()
    (tmp_path / ".novel.unfinished" / "chapter.txt").write_text("one", encoding="utf-8")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").write_text("one", encoding="utf-8")
    (tmp_path / ".link.unfinished").symlink_to(tmp_path / "photos", target_is_directory=True)
    (tmp_path / ".link.unfinished.lock").touch()
    with whole_folder(tmp_path / "run") as begun:
        (begun / "whole.csv").touch()
    assert names(tmp_path / ".novel.unfinished") == ["chapter.txt"]
    assert names(tmp_path / "photos") == ["one.jpg"]
    assert names(tmp_path / "run") == ["whole.csv"]


def test_two_runs_of_one_second_do_not_share_a_folder_while_they_are_written(tmp_path: Path) -> None:
    with writing(tmp_path / "now-demo"):
        assert new_folder(tmp_path, "now-demo") == tmp_path / "now-demo-2"
        with (
            pytest.raises(InputError, match="another process is writing this run"),
            whole_folder(tmp_path / "now-demo"),
        ):
            pytest.fail("two write one folder")
        assert (tmp_path / ".now-demo.unfinished" / "tables" / "half.csv").is_file()
    assert new_folder(tmp_path, "now-demo") == tmp_path / "now-demo-2", "a name that a kill left is not used again"


def test_a_run_does_not_mind_that_another_one_looks_at_its_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who begins looks at all locks, and holds each for that moment: also one that is not held yet."""
    looking = (tmp_path / ".run.unfinished.lock").open("ab")
    lock.take(looking.fileno())
    monkeypatch.setattr("time.sleep", lambda _: looking.close())
    with whole_folder(tmp_path / "run") as begun:
        assert looking.closed
        (begun / "whole.csv").touch()
    assert names(tmp_path) == ["run"]


def test_a_disk_without_locks_has_runs_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is removed there but what a run of the same name left: nobody knows who is alive."""
    killed(tmp_path / "killed")

    def unknown(_: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("engine.pipeline.unfinished.take", unknown)
    assert lock.take is not unknown
    with whole_folder(tmp_path / "run") as begun:
        (begun / "whole.csv").touch()
    assert names(tmp_path) == [".killed.unfinished", ".killed.unfinished.lock", "run"]


HURRIES = """
import os, sys
from pathlib import Path
from engine.pipeline.runfolder import whole_folder
place, me = Path(sys.argv[1]), os.getpid()
for number in range(int(sys.argv[2])):
    with whole_folder(place / f"{me}-{number}") as begun:
        for part in range(5):
            (begun / f"{part}.csv").write_text("whole")
print("done")
"""


def test_many_at_once_with_kills_in_between_lose_no_run(tmp_path: Path) -> None:
    """Four processes write 60 runs each while others are killed: no living run loses a file, nothing is left over."""
    command = [sys.executable, "-c", HURRIES, str(tmp_path), "60"]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    victims = [subprocess.Popen([*command[:-1], "100000"], stdout=subprocess.DEVNULL) for _ in range(3)]
    deadline = time.monotonic() + 30
    for victim in victims:
        while not list(tmp_path.glob(f"{victim.pid}-*")) and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait()
    assert [worker.communicate(timeout=60)[0] for worker in workers] == ["done\n"] * 4
    with whole_folder(tmp_path / "last") as begun:
        (begun / "0.csv").touch()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    for worker in workers:
        runs = list(tmp_path.glob(f"{worker.pid}-*"))
        assert len(runs) == 60
        assert all(len(names(folder)) == 5 for folder in runs)
