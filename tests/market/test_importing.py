"""Files of other makers: every usual form goes in, every fault is named with its line, nothing half goes in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.market.importing import Imported, frame_in_name, import_file, symbol_in_name
from engine.market.store import CandleStore
from engine.market.symbols import plain_symbol
from engine.problem import Problem
from tests.conftest import SHARED

T0 = 1738404000000
FRAME = pd.DataFrame(
    {
        "ts": T0 + 60_000 * np.arange(5),
        "open": [100.0, 101, 102, 103, 104],
        "high": [101.0, 102, 103, 104, 105],
        "low": [99.0, 100, 101, 102, 103],
        "close": [101.0, 102, 103, 104, 104],
        "volume": [1.0, 2, 3, 4, 5],
    }
)


@pytest.fixture
def store(tmp_path: Path) -> CandleStore:
    return CandleStore(tmp_path / "store")


def take(path: Path, store: CandleStore, symbol: str | None = None, frame: str | None = None) -> Imported | Problem:
    return import_file(path, store, symbol, frame, "swap", "imported")


def imported(path: Path, store: CandleStore, symbol: str | None = None, frame: str | None = None) -> Imported:
    result = take(path, store, symbol, frame)
    assert isinstance(result, Imported), result
    return result


@pytest.mark.parametrize("suffix", ["parquet", "feather", "arrow", "csv"])
def test_every_form_gives_the_same_candles(suffix: str, tmp_path: Path, store: CandleStore) -> None:
    path = tmp_path / f"x_BTCUSDT-perp_1m.{suffix}"
    writers = {"parquet": FRAME.to_parquet, "feather": FRAME.to_feather, "arrow": FRAME.to_feather}
    writers.get(suffix, lambda p: FRAME.to_csv(p, index=False))(path)
    result = imported(path, store)
    assert (result.rows, result.new, result.series.symbol, result.series.series) == (5, 5, "BTCUSDT", "1m")
    back = store.read("imported", "swap", "BTCUSDT", "1m")
    assert back is not None
    assert back.ts.tolist() == FRAME["ts"].tolist()
    assert back.close.tolist() == FRAME["close"].tolist()
    assert "5 rows, 5 new; 2025-02-01 10:00:00 to 2025-02-01 10:04:00 UTC" in str(result)


@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("timestamp", T0 // 1000 + 60 * np.arange(5)),
        ("open_time", (T0 + 60_000 * np.arange(5)) * 1000),
        ("Date", [f"2025-02-01T10:0{i}:00Z" for i in range(5)]),
        ("time", [f"2025-02-01 10:0{i}:00" for i in range(5)]),
    ],
)
def test_times_in_all_usual_forms(name: str, times: object, tmp_path: Path, store: CandleStore) -> None:
    path = tmp_path / "BTCUSDT.csv"
    FRAME.drop(columns="ts").assign(**{name: times}).to_csv(path, index=False)
    imported(path, store)
    back = store.read("imported", "swap", "BTCUSDT", "1m")
    assert back is not None
    assert back.ts.tolist() == FRAME["ts"].tolist()


def test_funding_is_known_by_its_columns_and_rounded_to_the_minute(tmp_path: Path, store: CandleStore) -> None:
    path = tmp_path / "ETH_USDT-funding.csv"
    ts = T0 + 28_800_000 * np.arange(3) + np.array([3, -4, 0])
    pd.DataFrame({"ts": ts, "funding_rate": [0.0001, -0.0002, 0.0]}).to_csv(path, index=False)
    assert imported(path, store).series.series == "funding"
    funding = store.read_funding("imported", "swap", "ETHUSDT")
    assert funding is not None
    assert funding.ts.tolist() == [T0, T0 + 28_800_000, T0 + 57_600_000]
    assert funding.rate.tolist() == [0.0001, -0.0002, 0.0]


def test_mark_candles_stand_apart(tmp_path: Path, store: CandleStore) -> None:
    path = tmp_path / "x_BTCUSDT-mark_1m.csv"
    FRAME.assign(volume=np.nan).to_csv(path, index=False)
    assert imported(path, store).series.series == "mark_1m"
    assert store.read("imported", "swap", "BTCUSDT", "1m") is None
    assert store.read("imported", "swap", "BTCUSDT", "mark_1m") is not None


@pytest.mark.parametrize(
    ("stem", "symbol", "frame"),
    [
        ("binance25_BTCUSDT-perp_1m", "BTCUSDT", "1m"),
        ("BTC_USDT-1h", "BTCUSDT", "1h"),
        ("binance_long_1000PEPEUSDT_1h", "1000PEPEUSDT", "1h"),
        ("mexcspot_DOGEUSDT_1m", "DOGEUSDT", "1m"),
        ("candles", None, None),
        ("BTCUSDT_and_ETHUSDT", None, None),
    ],
)
def test_what_a_file_name_says(stem: str, symbol: str | None, frame: str | None) -> None:
    assert (symbol_in_name(stem), frame_in_name(stem)) == (symbol, frame)


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("BTC/USDT:USDT", "BTCUSDT"),
        ("btc_usdt", "BTCUSDT"),
        ("BTC-USDT", "BTCUSDT"),
        ("#ETHUSDT.P", "ETHUSDT"),
        ("SOLUSDTPERP", "SOLUSDT"),
        ("1000PEPEUSDT", "1000PEPEUSDT"),
        ("ETHBTC", "ETHBTC"),
        ("hello world", None),
        ("BTC", None),
    ],
)
def test_symbol_spellings(text: str, symbol: str | None) -> None:
    assert plain_symbol(text) == symbol


def written(tmp_path: Path, frame: pd.DataFrame, name: str = "BTCUSDT_1m.parquet") -> Path:
    path = tmp_path / name
    frame.to_parquet(path)
    return path


def changed(column: str, row: int, value: float) -> pd.DataFrame:
    frame = FRAME.copy()
    frame.loc[row, column] = value
    return frame


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (changed("ts", 2, T0), "row 3: 2025-02-01 10:00:00 comes after a later time; sort the rows by time"),
        (changed("ts", 2, T0 + 60_000), "row 3: 2025-02-01 10:01:00 stands twice; remove the overlapping rows"),
        (changed("low", 3, 0.0), "row 4: low is 0.0; prices are positive numbers"),
        (changed("close", 1, np.nan), "row 2: close is nan; prices are positive numbers"),
        (changed("low", 1, 101.5), "row 2: the low does not enclose open and close"),
        (FRAME.drop(columns=["low", "high"]), "no column high, low"),
        (FRAME.drop(columns="ts"), "no time column; it has: open, high, low, close, volume"),
        (FRAME.iloc[:0], "there are no rows in it"),
    ],
)
def test_a_bad_row_is_named_and_nothing_goes_in(
    frame: pd.DataFrame, says: str, tmp_path: Path, store: CandleStore
) -> None:
    problem = take(written(tmp_path, frame), store)
    assert isinstance(problem, Problem)
    assert says in str(problem)
    assert not store.root.exists()


@pytest.mark.parametrize(
    ("name", "content", "symbol", "frame", "says"),
    [
        ("x.csv", FRAME, None, None, "the file's name does not say which symbol this is; give it: --symbol BTCUSDT"),
        ("x.csv", FRAME, "BTC", None, '"BTC" is no symbol'),
        ("BTCUSDT.csv", FRAME, None, "7m", '"7m" is no time frame'),
        ("BTCUSDT_1h.csv", FRAME, None, None, "BTCUSDT_1h.csv:3: 2025-02-01 10:01:00 is no open time of 1h"),
        ("BTCUSDT.csv", FRAME.iloc[[0]], None, None, "the time frame cannot be told from the rows"),
        ("BTCUSDT.parquet", "not a parquet file", None, None, "cannot be read as parquet"),
        ("BTCUSDT.xlsx", "not a table", None, None, "not a candle file; parquet, feather (arrow) and csv"),
        ("BTCUSDT.csv", "ts,open,high,low,close\n1,2,3,4,5\n1,2,3,4,5,6,7\n", None, None, "cannot be read as csv"),
    ],
)
def test_a_file_that_cannot_be_used(
    name: str, content: object, symbol: str | None, frame: str | None, says: str, tmp_path: Path, store: CandleStore
) -> None:
    path = tmp_path / name
    if isinstance(content, pd.DataFrame):
        content.to_csv(path, index=False)
    else:
        path.write_text(str(content))
    problem = take(path, store, symbol, frame)
    assert isinstance(problem, Problem)
    assert says in str(problem)
    assert not store.root.exists()


def test_missing_files_and_folders(tmp_path: Path, store: CandleStore) -> None:
    assert "cannot be read: No such file" in str(take(tmp_path / "BTCUSDT.csv", store))
    assert "is a folder" in str(take(tmp_path, store))


REAL = SHARED / "candles"


@pytest.mark.skipif(not REAL.is_dir(), reason="real candles are not part of the project")
@pytest.mark.parametrize(
    ("name", "rows", "gaps"),
    [
        ("binance_long_BTCUSDT_1h", 35_039, 1),
        ("binance25_ETHUSDT-perp_1m", 60_191, 0),
        ("binance25_LAYERUSDT-perp_funding", 984, 0),
        ("binance25_BTCUSDT-mark_8h", 266, 0),
        ("mexcspot_WIFUSDT_1m", 42_961, 0),
    ],
)
def test_real_files_go_in_with_the_gaps_they_are_known_to_have(
    name: str, rows: int, gaps: int, store: CandleStore
) -> None:
    result = imported(REAL / f"{name}.parquet", store)
    assert (result.rows, result.series.gaps) == (rows, gaps)
