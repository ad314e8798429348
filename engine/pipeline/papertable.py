"""The trades of an account on paper as rows, for files and terminals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.domain import ExitReason
from engine.units import iso

if TYPE_CHECKING:
    from engine.domain import Trade
    from engine.paper.desk import Desk
    from engine.paper.record import Record

COLUMNS = (
    "signal_id", "channel", "symbol", "side", "acted", "status", "filled_at", "closed_at", "entry_price", "exits",
    "late", "quantity", "risk", "gross", "fees", "funding", "net", "r", "notes",
)  # fmt: skip


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
