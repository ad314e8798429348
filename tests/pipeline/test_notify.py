"""``notify test``: addresses of .env, what it says, and which notices a workspace wants."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import cli
from engine.notify.notice import NoticeKind
from engine.pipeline.notify import make_sender
from engine.pipeline.workspace import Workspace

SECRET = "s3cr3t-t0ken"


def run(folder: Path) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["--workspace", str(folder), "notify", "test"])
    return result.exit_code, result.output


def write_env(folder: Path, urls: str) -> None:
    (folder / ".env").write_text(f"NOTIFY_URLS={urls}\n", encoding="utf-8")
    (folder / ".env").chmod(0o600)


def test_without_addresses_it_says_where_to_write_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_URLS", raising=False)
    code, output = run(tmp_path)
    assert code == 2
    assert output.startswith("error: .env: no notification address; write a line into it: NOTIFY_URLS=")


def test_an_address_that_is_none_is_named_by_its_number_alone(tmp_path: Path) -> None:
    write_env(tmp_path, f"json://127.0.0.1:9/x nosuch://{SECRET}")
    code, output = run(tmp_path)
    assert code == 2
    assert "notification address 2 is not understood" in output
    assert SECRET not in output


def test_an_address_that_does_not_answer_is_said_and_is_a_finding(tmp_path: Path) -> None:
    write_env(tmp_path, f"json://127.0.0.1:9/{SECRET}")
    code, output = run(tmp_path)
    assert code == 1
    assert output == "address 1 (JSON): failed; is the address right, and this computer online?\n"


def test_the_workspace_says_which_kinds_it_wants(tmp_path: Path) -> None:
    write_env(tmp_path, "json://127.0.0.1:9/x")
    assert make_sender(Workspace(tmp_path)).kinds == frozenset(NoticeKind)
    (tmp_path / "workspace.yaml").write_text("notify: [error, silence]\n", encoding="utf-8")
    assert make_sender(Workspace(tmp_path)).kinds == {NoticeKind.ERROR, NoticeKind.SILENCE}
