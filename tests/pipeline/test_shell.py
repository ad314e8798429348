"""What the machine refuses, and what is missing on it, is said in a line with exit code 2: no fault of ours."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from engine.collect.parsed import Parsed
from engine.pipeline.shell import of_the_machine
from tests.conftest import ROOT, Run

POST = {"id": 1, "type": "message", "date_unixtime": "1740963620", "text": "gm"}


def full() -> sqlite3.OperationalError:
    """What SQLite says on a full disk."""
    small = sqlite3.connect(":memory:")
    small.execute("PRAGMA max_page_count = 1")
    with pytest.raises(sqlite3.OperationalError, match="database or disk is full") as refused:
        small.execute("CREATE TABLE much (more TEXT)")
    small.close()
    return refused.value


def test_parse_on_a_full_disk_says_so_in_a_line(workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    export = workspace / "result.json"
    export.write_text(json.dumps({"id": 1, "name": "Keel", "type": "public_channel", "messages": [POST]}), "utf-8")
    assert run("import", export, "--channel", "demo_keel").exit_code == 0
    error = full()

    def add(*_: object) -> None:
        raise error

    monkeypatch.setattr(Parsed, "add", add)
    done = run("parse")
    assert done.exit_code == 2
    assert done.stderr == "error: the disk is full; mend that and try again; what was written before is whole\n"


def test_a_fault_of_sqlite_is_one_of_ours() -> None:
    with pytest.raises(sqlite3.OperationalError) as wrong:
        sqlite3.connect(":memory:").execute("SELECT nothing FROM nowhere")
    assert of_the_machine(wrong.value) is None


def test_a_python_without_the_packages_says_which_one_to_use(tmp_path: Path) -> None:
    bare = [sys.executable, "-S", str(ROOT / "cli.py"), "validate"]
    done = subprocess.run(bare, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: the package click is not installed for ")
    assert ". .venv/bin/activate (README.md)" in done.stderr
    missing = of_the_machine(ModuleNotFoundError("No module named 'lark'", name="lark"))
    assert missing is not None
    assert missing.text == f"the package lark is not installed for {sys.executable}"
    assert of_the_machine(ModuleNotFoundError("No module named 'engine.x'", name="engine.x")) is None


def test_paths_that_are_printed_exist_from_here(workspace: Path, run: Run) -> None:
    export = workspace / "result.json"
    export.write_text(json.dumps({"id": 1, "name": "Keel", "type": "public_channel", "messages": [POST]}), "utf-8")
    imported = run("import", export, "--channel", "demo_keel").stdout
    parsed = run("parse").stdout
    made = run("new", "channel", "mine").stdout
    assert f"archive: {(workspace / 'data' / 'signals_raw.jsonl').as_posix()}" in imported
    assert f"{(workspace / 'data' / 'signals_parsed.csv').as_posix()}: 0 signals" in parsed
    assert (workspace / "channels" / "mine.channel").as_posix() in made
