"""``cli.py paper status``, ``trades``, ``halt``, ``resume``, ``close`` and ``reset``: looking into the ledger.

What is asked of a running account is written into its ledger and done by it within a second; without one, when it runs
again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.collect.lock import locked
from engine.domain import PathStatus
from engine.paper.call import PaperCall
from engine.paper.desk import UNTIL_RESUMED_MS
from engine.paper.fold import Fold
from engine.paper.ledger import Event, Ledger, LedgerError
from engine.pipeline.alone import alone
from engine.pipeline.errors import InputError
from engine.pipeline.paperlive import ledger_path
from engine.pipeline.papertable import COLUMNS, trade_row
from engine.problem import Problem
from engine.simulate.terms import Terms
from engine.units import duration_ms, show_time
from engine.verdict.bootstrap import clusters
from engine.verdict.forward import forward_evidence

if TYPE_CHECKING:
    from pathlib import Path

    from engine.pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Book:
    """An account as its ledger has it: since when, how it began (the newest word on that), its calls and its books."""

    account: str
    began_ms: int
    begun: Event
    fold: Fold
    ledger: Ledger

    @property
    def currency(self) -> str:
        """The account's currency."""
        return str(self.begun.data["currency"])

    @property
    def taken(self) -> list[PaperCall]:
        """The calls that the account took."""
        return [call for call in self.fold.rows if call.facts is not None]

    @property
    def open(self) -> list[PaperCall]:
        """Those that are resting or open."""
        return [call for call in self.taken if not call.over]


def books(workspace: Workspace, account: str | None = None) -> list[Book]:
    """All accounts of the ledger, or one. Raises InputError where there is none, or the ledger cannot be used."""
    path = ledger_path(workspace)
    if not path.is_file():
        raise InputError(
            Problem("there is no ledger yet", workspace.shown(path), hint="cli.py paper STRATEGY begins one")
        )
    try:
        ledger = Ledger(path)
        found = [book for name in ledger.accounts() if account in (None, name) and (book := _book(ledger, name))]
    except LedgerError as error:
        raise InputError(error.problem) from None
    if not found:
        hint = "accounts: " + ", ".join(ledger.accounts())
        raise InputError(Problem("there is no such account" if account else "nothing was traded yet", hint=hint))
    return found


def _book(ledger: Ledger, name: str) -> Book | None:
    begun = list(ledger.events(name, 0, "begin"))
    if not begun:
        return None
    terms = {key: _terms(data) for event in begun for key, data in event.data["terms"].items()}
    fold = Fold(terms)
    fold.take(ledger.events(name))
    return Book(name, begun[0].at_ms, begun[-1], fold, ledger)


def book_at(path: Path) -> Book:
    """The account of a ledger that has one, such as that of a replay. Raises LedgerError."""
    ledger = Ledger(path)
    (book,) = filter(None, (_book(ledger, name) for name in ledger.accounts()))
    return book


def _terms(data: dict[str, Any]) -> Terms:
    return Terms(**(data | {"later_fees": tuple(tuple(row) for row in data["later_fees"])}))


def strategies_of(workspace: Workspace) -> list[str]:
    """The strategies of the account that was used last; none without a ledger."""
    if not ledger_path(workspace).is_file():
        return []
    found = max(books(workspace), key=lambda book: book.begun.seq)
    return [str(name) for name in found.begun.data["strategies"]]


# --------------------------------------------------------------------------- looking


def status(workspace: Workspace, account: str | None) -> Iterator[str]:
    """What each account is worth, what is open, what is halted, and how each channel does."""
    zone, running = workspace.settings.timezone, is_running(workspace)
    for book in books(workspace, account):
        data = book.fold.books or {}
        cash, held = data.get("wallet", book.begun.data["equity"]), data.get("held", {})
        done = [trade for call in book.taken if (trade := _ended(call)) is not None]
        yield f"{book.account}: {'running' if running else 'not running'}, since {show_time(book.began_ms, zone)}"
        yield (
            f"  realised {cash:,.2f} {book.currency} (began with {book.begun.data['equity']:,.2f}); "
            f"{len(done)} trades closed, {len(book.open)} resting or open"
        )
        for call in book.open:
            yield f"  open: {_line(call, zone)}"
        for symbol, quantity in held.items():
            yield f"  holds: {quantity:+.8g} {symbol}"
        for halt in data.get("halts", []):
            forever = halt["until_ms"] >= UNTIL_RESUMED_MS
            until = "you write: paper resume" if forever else show_time(halt["until_ms"], zone)
            yield f"  halted by {halt['rule']} until {until}"
        yield from (f"  {line}" for line in channel_lines(book))
        practised = workspace.root / "data" / "testnet.jsonl"
        if practised.is_file():
            from engine.pipeline.testnetsummary import summary

            yield from (f"  {line}" for line in summary(practised, book.fold.rows))
        waiting = _waiting(book)
        if waiting:
            yield f"  waiting to be done: {', '.join(event.kind for event in waiting)}"
        for event in list(book.ledger.events(book.account, 0, "reconciled"))[-1:]:
            yield f"  {event.data['line']}"


