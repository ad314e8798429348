"""The live record of a day, held against a replay of the same day from history: how far they differ, and why.

The whole account is replayed from its beginning (``engine/paper/replay.py``) over the archive and the exchange's
history, with the same costs; then the trades that closed on the day are compared, one by one. They differ where a call
arrived late, where a person spoke, or where the exchange tells another story afterwards; each is said.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engine.collect.reading import when_known
from engine.domain import BY_HAND, ExitReason
from engine.market.store import CandleStore
from engine.paper.ledger import Event, Ledger, LedgerError
from engine.paper.reconcile import Difference, differences
from engine.paper.replay import play
from engine.pipeline.errors import InputError
from engine.pipeline.paper.book import Book, books
from engine.pipeline.paper.changes import acting_from
from engine.pipeline.paper.desk import Loaded, hashes, load, make_desk
from engine.pipeline.paper.distance import distance_line
from engine.pipeline.paper.sources import archived
from engine.pipeline.paper.words import Verdicts
from engine.problem import Problem
from engine.units import DAY_MS

if TYPE_CHECKING:
    from engine.domain import Change, Message, Trade
    from engine.market.candles import Candles, Funding
    from engine.market.contracts import Contract
    from engine.paper.call import PaperCall
    from engine.pipeline.workspace import Workspace

BEFORE_MS = 3 * DAY_MS
SHOWN = 5


@dataclass(frozen=True, slots=True)
class History:
    """What the exchange has of the account's symbols: candles, funding, fair prices, contract facts."""

    candles: Mapping[str, Candles]
    funding: Mapping[str, Funding] | None = None
    fair: Mapping[str, Candles] | None = None
    contracts: Mapping[str, Sequence[Contract]] | None = None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """A day compared: the trades that closed on it, here or there; what differs and why; the sum of R of both.

    ``live`` says how far the live fills were from the record's ("" where there were none).
    """

    day: str
    trades: int
    different: list[tuple[Difference, str]]
    ours_r: float
    theirs_r: float
    live: str = ""

    @property
    def line(self) -> str:
        """The comparison in one line."""
        if not self.trades:
            return f"{self.day}: no trade closed, here or in history{self.live}"
        same = self.trades - len(self.different)
        are = "closed trade is" if self.trades == 1 else "closed trades are"
        text = f"{self.day}: {same} of {self.trades} {are} as history has them"
        if self.different:
            why = "; ".join(f"{one} ({reason})" for one, reason in self.different[:SHOWN])
            text += f"; {self.ours_r:+.2f}R here, {self.theirs_r:+.2f}R there: {why}"
        return text + self.live


def reconcile(workspace: Workspace, account: str | None, day: str | None) -> list[str]:
    """Compare a day (default: yesterday) of each account with history, and write the line into its ledger."""
    zone = ZoneInfo(workspace.settings.timezone)
    try:
        when = date.fromisoformat(day) if day else datetime.now(zone).date() - timedelta(days=1)
    except ValueError:
        raise InputError(Problem(f"{day} is no date", hint="write it as 2025-03-01")) from None
    if _end(when, zone) > time.time() * 1000:
        raise InputError(Problem(f"{when} is not over yet ({workspace.settings.timezone})"))
    lines, found = [], [book for book in books(workspace, account) if book.began_ms < _end(when, zone)]
    if not found:
        raise InputError(Problem(f"{when} was before any account began"))
    for book in found:
        compared = _reconciled(workspace, book, when, zone)
        try:
            book.ledger.append(reconciled_event(book.account, compared, _end(when, zone)))
        except LedgerError as error:
            raise InputError(error.problem) from None
        lines.append(f"{book.account}: {compared.line}")
    return lines


def reconciled_event(account: str, found: Reconciled, at_ms: int) -> Event:
    """The event that keeps a comparison."""
    data: dict[str, object] = {"day": found.day, "line": found.line, "trades": found.trades}
    data |= {"different": len(found.different), "ours_r": found.ours_r, "theirs_r": found.theirs_r}
    data["differing"] = [[one.signal_id, one.what, one.ours, one.theirs, why] for one, why in found.different]
    return Event(account, "reconciled", at_ms, data)


def _reconciled(workspace: Workspace, book: Book, when: date, zone: ZoneInfo) -> Reconciled:
    """Fetch the history that is missing, and compare."""
    loaded = [load(workspace, str(name)) for name in book.begun.data["strategies"]]
    loaded = acting_from(book.ledger, book.account, loaded, hashes(workspace.sources), round(time.time() * 1000))
    start_ms, end_ms = _end(when - timedelta(days=1), zone), _end(when, zone)
    symbols = tuple(sorted({call.plan.symbol for call in book.fold.rows if call.plan.act_ms < end_ms}))
    history = _history(workspace, loaded, symbols, book.began_ms - BEFORE_MS, end_ms)
    messages = archived(workspace, loaded)
    return compare(book, loaded, messages, history, (start_ms, end_ms), str(when), workspace.settings.timezone)


