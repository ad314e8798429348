"""The money of ``paper status`` is that of the trades in the same ledger, whenever somebody looks."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from tests.conftest import Run
from tests.paper.livestage import LiveStage
from tests.pipeline.paper.conftest import Account


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
    fee = 0.0005 * 1000
    assert state["marked"] == pytest.approx(10_000 - fee, abs=0.01), "no price is in the ledger: at its entry"
    assert state["equity"] == pytest.approx(10_000 - 2 * fee, abs=0.01), "and the fee of leaving"
    assert state["realised"] == 10_000
    said = "  equity 9,999.00 USDT if all is left at the prices of 2025-03-03 12:00, with 1 trade only live"
    assert said in run("paper", "status").stdout.splitlines()
    stage.price(6, 64_400)
    left = status(stage, run)["equity"]
    assert left == pytest.approx(10_000 - quantity * 400 - 0.0005 * (1000 + quantity * 64_400), abs=0.01)


def test_equity_has_one_meaning_in_status_on_the_page_and_in_the_list_of_trades(account: Account, run: Run) -> None:
    """One trade is over, one is open: what was begun with and the net of both, left at the last price."""
    stage = account()
    stage.post(0.5, "BUY BTCUSDT NOW @ 64800, TP 65000, SL 64500")
    stage.candle(1, 64_800, 65_010, 64_790, 65_005)
    stage.post(130, "BUY BTCUSDT NOW @ 64990, TP 66000, SL 64500")
    stage.candle(3, 65_000, 65_110, 64_990, 65_100)
    state = status(stage, run)
    (closed,) = csv.DictReader(io.StringIO(run("paper", "trades", "--format", "csv").stdout))
    (open_,) = state["open"]
    size, fee = open_["quantity"], 0.0005

    def net(price: float) -> float:
        return size * (price - 65_000) - fee * size * (price + 65_000)

    last = open_["last"]
    assert state["equity"] == pytest.approx(10_000 + float(closed["net"]) + net(last))
    assert state["equity"] == pytest.approx(state["marked"] - fee * size * last)
    assert state["losses"][0]["change"] == pytest.approx(state["marked"] - 10_000), "rules see it before that fee"
    assert run("paper", "report", "--out", stage.folder / "page").exit_code == 0
    page = json.loads((stage.folder / "page" / "paper.json").read_text(encoding="utf-8"))
    assert page["open"][0]["net"] == pytest.approx(net(page["open"][0]["price"]))
    assert page["equity"] == pytest.approx(10_000 + float(closed["net"]) + net(page["open"][0]["price"]))


def test_what_was_said_live_is_in_the_status_at_once(account: Account, run: Run) -> None:
    """A target and a stop between two candles: in the lines, in the money, and gone from what is held."""
    stage = account()
    stage.post(0.5, "BUY BTCUSDT NOW @ 64800, TP1 65000, TP2 65200, SL 64500")
    stage.candle(1, 64_800, 64_810, 64_790, 64_805)
    size = 1000 / 64_800
    assert [trade["live"] for trade in status(stage, run)["open"]] == [[]]
    stage.price(125, 64_900, 65_001)
    state = status(stage, run)
    (trade,) = state["open"]
    assert [(move["what"], move["price"]) for move in trade["live"]] == [("target 1", 65_000)]
    assert (trade["state"], trade["quantity"]) == ("open", pytest.approx(size / 2))
    assert "; target 1 (live) at 65000, 12:02:05" in run("paper", "status").stdout
    stage.price(130, 64_700)
    state = status(stage, run)
    (trade,) = state["open"]
    assert (trade["state"], trade["quantity"]) == ("closed (live)", pytest.approx(0))
    assert [move["what"] for move in trade["live"]] == ["target 1", "breakeven 1"]
    out = trade["live"][1]["price"]
    net = size / 2 * (200 + out - 64_800) - 0.0005 * (1000 + size / 2 * out)
    assert state["equity"] == state["marked"] == pytest.approx(10_000 + net)
    assert trade["r"] == pytest.approx(net / (size * 300))
    assert "; target 1 (live) at 65000, 12:02:05; breakeven (live) at 64" in run("paper", "status").stdout
    stage.candle(2, 64_805, 65_002, 64_690, 64_700)
    (trade,) = status(stage, run)["open"]
    assert (trade["state"], len(trade["live"])) == ("closed (live)", 1), "its record moves the stop later"
    stage.candle(3, 64_700, 64_710, 64_690, 64_700)
    assert status(stage, run)["open"] == [], "the record has it"


def test_a_close_that_was_asked_for_and_a_live_pause_are_shown(account: Account, run: Run) -> None:
    rule = "rules:\n  - {name: bad-day, when: {daily loss over: 0.2%}, then: {halt: until next day}}\n"
    stage = account(rules=rule)
    stage.post(0.5, "BUY BTCUSDT NOW @ 64800, TP 65000, SL 63000")
    stage.candle(1, 64_800, 64_810, 64_790, 64_805)
    stage.price(125, 63_100)
    state = status(stage, run)
    assert [halt["rule"] for halt in state["halts"]] == ["bad-day"], "the candle is not over"
    assert "HALTED all new trades by bad-day (rules/mine.yaml:2), until " in run("paper", "status").stdout
    assert run("paper", "report", "--out", stage.folder / "page").exit_code == 0
    (pause,) = json.loads((stage.folder / "page" / "paper.json").read_text(encoding="utf-8"))["pauses"]
    assert (pause["rule"], pause["why"][:16]) == ("bad-day", "The account lost")
    assert state["open"][0]["closing"] is False
    assert run("paper", "close", "vip/1").exit_code == 0
    shown = run("paper", "status").stdout
    assert "vip/1 long BTCUSDT at 64800, stop 63000" in shown
    assert " (close asked for)" in shown
