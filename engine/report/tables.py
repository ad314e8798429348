"""The tables of a run: trades.csv (one row per call, also the untraded ones) and equity.csv.

trades.csv and data/backtest_results.csv have the same columns. Text came from strangers: line breaks and control
characters become spaces, and no cell is run by a spreadsheet. Everything else reads back equal.
"""

from __future__ import annotations

import csv
import math
import re
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, overload
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from engine.files import csv_of_columns, write_csv, write_text
from engine.problem import Problem
from engine.units import moment_ms

T = TypeVar("T")
CALLS_FILE = "trades.csv"
EQUITY_FILE = "equity.csv"
SHOWN_CALLS = 5_000  # a report shows the latest; all of them stand in trades.csv
FILLED = ("closed", "open")  # the statuses of calls that were filled and count in a verdict
_EQUITY_COLUMNS = ("time", "equity", "drawdown")
_AGAIN = "run the backtest again"
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class UnreadableRunError(Exception):
    """A file of a run cannot be used; ``problem`` says which, where and how to mend it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call and what became of it. Text that does not apply is "", a figure that does not apply is None.

    Times are ISO 8601 in UTC; ``acted`` is when the call could first be acted upon. ``entry`` holds the planned prices
    (none for a market call, two bounds for a zone), ``stop`` and ``targets`` the planned levels; those
    that count from a fill which never came stand in words in ``from_entry``. ``status`` is the
    call's fate as in ``Funnel.calls``. ``exits`` reads ``target 1 65000 x 0.5 @ 2025-05-04T15:40Z; stop ...``,
    ``r`` is net profit / planned risk, ``delay_s`` the seconds from post to fill or first bar.
    ``taken`` says whether the account took it, ``rule`` and ``rule_where`` which rule refused it; ``quantity`` (base
    units), ``risk``, ``gross``, ``fees``, ``funding`` and ``net`` are the account's, in its currency;
    fees and funding are positive when paid.

    A call may live twice. Of one that the account took, ``status`` and everything from ``filled_at`` to ``delay_s`` are
    those of the account's trade, as the money is; of another one they are those of the call by itself. What begins with
    ``own_`` is always the call by itself, as its channel is judged, whatever rules, sizes and people made of the trade;
    ``own_mae_r`` and ``own_mfe_r`` are how far the price went against and for it (in R, positive).
    """

    signal_id: str
    channel: str
    posted: str
    acted: str = ""
    symbol: str = ""
    side: str = ""
    entry_kind: str = ""
    entry: tuple[float, ...] = ()
    stop: float | None = None
    targets: tuple[float, ...] = ()
    from_entry: str = ""
    leverage: float | None = None
    layout: str = ""
    status: str = ""
    filled_at: str = ""
    closed_at: str = ""
    entry_price: float | None = None
    exit_reason: str = ""
    exits: str = ""
    r: float | None = None
    ambiguous: bool = False
    delay_s: float | None = None
    taken: bool = False
    rule: str = ""
    rule_where: str = ""
    notes: str = ""
    quantity: float | None = None
    risk: float | None = None
    gross: float | None = None
    fees: float | None = None
    funding: float | None = None
    net: float | None = None
    own_status: str = ""
    own_filled_at: str = ""
    own_closed_at: str = ""
    own_exit_reason: str = ""
    own_r: float | None = None
    own_mae_r: float | None = None
    own_mfe_r: float | None = None

    @property
    def counted_r(self) -> float | None:
        """The call's own R multiple when it was filled and stands in its channel's verdict, else None."""
        return self.own_r if self.own_status in FILLED else None

    @property
    def went_its_own_way(self) -> bool:
        """Whether the account's trade went otherwise than the call by itself."""
        return any(not alike(getattr(self, name), getattr(self, own)) for name, own in OWN.items())


def alike(one: Any, other: Any) -> bool:
    """Whether two cells say the same to a reader, for whom an R has three decimals."""
    both = isinstance(one, float) and isinstance(other, float)
    return bool(round(one, 3) == round(other, 3) if both else one == other)


Row = TypeVar("Row", bound=CallRow)
CALL_COLUMNS = tuple(f.name for f in fields(CallRow))
TIME_COLUMNS = ("posted", "acted", "filled_at", "closed_at", "own_filled_at", "own_closed_at")
OWN = {name: f"own_{name}" for name in ("status", "filled_at", "closed_at", "exit_reason", "r")}


