"""The candle store: merged, atomic, mapped, readable by others."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.files import sha256_of
from engine.market.candles import Candles, Funding
from engine.market.store import Added, CandleStore, count_gaps
from engine.problem import Problem
from engine.units import MINUTE_MS


def candles(start: int, n: int, symbol: str = "BTCUSDT", price: float = 100.0) -> Candles:
    ts = (start + np.arange(n, dtype=np.int64)) * MINUTE_MS
    close = price + np.arange(start, start + n) % 7
    return Candles(symbol, MINUTE_MS, ts, close, close + 1, close - 1, close, np.ones(n))


@pytest.fixture
def store(tmp_path: Path) -> CandleStore:
    return CandleStore(tmp_path / "candles")


def add(store: CandleStore, bars: Candles) -> Added:
    added = store.add(bars, "imported", "swap", "1m")
    assert isinstance(added, Added), added
    return added


def test_what_went_in_comes_out(store: CandleStore) -> None:
    bars = candles(0, 100)
    assert add(store, bars).new == 100
    back = store.read("imported", "swap", "BTCUSDT", "1m")
    assert back is not None
    for column in ("ts", "open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(getattr(back, column), getattr(bars, column))
    assert (back.symbol, back.timeframe_ms, back.end_ms) == ("BTCUSDT", MINUTE_MS, 100 * MINUTE_MS)


def test_reading_cuts_to_the_range(store: CandleStore) -> None:
    add(store, candles(0, 100))
    cut = store.read("imported", "swap", "BTCUSDT", "1m", 10 * MINUTE_MS, 20 * MINUTE_MS)
    assert cut is not None
    assert cut.ts.tolist() == [m * MINUTE_MS for m in range(10, 20)]


def test_what_is_not_there_is_none(store: CandleStore) -> None:
    assert store.read("imported", "swap", "BTCUSDT", "1m") is None
    assert store.read_funding("imported", "swap", "BTCUSDT") is None
    assert store.find("imported", "swap", "BTCUSDT", "1m") is None
    assert store.series() == []


def test_pieces_in_any_order_make_one_series(store: CandleStore) -> None:
    assert add(store, candles(50, 50)).new == 50
    assert add(store, candles(0, 60)).new == 50
    assert add(store, candles(0, 100)).new == 0
    back = store.read("imported", "swap", "BTCUSDT", "1m")
    assert back is not None
    np.testing.assert_array_equal(back.close, candles(0, 100).close)


def test_other_prices_for_a_known_time_change_nothing(store: CandleStore) -> None:
    add(store, candles(0, 10))
    path = store.root / "imported" / "swap" / "BTCUSDT" / "1m.arrow"
    before = path.read_bytes()
    problem = store.add(candles(5, 10, price=101.0), "imported", "swap", "1m")
    assert isinstance(problem, Problem)
    assert "BTCUSDT 1m: the store has another open at 1970-01-01 00:05:00 UTC" in str(problem)
    assert path.read_bytes() == before


def test_the_index_knows_ranges_gaps_and_hashes(store: CandleStore) -> None:
    add(store, candles(0, 10))
    series = add(store, candles(15, 10)).series
    assert (series.rows, series.gaps, series.missing) == (20, 1, 5)
    assert (series.first_ms, series.last_ms) == (0, 24 * MINUTE_MS)
    path = store.root / "imported" / "swap" / "BTCUSDT" / "1m.arrow"
    assert series.sha256 == sha256_of(path)
    assert store.find("imported", "swap", "BTCUSDT", "1m") == series
    assert json.loads((path.parent / "index.json").read_text())["format"] == 1


def test_series_are_listed_in_order(store: CandleStore) -> None:
    store.add(candles(0, 3, "ETHUSDT"), "imported", "swap", "1m")
    store.add(candles(0, 3), "imported", "spot", "1m")
    store.add(candles(0, 3), "imported", "swap", "1m")
    assert [(s.type, s.symbol) for s in store.series()] == [
        ("spot", "BTCUSDT"),
        ("swap", "BTCUSDT"),
        ("swap", "ETHUSDT"),
    ]


def test_funding_is_merged_too(store: CandleStore) -> None:
    for start in (0, 2):
        ts = np.arange(start, start + 4, dtype=np.int64) * 480 * MINUTE_MS
        funding = Funding("BTCUSDT", ts, ts / 1e12)
        assert isinstance(store.add_funding(funding, "imported", "swap"), Added)
    back = store.read_funding("imported", "swap", "BTCUSDT")
    assert back is not None
    assert back.ts.tolist() == [i * 480 * MINUTE_MS for i in range(6)]


def test_pandas_reads_the_files_without_us(store: CandleStore) -> None:
    add(store, candles(0, 10))
    frame = pd.read_feather(store.root / "imported" / "swap" / "BTCUSDT" / "1m.arrow")
    assert list(frame.columns) == ["ts", "open", "high", "low", "close", "volume"]
    assert len(frame) == 10


@pytest.mark.parametrize(
    ("minutes", "expected"), [([0, 1, 2], (0, 0)), ([0, 2, 3, 9], (2, 6)), ([0], (0, 0)), ([], (0, 0))]
)
def test_gaps_are_counted(minutes: list[int], expected: tuple[int, int]) -> None:
    assert count_gaps(np.array(minutes, np.int64) * MINUTE_MS, MINUTE_MS) == expected
    assert count_gaps(np.array(minutes, np.int64) * MINUTE_MS, None) == (0, 0)
