"""An account as its ledger has it, whether it runs now, and the last prices that are known of it.

Names that nobody knows are refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from engine.collect.lock import locked
from engine.config.diagnostics import did_you_mean
from engine.domain import Halt
from engine.paper.codec import halt_from, terms_from
from engine.paper.fold import Fold
from engine.paper.ledger import Event, Ledger, LedgerError
from engine.paper.worth import Seen, newest
from engine.pipeline.errors import InputError
from engine.pipeline.paper.fates import CallFate, Heard, fates_of, live_side
from engine.problem import Problem
from engine.report.show import count

if TYPE_CHECKING:
    from pathlib import Path

    from engine.config.strategy import Strategy
    from engine.paper.call import PaperCall
    from engine.pipeline.workspace import Workspace


@dataclass(frozen=True)
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

    @cached_property
    def standing(self) -> list[PaperCall]:
        """The same as they stand now: with what was said live since the record's last candle, also that they ended."""
        return [self.heard.now.side(call) for call in self.open]

    @property
    def live(self) -> list[PaperCall]:
        """Those that are resting or open at live prices, and not in the record yet."""
        return [side for side in self.live_sides if not side.over]

    @cached_property
    def live_sides(self) -> list[PaperCall]:
        """All calls that the account takes and that the record has not begun, as they stand at live prices."""
        sides = (live_side(call, self.heard) for call in self.fold.rows)
        return [side for side in sides if side is not None]

    @cached_property
    def fates(self) -> list[CallFate]:
        """Every call that the account heard, and what became of it."""
        return fates_of(self.account, self.heard, self.fold.rows)

    @property
    def halts(self) -> list[Halt]:
        """The pauses, those that are over included until the account notices; and those that a rule said live."""
        kept = [halt_from(halt) for halt in (self.fold.books or {}).get("halts", [])]
        return [*kept, *self.heard.now.pauses.values()]


def books(workspace: Workspace, account: str | None = None) -> list[Book]:
    """All accounts of the ledger, or one. Raises InputError where there is none, or the ledger cannot be used."""
    path = workspace.ledger_path
    if not path.is_file():
        raise InputError(
            Problem("there is no ledger yet", workspace.shown(path), hint="cli.py paper STRATEGY begins one")
        )
    try:
        ledger = Ledger(path)
        ledger.check()
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
    terms = {key: terms_from(data) for event in reversed(begun) for key, data in event.data["terms"].items()}
    fold, heard = Fold(terms), Heard()
    fold.take(heard.over(ledger.events(name)))
    return Book(name, begun[0].at_ms, begun[-1], fold, ledger, heard, heard.last_ms)


def book_at(path: Path) -> Book:
    """The account of a ledger that has one, such as that of a replay. Raises LedgerError."""
    ledger = Ledger(path)
    ledger.check()
    (book,) = filter(None, (_book(ledger, name) for name in ledger.accounts()))
    return book


def strategies_of(workspace: Workspace) -> list[str]:
    """The strategies of the account that was used last; none without a ledger."""
    path = workspace.ledger_path
    if not path.is_file():
        return []
    try:
        with closing(Ledger(path)) as ledger:
            begun = list(ledger.events(None, 0, "begin"))
    except LedgerError as error:
        raise InputError(error.problem) from None
    if not begun:
        raise InputError(Problem("nothing was traded yet", workspace.shown(path)))
    return [str(name) for name in begun[-1].data["strategies"]]


def strategies_now(workspace: Workspace, book: Book) -> Iterator[Strategy]:
    """The strategies of an account as their files are now, without those that are gone or have errors."""
    for name in book.begun.data["strategies"]:
        try:
            file = workspace.strategy(workspace.find_strategy(str(name)))
        except InputError:
            continue
        if file is not None:
            yield file.strategy


def is_running(workspace: Workspace) -> bool:
    """Whether a process trades on the ledger now."""
    try:
        with locked(workspace.ledger_path, 0):
            return False
    except TimeoutError:
        return True


def running_account(workspace: Workspace, ledger: Ledger) -> str | None:
    """The account that a process trades now; None without one."""
    if not is_running(workspace):
        return None
    said = alive_said(workspace).get("account")
    return str(said) if said else next(iter(ledger.events(None, ledger.last() - 1)), Event("", "", 0, {})).account


def last_prices(workspace: Workspace, book: Book) -> dict[str, Seen]:
    """The last price known of each symbol that is held, and when: one meaning for status, page and table.

    The newest of what the ledger has, what the account said of itself when it was last alive, and the account's own
    fills and exits: no trade is valued at a price of before it began.
    """
    alive = alive_prices(workspace, book.account)
    return newest(kept_prices(book.fold), alive, calls=[*book.standing, *book.live_sides])


def alive_prices(workspace: Workspace, account: str) -> dict[str, Seen]:
    """The last prices that a running account said, or said when it was last alive, and when it saw them."""
    said = alive_said(workspace)
    prices = said.get("prices", {}) if said.get("account") == account else {}
    return {symbol: (int(ts), float(price)) for symbol, (ts, price) in prices.items()}


def kept_prices(fold: Fold) -> dict[str, Seen]:
    """The last prices that an account's events have."""
    data = fold.books or {}
    before = {symbol: (int(data["now_ms"]), float(price)) for symbol, price in data.get("prices", {}).items()}
    return newest(before, fold.last)


def alive_said(workspace: Workspace) -> dict[str, Any]:
    """What the running account says of itself every few seconds; nothing where it cannot be read just now."""
    try:
        said = json.loads(workspace.alive_path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def check_channels(workspace: Workspace, found: Sequence[Book], names: Sequence[str]) -> dict[str, set[str]]:
    """The channels of each account: those of its strategies, and those it heard; nobody looks without any names.

    Raises InputError for another one.
    """
    if not names:
        return {}
    known = {book.account: _channels(workspace, book) for book in found}
    every = set().union(*known.values())
    wrong = [_unknown("channel", name, every) for name in names if name not in every]
    if wrong:
        raise InputError(*wrong)
    return known


def _channels(workspace: Workspace, book: Book) -> set[str]:
    names = {call.plan.channel for call in book.fold.rows} | {e.key[0] for e in book.heard.refused if e.key}
    return names.union(*(strategy.channels for strategy in strategies_now(workspace, book)))


def unwatched(ledger: Ledger, account: str) -> list[str]:
    """A line for each other account of a ledger with trades that are resting or open. Raises LedgerError."""
    lines = []
    for name in ledger.accounts():
        book = None if name == account else _book(ledger, name)
        if book is not None and book.open:
            again = " ".join(map(str, book.begun.data["strategies"]))
            trades = count(len(book.open), "trade")
            lines.append(f"nobody watches {trades} of the account {name} until it runs again: cli.py paper {again}")
    return lines
