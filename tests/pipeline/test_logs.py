"""Logs: one file a day, in UTC, appended to."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from engine.pipeline.logs import DailyFile, start_logging


@pytest.fixture
def log() -> logging.Logger:
    return logging.getLogger("engine.test")


def test_a_line_has_its_time_in_utc(tmp_path: Path, log: logging.Logger) -> None:
    handler = start_logging(tmp_path / "logs")
    log.info("imported %d", 3)
    text = handler.path_of_today().read_text(encoding="utf-8")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO engine.test: imported 3\n", text)


def test_nothing_is_made_before_there_is_something_to_say(tmp_path: Path) -> None:
    start_logging(tmp_path / "logs")
    assert not (tmp_path / "logs").exists()


def test_a_new_day_is_a_new_file(tmp_path: Path, log: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    days = iter(["2025-01-01", "2025-01-01", "2025-01-02", "2025-01-02"])
    monkeypatch.setattr(DailyFile, "path_of_today", lambda self: self.folder / f"{next(days)}.log")
    start_logging(tmp_path)
    for text in ("old", "new", "newer"):
        log.info(text)
    assert "old" in (tmp_path / "2025-01-01.log").read_text()
    assert "newer" in (tmp_path / "2025-01-02.log").read_text()


def test_starting_twice_writes_once(tmp_path: Path, log: logging.Logger) -> None:
    start_logging(tmp_path)
    handler = start_logging(tmp_path)
    log.info("once")
    assert handler.path_of_today().read_text().count("once") == 1
