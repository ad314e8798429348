"""The trades of one account: what closed candles do to them, what the account answers, and what ends them early.

The broker is told the candles, the account hears what became of each call and is asked about those that are due; all
that happens is an event. A trade that a rule or a person ends goes out at the open of the first candle from then on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

from engine.domain import Plan, RuleNote
from engine.paper.account import PaperAccount
from engine.paper.broker import Moved, Placed, VirtualBroker
from engine.paper.call import PaperCall
from engine.paper.codec import Data, alarm_data, books_data, margins_of, plan_data, restore_books
from engine.paper.fold import Fold, call_data, trade_data
from engine.paper.lane import Lane
from engine.paper.market import Market
from engine.paper.outbox import Outbox
from engine.paper.worth import Seen, newest
from engine.simulate.answers import Answer
from engine.simulate.judge import Alarm
from engine.units import DAY_MS


@dataclass
class Trades:
    """See the module's docstring.

    ``through_ms`` is the newest candle that was told. ``live``: what is in the ledger was said to people, so nothing is
    ended before that. ``last`` has the newest close of each symbol that is held, as of the last ``look``.
    """

    lanes: Mapping[str, Lane]
    market: Market
    broker: VirtualBroker
    outbox: Outbox
    zone: str
    through_ms: int = 0
    live: bool = False
    books: PaperAccount = field(init=False)
    last: dict[str, Seen] = field(default_factory=dict)
    _written: tuple[object, ...] = ()

    def __post_init__(self) -> None:
        self.books = PaperAccount(self.lanes, self.zone, self.market.candles, self.market.funding, self._follow)

    def restore(self, fold: Fold) -> None:
        """Go on where the ledger ends."""
        self.through_ms = fold.through_ms
        for call in fold.rows:
            self.books.rows.append(call)
            self.broker.restore(call)
            self.books.restore(call)
        if fold.books is not None:
            restore_books(self.books.books, fold.books)
            self.books.marks.before.update(fold.books["prices"])
            self.last = dict(fold.last)
            kept = newest(self.last, calls=[call for call in self.books.open_calls if not call.over])
            self.books.marks.before.update({symbol: price for symbol, (_, price) in kept.items()})
        self.books.go_on()
        self._written = self._mark()

    # ------------------------------------------------------------------ candles

    def candle(self, ts_ms: int, symbols: Iterable[str], late: bool) -> None:
        """All candles that opened at ``ts_ms`` are over: those of these symbols are there and are looked at."""
        for symbol in symbols:
            if self.broker.book.get(symbol):
                for one in self.broker.bar(symbol, *self.market.bars_at(symbol, ts_ms)):
                    self._heard(one, ts_ms, late)
            for call in self.closing():
                if call.plan.symbol == symbol:
                    self._end_early(call, ts_ms)
        self.decide(ts_ms, late)

    def decide(self, through_ms: int, late: bool) -> None:
        """Ask the account what can be asked; all candles that opened by ``through_ms`` were told."""
        self.through_ms = max(self.through_ms, through_ms)
        for one in self.books.answer(self.through_ms):
            if isinstance(one, Alarm):
                self._alarmed(one)
            else:
                self._decided(*one, late)
        if self._mark() != self._written:
            self.keep_books()

    def never_came(self, call: PaperCall) -> None:
        """A call whose first candle will not come: there are no candles for it."""
        self._heard(self.broker.drop(call, "no data", call.plan.act_ms), call.plan.act_ms, late=False)

    def keep_books(self) -> None:
        """The books as they are now go into the ledger."""
        self._written = self._mark()
        self.look()
        last = {symbol: [*seen] for symbol, seen in sorted(self.last.items())}
        self.outbox.tell("account", self.through_ms, {"books": books_data(self.books.books), "last": last})

    def look(self) -> None:
        """Bring ``last`` up to date: the newest close that was told of each symbol that is held."""
        books = self.books.books.books
        held = {*books.symbols, *books.held}
        self.last = {symbol: seen for symbol, seen in self.last.items() if symbol in held}
        for symbol in held & {*self.market.candles}:
            bars = self.market.candles[symbol]
            place = int(bars.ts.searchsorted(self.through_ms, side="right")) - 1
            if place >= 0:
                self.last = newest(self.last, {symbol: (bars.end_of(place), float(bars.close[place]))})

    def _mark(self) -> tuple[object, ...]:
        """Changes when the books do."""
        books, accountant = self.books.books.books, self.books.books
        trades = tuple(books.open), tuple(books.ends), frozenset(books.ending)
        return (books.cash, books.day, len(books.flows), trades, tuple(books.halts), accountant.now_ms // DAY_MS,
                accountant.sequence)  # fmt: skip

    # ------------------------------------------------------------------ what the broker and the account say

    def _heard(self, one: Placed | Moved, ts_ms: int, late: bool) -> None:
        """The broker's news."""
        call = one.call
        if isinstance(one, Placed):
            placed: Data = {"ended": list(one.ended), "stands": call_data(call)}
            if one.against is not None:
                against = self.books.rows[one.against]
                placed["of"] = against.plan.signal_id
                self.outbox.held_against(placed, against)
            self.outbox.tell("placed", ts_ms, placed, call.row, late=late)
            if not call.counted:
                self._keep(call, ts_ms)
            return
        self.books.hear(one)
        fills, legs = ([asdict(move) for move in moves] for moves in (one.fills, one.legs))
        said: Data = {"fills": fills, "legs": legs, "paid": list(one.paid), "stands": call_data(call)}
        whole = self.books.rows[call.row]
        whole.missed |= late and bool(fills or legs)
        held = whole.closing_ms is None or ts_ms < whole.closing_ms  # a bar that opens later ends it at its open
        said["taken"] = held and whole.facts is not None and whole.early is None and call is whole.acting
        said["own"] = call is not whole
        if call.stepper.done:
            said |= {"status": call.stepper.path().status, "r": call.r()}
        self.outbox.tell("step", ts_ms, said, call.row, late=late)

    def _decided(self, call: PaperCall, answer: Answer, late: bool) -> None:
        """The account's word on a call."""
        said: Data = {
            "taken": answer.taken,
            "quantity": answer.quantity,
            "facts": None if answer.facts is None else asdict(answer.facts),
            "notes": [asdict(note) for note in answer.notes],
            "halt": None if answer.halt is None else asdict(answer.halt),
        }
        if answer.holders:
            said["margins"] = margins_of(answer)
        if answer.taken and call.closing_ms is not None:
            said["closing_ms"] = call.closing_ms
        if call.own is not None:
            said |= {"plan": plan_data(call.own.plan), "stands": call_data(call.own)}
        self.outbox.tell("decided", call.plan.act_ms, said, call.row, late=late)
        if not answer.taken:
            self._keep(call, self.through_ms)
        elif call.closing_ms is not None:
            self._end_early(call, self.through_ms)
        if answer.close is not None:
            for one in self.books.covered(answer.close):
                self.close(one, call.plan.act_ms, answer.notes[-1])

    def _alarmed(self, alarm: Alarm) -> None:
        """A rule spoke between calls."""
        self.outbox.tell("alarm", alarm.at_ms, alarm_data(alarm))
        if alarm.close is not None:
            for one in self.books.covered(alarm.close):
                self.close(one, alarm.at_ms, alarm.note)

    def _follow(self, call: PaperCall, plan: Plan) -> PaperCall:
        """A call under the plan that its size makes, through the candles told so far."""
        bars = self.market.bars_since(plan.symbol, call.first_ms, self.through_ms)
        return self.broker.follow(call, plan, bars)

    # ------------------------------------------------------------------ ended before their path

    def close(self, call: PaperCall, now_ms: int, note: RuleNote) -> None:
        """End a trade of the account at the first open from a moment on, and after all that the ledger has of it."""
        if call.closing_ms is None and call.early is None:
            call.closing_ms, call.closing_notes = max(now_ms, self._written_ms(call) + 1), (note,)
            said: Data = {"closing_ms": call.closing_ms, "notes": [asdict(note)]}
            self.outbox.tell("closing", now_ms, said, call.row)
            if call.facts is not None:
                self._end_early(call, self.through_ms)

    def _written_ms(self, call: PaperCall) -> int:
        """The newest fill or exit of a trade that is in a live ledger already; -1 without one.

        What this candle did is not: a rule that speaks at its open speaks before it. Where candles of another symbol
        were late, a rule speaks of a time that is over; it ends nothing that has happened since.
        """
        if not self.live or self.outbox.holds("decided", call.row):
            return -1
        path, new = call.acting.stepper.path(), self.outbox.moves(call.row, own=call.own is not None)
        fills, legs = path.fills[: len(path.fills) - new[0]], path.legs[: len(path.legs) - new[1]]
        return max((move.ts_ms for moves in (fills, legs) for move in moves), default=-1)

    def closing(self) -> list[PaperCall]:
        """The trades of the account that are to be ended and are not yet."""
        return [call for call in self.books.open_calls if call.closing_ms is not None and call.early is None]

    def _keep(self, call: PaperCall, now_ms: int) -> None:
        """A call is not to be ended any more, if it was: there is no trade of it, or it has ended before."""
        if call.closing_ms is not None:
            call.closing_ms, call.closing_notes = None, ()
            self.outbox.tell("closing", now_ms, {"closing_ms": None, "notes": []}, call.row)

    def _end_early(self, call: PaperCall, through_ms: int) -> None:
        if self.books.end_early(call, through_ms) and call.early is not None:
            self.outbox.tell("early", through_ms, {"trade": trade_data(call.early)}, call.row)
        elif call.closing_ms is None:
            self.outbox.tell("closing", through_ms, {"closing_ms": None, "notes": []}, call.row)