def channel_lines(book: Book) -> Iterator[str]:
    """Each channel's forward record, from all its calls, whatever the rules refused."""
    names = sorted({call.plan.channel for call in book.fold.rows})
    for name in names:
        calls = [call for call in book.fold.rows if call.plan.channel == name and call.counted]
        closed = [(call, made) for call in calls if (made := call.r(call.stepper.terms)) is not None]
        if not closed:
            yield f"{name}: {len(calls)} calls, none has closed yet"
            continue
        r = np.array([made for _, made in closed], np.float64)
        start = np.array([call.stepper.path().fills[0].ts_ms for call, _ in closed])
        end = np.array([call.end_ms for call, _ in closed])
        evidence = forward_evidence(r, clusters(start, end))
        shown = f"shown after {evidence.reached} bursts" if evidence.shown else "an edge is shown at 20"
        yield (
            f"{name}: {len(calls)} calls, {len(r)} closed, mean {r.mean():+.2f}R, "
            f"forward evidence {evidence.wealth:.2f} ({shown})"
        )


def trades(workspace: Workspace, account: str | None) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """The trades of the accounts as columns and rows, in the order of action."""
    rows = [
        trade_row(call.trade(call.stepper.terms), call.late)
        for book in books(workspace, account)
        for call in sorted(book.taken, key=lambda call: call.order)
        if call.over
    ]
    return COLUMNS, rows


def is_running(workspace: Workspace) -> bool:
    """Whether a process trades on the ledger now."""
    try:
        with locked(ledger_path(workspace), 0):
            return False
    except TimeoutError:
        return True


def _ended(call: PaperCall) -> object | None:
    """The trade of a call that was filled and is over."""
    trade = call.trade(call.stepper.terms)
    return trade if trade.path.status is PathStatus.CLOSED else None


def _line(call: PaperCall, zone: str) -> str:
    stepper = call.acting.stepper
    fills = stepper.path().fills
    state = f"in since {show_time(fills[0].ts_ms, zone)} at {stepper.position.average:.8g}" if fills else "resting"
    stop = stepper.stop
    return f"{call.name} {state}" + (f", stop {stop:.8g}" if stop is not None else "")


def _waiting(book: Book) -> list[Event]:
    done = {event.data["order"] for event in book.ledger.events(book.account, 0, "done")}
    return [event for event in book.ledger.events(book.account, 0, "halt", "resume", "close") if event.seq not in done]


# --------------------------------------------------------------------------- asking


def order(workspace: Workspace, account: str | None, kind: str, data: dict[str, Any]) -> list[str]:
    """Write what a person wants into the ledger; a line for each account."""
    now, running, lines = round(time.time() * 1000), is_running(workspace), []
    for book in books(workspace, account):
        try:
            book.ledger.append(Event(book.account, kind, now, data))
        except LedgerError as error:
            raise InputError(error.problem) from None
        when = "it is done within a second" if running else "it is done when the account runs again"
        lines.append(f"{book.account}: {kind} noted; {when}")
    return lines


def halt_data(for_: str | None, channels: Sequence[str], now_ms: int) -> dict[str, Any]:
    """What ``paper halt`` writes. Raises InputError for a duration that is none."""
    try:
        until = None if for_ is None else now_ms + duration_ms(for_)
    except ValueError as error:
        raise InputError(Problem(str(error))) from None
    return {"until_ms": until, "channels": list(channels)}


def close_data(workspace: Workspace, account: str | None, name: str) -> dict[str, Any]:
    """What ``paper close`` writes. Raises InputError when no such trade is open."""
    open_ = [call.plan.signal_id for book in books(workspace, account) for call in book.open]
    if name != "all" and name not in open_:
        hint = "open: " + ", ".join(open_) if open_ else "nothing is open"
        raise InputError(Problem(f"no trade {name} is resting or open", hint=hint))
    return {"id": name}


def reset(workspace: Workspace, sure: Callable[[str], bool]) -> str:
    """Put the ledger aside, so that the next run begins anew; nothing is deleted. Raises InputError while it runs."""
    path = ledger_path(workspace)
    if not path.is_file():
        raise InputError(Problem("there is no ledger", workspace.shown(path)))
    with alone(path, "the account is running", "stop it first"):
        aside = path.with_name(f"paper-{datetime.now(UTC):%Y%m%d-%H%M%S}.db")
        if not sure(f"put {workspace.shown(path)} aside as {aside.name} and begin anew?"):
            return "nothing was changed"
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(path.name + suffix)
            if part.is_file():
                part.rename(aside.with_name(aside.name + suffix))
        return f"the old ledger is {workspace.shown(aside)}; the next run begins anew"
