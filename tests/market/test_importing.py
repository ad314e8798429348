"""Files of others into the store: what is read, what is refused, and in which words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from engine.market.importing import ImportReport, import_candles
from engine.market.store import CandleStore
from engine.market.timeframes import Gap
from engine.problem import Problem
from engine.units import HOUR_MS, MINUTE_MS, show_time
from tests.market.candles import START_MS

SHARED = Path(__file__).parents[3] / "shared" / "candles"

GOOD = """\
ts,open,high,low,close,volume
1746372600000,100,102,99,101,5
1746372660000,101,103,100,102,6
1746372780000,102,104,101,103,7
1746372840000,103,105,102,104,8
"""


@pytest.fixture
def store(tmp_path: Path) -> CandleStore:
    return CandleStore(tmp_path / "store")


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def write_(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write_


Write = Callable[[str, str], Path]


def closes(store: CandleStore, symbol: str = "BTCUSDT", timeframe: str = "1m", kind: str = "swap") -> list[float]:
    found = store.read("imported", kind, symbol, timeframe)
    assert found is not None
    return found.close.tolist()


def test_a_csv_file_is_imported_and_its_gap_reported(store: CandleStore, write: Write) -> None:
    report = import_candles(write("BTCUSDT_1m.csv", GOOD), store)
    assert isinstance(report, ImportReport)
    assert (report.symbol, report.series, report.rows, report.new) == ("BTCUSDT", "1m", 4, 4)
    assert report.gaps == (Gap(START_MS + 2 * MINUTE_MS, 1),)
    assert str(report).endswith(
        "BTCUSDT_1m.csv: imported swap BTCUSDT 1m: 4 rows, 2025-05-04 15:30:00 to 2025-05-04 15:34:00 UTC, all new, "
        "1 missing in 1 gap (1 from 2025-05-04 15:32:00)"
    )
    assert closes(store) == [101, 102, 103, 104]


def test_the_same_file_twice_changes_nothing(store: CandleStore, write: Write) -> None:
    path = write("BTCUSDT_1m.csv", GOOD)
    import_candles(path, store)
    report = import_candles(path, store)
    assert isinstance(report, ImportReport)
    assert report.new == 0
    assert "all known already" in str(report)


def test_a_longer_file_adds_its_new_rows(store: CandleStore, write: Write) -> None:
    import_candles(write("BTCUSDT_1m.csv", GOOD), store)
    report = import_candles(write("BTCUSDT_1m.csv", GOOD + "1746372900000,104,106,103,105,9\n"), store)
    assert "1 new" in str(report)
    assert closes(store) == [101, 102, 103, 104, 105]


@pytest.mark.parametrize(
    ("header", "times"),
    [
        ("timestamp", ["1746372600", "1746372660", "1746372720"]),
        ("Open Time", ["1746372600000000", "1746372660000000", "1746372720000000"]),
        ("time", ["1746372600.0", "1746372660.0", "1746372720.0"]),
        ("date", ["2025-05-04 15:30", "2025-05-04 15:31", "2025-05-04 15:32"]),
        ("Date", ["2025-05-04T15:30:00Z", "2025-05-04T15:31:00Z", "2025-05-04T15:32:00Z"]),
        ("datetime", ["2025-05-04T17:30:00+02:00", "2025-05-04T17:31:00+02:00", "2025-05-04T17:32:00+02:00"]),
    ],
)
def test_times_in_many_spellings(store: CandleStore, write: Write, header: str, times: list[str]) -> None:
    rows = "".join(f"{time},100,102,99,101,5\n" for time in times)
    report = import_candles(
        write("BTCUSDT_1m.csv", f"{header},Open,HIGH,low,close,Vol,trades\n".replace(",trades", "") + rows), store
    )
    assert isinstance(report, ImportReport), report
    assert (report.first_ms, report.last_ms) == (START_MS, START_MS + 2 * MINUTE_MS)
    assert str(report).endswith("all new, no gaps")


def test_semicolons_a_byte_order_mark_and_blank_lines(store: CandleStore, write: Write) -> None:
    text = "\ufeff" + GOOD.replace(",", ";").replace("\n", "\r\n") + "\r\n\r\n"
    assert isinstance(import_candles(write("BTCUSDT_1m.csv", text), store), ImportReport)
    assert closes(store) == [101, 102, 103, 104]


@pytest.mark.parametrize("ending", ["parquet", "feather", "arrow"])
@pytest.mark.parametrize("times", ["ms", "datetime", "zone", "text"])
def test_binary_files(store: CandleStore, tmp_path: Path, ending: str, times: str) -> None:
    stamps = pd.date_range("2025-05-04 15:30", periods=3, freq="min")
    column = {
        "ms": [START_MS + n * MINUTE_MS for n in range(3)],
        "datetime": stamps,
        "zone": stamps.tz_localize("UTC").tz_convert("Europe/Sofia"),
        "text": [f"{stamp:%Y-%m-%dT%H:%M:%SZ}" for stamp in stamps],
    }[times]
    frame = pd.DataFrame(
        {"date": column, "open": [1.0, 2.0, 3.0], "high": 4, "low": 0.5, "close": [1, 2, 3], "volume": 9}
    )
    path = tmp_path / f"ETH_USDT-1m.{ending}"
    frame.to_parquet(path) if ending == "parquet" else frame.to_feather(path)
    report = import_candles(path, store)
    assert isinstance(report, ImportReport), report
    assert report.first_ms == START_MS
    assert closes(store, "ETHUSDT") == [1, 2, 3]


def test_symbol_and_time_frame_can_be_named(store: CandleStore, write: Write) -> None:
    report = import_candles(
        write("mine.csv", GOOD), store, symbol="eth/usdt", timeframe="1m", type="spot", source="desk"
    )
    assert isinstance(report, ImportReport)
    assert (report.source, report.type, report.symbol) == ("desk", "spot", "ETHUSDT")


def test_without_a_name_the_rows_tell_the_time_frame(store: CandleStore, write: Write) -> None:
    rows = "".join(f"{START_MS + 1_800_000 + n * HOUR_MS},1,2,1,2,3\n" for n in (0, 1, 2, 5))
    report = import_candles(write("BTCUSDT.csv", "ts,open,high,low,close,volume\n" + rows), store)
    assert isinstance(report, ImportReport)
    assert report.series == "1h"
    assert report.gaps == (Gap(START_MS + 1_800_000 + 3 * HOUR_MS, 2),)


@pytest.mark.parametrize(("name", "kind"), [("BTCUSDT-mark_1m.csv", None), ("BTCUSDT_1m.csv", "mark")])
def test_mark_prices_lie_beside_the_traded_ones(store: CandleStore, write: Write, name: str, kind: str | None) -> None:
    text = (
        GOOD.replace(",volume", "")
        .replace(",5\n", "\n")
        .replace(",6\n", "\n")
        .replace(",7\n", "\n")
        .replace(",8\n", "\n")
    )
    report = import_candles(write(name, text), store, kind="mark" if kind else None)
    assert isinstance(report, ImportReport), report
    assert report.series == "mark_1m"
    assert store.read("imported", "swap", "BTCUSDT", "1m") is None
    assert closes(store, timeframe="mark_1m") == [101, 102, 103, 104]


def test_funding_is_known_by_its_column_and_rounded_to_the_minute(store: CandleStore, write: Write) -> None:
    text = "ts,funding_rate\n1741276800000,0.0001\n1741305600004,-0.0002\n1741334399996,0.0003\n"
    report = import_candles(write("x_BTCUSDT-perp_funding.csv", text), store)
    assert isinstance(report, ImportReport)
    assert str(report).endswith("BTCUSDT funding: 3 rows, 2025-03-06 16:00:00 to 2025-03-07 08:00:00 UTC, all new")
    found = store.read_funding("imported", "swap", "BTCUSDT")
    assert found is not None
    assert found.ts.tolist() == [1741276800000, 1741305600000, 1741334400000]
    assert found.rate.tolist() == [0.0001, -0.0002, 0.0003]


def refused() -> Iterator[tuple[str, str, str]]:
    """The cases of refused.txt: name, content and message."""
    for case in Path(__file__).with_name("refused.txt").read_text(encoding="utf-8").split("\n--- ")[1:]:
        content, message = case.split(">>> ")
        name, _, text = content.partition("\n")
        yield name, text, message.strip()


@pytest.mark.parametrize(("name", "text", "message"), list(refused()))
def test_refused_in_one_line_and_nothing_is_written(
    store: CandleStore, write: Write, tmp_path: Path, name: str, text: str, message: str
) -> None:
    problem = import_candles(write(name, text), store)
    assert isinstance(problem, Problem)
    assert str(problem).removeprefix(f"{tmp_path}/") == message
    assert not store.root.exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("BTCUSDT_1m.parquet", "Parquet magic bytes not found"),
        ("BTCUSDT_1m.feather", "Not an Arrow file"),
        ("BTCUSDT_1m.arrow", "Not an Arrow file"),
    ],
)
def test_a_file_that_is_not_what_its_name_says(store: CandleStore, write: Write, name: str, said: str) -> None:
    problem = import_candles(write(name, GOOD), store)
    assert isinstance(problem, Problem)
    assert problem.text.startswith(f"cannot be read: {said}")
    assert problem.hint == f"is it really a {Path(name).suffix} file?"


def test_what_cannot_be_asked_for(store: CandleStore, write: Write, tmp_path: Path) -> None:
    path = write("BTCUSDT_1m.csv", GOOD)
    assert '"1 minute" is no time frame' in str(import_candles(path, store, timeframe="1 minute"))
    assert '"B" is no symbol' in str(import_candles(path, store, symbol="B"))
    assert '"../x" cannot name a source' in str(import_candles(path, store, source="../x"))
    assert "there is no such file" in str(import_candles(tmp_path / "nothing_BTCUSDT_1m.csv", store))
    (tmp_path / "folder.csv").mkdir()
    assert "cannot be read: Is a directory" in str(import_candles(tmp_path / "folder.csv", store))
    funding = write("BTCUSDT_funding.csv", f"ts,funding_rate\n{START_MS},0.0001\n")
    assert "spot has no funding" in str(import_candles(funding, store, type="spot"))
    assert not store.root.exists()


def test_bytes_that_are_no_text(store: CandleStore, tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT_1m.csv"
    path.write_bytes(b"ts,open\xff\xfe")
    assert "not UTF-8 text" in str(import_candles(path, store))


def test_a_binary_file_names_the_row(store: CandleStore, tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"ts": [START_MS, START_MS + MINUTE_MS], "open": 1.0, "high": 2.0, "low": [0.5, 1.5], "close": 1.0}
    )
    path = tmp_path / "BTCUSDT-mark_1m.parquet"
    frame.to_parquet(path)
    problem = import_candles(path, store)
    assert isinstance(problem, Problem)
    assert problem.line is None
    assert problem.text.startswith("row 2 (2025-05-04 15:31:00 UTC) has a low above its open or close")


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pa.array(["1.5", "x"]), 'has "x" as its close'),
        (pa.array([1.5, None]), "has no close"),
        (pa.array([True, False]), "has a close of 0"),
        (pa.array([[1.0], [2.0]]), 'has "[1.0]" as its close'),
    ],
)
def test_columns_of_other_kinds(store: CandleStore, tmp_path: Path, column: pa.Array, said: str) -> None:
    ones = pa.array([1.0, 1.0])
    table = pa.table(
        {
            "ts": [START_MS, START_MS + MINUTE_MS],
            "open": ones,
            "high": pa.array([2.0, 2.0]),
            "low": ones,
            "close": column,
            "volume": ones,
        }
    )
    path = tmp_path / "BTCUSDT_1m.parquet"
    pa.parquet.write_table(table, path)
    problem = import_candles(path, store)
    assert isinstance(problem, Problem)
    assert said in problem.text


def test_rows_that_contradict_the_store_name_the_file(store: CandleStore, write: Write) -> None:
    import_candles(write("BTCUSDT_1m.csv", GOOD), store)
    problem = import_candles(write("other_BTCUSDT_1m.csv", GOOD.replace("102,104,101,103", "102,104,101,103.5")), store)
    assert isinstance(problem, Problem)
    assert problem.path.endswith("other_BTCUSDT_1m.csv")
    assert "BTCUSDT 1m at 2025-05-04 15:33:00 UTC is stored with close 103, not 103.5" in problem.text
    assert closes(store) == [101, 102, 103, 104]


def test_a_damaged_store_is_a_problem_too(store: CandleStore, write: Write) -> None:
    path = write("BTCUSDT_1m.csv", GOOD)
    import_candles(path, store)
    (store.root / "imported" / "swap" / "BTCUSDT" / "1m.arrow").write_bytes(b"x")
    assert "not a readable file of the candle store" in str(import_candles(path, store))


def test_many_gaps_are_counted_and_some_shown(store: CandleStore, write: Write) -> None:
    rows = "".join(f"{START_MS + n * MINUTE_MS},1,1,1,1,1\n" for n in (0, 1, 2, 3, 4, 6, 8, 10, 13))
    report = import_candles(write("BTCUSDT_1m.csv", "ts,open,high,low,close,volume\n" + rows), store)
    assert str(report).endswith(
        "5 missing in 4 gaps (1 from 2025-05-04 15:35:00, 1 from 2025-05-04 15:37:00, 1 from 2025-05-04 15:39:00, ...)"
    )


@pytest.mark.skipif(not SHARED.is_dir(), reason="the collection of real candles is not here")
@pytest.mark.parametrize(
    "name",
    [
        "binance25_BTCUSDT-perp_1m.parquet",
        "binance25_BTCUSDT-mark_8h.parquet",
        "binance25_LAYERUSDT-perp_funding.parquet",
        "binance_long_BTCUSDT_1h.parquet",
        "mexcspot_BONKUSDT_1m.parquet",
    ],
)
def test_real_files_are_what_their_index_says(store: CandleStore, name: str) -> None:
    lines = (SHARED / "index.md").read_text(encoding="utf-8").splitlines()
    cells = next([cell.strip() for cell in line.split("|")] for line in lines if line.startswith(f"| {name} "))
    _, _, symbol, timeframe, kind, first, last, rows, gaps, missing, *_ = cells
    report = import_candles(SHARED / name, store, type="spot" if kind == "spot" else "swap")
    assert isinstance(report, ImportReport), report
    series = "funding" if kind == "funding" else f"mark_{timeframe}" if kind == "mark" else timeframe
    assert (report.symbol, report.series, report.rows) == (symbol, series, int(rows))
    assert (show_time(report.first_ms)[:16], show_time(report.last_ms)[:16]) == (first, last)
    if kind != "funding":
        assert (len(report.gaps), sum(gap.bars for gap in report.gaps)) == (int(gaps), int(missing))
