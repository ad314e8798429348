"""A workspace whose account has traded for ten days of the demo, and commands of ``paper`` in it."""

from __future__ import annotations

import shutil
from pathlib import Path

from click.testing import CliRunner

from cli import cli
from tests.paper.pageworld import workspace


def trade_ten_days(folder: Path) -> None:
    """Make it in a folder; the ledger is that of a replay."""
    path = workspace(folder).root / "strategies" / "demo.yaml"
    text = path.read_text(encoding="utf-8")
    assert "to: 2025-07-01" in text
    path.write_text(text.replace("to: 2025-07-01", "to: 2025-01-11"), encoding="utf-8")
    code, said = command(folder, "demo", "--replay", "demo", "--out", folder / "out")
    assert code == 0, said
    (folder / "data").mkdir()
    shutil.copy(folder / "out" / "paper.db", folder / "data" / "paper.db")


def command(folder: Path, *words: object) -> tuple[int, str]:
    """A command of ``paper``: its exit code and all that it said."""
    done = CliRunner().invoke(cli, ["paper", *map(str, words), "--workspace", str(folder)])
    return done.exit_code, done.output
