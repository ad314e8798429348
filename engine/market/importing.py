"""Candle and funding files of other makers into the store: parquet, feather (Arrow IPC) or CSV.

1. read the file's columns, whatever the usual names for them are;
2. find symbol and time frame: as given, else from the file's name, and check the frame against the rows;
3. check every row; the first bad one is named (for CSV with its line) and nothing is written;
4. merge into the store.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from engine.market.candles import Candles, Floats, Funding, Ints
from engine.market.store import PRICES, CandleStore, Series
from engine.market.symbols import plain_symbol
from engine.problem import Problem
from engine.units import MINUTE_MS, duration_ms, show_time

TIME_NAMES = ("ts", "timestamp", "time", "date", "datetime", "open_time", "opentime")
RATE_NAMES = ("funding_rate", "fundingrate", "rate")
FRAMES = {"1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "1w"}
LARGEST_BYTES = 4_000_000_000


@dataclass(frozen=True, slots=True)
class Imported:
    """What one file brought."""

    path: str
    rows: int
    new: int
    series: Series

    def __str__(self) -> str:
        """One line for people."""
        s = self.series
        gaps = f", {s.gaps} gaps ({s.missing} candles)" if s.gaps else ""
        return (
            f"{self.path}: {s.symbol} {s.series} ({s.source} {s.type}), {self.rows:,} rows, {self.new:,} new; "
            f"{show_time(s.first_ms)} to {show_time(s.last_ms)} UTC{gaps}"
        )


def import_file(
    path: Path, store: CandleStore, symbol: str | None, timeframe: str | None, type: str, source: str
) -> Imported | Problem:
    """Import one file; a problem leaves the store as it was."""
    frame = _read(path)
    if isinstance(frame, Problem):
        return frame
    name = plain_symbol(symbol) if symbol else symbol_in_name(path.stem)
    if name is None:
        text = f'"{symbol}" is no symbol' if symbol else "the file's name does not say which symbol this is"
        return Problem(text, str(path), hint="give it: --symbol BTCUSDT")
    ts = _times(frame, path)
    if isinstance(ts, Problem):
        return ts
    rate = next((c for c in RATE_NAMES if c in frame), None)
    if rate is not None and "open" not in frame:
        funding = Funding(name, (ts + MINUTE_MS // 2) // MINUTE_MS * MINUTE_MS, _numbers(frame, rate))
        problem = _check_order(funding.ts, path) or _check_finite(funding.rate, rate, path)
        added = problem or store.add_funding(funding, source, type)
    else:
        candles = _candles(frame, ts, name, timeframe or frame_in_name(path.stem), path)
        if isinstance(candles, Problem):
            return candles
        prefix = "mark_" if re.search(r"(?i)(?<![a-z])mark(?![a-z])", path.stem) else ""
        added = store.add(candles, source, type, prefix + frame_name(candles.timeframe_ms))
    if isinstance(added, Problem):
        return Problem(added.text, added.path or str(path), added.line, added.column, added.hint)
    return Imported(str(path), len(ts), added.new, added.series)


def symbol_in_name(stem: str) -> str | None:
    """The symbol that a file name says unmistakably: ``x_BTCUSDT-perp_1m``, ``BTC_USDT-1h``; None otherwise."""
    found = re.findall(r"(?<![A-Za-z0-9])([A-Z0-9]{1,15}?[-_/]?(?:USDT|USDC|USD))(?![A-Z0-9])", stem)
    symbols = {plain_symbol(text) for text in found} - {None}
    return symbols.pop() if len(symbols) == 1 else None


def frame_in_name(stem: str) -> str | None:
    """The time frame in a file name, None where there is none."""
    found = [f for f in re.findall(r"(?<![A-Za-z0-9])(\d{1,2}[mhdw])(?![A-Za-z0-9])", stem) if f in FRAMES]
    return found[-1] if found else None


def frame_name(timeframe_ms: int) -> str:
    """The name of a time frame in ms."""
    return next(name for name in FRAMES if duration_ms(name) == timeframe_ms)


# --------------------------------------------------------------------------- reading


def _read(path: Path) -> pd.DataFrame | Problem:
    """The file as a frame with lower-case column names."""
    try:
        size = path.stat().st_size
    except OSError as error:
        return Problem(f"cannot be read: {error.strerror}", str(path))
    if path.is_dir():
        return Problem("is a folder", str(path), hint="name the files in it")
    if size == 0:
        return Problem("the file is empty", str(path))
    if size > LARGEST_BYTES:
        return Problem("the file is larger than 4 GB", str(path), hint="cut it by year")
    readers = {".parquet": pd.read_parquet, ".feather": pd.read_feather, ".arrow": pd.read_feather}
    reader = readers.get(path.suffix.lower(), pd.read_csv if path.suffix.lower() in (".csv", ".txt") else None)
    if reader is None:
        return Problem("not a candle file", str(path), hint="parquet, feather (arrow) and csv can be imported")
    try:
        frame = reader(path)
    except Exception as error:  # each reader has its own errors for a broken file
        line = re.search(r"line (\d+)", str(error))
        what = str(error).splitlines()[0]
        return Problem(f"cannot be read as {path.suffix[1:]}: {what}", str(path), int(line[1]) if line else None)
    frame.columns = [str(c).strip().lower() for c in frame.columns]
    if frame.empty:
        return Problem("there are no rows in it", str(path))
    return frame


def _times(frame: pd.DataFrame, path: Path) -> Ints | Problem:
    """The open times in UTC ms: epoch seconds, milliseconds or microseconds, or ISO text."""
    name = next((c for c in TIME_NAMES if c in frame), None)
    if name is None:
        found = ", ".join(map(str, frame.columns[:8]))
        return Problem(f"no time column; it has: {found}", str(path), hint="the header needs ts (or timestamp, time)")
    column = frame[name]
    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.isna().all():
        times = pd.to_datetime(column, utc=True, errors="coerce", format="ISO8601")
        if times.isna().any():
            row = int(times.isna().to_numpy().argmax())
            return _row_problem(f'"{column.iloc[row]}" is no time', path, row)
        return np.asarray(times.dt.as_unit("ms").astype("int64"), np.int64)
    if numbers.isna().any():
        row = int(numbers.isna().to_numpy().argmax())
        return _row_problem(f'"{column.iloc[row]}" is no time', path, row)
    values = np.asarray(numbers, np.float64)
    scale = 1000.0 if values.max() < 1e11 else 1.0 if values.max() < 1e14 else 1e-3
    times_ms: Ints = np.rint(values * scale).astype(np.int64)
    return times_ms


def _numbers(frame: pd.DataFrame, name: str) -> Floats:
    return np.asarray(pd.to_numeric(frame[name], errors="coerce"), np.float64)


# --------------------------------------------------------------------------- checks


def _candles(frame: pd.DataFrame, ts: Ints, symbol: str, timeframe: str | None, path: Path) -> Candles | Problem:
    """The rows as candles, every one checked."""
    missing = [name for name in PRICES[:4] if name not in frame]
    if missing:
        return Problem(
            f"no column {', '.join(missing)}", str(path), hint="the header needs ts,open,high,low,close,volume"
        )
    prices = {name: _numbers(frame, name) for name in PRICES[:4]}
    volume = _numbers(frame, "volume") if "volume" in frame else np.zeros(len(ts))
    spacing = int(np.diff(ts).min()) if len(ts) > 1 else 0
    frames = {duration_ms(name): name for name in FRAMES}
    if timeframe is not None and timeframe not in FRAMES:
        return Problem(f'"{timeframe}" is no time frame', str(path), hint="such as 1m, 5m, 1h, 4h, 1d")
    problem = _check_order(ts, path)
    if problem is None:
        timeframe = timeframe or frames.get(spacing)
        if timeframe is None:
            return Problem("the time frame cannot be told from the rows", str(path), hint="give it: --timeframe 1m")
        problem = _check_grid(ts, duration_ms(timeframe), timeframe, path)
    if problem is not None or timeframe is None:
        return problem or Problem("no time frame", str(path))
    for name, values in prices.items():
        bad = ~np.isfinite(values) | (values <= 0)
        if bad.any():
            row = int(bad.argmax())
            return _row_problem(f"{name} is {frame[name].iloc[row]}", path, row, "prices are positive numbers")
    high_ok = prices["high"] >= np.maximum(prices["open"], prices["close"])
    low_ok = prices["low"] <= np.minimum(prices["open"], prices["close"])
    for name, ok in (("high", high_ok), ("low", low_ok)):
        if not ok.all():
            row = int((~ok).argmax())
            return _row_problem(f"the {name} does not enclose open and close", path, row, "are the columns in order?")
    o, h, low, c = prices.values()
    return Candles(symbol, duration_ms(timeframe), ts, o, h, low, c, np.nan_to_num(volume))


def _check_order(ts: Ints, path: Path) -> Problem | None:
    """Times must rise from row to row."""
    steps = np.diff(ts)
    if (steps > 0).all():
        return None
    row = int((steps <= 0).argmax()) + 1
    if steps[row - 1] == 0:
        return _row_problem(f"{show_time(int(ts[row]))} stands twice", path, row, "remove the overlapping rows")
    return _row_problem(f"{show_time(int(ts[row]))} comes after a later time", path, row, "sort the rows by time")


def _check_grid(ts: Ints, timeframe_ms: int, timeframe: str, path: Path) -> Problem | None:
    """Open times must lie on the time frame's grid (weeks begin on any day)."""
    off = (ts - ts[0] if timeframe == "1w" else ts) % timeframe_ms != 0
    if not off.any():
        return None
    row = int(off.argmax())
    return _row_problem(f"{show_time(int(ts[row]))} is no open time of {timeframe}", path, row, "check --timeframe")


def _check_finite(values: Floats, name: str, path: Path) -> Problem | None:
    bad = ~np.isfinite(values)
    return _row_problem(f"{name} is no number", path, int(bad.argmax())) if bad.any() else None


def _row_problem(text: str, path: Path, row: int, hint: str = "") -> Problem:
    """A problem in a row (from 0): CSV files have lines, the others have rows."""
    if path.suffix.lower() in (".csv", ".txt"):
        return Problem(text, str(path), row + 2, hint=hint)
    return Problem(f"row {row + 1}: {text}", str(path), hint=hint)
