"""A person tries ``collect`` without Telegram, as docs/operations.md says."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.collect.archive import Archive
from engine.paper.ledger import Ledger
from tests.conftest import ROOT
from tests.doubles.telegram.world import CODE, PHONE


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Path]:
    """A workspace whose Telegram runs on this machine."""
    folder = tmp_path / "trial"
    command = [sys.executable, "-m", "tests.doubles.telegram", "--workspace", str(folder), "--every", "0.2"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline().startswith("in another terminal: python cli.py collect")
        assert CODE in server.stdout.readline()
        yield folder
        server.kill()


def collect(folder: Path, *options: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "cli.py", "collect", *options, "--workspace", str(folder)]
    return subprocess.run(command, cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=60)


def test_sign_in_collect_once_and_stay(trial: Path) -> None:
    nobody = collect(trial, "--once")
    assert (nobody.returncode, "nobody is signed in" in nobody.stderr) == (2, True), nobody.stderr
    assert f"cli.py collect --once --workspace {trial}" in nobody.stderr
    once = collect(trial, "--once", stdin=f"{PHONE}\n11111\n{CODE}\n")
    assert once.returncode == 0, once.stderr
    assert "that code is wrong" in once.stderr
    assert '"Alpha Signals" is up to date' in once.stdout
    archive = trial / "data" / "signals_raw.jsonl"
    had = len(list(Archive(archive).read()))
    assert had >= 220
    command = [sys.executable, "cli.py", "collect", "--workspace", str(trial)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as stays:
        assert stays.stdout is not None
        assert "collecting 2 channels" in stays.stdout.readline()
        second = collect(trial, "--once")
        assert (second.returncode, "another process collects" in second.stderr) == (2, True), second.stderr
        end = time.monotonic() + 20
        while len(list(Archive(archive).read())) < had + 5:
            assert time.monotonic() < end
            time.sleep(0.1)
        stays.send_signal(signal.SIGTERM)
        assert stays.wait(20) == 0
    (trial / "channels" / "nobody.channel").write_text(
        (trial / "channels" / "beta_calls.channel").read_text().replace("@beta_calls", "@nobody_at_all")
    )
    missing = collect(trial, "--once")
    assert missing.returncode == 1
    assert "Telegram knows no channel @nobody_at_all; correct the source line" in missing.stdout


def test_an_account_on_paper_begins_when_somebody_is_signed_in(trial: Path) -> None:
    """A start that nobody signed in begins no account: posts before the next one are not older than it."""
    command = [sys.executable, "cli.py", "paper", "practice", "--workspace", str(trial)]
    nobody = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert (nobody.returncode, "nobody is signed in" in nobody.stderr) == (2, True), nobody.stderr
    assert Ledger(trial / "data" / "paper.db").accounts() == []


def test_without_an_account_it_says_where_to_get_one(tmp_path: Path) -> None:
    found = collect(tmp_path)
    assert found.returncode == 2
    assert "TELEGRAM_API_ID is missing; get both at https://my.telegram.org" in found.stderr
    (tmp_path / ".env").write_text(f"TELEGRAM_API_ID=1\nTELEGRAM_API_HASH={'0' * 32}\n")
    assert "no profile has a Telegram source" in collect(tmp_path).stderr
