"""A backtest that uses a second core: the same files to the last byte, and its failures told as one process tells them.

Each is a program of its own: whoever has threads, as a test runner may, does not fork.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.test_beside import forks

PROGRAM = """\
import os, signal, sys
from engine import beside
beside.LEAST_CALLS = 0
forked, real = [], beside._forked
beside._forked = lambda work: forked.append(work) or real(work)
{first}
from cli import cli
try:
    cli(["backtest", "demo", "--to", "2025-03-01", *sys.argv[1:]])
finally:
    print("processes", len(forked))
"""


def backtest(workspace: Path, *words: str, first: str = "", cores: str = "") -> subprocess.CompletedProcess[str]:
    """Run a backtest of the demo in a program that forks for ever so few calls."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(first=first), "--workspace", workspace, *words],
        capture_output=True, text=True, cwd=ROOT, check=False, timeout=300,
        env=os.environ | {"SIGNALPROOF_CORES": cores},
    )  # fmt: skip


def files_of(folder: Path) -> dict[str, bytes]:
    """The files of a run, without the moment at which it was made."""
    made = json.loads((folder / "run.json").read_text(encoding="utf-8"))["created"].encode()
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().replace(made, b"")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@forks
@pytest.mark.parametrize("rest", [(), ("--holdout", "2025-02-01")], ids=["whole", "holdout"])
def test_the_files_are_the_same_with_one_process_and_with_several(workspace: Path, rest: tuple[str, ...]) -> None:
    one = backtest(workspace, "--out", str(workspace / "one"), *rest, cores="1")
    several = backtest(workspace, "--out", str(workspace / "several"), *rest)
    assert (one.returncode, several.returncode) == (0, 0), one.stderr + several.stderr
    assert "processes 0" in one.stdout
    assert int(several.stdout.split()[-1]) >= 3
    files = files_of(workspace / "one")
    assert len(files) > 10
    assert files_of(workspace / "several") == files
    assert (workspace / "data" / "backtest_results.csv").read_bytes() == files["trades.csv"]


@forks
def test_a_second_process_that_is_killed_ends_the_run_as_an_internal_fault(workspace: Path) -> None:
    killed = (
        "import time\n"
        "from engine.pipeline.accounts import Walks\n"
        "here = os.getpid()\n"
        "def alone(*_): time.sleep(1) if os.getpid() == here else os.kill(os.getpid(), signal.SIGKILL)\n"
        "Walks._alone = alone"
    )
    done = backtest(workspace, "--out", str(workspace / "run"), first=killed)
    assert done.returncode == 3
    assert "internal fault: BesideError: the process beside this one was ended by SIGKILL" in done.stderr
    assert "Traceback" not in done.stderr
    (log,) = (workspace / "logs").iterdir()
    assert "BesideError" in log.read_text(encoding="utf-8")
    assert not (workspace / "run").exists()
    assert not (workspace / "data" / "trials.jsonl").exists()


@forks
def test_what_fails_in_the_second_process_is_told_as_if_it_had_failed_here(workspace: Path) -> None:
    unreadable = (
        "from engine.pipeline.accounts import Walks\n"
        "from engine.pipeline.errors import InputError\n"
        "from engine.problem import Problem\n"
        "def alone(*_): raise InputError(Problem('cannot be read', 'data/x'))\n"
        "Walks._alone = alone"
    )
    for cores in ("", "1"):
        done = backtest(workspace, first=unreadable, cores=cores)
        assert done.returncode == 2
        assert done.stderr == "error: data/x: cannot be read\n"
    faulty = "from engine.pipeline.accounts import Walks\ndef divided(*_): return 1 / 0\nWalks._alone = divided"
    done = backtest(workspace, first=faulty)
    assert done.returncode == 3
    assert "internal fault: ZeroDivisionError: division by zero" in done.stderr
    (log,) = (workspace / "logs").iterdir()
    assert "in divided" in log.read_text(encoding="utf-8")  # the place in the other process
