"""Stopped anywhere, however often: the ledger ends as if nothing had happened."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import pytest

from engine.paper.ledger import Ledger
from engine.paper.replay import play
from engine.pipeline.paper.replay import replay_paper
from engine.pipeline.progress import silent
from engine.pipeline.workspace import Workspace
from tests.conftest import ROOT
from tests.paper.test_parity import VARIANTS, varied
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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_a_process_that_is_killed_writes_the_same(tmp_path: Path) -> None:
    """kill -9 of a replay (``cli.py paper short --replay demo``) when it has written so much, and a moment more."""
    text = (ROOT / "strategies" / "demo.yaml").read_text(encoding="utf-8")
    for name in ("channels", "rules"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "strategies").mkdir()
    short = text.replace("to: 2025-07-01", "to: 2025-01-08")
    (tmp_path / "strategies" / "short.yaml").write_text(short, encoding="utf-8")

    def replay(out: Path) -> None:
        replay_paper(Workspace(tmp_path), ["short"], "demo", out, False, silent)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.pipeline.paper.replay.EVERY", 20)  # so that there is something between two commits
        replay(tmp_path / "whole")
        expected = facts(list(Ledger(tmp_path / "whole" / "paper.db").events()))
        assert len(expected) > 500
        chance, killed, runs = random.Random(11), 0, 0
        while killed < KILLS:
            runs += 1
            ledger, done = tmp_path / f"run{runs}" / "paper.db", False
            while not done:
                much = written(ledger) + chance.randrange(len(expected) // 3)
                code = killed_at(ledger, much, chance.choice([0, 0.003, 0.03]), partial(replay, ledger.parent))
                killed += code == -signal.SIGKILL
                done = code == 0
                assert code in (0, -signal.SIGKILL)
            found = Ledger(ledger)
            found.check()
            assert facts(list(found.events())) == expected
            found.close()
    assert killed >= KILLS
    assert runs > 1


def written(ledger: Path) -> int:
    """How many events a ledger has that another process writes."""
    if not ledger.is_file():
        return 0
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as db:
        return int(db.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0])
    return 0


def killed_at(ledger: Path, much: int, more_s: float, work: Callable[[], None]) -> int:
    """Let a process work, and kill it when its ledger has so many events, and so long after; its exit code."""
    child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    end = time.monotonic() + 120
    while (gone := os.waitpid(child, os.WNOHANG))[0] == 0 and written(ledger) < much:
        assert time.monotonic() < end, "it writes nothing"
        time.sleep(0.001)
    if gone[0] == 0:
        time.sleep(more_s)
        os.kill(child, signal.SIGKILL)
        gone = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(gone[1])
