"""The candle store: one Arrow IPC file for each series, memory-mapped, with an index that knows what it holds.

Layout: ``<root>/<source>/<type>/<SYMBOL>/<series>.arrow`` with series ``1m``, ``1h`` ..., ``mark_8h`` or ``funding``,
and ``index.json`` beside them. Files are uncompressed (they are mapped, not read) and replaced atomically; pandas,
polars and DuckDB open them without us. Columns: ts (int64, UTC epoch ms, the bar's open) and open, high, low, close,
volume (float64); funding: ts, rate.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.ipc as ipc

from engine.files import replacing, sha256_of, write_text
from engine.market.candles import Candles, Floats, Funding, Ints
from engine.problem import Problem
from engine.units import duration_ms, show_time

FORMAT = 1
PRICES = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Series:
    """What the index says of one file."""

    source: str
    type: str
    symbol: str
    series: str
    rows: int
    first_ms: int
    last_ms: int
    gaps: int
    missing: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Added:
    """The outcome of adding rows: how many were new, and the series as it is now."""

    new: int
    series: Series


@dataclass(frozen=True, slots=True)
class CandleStore:
    """The store below ``root`` (usually data/candles)."""

    root: Path

    # ------------------------------------------------------------------ reading

    def read(
        self, source: str, type: str, symbol: str, series: str, start_ms: int | None = None, end_ms: int | None = None
    ) -> Candles | None:
        """Candles with open times in ``[start_ms, end_ms)``; None when the series is not there."""
        columns = self._columns(source, type, symbol, series)
        if columns is None:
            return None
        ts = columns["ts"].astype(np.int64, copy=False)
        start = 0 if start_ms is None else int(np.searchsorted(ts, start_ms))
        end = len(ts) if end_ms is None else int(np.searchsorted(ts, end_ms))
        prices = [columns[name][start:end] for name in PRICES]
        return Candles(symbol, duration_ms(series.removeprefix("mark_")), ts[start:end], *prices)

    def read_funding(self, source: str, type: str, symbol: str) -> Funding | None:
        """The funding history of a symbol; None when there is none."""
        columns = self._columns(source, type, symbol, "funding")
        return None if columns is None else Funding(symbol, columns["ts"].astype(np.int64), columns["rate"])

    def series(self) -> list[Series]:
        """All series, sorted."""
        found: list[Series] = []
        for index in sorted(self.root.glob("*/*/*/index.json")):
            found += self._index(index.parent).values()
        return sorted(found, key=lambda s: (s.source, s.type, s.symbol, s.series))

    def find(self, source: str, type: str, symbol: str, series: str) -> Series | None:
        """What the index says of a series, or None."""
        return self._index(self._folder(source, type, symbol)).get(series)

    # ------------------------------------------------------------------ writing

    def add(self, candles: Candles, source: str, type: str, series: str) -> Added | Problem:
        """Merge candles into a series. Rows that say other prices for a known time are refused, all or nothing."""
        columns = {name: getattr(candles, name) for name in PRICES}
        return self._merge(source, type, candles.symbol, series, candles.ts, columns, candles.timeframe_ms)

    def add_funding(self, funding: Funding, source: str, type: str) -> Added | Problem:
        """Merge funding settlements into a symbol's history."""
        return self._merge(source, type, funding.symbol, "funding", funding.ts, {"rate": funding.rate}, None)

    def _merge(
        self,
        source: str,
        type: str,
        symbol: str,
        series: str,
        ts: Ints,
        columns: dict[str, Floats],
        timeframe_ms: int | None,
    ) -> Added | Problem:
        known = self._columns(source, type, symbol, series)
        new = len(ts)
        if known is not None:
            common, here, there = np.intersect1d(ts, known["ts"], assume_unique=True, return_indices=True)
            for name, values in columns.items():
                differs = ~np.isclose(values[here], known[name][there], rtol=1e-9, atol=0, equal_nan=True)
                if differs.any():
                    at = int(common[differs.argmax()])
                    return Problem(
                        f"{symbol} {series}: the store has another {name} at {show_time(at)} UTC",
                        hint="import it under another --source, or remove the stored series first",
                    )
            fresh = np.setdiff1d(np.arange(len(ts)), here, assume_unique=True)
            new = len(fresh)
            order = np.argsort(np.concatenate([known["ts"], ts[fresh]]), kind="stable")
            columns = {name: np.concatenate([known[name], v[fresh]])[order] for name, v in columns.items()}
            ts = np.concatenate([known["ts"], ts[fresh]])[order]
        folder = self._folder(source, type, symbol)
        path = folder / f"{series}.arrow"
        if new or known is None:
            table = pa.table({"ts": ts, **columns})
            with replacing(path) as temporary, ipc.new_file(str(temporary), table.schema) as writer:
                writer.write_table(table.combine_chunks())
        gaps, missing = count_gaps(ts, timeframe_ms)
        entry = Series(source, type, symbol, series, len(ts), int(ts[0]), int(ts[-1]), gaps, missing, sha256_of(path))
        index = self._index(folder) | {series: entry}
        text = json.dumps({"format": FORMAT, "series": {k: asdict(v) for k, v in sorted(index.items())}}, indent=1)
        write_text(folder / "index.json", text + "\n")
        return Added(new, entry)

    # ------------------------------------------------------------------ files

    def _folder(self, source: str, type: str, symbol: str) -> Path:
        return self.root / source / type / symbol

    def _index(self, folder: Path) -> dict[str, Series]:
        path = folder / "index.json"
        if not path.is_file():
            return {}
        return {name: Series(**entry) for name, entry in json.loads(path.read_text())["series"].items()}

    def _columns(self, source: str, type: str, symbol: str, series: str) -> dict[str, Floats] | None:
        path = self._folder(source, type, symbol) / f"{series}.arrow"
        if not path.is_file():
            return None
        with pa.memory_map(str(path)) as file:
            table = ipc.open_file(file).read_all()
        return {name: table.column(name).chunk(0).to_numpy() for name in table.column_names}  # one batch: no copy


def count_gaps(ts: Ints, timeframe_ms: int | None) -> tuple[int, int]:
    """Holes between candles, and the candles absent in them (0, 0 for series without a time frame)."""
    if timeframe_ms is None or len(ts) < 2:
        return 0, 0
    steps = np.diff(ts) // timeframe_ms - 1
    return int((steps > 0).sum()), int(steps.sum())
