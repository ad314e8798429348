"""What a shell is offered at each place of a line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from cli import cli
from tests.conftest import Run


def offered(line: str, typed: str = "") -> list[str]:
    found = ShellComplete(cli, {}, "signalproof", "_SIGNALPROOF_COMPLETE").get_completions(line.split(), typed)
    return [item.value for item in found]


def test_commands_and_options() -> None:
    assert {"validate", "backtest", "channel", "market"} <= set(offered(""))
    assert offered("", "val") == ["validate"]
    assert "coverage" in offered("channel")
    assert offered("validate", "--f") == ["--format"]
    assert offered("validate --format", "g") == ["github"]


def test_names_of_files(workspace: Path) -> None:
    there = f"--workspace {workspace}"
    assert offered(f"{there} backtest", "de") == ["demo"]
    assert offered(f"{there} channel explain", "demo_") == ["demo_coin", "demo_echo", "demo_keel"]
    assert offered(f"{there} channel test demo_keel", "demo_c") == ["demo_coin"]
    assert "library/common" in offered(f"{there} channel coverage", "library/")
    (workspace / "runs" / "20250601-demo").mkdir(parents=True)
    assert offered(f"{there} report") == ["20250601-demo"]


def test_codes_with_their_titles() -> None:
    found = ShellComplete(cli, {}, "signalproof", "_X").get_completions(["validate", "--explain"], "x0")
    assert [item.value for item in found] == [f"X00{number}" for number in range(1, 8)]
    assert found[0].help == "X001: there is no such channel"


@pytest.mark.parametrize(("shell", "word"), [("bash", "complete -o"), ("zsh", "compdef"), ("fish", "complete ")])
def test_the_scripts(run: Run, shell: str, word: str) -> None:
    result = run("completion", shell)
    assert result.exit_code == 0
    assert word in result.stdout
    assert "_SIGNALPROOF_COMPLETE" in result.stdout


def test_nothing_is_offered_where_nothing_is(tmp_path: Path) -> None:
    assert offered(f"--workspace {tmp_path} backtest") == []
