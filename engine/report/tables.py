"""The tables of a run: trades.csv (one row per call, also the untraded ones) and equity.csv.

trades.csv and data/backtest_results.csv have the same columns. Text came from strangers: line breaks and control
characters become spaces, and no cell is run by a spreadsheet. Everything else reads back equal.
"""

from __future__ import annotations

import csv
import math
import re
import typing
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.files import csv_of_columns, write_csv, write_text
from engine.problem import Problem
from engine.report.calls import TIME_COLUMNS, CallRow, Calls, Row
from engine.units import moment_ms

T = TypeVar("T")
CALLS_FILE = "trades.csv"
EQUITY_FILE = "equity.csv"
_EQUITY_COLUMNS = ("time", "equity", "drawdown")
_AGAIN = "run the backtest again"
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class UnreadableRunError(Exception):
    """A file of a run cannot be used; ``problem`` says which, where and how to mend it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def clean(text: str) -> str:
    """Text on one line: control characters and line breaks as a space, halves of characters as ``?``."""
    if text.isascii() and text.isprintable():
        return text
    return _UNPRINTABLE.sub(" ", text).encode("utf-8", "replace").decode("utf-8")


def write_calls(path: Path, rows: Iterable[CallRow], kind: type[CallRow] = CallRow) -> None:
    """Write the calls as CSV, atomically. Prices of one cell are joined by ``;``, flags are yes and no."""
    columns, hints = Calls.of(rows, kind).columns, typing.get_type_hints(kind)
    cells: dict[str, Sequence[object] | NDArray[np.float64]] = {}
    for name in [f.name for f in fields(kind)]:
        same = name.removeprefix("own_")  # one column where the account's trades went as their calls
        shared = same in cells and columns[same] is columns[name]
        cells[name] = cells[same] if shared else _CELLS[hints[name]](columns[name])
    write_text(path, csv_of_columns(cells))


def read_calls(path: Path) -> list[CallRow]:
    """The calls of a CSV that ``write_calls`` wrote. Raises UnreadableRunError with the line that does not fit."""
    return read_rows(path, CallRow)


def read_rows(path: Path, kind: type[Row]) -> list[Row]:
    """The same of a kind of calls that has more columns."""
    hints, columns = typing.get_type_hints(kind), tuple(f.name for f in fields(kind))
    kinds = ["time" if name in TIME_COLUMNS else hints[name] for name in columns]
    readers: list[Callable[[str], Any]] = [_READERS[one] for one in kinds]
    return records(path, columns, lambda cells: kind(*[f(c) for f, c in zip(readers, cells, strict=True)]))


def write_equity(path: Path, ts_ms: NDArray[Any], equity: NDArray[Any], drawdown: NDArray[Any]) -> None:
    """Write the equity curve as CSV, atomically.

    ``ts_ms`` are epoch milliseconds, ``equity`` is money marked to market, ``drawdown`` the fraction of the highest
    equity so far that is lost (0 at a peak, 0.1 ten percent below it). The three have one length.
    """
    moments = np.asarray(ts_ms, dtype=np.int64).astype("datetime64[ms]")
    times = np.datetime_as_string(moments, timezone="UTC").tolist()
    columns = [np.asarray(column, dtype=np.float64).tolist() for column in (equity, drawdown)]
    write_csv(path, _EQUITY_COLUMNS, zip(times, *columns, strict=True))


def read_equity(path: Path) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Times (epoch ms), equity and drawdown of a CSV that ``write_equity`` wrote. Raises UnreadableRunError."""
    points = records(path, _EQUITY_COLUMNS, lambda cells: (_time(cells[0]), _finite(cells[1]), _finite(cells[2])))
    ts_ms, equity, drawdown = zip(*points, strict=True) if points else ((), (), ())
    return np.array(ts_ms, dtype=np.int64), np.array(equity, dtype=np.float64), np.array(drawdown, dtype=np.float64)


def records(path: Path, columns: tuple[str, ...], build: Callable[[list[str]], T]) -> list[T]:
    """The records of a CSV with exactly these columns, each built from its cells (ValueError: a cell does not fit)."""
    line, built = 1, []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            if tuple(next(reader, ())) != columns:
                raise ValueError("the columns are not those of this version")
            for cells in reader:
                line = reader.line_num
                if len(cells) != len(columns):
                    raise ValueError(f"has {len(cells)} cells instead of {len(columns)}")
                built.append(build(cells))
    except OSError as error:
        raise UnreadableRunError(Problem(f"cannot be read: {error.strerror}", str(path))) from None
    except UnicodeDecodeError:
        raise UnreadableRunError(Problem("is not UTF-8 text", str(path), hint=_AGAIN)) from None
    except (ValueError, csv.Error) as error:
        raise UnreadableRunError(Problem(str(error), str(path), line, hint=_AGAIN)) from None
    return built


def _words(column: Sequence[str]) -> Sequence[str]:
    """Texts as CSV cells. An apostrophe at the start is doubled, since ``write_csv`` adds one to formulas."""
    whole = "".join(column)
    if whole.isascii() and whole.isprintable() and "'" not in whole:
        return column
    cells = [clean(text) for text in column]
    return ["'" + text if text.startswith("'") else text for text in cells]


def _figures(column: Sequence[float | None]) -> NDArray[np.float64]:
    """Figures as CSV cells: what is None or not finite is none, whole numbers are figures too."""
    return np.array(column, np.float64)  # None becomes NaN


def _flags(column: Sequence[bool]) -> Sequence[str]:
    return ["yes" if flag else "no" for flag in column]


def _lists(column: Sequence[Sequence[float]]) -> Sequence[str]:
    return [";".join([repr(float(price)) for price in prices]) for prices in column]


_CELLS: dict[object, Callable[[Sequence[Any]], Sequence[object] | NDArray[np.float64]]] = {
    str: _words,
    bool: _flags,
    float | None: _figures,
    tuple[float, ...]: _lists,
}


def _text(cell: str) -> str:
    return cell.removeprefix("'")


def _time(cell: str) -> int:
    try:
        return moment_ms(cell)
    except (ValueError, OverflowError):
        raise ValueError(f'"{cell[:40]}" is not a time') from None


def _moment(cell: str) -> str:
    if cell:
        _time(cell)
    return cell


def _flag(cell: str) -> bool:
    if cell not in ("yes", "no"):
        raise ValueError(f'"{cell[:40]}" is neither yes nor no')
    return cell == "yes"


def _finite(cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f'"{cell[:40]}" is not a figure')
    return value


def _number(cell: str) -> float | None:
    return _finite(cell) if cell else None


def _prices(cell: str) -> tuple[float, ...]:
    return tuple(_finite(price) for price in cell.split(";")) if cell else ()


_READERS: dict[object, Callable[[str], Any]] = {
    "time": _moment,
    str: _text,
    bool: _flag,
    float | None: _number,
    tuple[float, ...]: _prices,
}
