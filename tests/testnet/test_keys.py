"""Keys come from .env alone, and show up nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.problem import Problem
from engine.testnet.client import KEY, SECRET, Keys, read_keys


def test_keys_are_read_from_the_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = tmp_path / ".env"
    monkeypatch.setenv(KEY, "mx0fromtheshell")
    monkeypatch.setenv(SECRET, "of-a-real-account")
    missing = read_keys(env)
    assert isinstance(missing, Problem)
    assert f"{KEY} and {SECRET} missing" in missing.text
    env.write_text(f"{KEY}=mx0test\n{SECRET}=secret\n", encoding="utf-8")
    env.chmod(0o600)
    assert read_keys(env) == Keys("mx0test", "secret")


def test_half_of_the_keys_is_none(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text(f"{KEY}=mx0test\n", encoding="utf-8")
    missing = read_keys(env)
    assert isinstance(missing, Problem)
    assert SECRET in missing.text
    assert KEY not in missing.text


def test_keys_do_not_show() -> None:
    shown = repr(Keys("mx0vglABCDEF", "secret-of-mine")) + str(Keys("mx0vglABCDEF", "secret-of-mine"))
    assert "secret" not in shown
    assert "ABCDEF" not in shown
