"""A heart that stops with its loop, as systemd and a container hear it."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path

import pytest

from engine.pipeline.alive import heart, tell_systemd


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    """The receiving end."""
    listens = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listens.bind(str(tmp_path / "notify"))
    listens.setblocking(False)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    return listens


def heard(systemd: socket.socket) -> list[str]:
    """Everything told so far."""
    told = []
    while True:
        try:
            told.append(systemd.recv(200).decode())
        except BlockingIOError:
            return told


def test_systemd_hears_the_start_each_beat_and_the_end(tmp_path: Path, systemd: socket.socket) -> None:
    path = tmp_path / "data" / "paper.alive"

    async def run() -> None:
        async with heart(path, 0.01):
            for _ in range(5):
                await asyncio.sleep(0.03)
                told.extend(heard(systemd))
            assert path.exists()

    told: list[str] = []
    asyncio.run(run())
    told += heard(systemd)
    assert (told[0], told[-1]) == ("READY=1", "STOPPING=1")
    assert told.count("WATCHDOG=1") >= 3
    assert not path.exists()


def test_a_loop_that_hangs_does_not_beat(tmp_path: Path, systemd: socket.socket) -> None:
    path = tmp_path / "paper.alive"

    async def run() -> tuple[float, list[str]]:
        async with heart(path, 0.01):
            await asyncio.sleep(0.05)
            heard(systemd)
            before = path.stat().st_mtime_ns
            time.sleep(0.2)
            return path.stat().st_mtime_ns - before, heard(systemd)

    moved, told = asyncio.run(run())
    assert (moved, told) == (0, [])


def test_a_systemd_that_does_not_listen_holds_nobody_up(tmp_path: Path, systemd: socket.socket) -> None:
    began = time.monotonic()
    for _ in range(1000):
        tell_systemd("WATCHDOG=1")
    assert time.monotonic() - began < 5
    assert 0 < len(heard(systemd)) < 1000


def test_without_systemd_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert tell_systemd("READY=1") is None  # type: ignore[func-returns-value]
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    assert tell_systemd("READY=1") is None  # type: ignore[func-returns-value]
    assert [*tmp_path.iterdir()] == []
