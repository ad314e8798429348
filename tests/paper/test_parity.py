"""The promise of paper trading: the same calls on the same candles are the same trades as in a backtest."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

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


STRESS = """rules:
  - {name: cap-lev, when: {leverage over: 4}, then: {scale: 80%}}
  - {name: daily-stop, when: {daily loss over: 2%}, then: {halt: until next day, close: open trades}}
  - {name: dd, when: {drawdown over: 6%}, then: {halt: 2d}}
  - {name: wild, when: {volatility over: 1%}, then: {scale: 50%}}
  - {name: loser, when: {channel standing under: {mean r: 0, after trades: 10}}, then: {scale: 50%}}
  - {name: pause, when: {consecutive losses at least: {count: 3, last within: 6h}}, then: reject}
  - {name: few, when: {open trades at least: 4}, then: reject}
  - {name: cap-risk, when: {risk per trade over: 0.8%}, then: {resize: to limit}}
"""
PROVEN = """rules:
  - {name: keep-small, when: {not: {channel verdict in: [FOLLOW]}}, then: {scale: 20%}}
tests:
  - {name: proven, given: {stop: 98, verdict: FOLLOW}, expect: {action: take}}
  - {name: unproven, given: {stop: 98}, expect: {action: scale, rule: keep-small}}
"""
CALLS = "repeat: ignore, opposite: ignore"
VARIANTS = {
    "rules that halt and close": {"rules: [default]": "rules: [stress]"},
    "later calls replace": {CALLS: "repeat: replace, opposite: reverse", "rules: [default]": "rules: [stress]"},
    "funding": {CALLS: "repeat: add, opposite: close", "funding: none": "funding: 0.01%"},
    "an impact on the price": {"slippage: 2bp": "slippage: 2bp, impact: square root"},
    "deleted calls are closed": {CALLS: f"{CALLS}, deleted: close"},
    "trailing": {
        "after target 1: {move stop: breakeven}": "trailing: {after target: 1, distance: 1%}",
        "rules: [default]": "rules: [stress]",
        "valid for: 24h": "valid for: 2h",
        "close after: 3d": "close after: 7h",
    },
    "slow and coarse": {
        "zone: ladder 3": "zone: near edge",
        "latency: 5s": "latency: 60s",
        CALLS: "repeat: replace, opposite: close",
        "when target comes first: cancel": "when target comes first: keep",
        "timeframe: 1m": "timeframe: 5m",
    },
}


def varied(workspace: Path, changes: dict[str, str]) -> str:
    """The demo's strategy with changes, each of which is one; the rules that variants name are there."""
    (workspace / "rules" / "stress.yaml").write_text(STRESS, encoding="utf-8")
    text = (workspace / "strategies" / "demo.yaml").read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize("name", VARIANTS)
def test_whatever_the_strategy_says(name: str, run: Run, workspace: Path) -> None:
    text = varied(workspace, VARIANTS[name] | {"to: 2025-07-01": "to: 2025-01-25"})
    (workspace / "strategies" / "varied.yaml").write_text(text, encoding="utf-8")
    result = run("paper", "varied", "--replay", "demo", "--compare", "--out", workspace / "out")
    assert result.exit_code == 0, result.output
    assert "a backtest gives the same " in result.stdout
    assert "the same money for each channel alone" in result.stdout


def test_a_fault_of_a_cent_is_found(tmp_path: Path) -> None:
    theirs = {trade.path.plan.signal_id: trade for trade in month().walked.trades.values()}
    name = next(name for name, trade in theirs.items() if trade.net)
    off = theirs | {name: replace(theirs[name], net=theirs[name].net + 0.01)}
    (found,) = differences(off, theirs)
    assert (found.signal_id, found.what) == (name, "net")
    assert [one.what for one in differences({}, {name: theirs[name]})] == ["traded"]


def test_the_command_says_so(run: Run, workspace: Path) -> None:
    text = (workspace / "strategies" / "demo.yaml").read_text(encoding="utf-8")
    short = text.replace("to: 2025-07-01", "to: 2025-01-20")
    (workspace / "strategies" / "short.yaml").write_text(short, encoding="utf-8")
    result = run("paper", "short", "--replay", "demo", "--compare", "--out", workspace / "out")
    assert result.exit_code == 0, result.output
    assert "a backtest gives the same " in result.stdout
    assert (workspace / "out" / "paper_trades.csv").is_file()
    again = run("paper", "short", "--replay", "demo", "--compare", "--out", workspace / "out")
    assert again.stdout == result.stdout, "a replay of what was replayed changes nothing"


def test_rules_see_the_verdicts_that_a_backtest_sees(run: Run, workspace: Path) -> None:
    """A channel is traded in full once it has shown what it can, in small before: replay and backtest agree when."""
    (workspace / "rules" / "proven.yaml").write_text(PROVEN, encoding="utf-8")
    text = (workspace / "strategies" / "demo.yaml").read_text(encoding="utf-8")
    text = text.replace("rules: [default]", "rules: [proven]").replace("to: 2025-07-01", "to: 2025-05-20")
    (workspace / "strategies" / "proven.yaml").write_text(text, encoding="utf-8")
    result = run("paper", "proven", "--replay", "demo", "--compare", "--out", workspace / "out")
    assert result.exit_code == 0, result.output
    assert "a backtest gives the same " in result.stdout
    with (workspace / "out" / "paper_trades.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    followed = [row for row in rows if "The verdict" not in row["notes"]]
    assert 0 < len(followed) < len(rows), "some calls came before the channel was proven, some after"
    assert {row["channel"] for row in followed} == {"demo_keel"}