class Calls(Sequence[CallRow]):
    """Calls as columns of one length, named as in ``kind`` (``CallRow``, or one with more columns).

    A row is made when it is looked at.
    """

    def __init__(self, columns: Mapping[str, Sequence[Any]], kind: type[CallRow] = CallRow) -> None:
        self.columns, self.kind = columns, kind
        self._made: dict[object, Any] = {}

    @classmethod
    def of(cls, rows: Iterable[CallRow], kind: type[CallRow] = CallRow) -> Calls:
        """The columns of rows (of calls that are columns already, those)."""
        if isinstance(rows, Calls):
            return rows
        rows = list(rows)
        return cls({f.name: [getattr(row, f.name) for row in rows] for f in fields(kind)}, kind)

    def __len__(self) -> int:
        """How many calls."""
        return len(self.columns["signal_id"])

    @overload
    def __getitem__(self, at: int) -> CallRow: ...
    @overload
    def __getitem__(self, at: slice) -> Calls: ...
    def __getitem__(self, at: int | slice) -> CallRow | Calls:
        """One call, or some that follow each other."""
        if isinstance(at, slice):
            return Calls({name: column[at] for name, column in self.columns.items()}, self.kind)
        return self.kind(**{name: column[at] for name, column in self.columns.items()})

    def taken(self, rows: Sequence[int]) -> Calls:
        """Some of the calls; a column is picked when it is looked at, and most of them never are."""
        return Calls(_Picked(self.columns, rows), self.kind)

    @cached_property
    def by_itself(self) -> Calls:
        """The same calls as each of them went by itself: ``own_r`` stands as ``r`` too, and so on."""
        return Calls(_Own(self.columns), self.kind)

    @cached_property
    def counted(self) -> Calls:
        """Those that were filled and stand in their channel's verdict, as they went by themselves."""
        r, status = self.columns["own_r"], self.columns["own_status"]
        found = [i for i, fate in enumerate(status) if fate in FILLED and r[i] is not None]
        return self.by_itself if len(found) == len(self) else self.by_itself.taken(found)

    @cached_property
    def by_channel(self) -> dict[str, Calls]:
        """The calls of each channel."""
        found: dict[str, list[int]] = {}
        for i, channel in enumerate(self.columns["channel"]):
            found.setdefault(channel, []).append(i)
        return {channel: self.taken(rows) for channel, rows in found.items()}

    @cached_property
    def start_ms(self) -> list[int]:
        """When each was filled, or else posted."""
        times = zip(self.columns["filled_at"], self.columns["posted"], strict=True)
        return _moments_ms([filled or posted for filled, posted in times])

    @cached_property
    def end_ms(self) -> list[int]:
        """When each was closed, or else when it began."""
        times = zip(self.columns["closed_at"], self.columns["filled_at"], self.columns["posted"], strict=True)
        return _moments_ms([closed or filled or posted for closed, filled, posted in times])

    def posted_in(self, zone: str) -> list[datetime]:
        """When each was posted, as the clock of a zone showed it."""
        there, posted = ZoneInfo(zone), self.columns["posted"]
        return self.once(
            ("posted", zone), lambda: [datetime.fromtimestamp(ms / 1000, there) for ms in _moments_ms(posted)]
        )

    def once(self, what: object, make: Callable[[], T]) -> T:
        """What is made of these calls, made for the first who asks: tables and page tell the same."""
        if what not in self._made:
            self._made[what] = make()
        found: T = self._made[what]
        return found


class _Picked(Mapping[str, Sequence[Any]]):
    """Some rows of columns."""

    def __init__(self, columns: Mapping[str, Sequence[Any]], rows: Sequence[int]) -> None:
        self._columns, self._rows = columns, rows
        self._known: dict[str, Sequence[Any]] = {}

    def __getitem__(self, name: str) -> Sequence[Any]:
        if name not in self._known:
            self._known[name] = list(map(self._columns[name].__getitem__, self._rows))
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


class _Own(Mapping[str, Sequence[Any]]):
    """Columns in which each call is told as it went by itself."""

    def __init__(self, columns: Mapping[str, Sequence[Any]]) -> None:
        self._columns = columns

    def __getitem__(self, name: str) -> Sequence[Any]:
        return self._columns[OWN.get(name, name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


def _moments_ms(texts: Sequence[str]) -> list[int]:
    """``moment_ms`` of many times: all at once where they stand as ``iso`` writes them."""
    if not all(len(text) in (20, 24) and text[4:11:3] == "--T" and text[-1] == "Z" for text in texts):
        return list(map(moment_ms, texts))
    moments: list[int] = np.array([text[:-1] for text in texts], "datetime64[ms]").astype(np.int64).tolist()
    return moments


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
