"""``cli.py paper report``: the page of an account on paper, from its ledger, in a folder like that of a backtest.

1. The ledger is checked (its chain of hashes), folded, and gone over once more for what stands beside the calls.
2. Each call becomes a row, each channel a forward record; candles and messages are taken where they are at hand.
3. paper.json, trades.csv, equity.csv, evidence.jsonl.gz and tables/ are written; report.html is rendered from them.

A running account is not disturbed: its ledger is only read. Nothing is asked of the network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine.domain import ExitReason
from engine.paper.ledger import LedgerError
from engine.pipeline.errors import InputError
from engine.pipeline.evidence import chart, moves_of_path, versions_of
from engine.pipeline.paper.account import Account, account_of, curve
from engine.pipeline.paper.book import Book, book_at, books, kept_prices, last_prices
from engine.pipeline.paper.results import results_of
from engine.pipeline.paper.rows import Standing, rows_of
from engine.pipeline.paper.sources import Sources, known_sources
from engine.pipeline.report import LEDGER_FILE
from engine.pipeline.runfolder import new_folder
from engine.report.calls import SHOWN_CALLS
from engine.report.evidence import EVIDENCE_FILE, Evidence, packed_evidence, write_evidence
from engine.report.paperexports import write_paper_tables
from engine.report.paperpage import render_paper
from engine.report.paperrun import PaperRow, save_paper
from engine.report.tables import CALLS_FILE, EQUITY_FILE, write_calls, write_equity

if TYPE_CHECKING:
    from engine.domain import Message, Signal
    from engine.pipeline.paper.replay import Replayed
    from engine.pipeline.workspace import Workspace


def report_paper(workspace: Workspace, account: str | None, out: Path | None, lang: str | None) -> list[str]:
    """Write the page of each account of the ledger, or of one; a line for each. Raises InputError."""
    found = books(workspace, account)
    lines = []
    for book in found:
        named = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-paper-{book.account}"
        folder = (
            new_folder(workspace.runs_path, named) if out is None else out if len(found) == 1 else out / book.account
        )
        path = write_paper(workspace, book, known_sources(workspace, book), folder, lang)
        lines.append(f"{book.account}: {path.as_posix()}")
    return lines


def report_replay(workspace: Workspace, done: Replayed, source: str) -> Path:
    """Write the same page of a replay into its folder; the path of report.html. Raises InputError."""
    try:
        book = book_at(done.folder / LEDGER_FILE)
    except LedgerError as error:
        raise InputError(error.problem) from None
    sources = Sources(done.loaded, done.prices, done.desk.market.candles, done.messages, replay=source)
    try:
        return write_paper(workspace, book, sources, done.folder)
    finally:
        book.ledger.close()


def write_paper(workspace: Workspace, book: Book, sources: Sources, folder: Path, lang: str | None = None) -> Path:
    """Write all files of the page of an account into a folder; the path of report.html. Raises InputError."""
    try:
        book.ledger.check()
        known = kept_prices(book.fold) if sources.replay else last_prices(workspace, book)
        account = account_of(book, sources, known)
        equity, exact = curve(account)
        run = results_of(workspace, account, equity, exact)
    except LedgerError as error:
        raise InputError(error.problem) from None
    rows = rows_of(account.stands, account.told, account.fates)
    folder.mkdir(parents=True, exist_ok=True)
    write_calls(folder / CALLS_FILE, rows, PaperRow)
    write_equity(folder / EQUITY_FILE, equity.ts, equity.equity, equity.drawdown)
    write_evidence(folder / EVIDENCE_FILE, packed_evidence(_evidence(account, rows[-SHOWN_CALLS:])))
    save_paper(folder, run)
    write_paper_tables(folder, run)
    return render_paper(folder, lang or workspace.settings.language)


def _evidence(account: Account, rows: Sequence[PaperRow]) -> list[Evidence]:
    """Messages, fills, exits and candles of the calls that the page shows."""
    versions = account.sources.versions()
    posts = {key for row in rows for key in _posts(row.signal_id) if key in versions}
    signals, stands = account.sources.signals(posts), {one.call.plan.signal_id: one for one in account.stands}
    return [_behind(account, row.signal_id, versions, signals, stands) for row in rows]


def _posts(signal_id: str) -> tuple[str, str]:
    """The post that a call may stand in: its id, or its id without the number of the call within it."""
    return signal_id, signal_id.rpartition("#")[0]


def _behind(
    account: Account,
    name: str,
    versions: Mapping[str, Sequence[Message]],
    signals: Mapping[str, Signal],
    stands: Mapping[str, Standing],
) -> Evidence:
    known = next((versions[key] for key in _posts(name) if key in versions), ())
    said = versions_of(signals.get(name), known)
    one = stands.get(name)
    if one is None:
        return Evidence(name, said)
    call = one.call
    path = one.trade.path if one.trade is not None else call.stepper.path()
    moves = tuple(move for move in moves_of_path(path) if move.what != ExitReason.END)
    bars = account.sources.candles.get(call.plan.symbol)
    end = min(call.end_ms, account.through_ms)
    drawn = None if bars is None else chart(bars, call.plan.act_ms, max(call.plan.act_ms, end))
    return Evidence(name, said, moves, drawn)
