"""The trades and the calls of accounts on paper as rows: for a terminal, a pipe, a spreadsheet, a program.

The names of the columns are a contract (docs/paper-trading.md). Times are ISO 8601 with the offset of the workspace's
zone; money is in ``currency``, prices in the quote of the symbol, ``quantity`` in its base. A cell that does not apply
is empty in CSV and null in JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from engine.domain import BY_HAND, ExitReason
from engine.files import csv_text
from engine.pipeline.callrows import sized
from engine.pipeline.paper.fates import CallFate, who
from engine.report.tables import clean
from engine.simulate.money import average_price

if TYPE_CHECKING:
    from engine.domain import Leg, Trade
    from engine.paper.call import PaperCall
    from engine.paper.desk import Desk
    from engine.paper.record import Record

VERSION = 1
COLUMNS = (
    "account", "strategy", "channel", "signal_id", "symbol", "side", "status", "acted", "filled_at", "closed_at",
    "late", "quantity", "entry_price", "exit_price", "ended", "exits", "risk", "gross", "fees", "funding", "net",
    "currency", "r", "notes",
)  # fmt: skip
CALL_COLUMNS = (
    "account", "strategy", "channel", "signal_id", "symbol", "side", "posted", "acted", "stage", "fate", "rule",
    "rule_where", "seen", "limit", "reason", "late", "deleted", "r",
)  # fmt: skip
TIMES = ("posted", "acted", "filled_at", "closed_at")
RIGHT = ("entry_price", "exit_price", "net", "r")
WIDE = 140  # columns of a terminal; below that only a few of the table's are shown
WIDE_TRADES = (
    "signal_id", "strategy", "symbol", "side", "filled_at", "closed_at", "late", "entry_price", "exit_price", "ended",
    "net", "r",
)  # fmt: skip
WIDE_CALLS = ("signal_id", "strategy", "symbol", "side", "posted", "late", "fate", "why", "r")
NARROW_TRADES = ("signal_id", "symbol", "side", "closed_at", "ended", "net", "r")
NARROW_CALLS = ("signal_id", "symbol", "side", "posted", "short")
HEADS = {
    "signal_id": "call", "filled_at": "filled", "closed_at": "closed", "entry_price": "entry", "exit_price": "exit",
    "r": "R", "short": "fate",
}  # fmt: skip
IN_THE_MARKET = ("resting", "open", "closed")
LONGEST_ID = 24  # a longer id goes on in the next line of a table


def trade_rows(desk: Desk, record: Record) -> Iterator[tuple[object, ...]]:
    """One row for each trade of a replay that was filled, in the order of action; open ones at the last close."""
    currency = desk.books.books.strategy.currency
    for row, trade in record.trades.items():
        if trade.path.fills:
            yield trade_row(desk.account, desk.books.rows[row], trade, currency, desk.zone)


def trade_row(account: str, call: PaperCall, trade: Trade, currency: str, zone: str) -> tuple[object, ...]:
    """One filled trade; ``exit_price`` is the average of its exits, ``exits`` has each, as in trades.csv."""
    path, plan = trade.path, trade.path.plan
    legs = [leg for leg in path.legs if leg.reason is not ExitReason.END]
    over = path.status.value == "closed"
    return (
        account,
        call.lane,
        plan.channel,
        plan.signal_id,
        plan.symbol,
        plan.side.value,
        path.status.value,
        moment(plan.act_ms, zone),
        moment(path.fills[0].ts_ms, zone),
        moment(legs[-1].ts_ms, zone) if legs and over else None,
        call.marked_late,
        trade.quantity,
        average_price(path.fills),
        average_price(legs) if legs else None,
        ending(trade) if over else "open",
        "; ".join(f"{_exit(leg, trade)} {sized(leg)} @ {moment(leg.ts_ms, zone)}" for leg in legs),
        trade.risk,
        trade.gross,
        trade.fees,
        trade.funding,
        trade.net,
        currency,
        trade.r,
        "; ".join(note.text for note in trade.notes),
    )


def ending(trade: Trade) -> str:
    """How a trade ended, by its last exit: ``target 2``, ``stop``, ``by hand``, ``rule daily-stop`` ..."""
    return _exit(trade.path.legs[-1], trade)


def _exit(leg: Leg, trade: Trade) -> str:
    if leg.reason is ExitReason.RULE and trade.notes:
        rule = trade.notes[-1].rule
        return rule if rule == BY_HAND else f"rule {rule}"
    return leg.name


def call_row(row: CallFate, zone: str) -> tuple[object, ...]:
    """One call."""
    acted = None if row.acted_ms is None else moment(row.acted_ms, zone)
    return (
        row.account, row.strategy, row.channel, row.signal_id, row.symbol, row.side, moment(row.posted_ms, zone), acted,
        row.stage, row.fate, row.rule, row.rule_where, row.seen, row.limit, row.reason, row.late, row.deleted, row.r,
    )  # fmt: skip


def moment(ms: int, zone: str) -> str:
    """Epoch ms as ISO 8601 in a zone, with its offset: ``2025-05-04T18:30:05+03:00``."""
    return datetime.fromtimestamp(ms / 1000, ZoneInfo(zone)).isoformat(timespec="seconds")


# --------------------------------------------------------------------------- showing


def print_rows(
    name: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    form: str,
    zone: str,
    say: Callable[[str], None],
) -> None:
    """Trades or calls (``name``) as a table for a terminal, plain lines with tabs, CSV or JSON."""
    if form == "json":
        found = [dict(zip(columns, row, strict=True)) for row in rows]
        say(json.dumps({"version": VERSION, name: found}, ensure_ascii=False, indent=1))
        return
    if form == "csv":
        flat = [[("no", "yes")[cell] if isinstance(cell, bool) else cell for cell in row] for row in rows]
        say(csv_text(columns, flat).rstrip("\n"))
        return
    if not rows:
        say(f"no {name}")
        return
    cells = [_cells(dict(zip(columns, row, strict=True))) for row in rows]
    wide = WIDE_TRADES if name == "trades" else WIDE_CALLS
    if form == "table":
        _print_table(name, cells, wide, NARROW_TRADES if name == "trades" else NARROW_CALLS, zone)
        return
    shown = _needed(wide, cells)
    say("\t".join(_head(column, cells) + (f" ({zone})" if column in TIMES else "") for column in shown))
    for row in cells:
        say("\t".join(row[column] for column in shown))


def _needed(columns: Sequence[str], rows: Sequence[dict[str, str]]) -> list[str]:
    """The columns without that of the strategy where there is only one."""
    one = len({row["strategy"] for row in rows}) == 1
    return [column for column in columns if column != "strategy" or not one]


def _head(column: str, rows: Sequence[dict[str, str]]) -> str:
    """A heading, with the currency of money."""
    text = HEADS.get(column, column)
    return f"{text} ({'/'.join(sorted({row['currency'] for row in rows}))})" if column == "net" else text


def _cells(row: dict[str, object]) -> dict[str, str]:
    """The cells of a row for people: ``why`` has who said no and the reason, ``short`` the fate and what was seen."""
    cells = {column: _cell(column, value) for column, value in row.items()}
    if "rule" in row:
        by, limit = who(cells["rule"], cells["rule_where"]) if cells["rule"] else "", cells["limit"]
        seen = cells["seen"] + (f" until {limit}" if cells["seen"] == "halted" else f", limit {limit}")
        why = seen if by else cells["reason"] if cells["stage"] not in IN_THE_MARKET else ""
        cells["why"] = ": ".join(part for part in (by, cells["reason"]) if part)
        made = f"{cells['r']} R{'' if cells['stage'] in IN_THE_MARKET else ' by itself'}" if cells["r"] else ""
        told = ": ".join(part for part in (f"{cells['fate']} {by}".strip(), why) if part)
        cells["short"] = ", ".join(part for part in (told, made) if part)
    return cells


def _cell(column: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return column if value else ""
    if isinstance(value, float):
        return f"{value:+,.2f}" if column in ("net", "r") else f"{value:.8g}"
    text = clean(str(value))
    return text[:16].replace("T", " ") if column in TIMES else text


def _print_table(
    name: str, rows: Sequence[dict[str, str]], wide: Sequence[str], narrow: Sequence[str], zone: str
) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    roomy = console.width >= WIDE
    shown = _needed(wide, rows) if roomy else narrow
    title = Text(f"{len(rows):,} {name if len(rows) > 1 else name[:-1]}, times in {zone}")
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column in shown:
        long = column in ("why", "short") or (column == "signal_id" and any(len(r[column]) > LONGEST_ID for r in rows))
        width = LONGEST_ID if long and column == "signal_id" else None
        justify: Literal["right", "left"] = "right" if column in RIGHT else "left"
        head = Text(_head(column, rows))
        table.add_column(head, justify=justify, no_wrap=not long, overflow="fold", max_width=width)
    for row in rows:  # with little room the year of a time goes
        table.add_row(*(Text(row[c][5:] if c in TIMES and not roomy else row[c]) for c in shown))
    console.print(table)