def compare(
    book: Book,
    loaded: Sequence[Loaded],
    messages: Sequence[Message],
    history: History,
    span_ms: tuple[int, int],
    day: str,
    zone: str,
) -> Reconciled:
    """Replay an account over a history, and compare the trades that closed within a span.

    Rules see the verdicts that the account saw: the words in its ledger.
    """
    until = {symbol: bars.before(span_ms[1]) for symbol, bars in history.candles.items()}
    judged = Verdicts.kept(book.ledger, book.account).asked_by(loaded)
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "replay.db", every=500)
        contracts, terms = history.contracts or None, book.fold.terms
        desk = make_desk(loaded, terms, ledger, until, history.funding, zone, history.fair, contracts, judged)
        desk.began_ms = book.began_ms
        play(desk, sorted((m for m in messages if m.known_ms < span_ms[1]), key=when_known), until)
        ledger.close()
    ours, theirs = (_closed(rows, span_ms, several=len(loaded) > 1) for rows in (book.fold.rows, desk.books.rows))
    here, there = (
        {_name(call, several=len(loaded) > 1): call for call in rows} for rows in (book.fold.rows, desk.books.rows)
    )
    found = [
        (one, _why(here.get(one.signal_id), there.get(one.signal_id), span_ms[1])) for one in differences(ours, theirs)
    ]
    live = distance_line(book.ledger, book.account, span_ms)
    return Reconciled(day, len({*ours, *theirs}), found, _sum_r(ours), _sum_r(theirs), live and f"; {live}")


def _name(call: PaperCall, *, several: bool) -> str:
    """A trade's name: that of its call, with the strategy where there are several."""
    return f"{call.plan.signal_id} in {call.lane}" if several else call.plan.signal_id


def _closed(rows: Sequence[PaperCall], span_ms: tuple[int, int], *, several: bool) -> dict[str, Trade]:
    """The trades that an account closed within a span."""
    found = {}
    for call in rows:
        if call.facts is not None and call.over:
            trade = call.trade()
            if trade.path.legs and span_ms[0] <= trade.path.legs[-1].ts_ms < span_ms[1]:
                found[_name(call, several=several)] = trade
    return found


def _why(call: PaperCall | None, other: PaperCall | None, end_ms: int) -> str:
    """Why a trade may differ from history; ``other`` is what the replay up to a moment made of its call."""
    if call is None:
        return "history has a call that was not seen live"
    if call.late:
        return "its call arrived late"
    notes = (*call.notes, *call.closing_notes)
    if any(note.rule == BY_HAND for note in notes):
        return "by hand"
    if other is not None and call.plan == other.plan:
        if _said(call, end_ms) != _said(other, end_ms):
            return "what its channel said of it arrived late"
        if _moves(call, end_ms) != _moves(other, end_ms):
            return "the exchange tells other prices of its time now"
    return "other trades or prices before it"


def _said(call: PaperCall, end_ms: int) -> list[Change]:
    """What its channel, and later calls, did to a call before a moment."""
    found = [change for change in call.stepper.changes if change.act_ms < end_ms]
    return sorted(found, key=lambda change: (change.act_ms, repr(change)))


def _moves(call: PaperCall, end_ms: int) -> list[tuple[int, float, float]]:
    """The fills and exits of a call before a moment, whatever the account did: time, price, share."""
    path = call.stepper.path()
    moves = [(fill.ts_ms, fill.price, fill.share) for fill in path.fills]
    moves += [(leg.ts_ms, leg.price, leg.share) for leg in path.legs if leg.reason is not ExitReason.END]
    return [move for move in moves if move[0] < end_ms]


def _sum_r(trades: Mapping[str, Trade]) -> float:
    return sum(trade.r or 0.0 for trade in trades.values())


def _end(day: date, zone: ZoneInfo) -> int:
    """When a day of the zone is over."""
    following = day + timedelta(days=1)
    return round(datetime(following.year, following.month, following.day, tzinfo=zone).timestamp() * 1000)


def _history(
    workspace: Workspace, loaded: Sequence[Loaded], symbols: tuple[str, ...], start_ms: int, end_ms: int
) -> History:
    """What the exchange has of the symbols, fetched where it is missing. Raises InputError."""
    from engine.market.gathering import Order, gather
    from engine.pipeline.funding import funding_of
    from engine.pipeline.prices import StoredPrices
    from engine.pipeline.rowbar import row_bar

    market, store = loaded[0].strategy.market, CandleStore(workspace.candles_path)
    if symbols:
        parts = frozenset({"candles", "funding", "mark", "contracts"} if market.type == "swap" else {"candles"})
        wanted = Order(market.source, market.type, symbols, (market.timeframe,), start_ms, end_ms, parts)
        with row_bar("fetching") as progress:
            outcome = asyncio.run(gather(wanted, store, progress))
        if outcome.problems:
            raise InputError(*outcome.problems)
    prices = StoredPrices(store, market, start_ms, end_ms)
    candles = {symbol: bars for symbol in symbols if (bars := prices.candles(symbol)) is not None}
    fair = {symbol: found for symbol, bars in candles.items() if (found := prices.fair(bars)) is not None}
    contracts = {symbol: facts for symbol in candles if (facts := prices.contracts(symbol))}
    return History(candles, funding_of(loaded[0].strategy, prices, candles)[0], fair, contracts)
