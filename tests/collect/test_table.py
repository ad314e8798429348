"""data/signals_parsed.csv as a spreadsheet sees it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.collect.table import COLUMNS, _number, row_of, write_signals
from engine.domain import CloseStop, Distance, EntryKind, Setup, Side, Signal, Target
from tests.collect.posts import CALL, edit, post, read_toy


def rows(path: Path, *signals: Signal) -> list[dict[str, str]]:
    assert write_signals(path, (row_of(signal, 1, "fast_scalps@0a1b2c3d") for signal in signals)) == len(signals)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_call_is_one_row(tmp_path: Path) -> None:
    message = post(7, "09:05", CALL)
    (row,) = rows(tmp_path / "data" / "signals.csv", Signal(message, read_toy(message).setups[0]))
    assert tuple(row) == COLUMNS
    assert row == {
        "signal_id": "fast_scalps/7",
        "source": "fast_scalps",
        "ts": "2025-05-04T09:05:00Z",
        "edited_at": "",
        "symbol": "BTCUSDT",
        "side": "BUY",
        "entry": "64800",
        "entry_kind": "limit",
        "entry_low": "64800",
        "entry_high": "64800",
        "sl": "64500",
        "tp": "65000",
        "targets": "65000",
        "shares": "",
        "leverage": "",
        "layout": "one line",
        "message_id": "7",
        "version": "1",
        "hindsight": "no",
        "origin": "live",
        "link": "https://t.me/c/1234567890/7",
        "versions": "1",
        "profile": "fast_scalps@0a1b2c3d",
    }


def test_a_zone_with_shares_an_open_target_and_a_stop_in_percent(tmp_path: Path) -> None:
    setup = Setup(
        "=PEPE()",
        Side.SHORT,
        EntryKind.ZONE,
        (0.00001234, 0.0000125),
        (Target(0.000011, 0.5), Target(None, 0.333)),
        Distance(5, "percent"),
        "block",
        leverage=10,
    )
    message = edit(7, "09:05", "11:00", "x", origin="export")
    (row,) = rows(tmp_path / "signals.csv", Signal(message, setup, 1, hindsight=True))
    assert (row["signal_id"], row["side"], row["symbol"]) == ("fast_scalps/7#2", "SELL", "'=PEPE()")
    assert (row["entry"], row["entry_low"], row["entry_high"]) == ("0.00001234 / 0.0000125", "0.00001234", "0.0000125")
    assert (row["tp"], row["targets"], row["shares"]) == ("0.000011", "0.000011 / open", "50% / 33.3%")
    assert (row["sl"], row["leverage"], row["hindsight"]) == ("5%", "10", "yes")
    assert (row["edited_at"], row["version"], row["origin"]) == ("2025-05-04T11:00:00Z", "2", "export")


@pytest.mark.parametrize(
    ("reference", "stop", "entry", "sl"),
    [(None, None, "", ""), (0.5, Distance(600, "points"), "0.5", "600 points")],
)
def test_a_market_call(tmp_path: Path, reference: float | None, stop: Distance | None, entry: str, sl: str) -> None:
    setup = Setup("XRPUSDT", Side.LONG, EntryKind.MARKET, (), (), stop, "block", reference=reference)
    (row,) = rows(tmp_path / "signals.csv", Signal(post(1, "09:00", "x"), setup))
    assert (row["entry"], row["entry_high"], row["sl"], row["tp"]) == (entry, entry, sl, "")


def test_no_signals_are_a_table_without_rows(tmp_path: Path) -> None:
    assert rows(tmp_path / "signals.csv") == []
    assert (tmp_path / "signals.csv").read_text().strip() == ",".join(COLUMNS)


@given(st.floats(1e-12, 1e12))
def test_a_number_reads_back_equal_and_has_no_exponent(value: float) -> None:
    assert float(_number(value)) == value
    assert "e" not in _number(value).lower()


def test_a_stop_that_waits_for_a_close_and_a_target_at_a_distance(tmp_path: Path) -> None:
    targets = (Target(None, distance=Distance(2, "R")), Target(None, distance=Distance(3.5, "percent")))
    waits = CloseStop(4 * 3_600_000, 62000.0)
    setup = Setup("BTCUSDT", Side.LONG, EntryKind.LIMIT, (64000.0,), targets, 63000.0, "x", close_stop=waits)
    (row,) = rows(tmp_path / "signals.csv", Signal(post(1, "09:00", "x"), setup))
    assert (row["sl"], row["targets"]) == ("63000 (4h close, hard 62000)", "2R / 3.5%")
