"""``cli.py paper trades`` and ``calls``: lists out of the ledger. Names and dates that nobody knows are refused."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engine.pipeline.errors import InputError
from engine.pipeline.paper.book import books, check_channels
from engine.pipeline.paper.fates import NOT_TAKEN
from engine.pipeline.paper.table import CALL_COLUMNS, COLUMNS, call_row, trade_row
from engine.problem import Problem
from engine.units import duration_ms

if TYPE_CHECKING:
    from engine.pipeline.workspace import Workspace

Rows = tuple[tuple[str, ...], list[tuple[object, ...]]]


def trades(workspace: Workspace, account: str | None, channels: Sequence[str], since: str | None) -> Rows:
    """The trades that were filled and are over, as columns and rows, in the order in which they ended."""
    found, zone = books(workspace, account), workspace.settings.timezone
    from_ms = since_ms(since, zone)
    check_channels(workspace, found, channels)
    ended = [
        (trade.path.legs[-1].ts_ms, call.order, book, call, trade)
        for book in found
        for call in book.taken
        if call.over and (not channels or call.plan.channel in channels)
        if (trade := call.trade()).path.fills and trade.path.legs[-1].ts_ms >= from_ms
    ]
    ended.sort(key=lambda one: one[:2])
    rows = [trade_row(book.account, call, trade, book.currency, zone) for *_, book, call, trade in ended]
    return COLUMNS, rows


def calls(workspace: Workspace, account: str | None, channels: Sequence[str], since: str | None, refused: bool) -> Rows:
    """Every call that was heard, with its fate and who said no; ``refused``: only those that were not taken."""
    found, zone = books(workspace, account), workspace.settings.timezone
    from_ms = since_ms(since, zone)
    check_channels(workspace, found, channels)
    rows = [
        call_row(row, zone)
        for book in found
        for row in book.fates
        if row.posted_ms >= from_ms
        and (not channels or row.channel in channels)
        and (not refused or row.stage in NOT_TAKEN)
    ]
    return CALL_COLUMNS, rows


def since_ms(since: str | None, zone: str) -> int:
    """A day of the zone, or a duration before now, as epoch ms; 0 for None. Raises InputError for anything else."""
    if since is None:
        return 0
    try:
        return round(time.time() * 1000) - duration_ms(since)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        raise InputError(Problem(f'"{since}" is no time', hint="write --since 2025-03-01, or --since 7d")) from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).timestamp() * 1000)
