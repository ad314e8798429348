"""What several tests of the paper commands begin with."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

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
