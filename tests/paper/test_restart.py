"""Stopped anywhere, however often: the ledger ends as if nothing had happened."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from engine.paper.ledger import Ledger
from engine.paper.replay import play
from engine.pipeline.paper.replay import replay_paper
from engine.pipeline.progress import silent
from engine.pipeline.workspace import Workspace
from tests.conftest import ROOT
from tests.paper.test_parity import VARIANTS, varied
from tests.paper.trader import FORKS
from tests.paper.world import Month, facts, month

STOPS = int(os.environ.get("SIGNALPROOF_STOPS", "40"))
KILLS = int(os.environ.get("SIGNALPROOF_KILLS", "20"))


class StoppedError(Exception):
    """The power is gone."""


class Failing(Ledger):
    """A ledger whose process dies after so many writings."""

    left = 1 << 60

    def append(self, *events) -> None:
        if self.left <= 0:
            raise StoppedError
        self.left -= 1
        super().append(*events)


def whole(world: Month, path: Path) -> list[tuple]:
    play(world.desk(ledger := Ledger(path, every=500)), world.messages, world.candles)
    return facts(list(ledger.events()))


@pytest.mark.parametrize("name", ["as it is", "rules that halt and close", "an impact on the price", "trailing"])
def test_a_run_that_stops_again_and_again_writes_the_same(name: str, workspace: Path, tmp_path: Path) -> None:
    text = varied(workspace, VARIANTS.get(name, {}))
    (workspace / "strategies" / "demo.yaml").write_text(text, encoding="utf-8")
    world, chance = month("demo", "2025-01-20", workspace), random.Random(5)
    expected = whole(world, tmp_path / "whole.db")
    stops = 0
    for number in range(2 if name == "as it is" else 1):
        path, done = tmp_path / f"{number}.db", False
        while not done:
            ledger = Failing(path, every=500)
            ledger.left = chance.randrange(1, 2 * len(expected) // STOPS)
            try:
                play(world.desk(ledger), world.messages, world.candles)
                done = True
            except StoppedError:
                stops += 1
                ledger.close()
        assert facts(list(Ledger(path).events())) == expected
    assert stops > STOPS / 4


def replay(folder: Path, out: Path) -> None:
    """The process: what ``cli.py paper short --replay demo`` does."""
    replay_paper(Workspace(folder), ["short"], "demo", out, False, silent)


def test_a_process_that_is_killed_writes_the_same(tmp_path: Path) -> None:
    """kill -9 at random moments of a replay, until it is through."""
    text = (ROOT / "strategies" / "demo.yaml").read_text(encoding="utf-8")
    for name in ("channels", "rules"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "strategies").mkdir()
    short = text.replace("to: 2025-07-01", "to: 2025-01-08")
    (tmp_path / "strategies" / "short.yaml").write_text(short, encoding="utf-8")
    chance, killed = random.Random(11), 0

    def start(out: str) -> Any:
        process = FORKS.Process(target=replay, args=(tmp_path, tmp_path / out), daemon=True)
        process.start()
        return process

    def ended(process: Any, within_s: float) -> bool:
        process.join(within_s)
        return process.exitcode is not None

    assert ended(start("first"), 120)  # the server of forks is up
    began = time.monotonic()
    process = start("whole")
    assert ended(process, 120)
    assert process.exitcode == 0
    took = time.monotonic() - began
    expected = facts(list(Ledger(tmp_path / "whole" / "paper.db").events()))
    runs = 0
    while killed < KILLS:
        runs += 1
        out, done = f"run{runs}", False
        while not done:
            process = start(out)
            done = ended(process, chance.uniform(0.2, 1.1) * took)
            if not done:
                process.kill()
                process.join(30)
                killed += process.exitcode == -signal.SIGKILL
                done = process.exitcode == 0
            assert process.exitcode in (0, -signal.SIGKILL)
        ledger = Ledger(tmp_path / out / "paper.db")
        ledger.check()
        assert facts(list(ledger.events())) == expected
    assert killed >= KILLS
