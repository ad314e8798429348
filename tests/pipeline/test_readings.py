"""Calls and prices have to come from one world, and what cannot be read is said before anything is computed."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Run


def edit(workspace: Path, name: str, old: str, new: str) -> None:
    path = workspace / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_an_invented_channel_needs_the_invented_market(workspace: Path, run: Run) -> None:
    edit(
        workspace,
        "strategies/demo.yaml",
        "source: synthetic, type: swap, timeframe: 1m, seed: 7",
        "source: imported, type: swap, timeframe: 1m",
    )
    result = run("backtest", "demo")
    assert result.exit_code == 2
    assert "demo_keel is an invented channel of the demo world; set market source to synthetic" in result.stderr


def test_a_real_channel_needs_real_prices(workspace: Path, run: Run) -> None:
    edit(workspace, "strategies/demo.yaml", "[demo_keel, demo_coin, demo_echo]", "[btc_eth_zones]")
    result = run("backtest", "demo")
    assert result.exit_code == 2
    assert "btc_eth_zones is a real channel, but the prices are invented" in result.stderr


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


def test_a_demo_channel_that_does_not_exist_is_named(workspace: Path, run: Run) -> None:
    edit(workspace, "channels/demo_keel.channel", "source: demo keel", "source: demo kale")
    result = run("backtest", "demo")
    assert result.exit_code == 2
    assert "there is no demo channel kale" in result.stderr


def test_unknown_fees_are_named_where_they_stand(workspace: Path, run: Run) -> None:
    edit(workspace, "strategies/demo.yaml", "fees: mexc", "fees: mexico")
    result = run("backtest", "demo")
    assert result.exit_code == 2
    assert "strategies/demo.yaml:" in result.stderr
    assert 'the fee table has no fees of "mexico"; did you mean "mexc"?' in result.stderr


def test_own_fees_are_used_and_said(workspace: Path, run: Run) -> None:
    own = "fees: {maker: 0%, taker: 0%, source: a friend}"
    edit(workspace, "strategies/demo.yaml", "fees: mexc", own)
    result = run("backtest", "demo", "--to", "2025-01-20", "--out", workspace / "out")
    assert result.exit_code == 0, result.output
    assert "taker 0.000% (a friend)" in (workspace / "out" / "run.json").read_text(encoding="utf-8")


def test_a_synthetic_market_needs_an_end_and_ends_within_three_years(workspace: Path, run: Run) -> None:
    edit(workspace, "strategies/demo.yaml", "to: 2025-07-01", "to: 2035-07-01")
    assert "three years at most" in run("backtest", "demo").stderr
    edit(workspace, "strategies/demo.yaml", ", to: 2035-07-01", "")
    assert "needs a period with from and to" in run("backtest", "demo").stderr


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
