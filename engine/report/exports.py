"""Everything a report shows as CSV and JSON, in the folder ``tables/`` of a run: for a spreadsheet or a script.

One CSV for each table, ``tables.json`` with all of them. Text came from strangers: no cell is run by a spreadsheet.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.files import write_csv, write_text
from engine.report import splits
from engine.report.calls import CallRow, Calls
from engine.report.figures import counted_by_channel
from engine.report.run import ChannelResult, Run
from engine.report.tables import clean

TABLES_FOLDER = "tables"
NESTED = ("judged", "targets", "latency", "robust", "missing", "pump", "followed", "funnel", "alone")


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its name (of the file), its columns, its rows."""

    name: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def write_tables(folder: Path, run: Run, calls: Iterable[CallRow]) -> None:
    """Write the tables of a run below its folder, each atomically."""
    save_tables(folder, all_tables(run, calls))


def save_tables(folder: Path, tables: Sequence[Table]) -> None:
    """Write tables below a folder as CSV, and all of them as one file of JSON."""
    for table in tables:
        rows = ([clean(cell) if isinstance(cell, str) else cell for cell in row] for row in table.rows)
        write_csv(folder / TABLES_FOLDER / f"{table.name}.csv", table.columns, rows)
    data = {table.name: [dict(zip(table.columns, row, strict=True)) for row in table.rows] for table in tables}
    write_text(
        folder / TABLES_FOLDER / "tables.json", json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    )


def all_tables(run: Run, calls: Iterable[CallRow]) -> list[Table]:
    """The tables, in the order of the report."""
    calls = Calls.of(calls)
    return [
        _channels(run.channels),
        _each("tests", run.channels, lambda c: [asdict(check) for check in c.judged.checks]),
        _each("targets", run.channels, lambda c: [asdict(hits) for hits in c.targets]),
        _each("latency", run.channels, lambda c: [asdict(point) for point in c.latency]),
        _each("robustness", run.channels, lambda c: [asdict(row) for row in c.robust]),
        _each("funnel", run.channels, _funnel),
        _splits(run, calls),
        _months(run, calls),
        _refusals(run),
        Table("copies", ("leader", "follower", "matches", "together", "calls", "chance", "lag_ms"),
              [tuple(asdict(pair).values()) for pair in run.copies]),
        Table("holdout", ("channel", "name", "calls", "trades", "mean_r", "low", "high", "evidence", "verdict"),
              [tuple(asdict(c).values()) for c in (run.holdout.channels if run.holdout else [])]),
    ]  # fmt: skip


def _channels(channels: Sequence[ChannelResult]) -> Table:
    """One row for each channel, with every figure that is one number."""
    rows = []
    for channel in channels:
        flat = {name: value for name, value in asdict(channel).items() if name not in NESTED}
        judged = asdict(channel.judged)
        flat |= {name: judged[name] for name in ("luck", "discovery", "needed", "shrunk_r")}
        flat |= _prefixed("sharpe", judged["sharpe"], ("sharpe", "psr", "min_trades", "dsr", "best_of_luck", "trials"))
        flat |= _prefixed(
            "random", judged["random"], ("p", "mean_r", "random_r", "low", "high", "draws", "moved", "calls")
        )
        flat |= _prefixed("missing", asdict(channel.missing), ("unread", "hindsight", "gone", "worst_r", "best_r"))
        flat |= _prefixed(
            "pump", asdict(channel.pump) if channel.pump else None, ("calls", "run_up", "reversal", "flagged")
        )
        followed = asdict(channel.followed)
        flat |= {
            "followed_low": followed["low"],
            "followed_high": followed["high"],
            "followed_stake": followed["stake"],
        }
        flat |= {f"followed_{name}": value for name, value in followed["figures"].items()}
        alone = asdict(channel.alone) if channel.alone else None
        flat |= _prefixed("alone", alone, ("end_equity", "trades", "refused", "max_drawdown", "fees", "funding"))
        rows.append(flat)
    columns = tuple(rows[0]) if rows else ("channel",)
    return Table("channels", columns, [tuple(row.values()) for row in rows])


def _prefixed(name: str, values: dict[str, Any] | None, fields: Iterable[str]) -> dict[str, Any]:
    """The fields of a part under its name, None where there is no such part."""
    return {f"{name}_{field}": None if values is None else values[field] for field in fields}


def _each(name: str, channels: Sequence[ChannelResult], rows: Any) -> Table:
    """A table with some rows for each channel."""
    found = [{"channel": channel.channel, **row} for channel in channels for row in rows(channel)]
    columns = tuple(found[0]) if found else ("channel",)
    return Table(name, columns, [tuple(row.values()) for row in found])


def _funnel(channel: ChannelResult) -> list[dict[str, Any]]:
    """What became of messages and calls."""
    funnel = channel.funnel
    kinds = ("posted", "signals", "updates", "refused", "unread")
    rows = [{"level": "messages", "what": kind, "count": getattr(funnel, kind)} for kind in kinds]
    rows += [{"level": "refused", "what": code, "count": count} for code, count in funnel.reasons.items()]
    rows += [{"level": "edits not followed", "what": code, "count": n} for code, n in funnel.unfollowed.items()]
    return rows + [{"level": "calls", "what": fate, "count": count} for fate, count in funnel.calls.items()]


def _splits(run: Run, calls: Calls) -> Table:
    """Each channel's trades taken apart."""
    rows = []
    for channel, counted in zip(run.channels, counted_by_channel(run.channels, calls), strict=True):
        origin = splits.origin(counted, run.timezone, run.seed)
        for heading, groups in origin.splits if origin else ():
            rows += [
                (channel.channel, heading, g.label or f"{g.merged} others", g.trades, g.mean_r, g.total_r, g.win_rate)
                for g in groups
            ]
    return Table("splits", ("channel", "by", "group", "trades", "mean_r", "total_r", "win_rate"), rows)


def _months(run: Run, calls: Calls) -> Table:
    """Each channel's trades by month of posting."""
    counted = counted_by_channel(run.channels, calls)
    rows = []
    for year in splits.monthly(counted, run.timezone):
        for channel, (cells, _) in zip(run.channels, year.rows, strict=True):
            rows += [
                (channel.channel, year.year, month, cell.trades, cell.total_r)
                for month, cell in zip(year.months, cells, strict=True)
                if cell is not None
            ]
    return Table("months", ("channel", "year", "month", "trades", "total_r"), rows)


def _refusals(run: Run) -> Table:
    """Which rule refused how many trades."""
    columns = ("rule", "where", "count")
    return Table("rules", columns, [tuple(refusal.get(c) for c in columns) for refusal in run.account.refusals])
