"""Candle and funding files of others into the store: everything of a file, or one clear problem and nothing.

1. read the file's columns (``tablefile.py``) and see by them whether they are candles or funding;
2. take symbol and time frame from the caller, else from the file's name, the time frame else from the rows;
3. look for the first thing that is wrong (``quality.py``);
4. add the rows to the store, which refuses rows that contradict stored ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from engine.config.diagnostics import did_you_mean
from engine.market.candles import Candles, Funding, Ints
from engine.market.filename import NameFacts, read_name
from engine.market.quality import Fault, price_fault, rate_fault, time_fault, timeframe_fault
from engine.market.seriesfile import StoreError
from engine.market.store import FUNDING, MARK, SOURCE, AddResult, CandleStore
from engine.market.symbols import normal_symbol
from engine.market.tablefile import NO_TIME, Table, read_table
from engine.market.timeframes import Gap, gaps_of, parse_timeframe, spacing_ms, timeframe_name
from engine.problem import Problem
from engine.units import MINUTE_MS, show_time

PRICES = ("open", "high", "low", "close")
ALIASES = {
    "ts": ("ts", "timestamp", "open_time", "opentime", "time", "datetime", "date", "calc_time", "funding_time"),
    "volume": ("volume", "vol", "base_volume"),
    "funding_rate": ("funding_rate", "fundingrate", "last_funding_rate"),
}
FORM = "candles have the columns ts, open, high, low, close, volume; funding has ts, funding_rate"
GAPS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What a file brought. ``gaps`` are the holes between the file's own rows (none for funding)."""

    path: str
    source: str
    type: str
    symbol: str
    series: str
    rows: int
    new: int
    first_ms: int
    last_ms: int
    gaps: tuple[Gap, ...]

    def __str__(self) -> str:
        """One line for people."""
        new = {0: "all known already", self.rows: "all new"}.get(self.new, f"{self.new:,} new")
        span = f"{show_time(self.first_ms)} to {show_time(self.last_ms)} UTC"
        text = f"{self.path}: {self.source} {self.type} {self.symbol} {self.series}: {self.rows:,} rows, {span}, {new}"
        if self.series == FUNDING:
            return text
        if not self.gaps:
            return f"{text}, no gaps"
        shown = ", ".join(f"{gap.bars:,} from {show_time(gap.start_ms)}" for gap in self.gaps[:GAPS_SHOWN])
        more = ", ..." if len(self.gaps) > GAPS_SHOWN else ""
        missing = sum(gap.bars for gap in self.gaps)
        return f"{text}, {missing:,} missing in {len(self.gaps):,} gap{'s' * (len(self.gaps) > 1)} ({shown}{more})"


def import_candles(
    path: Path,
    store: CandleStore,
    symbol: str | None = None,
    timeframe: str | None = None,
    type: str = "swap",
    source: str = "imported",
    kind: Literal["mark"] | None = None,
) -> ImportReport | Problem:
    """Put one file of candles or funding into the store.

    Parameters
    ----------
    path
        A parquet, feather, arrow or csv file. Funding is known by its column ``funding_rate``.
    store
        Where to.
    symbol, timeframe
        Such as ``BTCUSDT`` and ``1m``; without them the file's name has to say the symbol, and name or rows the time
        frame. A time frame is always checked against the rows.
    type, source
        ``swap`` or ``spot``, and the name that a strategy calls these prices by.
    kind
        ``mark`` for mark prices; a name with the word "mark" in it says the same.

    Returns
    -------
        What was done, or the first thing that is wrong with the file; the store is then as it was.
    """
    facts = read_name(path.stem)
    mark = kind == "mark" or facts.mark
    name = normal_symbol(symbol) if symbol is not None else facts.symbol
    timeframe_ms = parse_timeframe(timeframe) if timeframe is not None else facts.timeframe_ms
    if not SOURCE.fullmatch(source):
        return Problem(f'"{source}" cannot name a source', hint="use a-z, 0-9, _ and -, such as imported")
    if symbol is not None and name is None:
        return Problem(f'"{symbol}" is no symbol', hint="such as --symbol BTCUSDT")
    if timeframe is not None and timeframe_ms is None:
        return Problem(f'"{timeframe}" is no time frame', hint="such as --timeframe 1m, 4h or 1d")
    table = read_table(path)
    if isinstance(table, Problem):
        return table
    columns = _find_columns(table, mark, facts)
    if isinstance(columns, Problem):
        return columns
    if name is None:
        return Problem("the file's name does not say one symbol", str(path), hint="name it: --symbol BTCUSDT")
    job = _Import(table, columns, store, source, type, name)
    try:
        return job.funding() if "funding_rate" in columns else job.candles(timeframe_ms, mark)
    except StoreError as error:
        return error.problem


