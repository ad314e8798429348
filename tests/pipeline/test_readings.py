"""Calls and prices have to come from one world, and what cannot be read is said before anything is computed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import Run


def edit(workspace: Path, name: str, old: str, new: str) -> None:
    path = workspace / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


SYNTHETIC = "market: {source: synthetic, type: swap, timeframe: 1m, seed: 7}"
CHANNELS = "[demo_keel, demo_coin, demo_echo]"


@pytest.mark.parametrize(
    ("name", "old", "new", "code", "said"),
    [
        ("strategies/demo.yaml", SYNTHETIC, "market: {source: imported, type: swap, timeframe: 1m}", "X007",
         "demo_keel is an invented channel of the demo world, but the prices are real"),
        ("strategies/demo.yaml", CHANNELS, "[btc_eth_zones]", "X007",
         "btc_eth_zones is a real channel, but the prices are invented"),
        ("channels/demo_keel.channel", "source: demo keel", "source: demo kale", "X006",
         "there is no demo channel kale"),
        ("strategies/demo.yaml", "fees: mexc", "fees: mexcc", "X005", 'the fee table has no fees of "mexcc"'),
        ("strategies/demo.yaml", "fees: mexc", "fees: {maker: 0.02%}", "S102", "taker"),
        ("strategies/demo.yaml", "to: 2025-07-01", "to: 2035-07-01", "R113", "three years at most"),
        ("strategies/demo.yaml", "rules: [", "rules: [nobody, ", "X002", "there is no rules/nobody.yaml"),
    ],
)  # fmt: skip
def test_what_a_start_refuses_is_a_finding_of_validate(
    name: str, old: str, new: str, code: str, said: str, workspace: Path, run: Run
) -> None:
    edit(workspace, name, old, new)
    shutil.rmtree(workspace / "channels" / "library")
    found = run("validate")
    assert found.exit_code == 1
    assert any(f"error[{code}]" in line and said in line for line in found.output.splitlines()), found.output
    paper = [("paper", "demo"), ("paper", "demo", "--replay", "demo")] if code == "X005" else []
    for words in (("backtest", "demo"), *paper):
        refused = run(*words)
        assert refused.exit_code == 1, refused.output
        assert f"error[{code}]" in refused.output, words
        assert not (workspace / "data" / "paper.db").exists()


PERIOD = "period: {from: 2025-01-01, to: 2025-07-01}"
NEEDS_PERIOD = "a synthetic market needs a period with from and to"


@pytest.mark.parametrize("kept", ["", "period: {from: 2025-01-01}", "period: {to: 2025-01-20}"])
def test_an_invented_market_without_a_period_is_a_warning_and_no_start(kept: str, workspace: Path, run: Run) -> None:
    edit(workspace, "strategies/demo.yaml", PERIOD, kept)
    shutil.rmtree(workspace / "channels" / "library")
    found = run("validate")
    assert found.exit_code == 0, found.output
    assert f"warning[R113] {NEEDS_PERIOD}" in found.output
    assert run("validate", "--strict").exit_code == 1
    for words in (("backtest", "demo"), ("paper", "demo", "--replay", "demo")):
        refused = run(*words)
        assert refused.exit_code == 2, refused.output
        assert NEEDS_PERIOD in refused.stderr
        assert "--from and --to" in refused.stderr
    assert not (workspace / "runs").exists()


@pytest.mark.parametrize(
    ("kept", "options"),
    [
        ("", ("--from", "2025-01-01", "--to", "2025-01-20")),
        ("period: {from: 2025-01-01}", ("--to", "2025-01-20")),
        ("period: {to: 2025-01-20}", ("--from", "2025-01-01")),
    ],
)
def test_the_options_of_a_backtest_give_an_invented_market_its_period(
    kept: str, options: tuple[str, ...], workspace: Path, run: Run
) -> None:
    edit(workspace, "strategies/demo.yaml", PERIOD, kept)
    result = run("backtest", "demo", *options, "--out", workspace / "out")
    assert result.exit_code == 0, result.output
    written = json.loads((workspace / "out" / "run.json").read_text(encoding="utf-8"))
    assert [day[:10] for day in written["period"]] == ["2025-01-01", "2025-01-20"]


def test_the_options_give_an_invented_market_three_years_at_most(workspace: Path, run: Run) -> None:
    edit(workspace, "strategies/demo.yaml", PERIOD, "")
    refused = run("backtest", "demo", "--from", "2025-01-01", "--to", "2035-01-01")
    assert refused.exit_code == 2, refused.output
    assert "a synthetic market lasts three years at most" in refused.stderr


def test_a_broken_archive_format_is_one_line(workspace: Path, run: Run) -> None:
    path = workspace / "data" / "signals_raw.jsonl"
    path.parent.mkdir()
    path.write_text('{"format": 99}\n', encoding="utf-8")
    for words in (("parse",), ("backtest", "btc_eth_zones_1h"), ("import", workspace / "x.json", "--channel", "a")):
        (workspace / "x.json").write_text(
            '{"name": "x", "type": "private_channel", "id": 1, "messages": [{"id": 1, "type": "message", '
            '"date": "2025-01-01T00:00:00", "date_unixtime": "1735689600", "text": "hi"}]}',
            encoding="utf-8",
        )
        result = run(*words)
        assert result.exit_code == 2, words
        assert "signals_raw.jsonl" in result.stderr
    assert path.read_text(encoding="utf-8") == '{"format": 99}\n'


def test_a_damaged_candle_file_is_one_line(workspace: Path, run: Run) -> None:
    folder = workspace / "data" / "candles" / "imported" / "swap" / "BTCUSDT"
    folder.mkdir(parents=True)
    (folder / "1m.arrow").write_bytes(b"not an arrow file")
    result = run("market", "list")
    assert result.exit_code == 2
    assert "not a readable file of the candle store" in result.stderr


def test_own_fees_are_used_and_said(workspace: Path, run: Run) -> None:
    own = "fees: {maker: 0%, taker: 0%, source: a friend}"
    edit(workspace, "strategies/demo.yaml", "fees: mexc", own)
    result = run("backtest", "demo", "--to", "2025-01-20", "--out", workspace / "out")
    assert result.exit_code == 0, result.output
    assert "taker 0.000% (a friend)" in (workspace / "out" / "run.json").read_text(encoding="utf-8")


def test_a_period_outside_the_messages_says_when_they_are_from(workspace: Path, run: Run) -> None:
    (workspace / "x.json").write_text(
        '{"name": "x", "type": "private_channel", "id": 1, "messages": [{"id": 1, "type": "message", '
        '"date": "2025-01-01T00:00:00", "date_unixtime": "1735689600", "text": "hi"}]}',
        encoding="utf-8",
    )
    assert run("import", workspace / "x.json", "--channel", "btc_eth_zones").exit_code == 0
    result = run("backtest", "btc_eth_zones_1h", "--from", "2026-01-01", "--to", "2026-02-01")
    assert result.exit_code == 0, result.output
    assert "no message lies in the period; its messages are from 2025-01-01 to 2025-01-01" in result.output


def test_a_quiet_month_still_gives_a_report(workspace: Path, run: Run) -> None:
    result = run("backtest", "demo", "--to", "2025-01-02", "--out", workspace / "out")
    assert result.exit_code == 0, result.output
    assert "no message of the period was read as a call" in result.output
    assert (workspace / "out" / "report.html").stat().st_size > 1000
