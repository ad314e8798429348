"""The account as it stands at live prices: what it would have now, and what it would say to a call now.

It is asked in a trial: a copy of its books, in which live moves are booked as the record will book them, when their
candle is over. The account itself stays as it is.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.domain import Halt
from engine.paper.call import PaperCall
from engine.paper.desk import Desk
from engine.paper.prices import LiveMarks
from engine.paper.worth import Seen, booked, marked, newest
from engine.simulate.account import Accountant
from engine.simulate.answers import Answer
from engine.simulate.flows import Flow, moves_of


class Tick(NamedTuple):
    """A live price, and the fair one where it is known; times of a symbol rise from tick to tick."""

    ts_ms: int
    price: float
    fair: float | None


@dataclass
class LiveAccount:
    """See the module's docstring.

    ``sides`` are the live copies of calls, by row; ``last`` the newest prices; ``pauses`` what rules that watch gave at
    live prices and the record has not (``liverules.py``). ``before`` are prices from before a restart, and when.
    """

    desk: Desk
    sides: Mapping[int, PaperCall]
    last: Mapping[str, Tick]
    pauses: list[Halt] = field(default_factory=list)
    before: dict[str, Seen] = field(default_factory=dict)

    def open_calls(self) -> list[PaperCall]:
        """The trades that rest or are open now, as they stand live."""
        found = [self.sides.get(call.row, call) for call in self.desk.books.open_calls]
        rows = {side.row for side in found}
        found += [side for side in self.sides.values() if side.facts is not None and side.row not in rows]
        return [side for side in found if not side.over]

    def equity(self) -> float:
        """What the account has now, if every live move were booked, marked at live prices: as rules see it."""
        trial = self._trial(None)
        books = trial.books
        cash, _, held = booked(books.cash, books.wallet, books.held, (flow for *_, flow in books.flows))
        return marked(cash, held, {symbol: price for symbol, (_, price) in self.prices().items()})

    def prices(self) -> dict[str, Seen]:
        """The last price known of each symbol that is held, and of all with live prices."""
        ticks = {symbol: (tick.ts_ms, tick.price) for symbol, tick in self.last.items()}
        self.desk.trades.look()
        return newest(self.before, self.desk.trades.last, ticks, calls=self.open_calls())

    def ahead(self, now_ms: int) -> Accountant:
        """A copy of the account as it is when the candles of now are over and nothing more happens."""
        trial = self._trial(None)
        with self._in_place_of_the_record():
            trial.pass_time(now_ms)
            trial.settle(self.over_ms(now_ms))
        return trial

    def ask(self, side: PaperCall) -> Answer:
        """What the account would say to a call now."""
        lane, trial = self.desk.lanes[side.lane], self._trial(side)
        trial.strategy, trial.judge, trial.fit = lane.strategy, lane.judge, lane.fit
        with self._in_place_of_the_record():
            return trial.offer(side.row)

    @contextmanager
    def _in_place_of_the_record(self) -> Iterator[None]:
        """For the while of a question the account's calls are the live ones."""
        rows = self.desk.books.rows
        kept = {row: rows[row] for row in self.sides}
        try:
            for row, side in self.sides.items():
                rows[row] = side
            yield
        finally:
            for row, call in kept.items():
                rows[row] = call

    def _trial(self, asking: PaperCall | None) -> Accountant:
        """A copy of the account with what the record will book of the live moves, had the candles ended now."""
        account = self.desk.books
        trial = copy.copy(account.books)
        trial.restored(trial.books.copied())
        trial.books.halts += self.pauses
        for side in sorted(self.sides.values(), key=lambda side: side.order):
            call = account.rows[side.row]
            if side is asking or side.facts is None or call.early is not None:
                continue
            if call.facts is None:
                trial.hold(side.row, side.facts)
            trial.book(side.row, self._ahead(side, call))
            if side.acting.stepper.done and not (call.facts is not None and call.acting.stepper.done):
                moves = side.acting.stepper.path()
                last_ms = (moves.legs or moves.fills)[-1].ts_ms if moves.fills else side.acting.end_ms
                trial.end(side.row, self.over_ms(last_ms))
        trial.marks = self._marks()
        return trial

    def _marks(self) -> LiveMarks:
        """The account's marks, and the last price of symbols whose candles have not come yet."""
        marks = copy.copy(self.desk.books.marks)
        marks.before = marks.before | {symbol: price for symbol, (_, price) in self.prices().items()}
        return marks

    def _ahead(self, side: PaperCall, call: PaperCall) -> Iterator[Flow]:
        """The flows of a live side that the books do not know yet."""
        known = call.acting.stepper.path()
        had = (len(known.fills), len(known.legs)) if call.facts is not None else (0, 0)
        return moves_of(side.acting.stepper.path(), side.quantity, side.stepper.terms, self.over_ms, *had)

    def over_ms(self, ts_ms: int) -> int:
        """When the candle of a moment is over."""
        step = self.desk.market.timeframe_ms
        return ts_ms // step * step + step
