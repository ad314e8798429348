"""``cli.py paper`` in a process of its own that can be killed and is quick to start again.

A server that has imported everything forks the processes (``multiprocessing``'s forkserver), so that a start costs a
moment instead of seconds. What runs then is what the command runs: ``run_live``, with its locks, login, ledger and
archive, against servers on the loopback interface.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ccxt.pro
import telethon

from engine.collect.account import load_account
from engine.collect.signin import sign_in
from engine.collect.watch import Pace as CollectPace
from engine.market.feed import FeedSettings
from engine.market.venue import CALM_MS
from engine.paper.pace import Pace
from engine.pipeline.errors import InputError
from engine.pipeline.paper.live import run_live
from engine.pipeline.paper.trading import Settings
from engine.pipeline.workspace import Workspace
from engine.problem import Problem
from tests.collect.live import Someone
from tests.doubles.exchange.clock import HeldClock

assert ccxt.pro
assert telethon
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])
PATIENCE_S = 60.0
COLLECT = CollectPace(
    pass_s=1.0, gap_s=0.05, retry_s=0.5, sources_s=0.5, pulse_s=1.0, spacing_s=0.0, grace_s=5.0, again_s=0.05,
    again_most_s=0.5,
)  # fmt: skip


@dataclass(frozen=True)
class Start:
    """How a process is to run: where, which strategies, against which exchange, by which clock, how fast."""

    folder: Path
    names: tuple[str, ...]
    exchange: str
    clock: HeldClock
    pace: Pace = field(default_factory=Pace)
    feed: FeedSettings = field(default_factory=FeedSettings)


def _quiet(start: Start) -> None:
    """Make a process of our own: no keyboard, and its words go to a file."""
    os.environ["SIGNALPROOF_EXCHANGE_URL"] = start.exchange
    with (start.folder / "screen.txt").open("ab") as screen, Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(screen.fileno(), 1)
        os.dup2(screen.fileno(), 2)


def _say(text: str) -> None:
    print(text, flush=True)


def _trade(start: Start) -> None:
    """The process: what ``cli.py paper`` does."""
    _quiet(start)
    CALM_MS["mexc"] = 1  # the double is in no hurry; otherwise a start waits six seconds for the exchange's limit
    settings = Settings(start.pace, start.feed, COLLECT, start.clock.now_ms)
    try:
        run_live(Workspace(start.folder), list(start.names), _say, settings)
    except InputError as error:
        for problem in error.problems:
            _say(f"error: {problem}")
        sys.exit(2)


def _sign(start: Start) -> None:
    """Sign in once."""
    _quiet(start)
    account = load_account(start.folder / ".env", start.folder / "data")
    assert not isinstance(account, Problem), account
    assert asyncio.run(sign_in(account, Someone(), by_qr=False))


class Trader:
    """A live account that is started, killed and started again. ``kills`` counts."""

    def __init__(self, start: Start) -> None:
        self.how, self.kills, self.began = start, 0, 0
        self._heard: set[tuple[str, int, str]] = set()
        self._heard_to = 0
        self.process: Any = None

    @property
    def place(self) -> int:
        """Its place at the clock (``HeldClock``)."""
        return self.how.clock.place

    @property
    def words(self) -> Path:
        return self.how.folder / "screen.txt"

    @property
    def ledger(self) -> Path:
        return self.how.folder / "data" / "paper.db"

    def sign_in(self) -> None:
        process = FORKS.Process(target=_sign, args=(self.how,), daemon=True)
        process.start()
        process.join(PATIENCE_S)
        assert process.exitcode == 0, self.screen()[-3000:]

    def start(self) -> None:
        assert not self.lives
        self.began = self.words.stat().st_size if self.words.is_file() else 0
        self.how.clock.now_ms()  # it has read the time by now
        self.process = FORKS.Process(target=_trade, args=(self.how,), daemon=True)
        self.process.start()

    def said(self) -> str:
        """What it has said since its last start."""
        return self.screen(self.began)

    def has(self, channel: str, number: int, text: str) -> bool:
        """Whether its archive has a post with this text by now."""
        path = self.how.folder / "data" / "signals_raw.jsonl"
        if path.is_file():
            with path.open("rb") as file:
                file.seek(self._heard_to)
                whole = file.read().rpartition(b"\n")[0]
            for line in whole.splitlines():
                said = json.loads(line)
                self._heard.add((said["source"], said["message_id"], said["text"]))
            self._heard_to += len(whole) + bool(whole)
        return (channel, number, text) in self._heard

    @property
    def lives(self) -> bool:
        return self.process is not None and self.process.is_alive()

    def kill(self) -> None:
        """SIGKILL, as the power goes."""
        assert self.lives, self.screen()[-3000:]
        self.process.kill()
        self.process.join(PATIENCE_S)
        assert self.process.exitcode == -signal.SIGKILL, (self.process.exitcode, self.screen()[-3000:])
        self.kills += 1

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self.lives:
            self.process.terminate()
        self.process.join(PATIENCE_S)
        assert not self.lives, self.screen()[-3000:]
        return int(self.process.exitcode)

    def end(self) -> None:
        """End it, however it stands."""
        if self.lives:
            self.process.kill()
            self.process.join(PATIENCE_S)

    def screen(self, begin: int = 0) -> str:
        """What it has said, from a byte on."""
        if not self.words.is_file():
            return ""
        with self.words.open("rb") as file:
            file.seek(begin)
            return file.read().decode("utf-8", errors="replace")

    def says(self, *words: str, patience_s: float = PATIENCE_S) -> str:
        """Wait for a line with these words."""
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            for line in self.screen().splitlines():
                if all(word in line for word in words):
                    return line
            assert self.lives, self.screen()[-3000:]
            time.sleep(0.05)
        raise AssertionError(f"never said {words}:\n{self.screen()[-3000:]}")
