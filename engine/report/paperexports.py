"""Everything that the page of an account on paper shows as CSV and JSON, in the folder ``tables/`` beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from engine.report.exports import Table, save_tables
from engine.report.paperrun import (
    Day,
    Differing,
    Forward,
    Gap,
    Happened,
    LaneTerms,
    Late,
    OpenCall,
    PaperRun,
    Pause,
    Seen,
)

NESTED = ("unplanned", "fates", "refused", "unfollowed", "alone", "expected", "differing")


def write_paper_tables(folder: Path, run: PaperRun) -> None:
    """Write the tables of a page below its folder, each atomically."""
    save_tables(folder, paper_tables(run))


def paper_tables(run: PaperRun) -> list[Table]:
    """The tables, in the order of the page."""
    counts = [
        (c.strategy, c.channel, about, what, count)
        for c in run.channels
        for about in ("unplanned", "fates", "refused", "unfollowed")
        for what, count in getattr(c, about).items()
    ]
    expected = [
        (c.strategy, c.channel, e.run, *e.period, e.trades, e.mean_r, e.low, e.high, e.word, "; ".join(e.changed))
        for c in run.channels
        if (e := c.expected) is not None
    ]
    differing = [(day.day, *asdict(one).values()) for day in run.days for one in day.differing]
    return [
        _flat("open", OpenCall, run.open),
        _flat("halts", Pause, run.pauses),
        _flat("channels", Forward, run.channels),
        Table("fates", ("strategy", "channel", "about", "what", "count"), counts),
        Table("backtest", ("strategy", "channel", "run", "from", "to", "trades", "mean_r", "low", "high", "word",
                           "changed_files"), expected),
        _flat("days", Day, run.days),
        Table("differing", ("day", *(f.name for f in fields(Differing))), differing),
        _flat("seen", Seen, run.seen),
        _flat("happened", Happened, run.happened),
        _flat("late", Late, run.late),
        _flat("gaps", Gap, run.gaps),
        _flat("strategies", LaneTerms, run.lanes),
        Table("inputs", ("name", "sha256"), list(run.inputs.items())),
    ]  # fmt: skip


def _flat(name: str, kind: type[Any], records: Sequence[Any]) -> Table:
    """Records as rows; lists of one cell are joined by ``;``."""
    columns = tuple(f.name for f in fields(kind) if f.name not in NESTED)
    cells = ([getattr(record, column) for column in columns] for record in records)
    rows = [tuple(";".join(map(str, cell)) if isinstance(cell, list) else cell for cell in row) for row in cells]
    return Table(name, columns, rows)
