"""``cli.py paper halt``, ``resume`` and ``close``: what people ask of an account.

What is asked of a running account is written into its ledger and done by it within a second; without one, when it runs
again. Names that nobody knows are refused before anything is written.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.config.diagnostics import did_you_mean
from engine.paper.call import WAITING
from engine.paper.ledger import Event, LedgerError
from engine.pipeline.errors import InputError
from engine.pipeline.paper.book import books, check_channels, running_account
from engine.pipeline.paper.holding import held_coins, held_lines
from engine.problem import Problem
from engine.units import duration_ms

if TYPE_CHECKING:
    from engine.pipeline.paper.book import Book
    from engine.pipeline.workspace import Workspace

ORDERS = ("halt", "resume", "close")


def waiting_orders(book: Book) -> list[Event]:
    """What people asked for that is not done yet."""
    done = {event.data["order"] for event in book.ledger.events(book.account, 0, "done")}
    return [event for event in book.ledger.events(book.account, 0, *ORDERS) if event.seq not in done]


def order_text(order: dict[str, Any]) -> str:
    """What a person asked for, in words: ``halt of demo_echo``, ``close demo_keel/12``."""
    names = ", ".join(order.get("channels", ()))
    return " ".join(part for part in (order["order"], f"of {names}" if names else "", order.get("id", "")) if part)


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
    known = check_channels(workspace, found, channels)
    found = _meant(workspace, found, account, _concerned(found, known, channels))
    return [
        _ask(workspace, book, "halt", {"until_ms": until, "channels": mine})
        for book in found
        if (mine := [name for name in channels if name in known[book.account]]) or not channels
    ]


def resume(workspace: Workspace, account: str | None, channels: Sequence[str]) -> list[str]:
    """Ask for the end of all pauses, or of those of channels, and say which coins stay held.

    Raises InputError for an unknown channel.
    """
    found = books(workspace, account)
    known = check_channels(workspace, found, channels)
    found = _meant(workspace, found, account, _concerned(found, known, channels))
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
            lines += (f"  {line}" for line in held_lines(held_coins(workspace, book, mine)))
    return lines


def close(workspace: Workspace, account: str | None, name: str) -> list[str]:
    """Ask for the end of a trade, or of all, those included that are only live.

    What is on its way out already is not asked for again. Raises InputError where no such trade is resting or open.
    """
    found = books(workspace, account)
    have = {book.account: {call.plan.signal_id for call in (*book.open, *book.live)} for book in found}
    found = _meant(workspace, found, account, [book for book, ids in have.items() if name == "all" or name in ids])
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
        leaving = _leaving(book)
        mine, early = ([one for one in names[book.account] if name in ("all", one)] for names in (held, live))
        again = sorted({*mine, *early} & leaving)
        mine, early = ([one for one in names if one not in leaving] for names in (mine, early))
        if again:
            are = "is" if len(again) == 1 else "are"
            lines.append(f"{book.account}: {', '.join(again)} {are} on the way out already")
        if mine or early:
            line = _ask(workspace, book, "close", {"id": name} | ({"live": sorted({*early})} if early else {}))
            are = f"{', '.join(sorted({*early}))} {'is' if len({*early}) == 1 else 'are'} open live only"
            lines.append(f"{line} ({are}: the record follows at the next open, when it is there)" if early else line)
    return lines


def _leaving(book: Book) -> set[str]:
    """The trades that are to be closed at the next open, or that a person has asked to close."""
    calls = (*book.open, *book.live)
    asked = {order.data["id"] for order in waiting_orders(book) if order.kind == "close"}
    return {
        call.plan.signal_id for call in calls if call.closing_ms is not None or asked & {"all", call.plan.signal_id}
    }


def _concerned(found: Sequence[Book], known: dict[str, set[str]], channels: Sequence[str]) -> list[str]:
    """The accounts that have one of the channels; all where none is named."""
    return [book.account for book in found if not channels or known[book.account] & {*channels}]


def _meant(workspace: Workspace, found: list[Book], account: str | None, mine: Sequence[str]) -> list[Book]:
    """The account that a word is for: the named one, the only one of ``mine``, or of those the running one.

    ``mine`` are the accounts that it can be about; none: nobody knows what it is about, and that is told of all.
    Raises InputError where several are left.
    """
    if account is not None or not mine:
        return found
    running = running_account(workspace, found[0].ledger)
    named = [book for book in found if book.account in mine]
    named = [book for book in named if book.account == running] or named
    if len(named) > 1:
        hint = " or ".join(f"--account {book.account}" for book in named)
        raise InputError(Problem("which account? None of them runs, and it may be for several", hint=hint))
    return named


def _ask(workspace: Workspace, book: Book, kind: str, data: dict[str, Any]) -> str:
    """Write what a person wants into the ledger; what is told about it."""
    try:
        book.ledger.append(Event(book.account, kind, round(time.time() * 1000), data))
    except LedgerError as error:
        raise InputError(error.problem) from None
    running = running_account(workspace, book.ledger) == book.account
    when = "it is done within a second" if running else "it is done when the account runs again"
    return f"{book.account}: {order_text({'order': kind, **data})} noted; {when}"
