"""trades.csv and equity.csv: they read back equal, no spreadsheet runs them, and a broken line is named."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.report.calls import CALL_COLUMNS, CallRow, Calls
from engine.report.tables import UnreadableRunError, clean, read_calls, read_equity, write_calls, write_equity
from engine.units import moment_ms

finite = st.floats(allow_nan=False, allow_infinity=False)
price = st.floats(min_value=1e-12, max_value=1e9)
text = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=20) | st.sampled_from(
    ["=cmd()", "'=cmd()", "'", "+1", "-1", "@x", "a;b", 'say "x", y', "''"]
)
moment = st.just("") | st.datetimes().filter(lambda d: d.year > 1).map(lambda d: d.isoformat() + "Z")
rows = st.builds(
    CallRow,
    signal_id=text,
    channel=text,
    posted=moment,
    acted=moment,
    symbol=text,
    side=text,
    entry_kind=text,
    entry=st.lists(price, max_size=4).map(tuple),
    stop=st.none() | price,
    targets=st.lists(price, max_size=4).map(tuple),
    leverage=st.none() | price,
    layout=text,
    status=text,
    exits=text,
    r=st.none() | finite,
    ambiguous=st.booleans(),
    taken=st.booleans(),
    notes=text,
    net=st.none() | finite,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.lists(rows, max_size=5))
def test_calls_read_back_equal(tmp_path, calls):
    path = tmp_path / "trades.csv"
    write_calls(path, calls)
    assert read_calls(path) == calls


def test_no_cell_of_a_message_is_run_by_a_spreadsheet(tmp_path):
    path = tmp_path / "trades.csv"
    hostile = ["=cmd()", "+1", "-1", "@sum", "\t=cmd()", "\r=cmd()", "'=cmd()"]
    write_calls(path, [CallRow("c/1", "c", "", symbol=item, notes=item, r=-1.5) for item in hostile])
    records = list(csv.DictReader(path.open(newline="")))
    assert len(records) == len(hostile)
    assert all(r["symbol"][0] in "' " and r["notes"][0] in "' " for r in records)
    assert {r["r"] for r in records} == {"-1.5"}


def test_each_call_is_one_line_whatever_its_text(tmp_path):
    path = tmp_path / "trades.csv"
    write_calls(path, [CallRow("c/1", "c", "", notes="one\r\ntwo\x00\u2028three\ud83d")])
    assert len(path.read_text().splitlines()) == 2
    assert read_calls(path)[0].notes == "one two three?"


def test_a_figure_that_is_not_finite_is_left_empty(tmp_path):
    path = tmp_path / "trades.csv"
    write_calls(path, [CallRow("c/1", "c", "", r=math.nan, net=math.inf, stop=np.float64(0.1))])
    assert read_calls(path) == [CallRow("c/1", "c", "", stop=0.1)]


def test_only_filled_calls_count_in_a_verdict():
    assert CallRow("c/1", "c", "", own_status="closed", own_r=1.0).counted_r == 1.0
    assert CallRow("c/1", "c", "", own_status="open", own_r=0.5).counted_r == 0.5
    assert CallRow("c/1", "c", "", own_status="hindsight", own_r=3.0).counted_r is None
    assert CallRow("c/1", "c", "", status="closed", r=1.0, own_status="expired").counted_r is None


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("r", "much", '"much" is not a figure'),
        ("r", "nan", '"nan" is not a figure'),
        ("entry", "1;inf", '"inf" is not a figure'),
        ("taken", "maybe", '"maybe" is neither yes nor no'),
        ("posted", "yesterday", '"yesterday" is not a time'),
    ],
)
def test_a_broken_cell_is_named_by_its_line(tmp_path, column, cell, said):
    path = tmp_path / "trades.csv"
    write_calls(path, [CallRow("c/1", "c", ""), CallRow("c/2", "c", "")])
    with path.open(newline="") as file:
        records = list(csv.reader(file))
    records[2][CALL_COLUMNS.index(column)] = cell
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(records)
    with pytest.raises(UnreadableRunError) as caught:
        read_calls(path)
    assert str(caught.value) == f"{path}:3: {said}; run the backtest again"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", ":1: the columns are not those of this version; run the backtest again"),
        (b"a,b\n1,2\n", ":1: the columns are not those of this version; run the backtest again"),
        (b"time,equity,drawdown\n2025-01-01Z,1\n", ":2: has 2 cells instead of 3; run the backtest again"),
        (
            b"time,equity,drawdown\n2025-01-01T00:00Z,1,x\n",
            ':2: "x" is not a figure; run the backtest again',
        ),
        (b"time,equity,drawdown\nnever,1,0\n", ':2: "never" is not a time; run the backtest again'),
        (b"time,equity,drawdown\n\xff\n", ": is not UTF-8 text; run the backtest again"),
        (
            b"time,equity,drawdown\n" + b"1" * 200_000,
            ":1: field larger than field limit (131072); run the backtest again",
        ),
    ],
)
def test_a_broken_curve_is_refused(tmp_path, content, said):
    path = tmp_path / "equity.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableRunError) as caught:
        read_equity(path)
    assert str(caught.value) == f"{path}{said}"


def test_a_missing_table_is_refused(tmp_path):
    with pytest.raises(UnreadableRunError, match="cannot be read: No such file"):
        read_calls(tmp_path / "trades.csv")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4_000_000_000_000), finite, st.floats(0, 1)), max_size=6))
def test_a_curve_reads_back_equal(tmp_path, points):
    path = tmp_path / "equity.csv"
    columns = [list(column) for column in zip(*points, strict=True)] or [[], [], []]
    write_equity(path, *map(np.array, columns))
    assert [column.tolist() for column in read_equity(path)] == columns


def test_a_curve_is_written_for_people(tmp_path):
    path = tmp_path / "equity.csv"
    write_equity(path, np.array([1_746_373_200_000]), np.array([1000.5]), np.array([0.0]))
    assert path.read_text() == "time,equity,drawdown\n2025-05-04T15:40:00.000Z,1000.5,0.0\n"


def test_clean_text_stands_on_one_line():
    assert clean("a\n\nb\tc\x1b[31m\u2029") == "a b c [31m "


def test_times_of_many_calls_are_those_of_each() -> None:
    """As a run writes them, with milliseconds, and as a person may have written them."""
    plain = ["2025-05-04T15:30:05Z", "2024-02-29T00:00:00.250Z", "1999-12-31T23:59:59Z"]
    for texts in (plain, [*plain, "2025-05-04 15:30"], [*plain, "2025-05-04T17:30:05+02:00"]):
        calls = Calls.of([CallRow(f"a/{i}", "a", text, closed_at=text) for i, text in enumerate(texts)])
        assert calls.start_ms == calls.end_ms == [moment_ms(text) for text in texts]
        assert [round(1000 * moment.timestamp()) for moment in calls.posted_in("Asia/Tokyo")] == calls.start_ms
