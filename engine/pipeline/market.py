"""``cli.py market import|list|check|export``: files into the candle store, what it holds, and files out of it."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.market.checking import Checked, Hole, check_series
from engine.market.exporting import export_series
from engine.market.importing import import_candles
from engine.market.seriesfile import StoreError
from engine.market.store import CandleStore, StoredSeries
from engine.market.symbols import normal_symbol
from engine.pipeline.errors import InputError
from engine.pipeline.progress import Track
from engine.pipeline.workspace import Workspace
from engine.problem import Problem
from engine.units import show_time

LOG = logging.getLogger(__name__)


def import_files(
    workspace: Workspace,
    paths: Sequence[Path],
    symbol: str | None,
    timeframe: str | None,
    kind: str,
    source: str,
    track: Track,
) -> str:
    """Import candle and funding files; one line each. A bad file leaves the store as it was, the others go in."""
    if symbol is not None and len(paths) > 1:
        raise InputError(Problem("--symbol fits one file only", hint="import the files one by one"))
    store = CandleStore(workspace.candles_path)
    lines, problems = [], []
    for path in track(paths, "importing"):
        result = import_candles(path, store, symbol, timeframe, kind, source)
        if isinstance(result, Problem):
            problems.append(result)
        else:
            lines.append(str(result))
            LOG.info("market import %s", result)
    if problems:
        done = [Problem(f"{len(lines)} of {len(paths)} files imported")] if len(paths) > 1 else []
        raise InputError(*problems, *done)
    return "\n".join(lines)


def list_store(workspace: Workspace) -> str:
    """One line for each series of the store: source, type, symbol, time frame, first, last, rows, gaps."""
    try:
        rows = CandleStore(workspace.candles_path).list()
    except StoreError as error:
        raise InputError(error.problem) from None
    if not rows:
        return "the candle store is empty; cli.py market import FILE fills it"
    return "\n".join(_line(row) for row in rows)


def _line(row: StoredSeries) -> str:
    """A series in one line."""
    name = f"{row.source} {row.type} {row.symbol} {row.series}"
    if not row.rows:
        return f"{name}: no rows; the exchange had none in what was asked for"
    text = f"{name}: {row.rows:,} rows, {show_time(row.first_ms)} to {show_time(row.last_ms)} UTC"
    text += f", {row.gaps} gaps ({row.missing} missing)"
    return text + (f", {row.unasked} of them not fetched" if row.origin and row.unasked else "")


WHOSE = {"none": "the exchange had none", "not fetched": "not fetched", "imported": "not in the imported file"}
HOLES_SHOWN = 10


@dataclass(frozen=True)
class CheckReport:
    """What ``market check`` found."""

    checked: tuple[Checked, ...]

    @property
    def faulty(self) -> bool:
        """Whether a series has a fault (holes are none)."""
        return any(one.faults for one in self.checked)

    def render(self, form: str) -> str:
        """Lines, or JSON."""
        if form == "json":
            return json.dumps([_as_data(one) for one in self.checked], indent=1)
        lines = []
        for one in self.checked:
            lines.append(_line(one.series))
            lines += [f"  fault: {fault}" for fault in one.faults]
            lines += [f"  {note}" for note in one.notes]
            lines += [f"  {_hole(hole)}" for hole in one.holes[:HOLES_SHOWN]]
            if len(one.holes) > HOLES_SHOWN:
                lines.append(f"  and {len(one.holes) - HOLES_SHOWN:,} more (--format json shows all)")
        faults = sum(len(one.faults) for one in self.checked)
        holes = sum(len(one.holes) for one in self.checked)
        return "\n".join([*lines, f"{len(self.checked):,} series, {faults:,} faults, {holes:,} gaps"])


def _hole(hole: Hole) -> str:
    """A gap in one line."""
    bars = f"{hole.gap.bars:,} candle{'s' * (hole.gap.bars > 1)}"
    return f"gap at {show_time(hole.gap.start_ms)}: {bars}, {WHOSE[hole.whose]}"


def _as_data(one: Checked) -> dict[str, object]:
    """A checked series for programs."""
    row = one.series
    return {
        "source": row.source,
        "type": row.type,
        "symbol": row.symbol,
        "series": row.series,
        "rows": row.rows,
        "first_ms": row.first_ms,
        "last_ms": row.last_ms,
        "sha256": row.sha256,
        "faults": list(one.faults),
        "notes": list(one.notes),
        "gaps": [{"start_ms": h.gap.start_ms, "candles": h.gap.bars, "whose": h.whose} for h in one.holes],
    }


def check_store(workspace: Workspace, symbols: Sequence[str], source: str | None, against: str | None) -> CheckReport:
    """Check the series of some symbols (all without). Raises InputError for a damaged file or an unknown symbol."""
    store = CandleStore(workspace.candles_path)
    try:
        return CheckReport(tuple(check_series(store, row, against) for row in _chosen(store, symbols, source)))
    except StoreError as error:
        raise InputError(error.problem) from None


def export_files(
    workspace: Workspace, symbols: Sequence[str], series: Sequence[str], source: str | None, form: str, folder: Path
) -> str:
    """Write series as files that other programs read; a line for each. Raises InputError."""
    store = CandleStore(workspace.candles_path)
    try:
        rows = [row for row in _chosen(store, symbols, source) if not series or row.series in series]
        return "\n".join(f"{export_series(store, row, folder, form)}: {row.rows:,} rows" for row in rows)
    except StoreError as error:
        raise InputError(error.problem) from None


def _chosen(store: CandleStore, symbols: Sequence[str], source: str | None) -> list[StoredSeries]:
    """The stored series of some symbols and a source. Raises InputError when there are none."""
    wanted = {normal_symbol(symbol) or symbol for symbol in symbols}
    rows = [
        row for row in store.list() if (not wanted or row.symbol in wanted) and (source is None or row.source == source)
    ]
    missing = sorted(wanted - {row.symbol for row in rows})
    if missing or not rows:
        what = f"no series of {', '.join(missing)}" if missing else "no series"
        raise InputError(Problem(f"the candle store has {what}", hint="cli.py market list shows what it has"))
    return rows
