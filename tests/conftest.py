"""What all tests share: a workspace of one's own, and the command line."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import cli

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"

Run = Callable[..., Result]
EXAMPLES = int(os.environ.get("SIGNALPROOF_EXAMPLES", "1000"))  # how many cases a random test tries


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A copy of the files that the project ships, without data."""
    for folder in ("channels", "rules", "strategies"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


@pytest.fixture
def run(workspace: Path) -> Run:
    """Run a command of cli.py in the workspace; standard error goes into ``stderr``."""

    def call(*words: str | Path, stdin: str | None = None) -> Result:
        arguments = [str(word) for word in words]
        return CliRunner().invoke(cli, [*arguments, "--workspace", str(workspace)], input=stdin)

    return call


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every file below a folder and its bytes, except the logs."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "logs" not in path.parts
    }
