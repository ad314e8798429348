"""The promise of paper trading: the same calls on the same candles are the same trades as in a backtest."""

from __future__ import annotations

from pathlib import Path

from engine.paper.ledger import Ledger
from engine.paper.reconcile import differences
from engine.paper.record import record_of
from engine.paper.replay import play
from tests.conftest import Run
from tests.paper.world import month


def test_trade_by_trade(tmp_path: Path) -> None:
    world = month()
    desk = world.desk(Ledger(tmp_path / "paper.db", every=500))
    play(desk, world.messages, world.candles)
    record = record_of(desk, world.candles)
    ours = {trade.path.plan.signal_id: trade for trade in record.trades.values()}
    theirs = {trade.path.plan.signal_id: trade for trade in world.walked.trades.values()}
    assert len(theirs) > 50
    assert differences(ours, theirs) == []
    assert record.equity == world.walked.end_equity or abs(record.equity / world.walked.end_equity - 1) < 1e-9
    said = [(one.signal_id, [note.rule for note in one.notes]) for one in record.refused]
    assert said == [(one.signal_id, [note.rule for note in one.notes]) for one in world.walked.refused]
    assert len(said) > 20


def test_a_fault_of_a_cent_is_found(tmp_path: Path) -> None:
    from dataclasses import replace

    theirs = {trade.path.plan.signal_id: trade for trade in month().walked.trades.values()}
    name = next(name for name, trade in theirs.items() if trade.net)
    off = theirs | {name: replace(theirs[name], net=theirs[name].net + 0.01)}
    (found,) = differences(off, theirs)
    assert (found.signal_id, found.what) == (name, "net")
    assert [one.what for one in differences({}, {name: theirs[name]})] == ["traded"]


def test_the_command_says_so(run: Run, workspace: Path) -> None:
    text = (workspace / "strategies" / "demo.yaml").read_text(encoding="utf-8")
    short = text.replace("to: 2025-07-01", "to: 2025-02-01")
    (workspace / "strategies" / "short.yaml").write_text(short, encoding="utf-8")
    result = run("paper", "short", "--replay", "demo", "--compare", "--out", workspace / "out")
    assert result.exit_code == 0, result.output
    assert "a backtest gives the same " in result.stdout
    assert (workspace / "out" / "paper_trades.csv").is_file()
    again = run("paper", "short", "--replay", "demo", "--compare", "--out", workspace / "out")
    assert again.stdout == result.stdout, "a replay of what was replayed changes nothing"
