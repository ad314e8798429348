"""Files survive a kill, and CSV cells never run."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain import Side
from engine.files import (
    Column,
    append_synced,
    csv_of_columns,
    csv_text,
    replacing,
    safe_cell,
    sha256_of,
    write_csv,
    write_text,
)


def test_a_replaced_file_is_the_old_one_when_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def be_killed_while_writing() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half of the n")
            raise RuntimeError("kill")

    with pytest.raises(RuntimeError, match="kill"):
        be_killed_while_writing()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_replaced_file_is_the_new_one_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.txt"
    write_text(path, "new\n")
    assert path.read_bytes() == b"new\n"
    plain = tmp_path / "plain.txt"
    plain.write_text("as any other file")
    assert path.stat().st_mode == plain.stat().st_mode


def test_appending_keeps_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "log" / "record.jsonl"
    append_synced(path, ["one"])
    append_synced(path, ["two", "drei ✓"])
    assert path.read_text(encoding="utf-8") == "one\ntwo\ndrei ✓\n"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1"])
def test_a_cell_that_looks_like_a_formula_becomes_text(cell: str) -> None:
    assert safe_cell(cell) == "'" + cell


@pytest.mark.parametrize(("cell", "expected"), [(None, ""), (-1.5, -1.5), ("BTCUSDT", "BTCUSDT"), (0, 0), ("", "")])
def test_other_cells_stay(cell: object, expected: object) -> None:
    assert safe_cell(cell) == expected


def test_csv_floats_read_back_equal(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    write_csv(path, ["a", "b"], [[0.1 + 0.2, "=cmd()"], [None, 'say "hi",\nthen go']])
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert float(rows[1][0]) == 0.1 + 0.2
    assert rows[1][1] == "'=cmd()"
    assert rows[2] == ["", 'say "hi",\nthen go']


def test_no_text_begins_a_row_of_a_table() -> None:
    """Else a carriage return in a stranger's text would begin one with a formula."""
    texts = [["x\r=cmd()", "y"], ["\r", ""], ["a\r\nb", "\n"]]
    for table in (csv_text(["a", "b"], texts), csv_of_columns({"a": [one for one, _ in texts], "b": ["y", "", "\n"]})):
        assert list(csv.reader(io.StringIO(table, newline=""))) == [["a", "b"], texts[0], ["'\r", ""], texts[2]]


def test_hash_is_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc" * 1_000_000)
    assert sha256_of(path) == hashlib.sha256(b"abc" * 1_000_000).hexdigest()


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.floats(), st.floats(1e-6, 1e-3), st.floats(-1e18, 1e15)),
            st.sampled_from(["", "fine", "=1+1", "-5", "+x", "@y", 'a "b"', "a,b", "a\nb", "a\r=b", "\r", Side.LONG]),
            st.booleans(),
            st.one_of(
                st.integers(), st.text(max_size=3).filter(lambda text: "\x00" not in text and text.isprintable())
            ),
        ),
        max_size=30,
    )
)
def test_a_table_written_by_columns_has_the_bytes_of_one_written_by_rows(tmp_path_factory, rows) -> None:
    """Figures, formulas, empty cells and figures with exponents; what is not finite is an empty cell."""
    folder, names = tmp_path_factory.mktemp("csv"), ("figure", "text", "flag", "either")
    columns: dict[str, Column] = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    figures = np.array(columns["figure"], np.float64)  # None becomes NaN
    known = [[None if isinstance(row[0], float) and not math.isfinite(row[0]) else row[0], *row[1:]] for row in rows]
    write_csv(folder / "rows.csv", names, known)
    for told in (columns, columns | {"figure": figures}):
        assert csv_of_columns(told).encode() == (folder / "rows.csv").read_bytes()
