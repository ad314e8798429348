"""What several tests of the paper commands begin with."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from engine.pipeline.paper.desk import begin, load
from engine.pipeline.workspace import Workspace
from tests.paper.livestage import START_MS, LiveStage


@pytest.fixture
def stage(workspace: Path) -> LiveStage:
    """An account with a call that was posted half a second after noon."""
    for name in ("channels", "strategies", "rules"):
        shutil.rmtree(workspace / name)
    made = LiveStage(workspace)
    lane = made.desk.lanes["live"]
    begun = {"strategies": ["live"], "equity": 10_000.0, "currency": "USDT", "terms": {"live": asdict(lane.terms)}}
    made.desk.note("begin", START_MS, begun)
    made.post(0.5, "BUY BTCUSDT NOW @ 64800, TP 65000, SL 64500")
    return made


Account = Callable[..., LiveStage]


@pytest.fixture
def account(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    """Begins a live account whose ledger says with which files it trades, and writes by the stage's clock."""

    def begun(**more: Any) -> LiveStage:
        for name in ("channels", "strategies", "rules"):
            shutil.rmtree(workspace / name)
        made, place = LiveStage(workspace, **more), Workspace(workspace)
        loaded = [load(place, name) for name in made.names]
        terms = {name: lane.terms for name, lane in made.desk.lanes.items()}
        assert begin(made.desk, loaded, terms, place, START_MS)
        monkeypatch.setattr("engine.paper.ledger.time.time", lambda: made.now_ms / 1000)
        return made

    return begun
