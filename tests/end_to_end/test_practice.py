"""A new user practises, as docs/paper-trading.md says: its commands as they stand, in a world with a quick clock."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pytest

from engine.paper.call import PaperCall
from engine.pipeline.paper.book import books
from engine.pipeline.workspace import Workspace
from tests.conftest import ROOT

T = TypeVar("T")

PAGE = (ROOT / "docs" / "paper-trading.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```sh (\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
SPEED = 30.0  # a candle of a minute is over in two seconds
PATIENCE_S = 60.0
USUAL_PORT = "18080"


class Windows:
    """The windows of the page: servers that stay, and commands that end."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.processes = folder, dict[str, subprocess.Popen[bytes]]()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = str(free.getsockname()[1])
        self.environment = os.environ | {
            "QUICKER": f"{time.time()}:{SPEED}",
            "SIGNALPROOF_EXCHANGE_URL": f"http://127.0.0.1:{self.port}",
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "COLUMNS": "200",
            "TERM": "xterm",
        }

    def command(self, line: str) -> list[str]:
        """A line of the page, as it is run here: at a free port, by the quick clock."""
        first, *words = shlex.split(line.replace(USUAL_PORT, self.port))
        assert first == "python", line
        words = [str(ROOT / word) if word == "cli.py" else word for word in words]
        return [sys.executable, "-m", "tests.doubles.quicker", *words]

    def lines(self, block: str) -> list[str]:
        lines = BLOCKS[block].splitlines()
        return [line for line in lines if not line.startswith("export SIGNALPROOF_EXCHANGE_URL=http://127.0.0.1:18080")]

    def stay(self, block: str, typed: str = "", terminal: bool = False) -> None:
        """Run a block that stays; what it says goes into a file, through a terminal where that is wanted."""
        import pty  # not everywhere

        (line,) = self.lines(block)
        with (self.folder / f"{block}.txt").open("wb") as screen:
            above, below = pty.openpty() if terminal else (-1, screen.fileno())
            process = subprocess.Popen(
                self.command(line), cwd=self.folder, env=self.environment, stdin=subprocess.PIPE, stdout=below,
                stderr=below,
            )  # fmt: skip
        self.processes[block] = process
        if terminal:
            os.close(below)
            threading.Thread(target=self._look, args=(block, above), daemon=True).start()
        assert process.stdin is not None
        process.stdin.write(typed.encode())
        process.stdin.close()

    def _look(self, block: str, above: int) -> None:
        """Write down what a terminal shows, until its program ends."""
        with (self.folder / f"{block}.txt").open("ab") as screen, suppress(OSError):
            while True:
                screen.write(os.read(above, 65536))
                screen.flush()

    def run(self, line: str) -> str:
        """Run a command; what it said."""
        done = subprocess.run(
            self.command(line), cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def run_block(self, block: str) -> str:
        return "".join(self.run(line) for line in self.lines(block))

    def screen(self, block: str) -> str:
        return (self.folder / f"{block}.txt").read_text(encoding="utf-8", errors="replace")

    def says(self, block: str, *words: str) -> str:
        """Wait until a window has a line with these words."""

        def found() -> str:
            return next((line for line in self.screen(block).splitlines() if all(word in line for word in words)), "")

        return self.until(found, f"{block}: {words}")

    def trade(self, signal: str) -> PaperCall | None:
        """The account's trade of a call, once it is in the market."""
        taken = books(Workspace(self.folder / "trial"))[0].taken
        mine = (call for call in taken if call.plan.signal_id == signal and call.acting.stepper.path().fills)
        return next(mine, None)

    def until(self, found: Callable[[], T], what: str) -> T:
        """Wait for something that is not nothing."""
        end = time.monotonic() + PATIENCE_S
        while not (got := found()):
            assert time.monotonic() < end, f"never {what}\n" + "\n".join(self.screen(b) for b in self.processes)
            time.sleep(0.1)
        return got

    def end(self, block: str, number: int) -> int:
        self.processes[block].send_signal(number)
        return self.processes[block].wait(20)


@pytest.fixture
def windows(tmp_path: Path) -> Iterator[Windows]:
    made = Windows(tmp_path)
    yield made
    for process in made.processes.values():
        with suppress(ProcessLookupError):
            process.kill()
        process.wait(20)


def test_from_nothing_to_a_trade_that_reached_its_target(windows: Windows) -> None:
    windows.stay("exchange")
    windows.says("exchange", "listens at")
    windows.stay("telegram")
    phone, code = re.findall(r"phone number (\S+), code (\d+)", windows.says("telegram", "phone number"))[0]
    windows.stay("paper", f"{phone}\n{code}\n")
    windows.says("paper", "paper trading practice: 0 open")
    windows.says("paper", "prices: mexc swap, from http://127.0.0.1:")
    windows.says("paper", '"Alpha Signals" is up to date')

    (number,) = re.findall(r"posted (\d+)", windows.run_block("post"))
    call = f"alpha_signals/{number} long BTCUSDT"
    windows.says("paper", call)
    windows.until(lambda: windows.trade(f"alpha_signals/{number}"), "in the market")
    assert f": {call} at " in windows.run_block("status")

    assert windows.end("paper", signal.SIGKILL) == -signal.SIGKILL
    trial = windows.folder / "trial"
    profile, strategy = trial / "channels" / "alpha_signals.channel", trial / "strategies" / "practice.yaml"
    profile.write_text(profile.read_text().replace('signal "levels"', 'signal "by levels"'))
    third = profile.read_text().replace("telegram @alpha_signals", "export third")
    (trial / "channels" / "third.channel").write_text(third)
    strategy.write_text(strategy.read_text().replace("beta_calls]", "beta_calls, third]"))
    windows.stay("paper", terminal=True)
    windows.says("paper", "paper trading practice: 1 open")
    changed = "channels/alpha_signals.channel, strategies/practice.yaml, channels/third.channel (new)"
    windows.says("paper", f"changed since the last run: {changed}; calls and rules from now on follow that")
    windows.says("paper", "problem: channels/third.channel has no Telegram source; its calls are not heard")

    windows.run("python -m tests.doubles.telegram remove --channel beta_calls --workspace trial")
    windows.says("paper", "problem: beta_calls: @beta_calls is private, and this account is not in it")
    profile.write_text(profile.read_text().replace("signal", "signl"))
    windows.says("paper", "channels/alpha_signals.channel has errors", "the earlier version")

    windows.run_block("price")
    windows.until(lambda: (trade := windows.trade(f"alpha_signals/{number}")) and trade.over, "out of it")
    (row,) = [line for line in windows.run_block("trades").splitlines() if f"alpha_signals/{number}" in line]
    assert "target 1" in row
    assert windows.end("paper", signal.SIGTERM) == 0
    windows.says("paper", "stopped; everything is written")
    for once in ("the earlier version", "beta_calls is private", "changed since"):
        assert windows.screen("paper").count(once) == 1, once