@dataclass(frozen=True, slots=True)
class _Import:
    """A table whose columns are known (by our names), and where its rows shall go."""

    table: Table
    columns: dict[str, str]
    store: CandleStore
    source: str
    type: str
    symbol: str

    def candles(self, timeframe_ms: int | None, mark: bool) -> ImportReport | Problem:
        """Check and add candles; without a time frame, that of the rows."""
        ts = self.table.times(self.columns["ts"])
        if fault := self._bad_time(ts) or time_fault(ts):
            return self._problem(fault, ts)
        timeframe_ms = timeframe_ms or spacing_ms(ts)
        if timeframe_ms is None or timeframe_ms % MINUTE_MS:
            return Problem("the time frame of the rows is not clear", self.table.path, hint="name it: --timeframe 1m")
        if fault := timeframe_fault(ts, timeframe_ms):
            return self._problem(fault, ts)
        open_, high, low, close = (self.table.floats(self.columns[name]) for name in PRICES)
        volume = np.zeros(len(ts)) if mark else self.table.floats(self.columns["volume"])
        candles = Candles(self.symbol, timeframe_ms, ts, open_, high, low, close, volume)
        if fault := price_fault(candles, self._cell):
            return self._problem(fault, ts)
        done = self.store.add(candles, self.source, self.type, mark)
        series = (MARK if mark else "") + timeframe_name(timeframe_ms)
        return self._report(done, series, ts, gaps_of(ts, timeframe_ms))

    def funding(self) -> ImportReport | Problem:
        """Check and add funding settlements, their times rounded to the minute."""
        if self.type == "spot":
            return Problem("spot has no funding", self.table.path, hint="import it with --type swap")
        ts = self.table.times(self.columns["ts"])
        fault = self._bad_time(ts)
        if fault is None:
            ts = (ts + MINUTE_MS // 2) // MINUTE_MS * MINUTE_MS
            rate = self.table.floats(self.columns["funding_rate"])
            fault = time_fault(ts) or rate_fault(rate, self._cell)
        if fault:
            return self._problem(fault, ts)
        done = self.store.add_funding(Funding(self.symbol, ts, rate), self.source, self.type)
        return self._report(done, FUNDING, ts, ())

    def _report(
        self, done: AddResult | Problem, series: str, ts: Ints, gaps: tuple[Gap, ...]
    ) -> ImportReport | Problem:
        """What was done, or what the store has against it."""
        if isinstance(done, Problem):
            return replace(done, path=self.table.path)
        place = (self.table.path, self.source, self.type, self.symbol, series)
        return ImportReport(*place, len(ts), done.new, int(ts[0]), int(ts[-1]), gaps)

    def _bad_time(self, ts: Ints) -> Fault | None:
        """The first row without a time."""
        bad = np.flatnonzero(ts == NO_TIME)
        if not len(bad):
            return None
        cell = self._cell("ts", int(bad[0]))
        text = f'has "{cell:.40}" as its time' if cell else "has no time"
        return Fault(int(bad[0]), text, "a time is milliseconds or seconds since 1970, or like 2025-05-04T15:30:00Z")

    def _problem(self, fault: Fault, ts: Ints) -> Problem:
        """A fault with its place."""
        at = "" if ts[fault.row] == NO_TIME else f" ({show_time(int(ts[fault.row]))} UTC)"
        text = f"row {fault.row + 1:,}{at} {fault.text}"
        return Problem(text, self.table.path, self.table.line(fault.row), hint=fault.hint)

    def _cell(self, name: str, row: int) -> str:
        """A cell as it stands in the file."""
        return self.table.cell(self.columns[name], row)


def _find_columns(table: Table, mark: bool, facts: NameFacts) -> dict[str, str] | Problem:
    """Our names of the columns and the file's; funding only has ``ts`` and ``funding_rate``."""
    given = {
        name: next((alias for alias in ALIASES.get(name, (name,)) if alias in table.columns), None)
        for name in ("ts", *PRICES, "volume", "funding_rate")
    }
    if given["funding_rate"] and not any(given[name] for name in PRICES):
        wanted: tuple[str, ...] = ("ts", "funding_rate")
    elif facts.funding:
        return Problem("the name says funding, but there is no column funding_rate", table.path, hint=FORM)
    else:
        wanted = ("ts", *PRICES) if mark else ("ts", *PRICES, "volume")
    missing = [name for name in wanted if given[name] is None]
    if len(missing) > len(wanted) // 2:
        columns = ", ".join(table.columns)
        return Problem(f"not a candle file: its columns are {columns:.200}", table.path, hint=FORM)
    if missing:
        near = did_you_mean(missing[0], table.columns)
        line = 1 if table.lines is not None else None
        return Problem(f"the column {missing[0]} is missing", table.path, line, hint=near or FORM)
    return {name: given[name] or "" for name in wanted}
