"""What each channel of an account on paper does alone, with the same money and rules: its forward record as an account.

Where an account follows several channels, the desk keeps one such account for each of them (``engine/paper/desk.py``):
what the rules refused because of another channel's trades is taken here. All of it is derived from the ledger's events.
An account of one channel is that channel's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.domain import PathStatus
from engine.paper.desk import alone_name
from engine.paper.fold import Fold, told_of
from engine.paper.worth import Seen, leaving_all, marked, newest
from engine.pipeline.paper.book import kept_prices
from engine.pipeline.paper.table import moment
from engine.pipeline.paper.worth import booked_data

if TYPE_CHECKING:
    from engine.domain import Trade
    from engine.paper.call import PaperCall
    from engine.pipeline.paper.book import Book


@dataclass(frozen=True, slots=True)
class Alone:
    """One channel's own account, as the ledger has it.

    ``realised`` is the money without what is open, ``worth`` with it left at the last prices known (``prices``; the
    oldest of them that counts is of ``priced_ms``, None: nothing is open). ``course`` has the realised money after each
    change: (UTC epoch ms, money), from the beginning on. ``refused`` counts the calls that the account did not take,
    ``trades`` the closed ones.
    """

    channel: str
    account: str
    began_ms: int
    start: float
    realised: float
    worth: float
    trades: list[Trade]
    open: list[PaperCall]
    refused: int
    halted: bool
    course: list[tuple[int, float]]
    priced_ms: int | None
    prices: dict[str, Seen]

    @property
    def gain(self) -> float:
        """What it made of the money at the start, open trades included, as a fraction."""
        return self.worth / self.start - 1


def alone_accounts(book: Book, known: Mapping[str, Seen] | None = None) -> list[Alone]:
    """The account of each channel alone, in the order of the channels' names.

    ``known`` are prices that others know; the account's own events know those of what it holds.
    """
    names = sorted({call.plan.channel for call in book.fold.rows})
    prefix = alone_name(book.account, "")
    kept = [name for name in book.ledger.accounts() if name.startswith(prefix)]
    if kept:
        return [_alone(book, name.removeprefix(prefix), name, known or {}) for name in kept]
    return [_alone(book, names[0], book.account, known or {})] if len(names) == 1 else []


def alone_states(book: Book, known: Mapping[str, Seen], zone: str) -> Iterator[dict[str, Any]]:
    """Each channel alone as plain data; nothing where the account has one channel, which it shows itself."""
    for one in alone_accounts(book, known):
        if one.account != book.account:
            yield {
                "channel": one.channel,
                "began_with": one.start,
                "equity": one.worth,
                "priced_at": None if one.priced_ms is None else moment(one.priced_ms, zone),
                "gain": one.gain,
                "realised": one.realised,
                "closed": len(one.trades),
                "refused": one.refused,
                "open": len(one.open),
                "halted": one.halted,
            }


def alone_line(state: dict[str, Any], currency: str) -> str:
    """One of ``alone_states`` in words."""
    open_ = f", {state['open']} resting or open" if state["open"] else ""
    open_ += f" (at the prices of {state['priced_at'][11:16]})" if state["priced_at"] else ""
    became = f"{state['began_with']:,.2f} became {state['equity']:,.2f} {currency} ({state['gain']:+.1%})"
    counts = f"{state['closed']} closed, {state['refused']} refused{open_}{', halted' if state['halted'] else ''}"
    return f"{state['channel']} alone: {became}, {counts}"


def _alone(book: Book, channel: str, account: str, known: Mapping[str, Seen]) -> Alone:
    """One account out of its events."""
    events = list(told_of(book.ledger, account))
    fold = book.fold
    if account != book.account:
        fold = Fold(book.fold.terms)
        fold.take(events)
    start, data = float(book.begun.data["equity"]), fold.books or {}
    mine = [event.at_ms for event in events if event.kind != "begin"]
    began_ms = book.began_ms if account == book.account else min(mine, default=book.began_ms)
    course = [(event.at_ms, float(event.data["books"]["wallet"])) for event in events if event.kind == "account"]
    cash, wallet, held = booked_data(data, start)
    taken = [call for call in fold.rows if call.facts is not None]
    open_ = [call for call in taken if not call.over]
    seen = newest(known, kept_prices(fold), calls=open_)
    prices = {symbol: price for symbol, (_, price) in seen.items()}
    ended = [call.trade() for call in taken if call.over]
    return Alone(
        channel,
        account,
        began_ms,
        start,
        wallet,
        marked(cash, held, prices) - leaving_all(open_, prices),
        [trade for trade in ended if trade.path.status is PathStatus.CLOSED],
        open_,
        sum(call.refused for call in fold.rows),
        bool(data.get("halts")),
        [*_steps([(began_ms, start), *course])],
        min((seen[symbol][0] for symbol, quantity in held.items() if quantity and symbol in seen), default=None),
        seen,
    )


def _steps(course: list[tuple[int, float]]) -> Iterator[tuple[int, float]]:
    """The moments at which the money changed."""
    before: float | None = None
    for at_ms, money in course:
        if money != before:
            yield at_ms, money
        before = money
