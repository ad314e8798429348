"""The trades of an account on paper as rows, for files and terminals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from engine.domain import ExitReason
from engine.files import csv_text
from engine.report.tables import clean
from engine.units import iso

if TYPE_CHECKING:
    from engine.domain import Trade
    from engine.paper.desk import Desk
    from engine.paper.record import Record

COLUMNS = (
    "signal_id", "channel", "symbol", "side", "acted", "status", "filled_at", "closed_at", "entry_price", "exits",
    "late", "quantity", "risk", "gross", "fees", "funding", "net", "r", "notes",
)  # fmt: skip

NARROW = 140  # columns of a terminal; below that only a few of the table's are shown


def trade_rows(desk: Desk, record: Record) -> Iterator[tuple[object, ...]]:
    """One row for each trade that the account took, in the order of action."""
    for row, trade in record.trades.items():
        yield trade_row(trade, desk.books.rows[row].late)


def trade_row(trade: Trade, late: bool) -> tuple[object, ...]:
    """One trade; an open one is valued at the last close, and has no closing time."""
    path, plan = trade.path, trade.path.plan
    legs = [leg for leg in path.legs if leg.reason is not ExitReason.END]
    bought = sum(fill.share for fill in path.fills)
    entry = sum(fill.price * fill.share for fill in path.fills) / bought if bought else None
    return (
        plan.signal_id,
        plan.channel,
        plan.symbol,
        plan.side.value,
        iso(plan.act_ms),
        path.status.value,
        iso(path.fills[0].ts_ms) if path.fills else "",
        iso(legs[-1].ts_ms) if legs and path.status.value == "closed" else "",
        entry,
        "; ".join(f"{leg.reason.value}{f' {leg.target}' if leg.target else ''} @ {leg.price:.8g}" for leg in legs),
        "yes" if late else "no",
        trade.quantity,
        trade.risk,
        trade.gross,
        trade.fees,
        trade.funding,
        trade.net,
        trade.r,
        " ".join(note.text for note in trade.notes),
    )


def print_trades(
    columns: Sequence[str], rows: Sequence[Sequence[object]], form: str, say: Callable[[str], None]
) -> None:
    """Trades as a table for a terminal, plain lines with tabs, or CSV."""
    if form == "csv":
        say(csv_text(columns, rows).rstrip("\n"))
        return
    shown = ("signal_id", "symbol", "side", "filled_at", "closed_at", "entry_price", "exits", "net", "r")
    places = [columns.index(name) for name in shown]
    cells = [[_shown(row[i]) for i in places] for row in rows]
    if form == "plain":
        for line in (list(shown), *cells):
            say("\t".join(line))
        return
    from rich.console import Console
    from rich.table import Table

    console, few = Console(), ("signal_id", "symbol", "side", "closed_at", "net", "r")
    kept = [i for i, name in enumerate(shown) if console.width >= NARROW or name in few]
    table = Table()
    for i in kept:
        table.add_column(shown[i], no_wrap=shown[i] != "exits")
    for line in cells:
        table.add_row(*(line[i] for i in kept))
    console.print(table)


def _shown(value: object) -> str:
    """A cell for people."""
    return "" if value is None else f"{value:.6g}" if isinstance(value, float) else clean(str(value))
