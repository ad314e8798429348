"""What a person says to an account: ``paper halt``, ``paper resume``, ``paper close``.

It concerns the person's own account. What each channel alone would have made (``Desk.alone``) is the channel's record:
it does not hang on what somebody does to his account, so nothing of this reaches it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.domain import BY_HAND, UNTIL_RESUMED_MS, Halt, RuleNote
from engine.paper.call import WAITING
from engine.paper.ledger import Event
from engine.paper.trades import Trades
from engine.simulate.books import Books
from engine.units import show_time


def obey(trades: Trades, order: Event, now_ms: int, given_ms: int) -> str:
    """Do what a person wants; what was done, in words. A pause holds from ``given_ms`` on, or held until then."""
    books = trades.books.books.books
    names = tuple(order.data.get("channels", ()))
    if order.kind == "halt":
        until_ms = order.data["until_ms"]
        books.halts.append(Halt(until_ms or UNTIL_RESUMED_MS, BY_HAND, "paper halt", names, (), given_ms))
        until = "paper resume" if until_ms is None else show_time(until_ms, trades.zone)
        return f"no new trades{' of ' + ', '.join(names) if names else ''} until {until}"
    if order.kind == "resume":
        return _resume(books, names, given_ms)
    return _close(trades, order.data["id"], order.data.get("live", ()), now_ms)


def _close(trades: Trades, name: str, live: Sequence[str], now_ms: int) -> str:
    """End a trade, or all; of those that are only ``live`` the order is kept until the record has them."""
    calls = [call for call in trades.books.open_calls if name in ("all", call.plan.signal_id)]
    leaving = [call for call in calls if call.closing_ms is not None]
    calls = [call for call in calls if call.closing_ms is None]
    early = [call for call in trades.books.rows if call.plan.signal_id in live and not call.asked]
    early = [call for call in early if call.fate in ("", WAITING)]
    note = RuleNote(BY_HAND, "paper close", "close", "", "", "Closed by hand.")
    for call in (*calls, *early):
        trades.close(call, now_ms, note)
    ended, more = (f"{n} {'trade is' if n == 1 else 'trades are'}" for n in (len(calls), len(early)))
    said = [f"{ended} closed at the next open"] if calls else []
    said += [f"{more} closed live at once, and at the next open when the record has it"] if early else []
    none = "it was to be closed at the next open already" if leaving else "no such trade is open"
    return "; ".join(said) or none


def _resume(books: Books, names: tuple[str, ...], now_ms: int) -> str:
    """End all pauses at a moment, or only those of channels: a pause of several goes on for the others."""
    kept: list[Halt] = []
    ended = 0
    for halt in books.halts:
        over = halt.until_ms <= now_ms
        if over or (names and not set(names) & set(halt.channels)):
            kept.append(halt)
            continue
        ended += 1
        mine = tuple(name for name in halt.channels if not names or name in names)
        left = tuple(name for name in halt.channels if name not in mine)
        if halt.from_ms < now_ms:
            kept.append(replace(halt, channels=mine, until_ms=now_ms))
        if left:
            kept.append(replace(halt, channels=left))
    books.halts = kept
    going = ", ".join(halt.by for halt in kept if halt.until_ms > now_ms)
    said = f"{ended} {'pause' if ended == 1 else 'pauses'}{' of ' if names else ''}{', '.join(names)} ended"
    return said + (f"; still halted: {going}" if going else "")
