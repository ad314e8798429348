"""The candle store: one Arrow file a series, beside it an index in JSON.

::

    <root>/<source>/<type>/<SYMBOL>/1m.arrow         ts, open, high, low, close, volume
    <root>/<source>/<type>/<SYMBOL>/mark_8h.arrow    the same columns, mark prices
    <root>/<source>/<type>/<SYMBOL>/funding.arrow    ts, funding_rate
    <root>/<source>/<type>/<SYMBOL>/index.json       rows, range, gaps and content hash of each
    <root>/<source>/<type>/<SYMBOL>/contract.json    contract facts, dated (see ``contracts.py``)

    <root>/.lock                                     held while a file is replaced

The files are uncompressed Arrow IPC with one record batch, sorted by ``ts``, so that a read maps them into memory and
copies nothing. They are replaced atomically. Rows already stored are never changed: a row with the same prices is
known, one with others is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.market.candles import Candles, Funding
from engine.market.contracts import Contract, read_contract, read_contracts, write_contract
from engine.market.lock import locked
from engine.market.ranges import Range, Ranges, merged
from engine.market.seriesfile import IMPORTED, Columns, Provenance, figures_of, load_columns, load_series, save_columns
from engine.market.symbols import normal_symbol
from engine.market.timeframes import Gap, gaps_of, parse_timeframe, timeframe_name
from engine.problem import Problem
from engine.units import show_time

FUNDING = "funding"
MARK = "mark_"
CANDLE_COLUMNS = ("ts", "open", "high", "low", "close", "volume")
FUNDING_COLUMNS = ("ts", "funding_rate")
FIGURES = ("rows", "first_ms", "last_ms", "gaps", "missing", "unasked", "origin", "sha256")
LOCK = ".lock"
TYPES = ("swap", "spot")
SOURCE = re.compile(r"[a-z][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class AddResult:
    """What adding did: ``new`` rows written, ``known`` ones found equal, and the gaps the series has now."""

    new: int
    known: int
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class StoredSeries:
    """A series of the store. ``series`` is a time frame, ``mark_`` and one, or ``funding``.

    ``first_ms`` and ``last_ms`` are the times of its first and last row, ``gaps`` the number of holes between them,
    ``missing`` the number of bars absent there, ``unasked`` how many of those were never asked for (the exchange had
    none of the others; all are unasked where the rows were imported), ``answered`` the ranges for which the exchange
    gave all it has, ``origin`` its address ("" for imported rows), ``sha256`` the hash of the values (equal for equal
    rows).
    """

    source: str
    type: str
    symbol: str
    series: str
    rows: int
    first_ms: int
    last_ms: int
    gaps: int
    missing: int
    unasked: int
    answered: Ranges
    origin: str
    sha256: str


@dataclass(frozen=True, slots=True)
class CandleStore:
    """The series under ``root``. Symbols may be asked for in any spelling, time frames as ``1h`` or ``60m``.

    Methods that read raise ``StoreError`` when a file is damaged or of another format.
    """

    root: Path

    def read(
        self,
        source: str,
        type: str,
        symbol: str,
        timeframe: str,
        start_ms: int | None = None,
        end_ms: int | None = None,
    ) -> Candles | None:
        """The candles that open within ``[start_ms, end_ms)``; None when there is no such series.

        ``timeframe`` is such as ``1m``, or ``mark_8h`` for mark prices. The arrays are read-only.
        """
        path = self._path(source, type, symbol, timeframe)
        timeframe_ms = _timeframe_ms(timeframe)
        if path is None or timeframe_ms is None or not path.is_file():
            return None
        columns = load_columns(path, CANDLE_COLUMNS)
        start = 0 if start_ms is None else np.searchsorted(columns["ts"], start_ms)
        end = None if end_ms is None else np.searchsorted(columns["ts"], end_ms)
        return Candles(path.parent.name, timeframe_ms, *(values[start:end] for values in columns.values()))

    def read_funding(self, source: str, type: str, symbol: str) -> Funding | None:
        """The whole funding history of a symbol; None when there is none."""
        path = self._path(source, type, symbol, FUNDING)
        if path is None or not path.is_file():
            return None
        return Funding(path.parent.name, *load_columns(path, FUNDING_COLUMNS).values())

    def contract(self, source: str, type: str, symbol: str, at_ms: int | None = None) -> Contract | None:
        """The facts of a contract as they were known at a moment (None: now); None when there are none."""
        path = self._path(source, type, symbol, FUNDING)
        return read_contract(path.parent, at_ms) if path is not None else None

    def contracts(self, source: str, type: str, symbol: str) -> tuple[Contract, ...]:
        """Every state of a contract's facts, oldest first."""
        path = self._path(source, type, symbol, FUNDING)
        return read_contracts(path.parent) if path is not None else ()

    def add_contract(self, contract: Contract) -> bool | Problem:
        """Keep the facts of a contract: whether they were new. Raises ValueError as in ``add``."""
        path = self._path(contract.source, contract.type, contract.symbol, FUNDING)
        if path is None:
            raise ValueError(f"{contract.source}/{contract.type}/{contract.symbol} cannot name a folder")
        return write_contract(path.parent, contract)

    def answered(self, source: str, type: str, symbol: str, timeframe: str) -> Ranges:
        """The ranges for which the exchange has given all it has (``timeframe`` may be ``funding``)."""
        path = self._path(source, type, symbol, timeframe)
        if path is None or not path.is_file():
            return ()
        return load_series(path, _columns_of(path))[1].answered

    def list(self) -> tuple[StoredSeries, ...]:
        """Every series, sorted by source, type, symbol and name."""
        return tuple(_describe(path) for path in sorted(self.root.glob("*/*/*/*.arrow")) if _series_name(path.stem))

    def symbols(self, source: str, type: str, timeframe: str) -> tuple[str, ...]:
        """The symbols that have this series (a time frame, ``mark_`` and one, or ``funding``), sorted."""
        name = _series_name(timeframe)
        return tuple(sorted(path.parent.name for path in (self.root / source / type).glob(f"*/{name}.arrow")))

    def timeframes(self, source: str, type: str, symbol: str, mark: bool = False) -> tuple[tuple[str, int], ...]:
        """The names and lengths (ms) of a symbol's series of candles, or of its mark prices; the shortest first."""
        path = self._path(source, type, symbol, FUNDING)
        names = [] if path is None else [file.stem for file in path.parent.glob("*.arrow")]
        found = [(name, _timeframe_ms(name)) for name in names if name.startswith(MARK) is mark]
        return tuple(sorted([(name, ms) for name, ms in found if ms is not None], key=lambda one: one[1]))

    def sha256(self, source: str, type: str, symbol: str, timeframe: str) -> str:
        """The hash of a series' values (``timeframe`` may be ``funding``); "" when there is no such series."""
        path = self._path(source, type, symbol, timeframe)
        return _describe(path).sha256 if path is not None and path.is_file() else ""

    def add(
        self,
        candles: Candles,
        source: str,
        type: str,
        mark: bool = False,
        provenance: Provenance = IMPORTED,
    ) -> AddResult | Problem:
        """Merge candles into their series or, when one contradicts a stored one, refuse them all.

        Parameters
        ----------
        candles
            Sorted by time; nothing else is checked here (see ``quality.py``). Rows with known prices and another
            volume count as known; the stored volume stays.
        source, type
            Such as ``imported`` and ``swap``.
        mark
            Keep them beside the traded prices, as ``mark_<timeframe>``.
        provenance
            Which exchange they come from and for which ranges it gave all it has; nothing for imported files.
            Rows of two addresses never share a series.

        Raises
        ------
        ValueError
            For rows that are not sorted, or a symbol, source or type that cannot name a folder.
        """
        series = (MARK if mark else "") + timeframe_name(candles.timeframe_ms)
        columns: Columns = {name: getattr(candles, name) for name in CANDLE_COLUMNS}
        return self._add(columns, CANDLE_COLUMNS[1:5], source, type, candles.symbol, series, provenance)

    def add_funding(
        self, funding: Funding, source: str, type: str, provenance: Provenance = IMPORTED
    ) -> AddResult | Problem:
        """Merge funding settlements into a symbol's history; the same rules as in ``add``."""
        columns: Columns = {"ts": funding.ts, "funding_rate": funding.rate}
        return self._add(columns, FUNDING_COLUMNS[1:], source, type, funding.symbol, FUNDING, provenance)

    def _add(
        self,
        new: Columns,
        compared: tuple[str, ...],
        source: str,
        kind: str,
        symbol: str,
        series: str,
        provenance: Provenance,
    ) -> AddResult | Problem:
        """See ``add``; ``compared`` names the columns in which known rows have to agree."""
        path = self._path(source, kind, symbol, series)
        if path is None:
            raise ValueError(f"{source}/{kind}/{symbol}/{series} cannot name a series")
        if np.any(np.diff(new["ts"]) <= 0):
            raise ValueError(f"the rows of {symbol} {series} are not sorted by time")
        with locked(self.root / LOCK):
            _sweep(path.parent)
            return self._merge(path, new, compared, provenance)

    def _merge(
        self, path: Path, new: Columns, compared: tuple[str, ...], provenance: Provenance
    ) -> AddResult | Problem:
        """The body of ``_add``, which nobody else may enter meanwhile."""
        old, known = {name: values[:0] for name, values in new.items()}, provenance
        if path.is_file():
            # A copy in memory, because a mapped file cannot be replaced on Windows.
            old, known = load_series(path, tuple(new), mapped=False)
        if known.origin and provenance.origin and known.origin != provenance.origin:
            return _other_origin(path, known.origin, provenance.origin)
        at = np.searchsorted(old["ts"], new["ts"])
        rows = np.flatnonzero(np.isin(new["ts"], old["ts"], assume_unique=True))
        for name in compared:
            wrong = rows[new[name][rows] != old[name][at[rows]]]
            if len(wrong):
                row = wrong[0]
                return _contradiction(path, int(new["ts"][row]), name, old[name][at[row]], new[name][row], len(wrong))
        timeframe_ms = _timeframe_ms(path.stem)
        after = Provenance(known.origin or provenance.origin, merged((*known.answered, *provenance.answered)))
        if len(rows) < len(new["ts"]) or not path.is_file() or after != known:
            old = {name: np.insert(old[name], np.delete(at, rows), np.delete(new[name], rows)) for name in new}
            save_columns(path, old, timeframe_ms, after)
        gaps = gaps_of(old["ts"], timeframe_ms) if timeframe_ms else ()
        return AddResult(len(new["ts"]) - len(rows), len(rows), gaps)

    def _path(self, source: str, kind: str, symbol: str, series: str) -> Path | None:
        """Where a series lies; None when one of the words cannot name a folder or is no series."""
        name, folder = _series_name(series), normal_symbol(symbol)
        if name is None or folder is None or kind not in TYPES or not SOURCE.fullmatch(source):
            return None
        return self.root / source / kind / folder / f"{name}.arrow"


