"""Columns out of the files that people have: CSV, Parquet, Feather and Arrow.

A file becomes a ``Table``: columns by lower-case name, as text (CSV) or as Arrow arrays. ``floats`` and ``times``
turn them into numbers, with NaN and ``NO_TIME`` where a cell cannot be read; ``where`` says for each row where a
person finds it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from engine.market.candles import Floats, Ints
from engine.problem import Problem
from engine.units import moment_ms

NO_TIME = np.iinfo(np.int64).min
EARLIEST_MS, LATEST_MS = moment_ms("2000-01-01"), moment_ms("2100-01-01")
EPOCH_UNITS = (1_000.0, 1.0, 1e-3, 1e-6)  # factors to milliseconds: of seconds, milliseconds, microseconds, nanoseconds
KINDS = "parquet, feather, arrow or csv"


@dataclass(frozen=True)
class Table:
    """``columns`` by lower-case name; ``lines`` are the file lines of the rows of a text file (None for others)."""

    path: str
    columns: dict[str, Sequence[str] | pa.ChunkedArray]
    rows: int
    lines: Sequence[int] | None = None

    def line(self, row: int) -> int | None:
        """The line of a row in a text file."""
        return self.lines[row] if self.lines is not None else None

    def cell(self, column: str, row: int) -> str:
        """A cell as text; "" where there is nothing."""
        value = self.columns[column][row]
        value = value.as_py() if isinstance(value, pa.Scalar) else value
        return "" if value is None else str(value).strip()

    def floats(self, column: str) -> Floats:
        """A column as numbers, NaN where a cell is none."""
        values = self.columns[column]
        if isinstance(values, pa.ChunkedArray):
            if (
                pa.types.is_integer(values.type)
                or pa.types.is_floating(values.type)
                or pa.types.is_decimal(values.type)
            ):
                numbers: Floats = values.cast(pa.float64(), safe=False).to_numpy()
                return numbers
            values = values.to_pylist()
        return np.array([_number(value) for value in values])

    def times(self, column: str) -> Ints:
        """A column as UTC epoch milliseconds, ``NO_TIME`` where a cell is no time between 2000 and 2100.

        Numbers are seconds, milliseconds, microseconds or nanoseconds since 1970, by the size of the first one;
        text is ISO 8601, in UTC unless it says otherwise.
        """
        values = self.columns[column]
        if isinstance(values, pa.ChunkedArray) and (
            pa.types.is_timestamp(values.type) or pa.types.is_date(values.type)
        ):
            return _stamps(values)
        numbers = self.floats(column)
        if np.isnan(numbers[0]):
            return _stamps(values)
        scaled = [numbers * factor for factor in EPOCH_UNITS]
        ms = next((ms for ms in scaled if EARLIEST_MS <= ms[0] < LATEST_MS), numbers)
        valid = (ms >= EARLIEST_MS) & (ms < LATEST_MS)
        return np.where(valid, np.rint(np.where(valid, ms, 0.0)), NO_TIME).astype(np.int64)


def read_table(path: Path) -> Table | Problem:
    """The columns of a file, or the one reason why it has none."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        text = f"not a kind of file that can be imported ({path.suffix or 'no ending'})"
        return Problem(text, str(path), hint=f"use {KINDS}")
    try:
        if path.stat().st_size == 0:
            return Problem("the file is empty", str(path), hint="export or download it again")
        table = reader(path)
    except FileNotFoundError:
        return Problem("there is no such file", str(path))
    except UnicodeDecodeError:
        return Problem("not UTF-8 text", str(path), hint=f"is it really a csv file? {KINDS} can be imported")
    except (OSError, pa.ArrowException, csv.Error) as error:
        said = getattr(error, "strerror", None) or str(error).splitlines()[0].rstrip(". ")
        return Problem(f"cannot be read: {said}", str(path), hint=f"is it really a {path.suffix} file?")
    if isinstance(table, Table) and not table.rows:
        return Problem("the file has no rows", str(path), hint="export or download it again")
    return table


def _read_csv(path: Path) -> Table | Problem:
    """Columns of text, separated by comma, semicolon or tab; the first line names them."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        file.seek(0)
        reader = csv.reader(file, delimiter=max(",;\t", key=first.count))
        header = [name.strip().lower().replace(" ", "_") for name in next(reader, [])]
        rows: list[list[str]] = []
        lines: list[int] = []
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                text = f"{len(row)} values, but the first line names {len(header)} columns"
                return Problem(text, str(path), reader.line_num, hint="one value for each column in every line")
            rows.append(row)
            lines.append(reader.line_num)
    return Table(str(path), dict(zip(header, zip(*rows, strict=True), strict=False)), len(rows), lines)


def _read_parquet(path: Path) -> Table:
    """All columns of a Parquet file."""
    with pa.parquet.ParquetFile(path) as file:
        return _from_arrow(path, file.read())


def _read_arrow(path: Path) -> Table:
    """All columns of an Arrow IPC file, which is what Feather is since version 2."""
    with pa.OSFile(str(path), "rb") as source:
        return _from_arrow(path, pa.ipc.open_file(source).read_all())


def _from_arrow(path: Path, table: pa.Table) -> Table:
    """An Arrow table with names as in a CSV file."""
    names = [name.strip().lower().replace(" ", "_") for name in table.column_names]
    return Table(str(path), dict(zip(names, table.columns, strict=True)), table.num_rows)


def _number(value: Any) -> float:
    """A number, NaN for what is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return np.nan


def _stamps(values: Sequence[str] | pa.ChunkedArray) -> Ints:
    """Timestamps of Arrow, or texts, as epoch milliseconds."""
    series = values.to_pandas() if isinstance(values, pa.ChunkedArray) else list(values)
    moments = pd.to_datetime(series, utc=True, format="ISO8601", errors="coerce")
    ms: Ints = pd.DatetimeIndex(moments).as_unit("ms").asi8
    return np.where((ms >= EARLIEST_MS) & (ms < LATEST_MS), ms, NO_TIME)


_READERS: dict[str, Callable[[Path], Table | Problem]] = {
    ".csv": _read_csv,
    ".txt": _read_csv,
    ".tsv": _read_csv,
    ".parquet": _read_parquet,
    ".pq": _read_parquet,
    ".feather": _read_arrow,
    ".arrow": _read_arrow,
    ".ipc": _read_arrow,
}
