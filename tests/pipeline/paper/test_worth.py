"""The money of ``paper status`` is that of the trades in the same ledger, whenever somebody looks."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from tests.conftest import Run
from tests.paper.livestage import LiveStage


def status(stage: LiveStage, run: Run) -> dict[str, Any]:
    stage.desk.ledger.back_up(stage.folder / "data" / "paper.db")
    return json.loads(run("paper", "status", "--format", "json").stdout)["accounts"][0]


def test_a_trade_that_is_in_the_list_is_in_the_money(stage: LiveStage, run: Run) -> None:
    """Its exit is in the ledger, and in the books from the next candle on."""
    stage.candle(0, 64790, 64820, 64780, 64800)
    stage.candle(1, 64800, 64810, 64400, 64450)
    state = status(stage, run)
    (trade,) = csv.DictReader(io.StringIO(run("paper", "trades", "--format", "csv").stdout))
    net = float(trade["net"])
    assert net < -4
    assert state["realised"] == pytest.approx(10_000 + net)
    assert state["equity"] == pytest.approx(10_000 + net)
    assert state["losses"][0]["change"] == pytest.approx(net)
    before = state["realised"]
    stage.post(130, "BUY BTCUSDT NOW @ 64400, TP 65000, SL 64000")
    stage.candle(2, 64450, 64460, 64440, 64450)
    stage.candle(3, 64450, 64460, 64440, 64450)
    assert status(stage, run)["realised"] < before, "only the next trade's fee came to it"


def test_a_trade_that_is_only_live_is_in_the_equity_and_said(stage: LiveStage, run: Run) -> None:
    stage.price(4, 64_800, 64_700)
    state = status(stage, run)
    quantity = 1000 / 64_800
    assert state["only_live"] == 1
    assert state["equity"] == pytest.approx(10_000 - 0.0005 * 1000, abs=0.01), "no price is in the ledger: at its entry"
    assert state["realised"] == 10_000
    assert "  equity 9,999.50 USDT, with 1 trade only live" in run("paper", "status").stdout.splitlines()
    stage.price(6, 64_400)
    left = status(stage, run)["equity"]
    assert left == pytest.approx(10_000 - quantity * 400 - 0.0005 * (1000 + quantity * 64_400), abs=0.01)
