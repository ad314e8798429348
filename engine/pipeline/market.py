"""``cli.py market ...``: files into the candle store, and what it holds."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from engine.market.importing import import_candles
from engine.market.seriesfile import StoreError
from engine.market.store import CandleStore
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
    return "\n".join(
        f"{r.source} {r.type} {r.symbol} {r.series}: {r.rows:,} rows, "
        f"{show_time(r.first_ms)} to {show_time(r.last_ms)} UTC, {r.gaps} gaps ({r.missing} missing)"
        for r in rows
    )