def _describe(path: Path) -> StoredSeries:
    """A series file as ``list`` shows it."""
    figures = figures_of(path, _columns_of(path), _timeframe_ms(path.stem))
    source, kind, symbol = path.parts[-4:-1]
    return StoredSeries(
        source=source,
        type=kind,
        symbol=symbol,
        series=path.stem,
        answered=tuple(Range(*pair) for pair in figures["answered"]),
        **{name: figures[name] for name in FIGURES},
    )


def _columns_of(path: Path) -> tuple[str, ...]:
    """The columns of a series file, by its name."""
    return FUNDING_COLUMNS if path.stem == FUNDING else CANDLE_COLUMNS


def _sweep(folder: Path) -> None:
    """Remove what a killed writer left behind; only the holder of the lock may call this."""
    for left in folder.glob(".*.tmp"):
        left.unlink(missing_ok=True)


def _timeframe_ms(series: str) -> int | None:
    """The time frame of a series' name; None for funding and for what is no series."""
    return parse_timeframe(series.removeprefix(MARK))


def _series_name(series: str) -> str | None:
    """The store's name of a series: ``1h`` for ``60m``; None for what is no series."""
    timeframe_ms = _timeframe_ms(series)
    if timeframe_ms is None:
        return FUNDING if series == FUNDING else None
    return (MARK if series.startswith(MARK) else "") + timeframe_name(timeframe_ms)


def _other_origin(path: Path, stored: str, given: str) -> Problem:
    """The problem of prices of two worlds in one series, such as those of a practice server and of the exchange."""
    text = f"{path.parent.name} {path.stem} holds prices from {stored}, these are from {given}; nothing was added"
    return Problem(
        text, str(path), hint="use another --workspace for prices of a practice server, or delete the folder"
    )


def _contradiction(path: Path, ts: int, column: str, stored: float, given: float, rows: int) -> Problem:
    """The problem of rows that say something else than the stored ones."""
    more = f", and {rows - 1:,} more rows differ" if rows > 1 else ""
    text = f"{path.parent.name} {path.stem} at {show_time(ts)} UTC is stored with {column} {stored:.12g}"
    return Problem(
        f"{text}, not {given:.12g}{more}; nothing was added",
        hint=f"import these under another --source name, or delete {path} and import the right ones",
    )
