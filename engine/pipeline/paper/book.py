"""``cli.py paper trades``, ``calls``, ``halt``, ``resume``, ``close`` and ``reset``: looking into the ledger.

What is asked of a running account is written into its ledger and done by it within a second; without one, when it runs
again. Names and dates that nobody knows are refused before anything is written.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from engine.collect.lock import locked
from engine.config.diagnostics import did_you_mean
from engine.domain import Halt
from engine.paper.call import WAITING, PaperCall
from engine.paper.codec import halt_from
from engine.paper.fold import Fold
from engine.paper.ledger import Event, Ledger, LedgerError
from engine.pipeline.alive import NAME
from engine.pipeline.alone import alone
from engine.pipeline.errors import InputError
from engine.pipeline.paper.fates import NOT_TAKEN, CallFate, Heard, fates_of, live_side
from engine.pipeline.paper.live import ledger_path
from engine.pipeline.paper.table import CALL_COLUMNS, COLUMNS, call_row, trade_row
from engine.problem import Problem
from engine.simulate.terms import Terms
from engine.units import duration_ms

if TYPE_CHECKING:
    from pathlib import Path

    from engine.pipeline.workspace import Workspace

ORDERS = ("halt", "resume", "close")
Rows = tuple[tuple[str, ...], list[tuple[object, ...]]]


@dataclass(frozen=True, slots=True)
class Book:
    """An account as its ledger has it: since when, how it began (the newest word on that), its calls and its books.

    ``heard`` has what the fold does not keep, ``last_ms`` is when its newest event was written.
    """

    account: str
    began_ms: int
    begun: Event
    fold: Fold
    ledger: Ledger
    heard: Heard
    last_ms: int

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

    @property
    def live(self) -> list[PaperCall]:
        """Those that are resting or open at live prices, and not in the record yet."""
        sides = [live_side(call, self.heard) for call in self.fold.rows]
        return [side for side in sides if side is not None and not side.over]

    @property
    def fates(self) -> list[CallFate]:
        """Every call that the account heard, and what became of it."""
        return fates_of(self.account, self.heard, self.fold.rows)

    @property
    def halts(self) -> list[Halt]:
        """The pauses, those that are over included until the account notices."""
        return [halt_from(halt) for halt in (self.fold.books or {}).get("halts", [])]


def books(workspace: Workspace, account: str | None = None) -> list[Book]:
    """All accounts of the ledger, or one. Raises InputError where there is none, or the ledger cannot be used."""
    path = ledger_path(workspace)
    if not path.is_file():
        raise InputError(
            Problem("there is no ledger yet", workspace.shown(path), hint="cli.py paper STRATEGY begins one")
        )
    try:
        ledger = Ledger(path)
        names = [name for name in ledger.accounts() if next(ledger.events(name, 0, "begin"), None) is not None]
        if account is not None and account not in names:
            raise InputError(_unknown("account", account, names))
        found = [book for name in names if account in (None, name) and (book := _book(ledger, name))]
    except LedgerError as error:
        raise InputError(error.problem) from None
    if not found:
        raise InputError(Problem("nothing was traded yet", workspace.shown(path)))
    return found


def _unknown(what: str, name: str, known: Iterable[str]) -> Problem:
    """A name that nobody knows, with the nearest one, or all of them."""
    known = sorted(known)
    hint = did_you_mean(name, known) or (f"{what}s: {', '.join(known)}" if known else "")
    return Problem(f'there is no {what} "{name}" here', hint=hint)


def _book(ledger: Ledger, name: str) -> Book | None:
    begun = list(ledger.events(name, 0, "begin"))
    if not begun:
        return None
    terms = {key: _terms(data) for event in begun for key, data in event.data["terms"].items()}
    fold, heard = Fold(terms), Heard()
    fold.take(heard.over(ledger.events(name)))
    return Book(name, begun[0].at_ms, begun[-1], fold, ledger, heard, heard.last_ms)


def book_at(path: Path) -> Book:
    """The account of a ledger that has one, such as that of a replay. Raises LedgerError."""
    ledger = Ledger(path)
    (book,) = filter(None, (_book(ledger, name) for name in ledger.accounts()))
    return book


def _terms(data: dict[str, Any]) -> Terms:
    return Terms(**(data | {"later_fees": tuple(tuple(row) for row in data["later_fees"])}))


# --------------------------------------------------------------------------- looking


def trades(workspace: Workspace, account: str | None, channels: Sequence[str], since: str | None) -> Rows:
    """The trades that were filled and are over, as columns and rows, in the order of action."""
    found, zone = books(workspace, account), workspace.settings.timezone
    from_ms = since_ms(since, zone)
    _check_channels(workspace, found, channels)
    rows = [
        trade_row(book.account, call, trade, book.currency, zone)
        for book in found
        for call in sorted(book.taken, key=lambda call: call.order)
        if call.over and (not channels or call.plan.channel in channels)
        if (trade := call.trade(call.stepper.terms)).path.fills and trade.path.legs[-1].ts_ms >= from_ms
    ]
    return COLUMNS, rows


def calls(workspace: Workspace, account: str | None, channels: Sequence[str], since: str | None, refused: bool) -> Rows:
    """Every call that was heard, with its fate and who said no; ``refused``: only those that were not taken."""
    found, zone = books(workspace, account), workspace.settings.timezone
    from_ms = since_ms(since, zone)
    _check_channels(workspace, found, channels)
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


def strategies_of(workspace: Workspace) -> list[str]:
    """The strategies of the account that was used last; none without a ledger."""
    if not ledger_path(workspace).is_file():
        return []
    found = max(books(workspace), key=lambda book: book.begun.seq)
    return [str(name) for name in found.begun.data["strategies"]]


def is_running(workspace: Workspace) -> bool:
    """Whether a process trades on the ledger now."""
    try:
        with locked(ledger_path(workspace), 0):
            return False
    except TimeoutError:
        return True


def running_account(workspace: Workspace, ledger: Ledger) -> str | None:
    """The account that a process trades now; None without one."""
    if not is_running(workspace):
        return None
    said = _alive(workspace).get("account")
    return str(said) if said else next(iter(ledger.events(None, ledger.last() - 1)), Event("", "", 0, {})).account


def last_prices(workspace: Workspace, book: Book) -> dict[str, tuple[int, float]]:
    """The last price of each symbol that is held: as the running account says it, else as it stands in the ledger."""
    data = book.fold.books or {}
    found = {symbol: (int(data["now_ms"]), float(price)) for symbol, price in data.get("prices", {}).items()}
    said = _alive(workspace) if running_account(workspace, book.ledger) == book.account else {}
    if said.get("account") == book.account:
        found |= {symbol: (int(ts), float(price)) for symbol, (ts, price) in said.get("prices", {}).items()}
    return found


def _alive(workspace: Workspace) -> dict[str, Any]:
    """What the running account says of itself every few seconds; nothing where it cannot be read just now."""
    try:
        said = json.loads((workspace.root / "data" / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def waiting_orders(book: Book) -> list[Event]:
    """What people asked for that is not done yet."""
    done = {event.data["order"] for event in book.ledger.events(book.account, 0, "done")}
    return [event for event in book.ledger.events(book.account, 0, *ORDERS) if event.seq not in done]


def order_text(order: dict[str, Any]) -> str:
    """What a person asked for, in words: ``halt of demo_echo``, ``close demo_keel/12``."""
    names = ", ".join(order.get("channels", ()))
    return " ".join(part for part in (order["order"], f"of {names}" if names else "", order.get("id", "")) if part)


# --------------------------------------------------------------------------- asking


def halt(workspace: Workspace, account: str | None, for_: str | None, channels: Sequence[str]) -> list[str]:
    """Ask for a pause, of all or of channels. Raises InputError for a duration that is none, or an unknown channel."""
    try:
        length_ms = None if for_ is None else duration_ms(for_)
    except ValueError as error:
        raise InputError(Problem(str(error))) from None
    if length_ms is not None and length_ms <= 0:
        raise InputError(Problem("a pause must be longer than 0s", hint="write --for 4h"))
    until = None if length_ms is None else round(time.time() * 1000) + length_ms
    found = books(workspace, account)
    known = _check_channels(workspace, found, channels)
    return [
        _ask(workspace, book, "halt", {"until_ms": until, "channels": mine})
        for book in found
        if (mine := [name for name in channels if name in known[book.account]]) or not channels
    ]


def resume(workspace: Workspace, account: str | None, channels: Sequence[str]) -> list[str]:
    """Ask for the end of all pauses, or of those of channels. Raises InputError for an unknown channel."""
    found = books(workspace, account)
    known = _check_channels(workspace, found, channels)
    lines = []
    for book in found:
        mine = [name for name in channels if name in known[book.account]]
        if channels and not mine:
            continue
        now = round(time.time() * 1000)
        paused = [set(halt.channels) for halt in book.halts if halt.until_ms > now]
        paused += [set(order.data["channels"]) for order in waiting_orders(book) if order.kind == "halt"]
        if not any(set(mine) & names or not mine for names in paused):
            of = f" of {', '.join(mine)}" if mine else ""
            lines.append(f"{book.account}: there is no pause{of} to end")
        else:
            lines.append(_ask(workspace, book, "resume", {"channels": mine}))
    return lines


def close(workspace: Workspace, account: str | None, name: str) -> list[str]:
    """Ask for the end of a trade, or of all, those included that are only live.

    Raises InputError where no such trade is resting or open.
    """
    found = books(workspace, account)
    held = {book.account: [call.plan.signal_id for call in book.open] for book in found}
    live = {book.account: [side.plan.signal_id for side in book.live] for book in found}
    every = sorted({one for names in (held, live) for mine in names.values() for one in mine})
    if name == "all" and not every:
        return [f"{book.account}: nothing is resting or open" for book in found]
    if name != "all" and name not in every:
        fates = (row for book in found for row in book.fates if row.signal_id == name)
        was = next((f"it is {row.fate}{f' ({row.reason})' * (row.stage == WAITING)}" for row in fates), "")
        was = was or did_you_mean(name, every)
        shown = f"open: {', '.join(every)}" if every else "nothing is open"
        raise InputError(
            Problem(f"no trade {name} is resting or open", hint="; ".join(part for part in (was, shown) if part))
        )
    lines = []
    for book in found:
        mine, early = ([one for one in names[book.account] if name in ("all", one)] for names in (held, live))
        if mine or early:
            line = _ask(workspace, book, "close", {"id": name} | ({"live": sorted({*early})} if early else {}))
            are = f"{', '.join(sorted({*early}))} {'is' if len({*early}) == 1 else 'are'} open live only"
            lines.append(f"{line} ({are}: the record follows at the next open, when it is there)" if early else line)
    return lines


def _ask(workspace: Workspace, book: Book, kind: str, data: dict[str, Any]) -> str:
    """Write what a person wants into the ledger; what is told about it."""
    try:
        book.ledger.append(Event(book.account, kind, round(time.time() * 1000), data))
    except LedgerError as error:
        raise InputError(error.problem) from None
    running = running_account(workspace, book.ledger) == book.account
    when = "it is done within a second" if running else "it is done when the account runs again"
    return f"{book.account}: {order_text({'order': kind, **data})} noted; {when}"


def _check_channels(workspace: Workspace, found: Sequence[Book], names: Sequence[str]) -> dict[str, set[str]]:
    """The channels of each account: those of its strategies, and those it heard. Raises InputError for another one."""
    known = {book.account: _channels(workspace, book) for book in found}
    every = set().union(*known.values())
    wrong = [_unknown("channel", name, every) for name in names if name not in every]
    if wrong:
        raise InputError(*wrong)
    return known


def _channels(workspace: Workspace, book: Book) -> set[str]:
    names = {call.plan.channel for call in book.fold.rows} | {e.key[0] for e in book.heard.refused if e.key}
    for strategy in book.begun.data["strategies"]:
        try:
            file = workspace.strategy(workspace.find_strategy(str(strategy)))
        except InputError:
            continue
        names |= set(file.strategy.channels if file is not None else ())
    return names


def reset(workspace: Workspace, sure: Callable[[str], bool]) -> str:
    """Put the ledger and its copy aside, so that the next run begins anew; nothing is deleted.

    Raises InputError while it runs.
    """
    path = ledger_path(workspace)
    if not path.is_file():
        raise InputError(Problem("there is no ledger", workspace.shown(path)))
    with alone(path, "the account is running", "stop it first"):
        aside = path.with_name(f"paper-{datetime.now(UTC):%Y%m%d-%H%M%S}.db")
        copy, copy_aside = path.with_suffix(".backup.db"), aside.with_suffix(".backup.db")
        if not sure(f"put {workspace.shown(path)} aside as {aside.name} and begin anew?"):
            return "nothing was changed"
        for suffix in ("-wal", "-shm", ""):  # the ledger last: whatever happens between, it is whole
            part = path.with_name(path.name + suffix)
            if part.is_file():
                part.rename(aside.with_name(aside.name + suffix))
        said = f"the old ledger is {workspace.shown(aside)}"
        if copy.is_file():
            copy.rename(copy_aside)
            said += f", its daily copy {workspace.shown(copy_aside)}"
        journal = path.with_name("testnet.jsonl")
        if journal.is_file():  # it says what is open at the test exchange, whatever the ledger
            said += f"; {workspace.shown(journal)} stays as it is"
        return f"{said}; the next run begins anew"
