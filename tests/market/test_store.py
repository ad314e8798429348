"""The candle store: what goes in comes out, nothing stored ever changes, a kill leaves it whole."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.market.candles import Funding
from engine.market.seriesfile import StoreError
from engine.market.store import AddResult, CandleStore
from engine.market.timeframes import Gap
from engine.problem import Problem
from engine.units import HOUR_MS, MINUTE_MS
from tests.market.candles import START_MS, candles


@pytest.fixture
def store(tmp_path: Path) -> CandleStore:
    return CandleStore(tmp_path / "candles")


def test_what_goes_in_comes_out(store: CandleStore) -> None:
    given_ = candles([0, 1, 2, 5])
    assert store.add(given_, "imported", "swap") == AddResult(4, 0, (Gap(START_MS + 3 * MINUTE_MS, 2),))
    found = store.read("imported", "swap", "BTC/USDT:USDT", "1m")
    assert found is not None
    assert (found.symbol, found.timeframe_ms) == ("BTCUSDT", MINUTE_MS)
    for name in ("ts", "open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(getattr(found, name), getattr(given_, name))
    assert found.end_ms == START_MS + 6 * MINUTE_MS


def test_a_range_is_half_open(store: CandleStore) -> None:
    store.add(candles([0, 1, 2, 5]), "imported", "swap")
    found = store.read("imported", "swap", "BTCUSDT", "1m", START_MS + MINUTE_MS, START_MS + 5 * MINUTE_MS)
    assert found is not None
    assert found.open.tolist() == [101, 102]
    nothing = store.read("imported", "swap", "BTCUSDT", "1m", START_MS + 6 * MINUTE_MS)
    assert nothing is not None
    assert len(nothing) == 0


def test_a_read_copies_nothing_and_changes_nothing(store: CandleStore) -> None:
    store.add(candles([0, 1]), "imported", "swap")
    found = store.read("imported", "swap", "BTCUSDT", "1m")
    assert found is not None
    assert not found.close.flags.owndata
    with pytest.raises(ValueError, match="read-only"):
        found.close[0] = 1.0


@pytest.mark.parametrize(
    ("source", "kind", "symbol", "timeframe"),
    [
        ("other", "swap", "BTCUSDT", "1m"),
        ("imported", "spot", "BTCUSDT", "1m"),
        ("imported", "swap", "ETHUSDT", "1m"),
        ("imported", "swap", "BTCUSDT", "1h"),
        ("imported", "swap", "BTCUSDT", "soon"),
        ("imported", "swap", "BTCUSDT", "funding"),
        ("imported", "swap", "../BTCUSDT", "1m"),
        ("../imported", "swap", "BTCUSDT", "1m"),
        ("imported", "future", "BTCUSDT", "1m"),
    ],
)
def test_what_is_not_there_is_none(store: CandleStore, source: str, kind: str, symbol: str, timeframe: str) -> None:
    store.add(candles([0, 1]), "imported", "swap")
    assert store.read(source, kind, symbol, timeframe) is None
    assert store.sha256(source, kind, symbol, timeframe) == ""


def test_rows_that_overlap_merge_when_they_agree(store: CandleStore) -> None:
    store.add(candles([2, 3, 6]), "imported", "swap")
    done = store.add(candles([0, 3, 4, 6, 9]), "imported", "swap")
    assert done == AddResult(
        3, 2, (Gap(START_MS + MINUTE_MS, 1), Gap(START_MS + 5 * MINUTE_MS, 1), Gap(START_MS + 7 * MINUTE_MS, 2))
    )
    found = store.read("imported", "swap", "BTCUSDT", "1m")
    assert found is not None
    assert found.close.tolist() == [100, 102, 103, 104, 106, 109]


def test_one_other_price_refuses_all_rows(store: CandleStore) -> None:
    store.add(candles([0, 1, 2]), "imported", "swap")
    before = store.sha256("imported", "swap", "BTCUSDT", "1m")
    problem = store.add(candles([1, 2, 3], [101.0, 102.5, 103.0]), "imported", "swap")
    assert isinstance(problem, Problem)
    assert problem.text == (
        "BTCUSDT 1m at 2025-05-04 15:32:00 UTC is stored with open 102, not 102.5; nothing was added"
    )
    assert "--source" in problem.hint
    assert store.sha256("imported", "swap", "BTCUSDT", "1m") == before


def test_another_volume_alone_is_no_contradiction(store: CandleStore) -> None:
    store.add(candles([0, 1]), "imported", "swap")
    later = replace(candles([0, 1, 2]), volume=np.array([7.0, 7.0, 7.0]))
    assert store.add(later, "imported", "swap") == AddResult(1, 2, ())
    found = store.read("imported", "swap", "BTCUSDT", "1m")
    assert found is not None
    assert found.volume.tolist() == [1, 1, 7]


def test_rows_out_of_order_and_names_that_are_no_folder_are_faults_of_the_caller(store: CandleStore) -> None:
    with pytest.raises(ValueError, match="not sorted"):
        store.add(candles([1, 0]), "imported", "swap")
    with pytest.raises(ValueError, match="cannot name"):
        store.add(candles([0]), "Imported/..", "swap")


@settings(deadline=None)
@given(
    parts=st.lists(st.sets(st.integers(0, 30), min_size=1), min_size=1, max_size=4),
)
def test_any_order_of_adding_gives_the_same_series(
    tmp_path_factory: pytest.TempPathFactory, parts: list[set[int]]
) -> None:
    one, other = (CandleStore(tmp_path_factory.mktemp("store")) for _ in range(2))
    for part in parts:
        one.add(candles(sorted(part)), "imported", "swap")
    for part in reversed(parts):
        other.add(candles(sorted(part)), "imported", "swap")
    whole = sorted(set().union(*parts))
    for store_ in (one, other):
        found = store_.read("imported", "swap", "BTCUSDT", "1m")
        assert found is not None
        assert found.close.tolist() == [100.0 + minute for minute in whole]
    assert one.sha256("imported", "swap", "BTCUSDT", "1m") == other.sha256("imported", "swap", "BTCUSDT", "1m")


def test_funding_and_mark_prices_lie_beside_the_candles(store: CandleStore) -> None:
    store.add(candles([0, 1]), "imported", "swap")
    store.add(candles([0, 1], [200.0, 201.0]), "imported", "swap", mark=True)
    funding = Funding("BTCUSDT", np.array([START_MS, START_MS + HOUR_MS]), np.array([0.0001, -0.0002]))
    assert store.add_funding(funding, "imported", "swap") == AddResult(2, 0, ())
    assert store.add_funding(funding, "imported", "swap") == AddResult(0, 2, ())
    found = store.read_funding("imported", "swap", "btc_usdt")
    assert found is not None
    assert (found.symbol, found.rate.tolist()) == ("BTCUSDT", [0.0001, -0.0002])
    mark = store.read("imported", "swap", "BTCUSDT", "mark_1m")
    assert mark is not None
    assert mark.close.tolist() == [200, 201]
    assert [row.series for row in store.list()] == ["1m", "funding", "mark_1m"]
    wrong = replace(funding, rate=np.array([0.0001, 0.0002]))
    assert "funding_rate" in str(store.add_funding(wrong, "imported", "swap"))
    assert store.read_funding("imported", "spot", "BTCUSDT") is None
    assert store.symbols("imported", "swap", "funding") == ("BTCUSDT",)


def test_the_list_says_what_is_there(store: CandleStore) -> None:
    assert store.list() == ()
    store.add(candles([0, 1, 4], symbol="ETHUSDT"), "mexc", "swap")
    store.add(candles([0, 60], timeframe_ms=HOUR_MS), "imported", "spot")
    first, second = store.list()
    assert (first.source, first.type, first.symbol, first.series) == ("imported", "spot", "BTCUSDT", "1h")
    assert (second.source, second.rows, second.gaps, second.missing) == ("mexc", 3, 1, 2)
    assert (second.first_ms, second.last_ms) == (START_MS, START_MS + 4 * MINUTE_MS)
    assert store.symbols("mexc", "swap", "1m") == ("ETHUSDT",)
    assert store.symbols("imported", "spot", "60m") == ("BTCUSDT",)
    assert store.symbols("mexc", "swap", "1h") == ()


def test_a_hash_speaks_of_the_values_alone(store: CandleStore, tmp_path: Path) -> None:
    other = CandleStore(tmp_path / "elsewhere")
    store.add(candles([0, 1, 2]), "imported", "swap")
    other.add(candles([0, 1, 2]), "mexc", "spot")
    digest = store.sha256("imported", "swap", "BTCUSDT", "1m")
    assert len(digest) == 64
    assert other.sha256("mexc", "spot", "BTCUSDT", "1m") == digest
    store.add(candles([3]), "imported", "swap")
    assert store.sha256("imported", "swap", "BTCUSDT", "1m") != digest


def index_of(store: CandleStore) -> Path:
    return store.root / "imported" / "swap" / "BTCUSDT" / "index.json"


def test_the_index_is_readable_by_people_and_programs(store: CandleStore) -> None:
    store.add(candles([0, 1, 4]), "imported", "swap")
    index = json.loads(index_of(store).read_text())
    assert index["format"] == 1
    entry = index["series"]["1m"]
    assert (entry["rows"], entry["gaps"], entry["missing"]) == (3, 1, 2)


@pytest.mark.parametrize("damage", ["gone", "not json", "[]", '{"format": 2, "series": {"1m": {}}}'])
def test_a_lost_or_foreign_index_changes_no_answer(store: CandleStore, damage: str) -> None:
    store.add(candles([0, 1, 4]), "imported", "swap")
    before = store.list()
    index_of(store).unlink() if damage == "gone" else index_of(store).write_text(damage)
    assert store.list() == before


def test_an_index_older_than_its_file_is_not_believed(store: CandleStore) -> None:
    """As after a kill between the two writes."""
    store.add(candles([0, 1]), "imported", "swap")
    old = index_of(store).read_text()
    store.add(candles([2, 3]), "imported", "swap")
    after = store.list()
    index_of(store).write_text(old)
    assert store.list() == after
    assert after[0].rows == 4


def test_a_damaged_file_is_named(store: CandleStore) -> None:
    store.add(candles([0, 1]), "imported", "swap")
    path = store.root / "imported" / "swap" / "BTCUSDT" / "1m.arrow"
    path.write_bytes(path.read_bytes()[:-20])
    for use in (
        lambda: store.read("imported", "swap", "BTCUSDT", "1m"),
        lambda: store.add(candles([2]), "imported", "swap"),
        store.list,
    ):
        with pytest.raises(StoreError, match="not a readable file") as caught:
            use()
        assert caught.value.problem.path == str(path)
        assert "import its candles again" in caught.value.problem.hint


def test_a_file_of_another_format_is_refused(store: CandleStore) -> None:
    store.add(candles([0, 1]), "imported", "swap")
    path = store.root / "imported" / "swap" / "BTCUSDT" / "1m.arrow"
    table = pa.table({name: [1] for name in ("ts", "open", "high", "low", "close", "volume")})
    with (
        pa.OSFile(str(path), "wb") as sink,
        pa.ipc.new_file(sink, table.schema.with_metadata({"signalproof": "9"})) as out,
    ):
        out.write_table(table)
    with pytest.raises(StoreError, match="format 9"):
        store.read("imported", "swap", "BTCUSDT", "1m")


def test_a_failed_write_leaves_the_old_file(store: CandleStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add(candles([0, 1]), "imported", "swap")

    def full_disk(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("engine.market.seriesfile.pa.ipc.new_file", full_disk)
    with pytest.raises(OSError, match="no space"):
        store.add(candles([2]), "imported", "swap")
    monkeypatch.undo()
    assert [row.rows for row in store.list()] == [2]
    assert sorted(p.name for p in index_of(store).parent.iterdir()) == ["1m.arrow", "index.json"]
