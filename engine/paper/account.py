"""The account on paper: it is asked about calls in the order of action, and hears what the broker's candles did.

The answers are those of the walk of a backtest (``simulate/account.py``). A call is asked about when its first candle
is over and every candle that opened before its moment of action has been gone through: by then all is known that a
backtest knows, and nothing else.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.domain import Close, Plan, Trade
from engine.market.candles import Candles, Funding
from engine.paper.broker import Moved
from engine.paper.call import WAITING, PaperCall, ended_by
from engine.paper.lane import Lane, Watchers
from engine.paper.offered import Offered
from engine.paper.prices import LiveMarks
from engine.simulate.account import NEVER_MS, Accountant
from engine.simulate.answers import Answer
from engine.simulate.closing import close_early
from engine.simulate.flows import Venue, funding_flow, moves_of
from engine.simulate.judge import Alarm


@dataclass
class PaperAccount:
    """See the module's docstring. ``rows`` are all calls that were planned; ``candles`` those known by now."""

    lanes: Mapping[str, Lane]
    zone: str
    candles: Mapping[str, Candles]
    funding: Mapping[str, Funding] | None = None
    follow: Callable[[PaperCall, Plan], PaperCall] | None = None
    rows: list[PaperCall] = field(default_factory=list)
    _queue: list[tuple[tuple[int, int, int, int], PaperCall]] = field(default_factory=list)
    _settled_ms: int = 0

    def __post_init__(self) -> None:
        first = next(iter(self.lanes.values()))
        self.marks = LiveMarks(self.candles)
        self.watchers = Watchers(tuple(lane.judge for lane in self.lanes.values()))
        self.offered = Offered(self.lanes, self.rows, self.candles, self.funding)
        self.books = Accountant(first.strategy, first.judge, self.offered, self.marks, self.zone, self._outcome)
        self.books.books.rank = lambda row: self.rows[row].order

    @property
    def settled_ms(self) -> int:
        """Everything up to this moment was looked at: calls that acted were asked about, and rules have spoken."""
        return self._settled_ms

    # ------------------------------------------------------------------ what it hears

    def expect(self, call: PaperCall) -> None:
        """A call was planned: it will be asked about."""
        heapq.heappush(self._queue, (call.order, call))

    def go_on(self) -> None:
        """After a restart: time has passed already."""
        self._settled_ms = self.books.now_ms

    def restore(self, call: PaperCall) -> None:
        """A call as it stood before a restart."""
        if not call.asked:
            self.expect(call)
        if call.fate == "" and call.stepper.done:
            self.offered.closed(call)

    def hear(self, moved: Moved) -> None:
        """A candle did something to a call."""
        call = moved.call
        whole = self.rows[call.row]
        if whole.facts is not None and whole.early is None and call is whole.acting:
            if whole.closing_ms is None or (call.stepper.position.state.last_ts or 0) < whole.closing_ms:
                self._book(call, len(moved.fills), len(moved.legs), moved.paid)
            else:  # it goes out at this bar's open: funding that was settled by then is all that it does to the trade
                self._pay(call, moved.paid)
        if call is whole and call.stepper.done and call.counted:
            self.offered.closed(call)

    def _book(self, call: PaperCall, fills: int, legs: int, paid: Sequence[tuple[int, float]]) -> None:
        """Tell the books the newest fills, exits and payments of a trade, and its end."""
        path, terms, end_at = call.stepper.path(), call.stepper.terms, self.candles[call.plan.symbol].end_at
        before = len(path.fills) - fills, len(path.legs) - legs
        self.books.book(call.row, moves_of(path, call.quantity, terms, end_at, *before))
        self._pay(call, paid)
        if call.stepper.done:
            self.books.end(call.row, call.end_ms)

    def _pay(self, call: PaperCall, paid: Sequence[tuple[int, float]]) -> None:
        """Tell the books the funding of a trade."""
        self.books.book(call.row, [funding_flow(call.plan.symbol, ts, money, call.quantity) for ts, money in paid])

    # ------------------------------------------------------------------ what it is asked

    def answer(self, through_ms: int) -> Iterator[Alarm | tuple[PaperCall, Answer]]:
        """Ask about the calls that may be asked about, and hear what rules say between them.

        Every candle that opened by ``through_ms`` was gone through. What an answer or an alarm wants closed has to be
        done before the next one is taken.
        """
        while self._queue and self._queue[0][1].plan.act_ms <= through_ms:
            call = self._queue[0][1]
            if call.fate == WAITING:
                break
            heapq.heappop(self._queue)
            call.asked = True
            if call.counted:
                yield from self._pass(call.plan.act_ms)
                yield call, self._ask(call)
        yield from self._pass(min(through_ms, self._queue[0][1].plan.act_ms) if self._queue else through_ms)

    def _pass(self, until_ms: int) -> Iterator[Alarm]:
        """Let time go on up to a moment."""
        if until_ms <= self._settled_ms:
            return
        self.books.judge = self.watchers
        while (alarm := self.books.watch(until_ms)) is not None:
            self._settled_ms = max(self._settled_ms, alarm.at_ms)
            yield alarm
        self.books.pass_time(until_ms)
        self._settled_ms = until_ms

    def _ask(self, call: PaperCall) -> Answer:
        lane, now_ms = self.lanes[call.lane], call.plan.act_ms
        self.offered.stand(now_ms)
        self.books.strategy, self.books.judge, self.books.fit = lane.strategy, lane.judge, lane.fit
        answer = self.books.offer(call.row)
        self._settled_ms = max(self._settled_ms, now_ms)
        call.notes = answer.notes
        if answer.facts is not None:
            call.quantity, call.facts = answer.quantity, answer.facts
            if answer.plan is not None and self.follow is not None:
                call.own = self.follow(call, answer.plan)
            self.books.hold(call.row, answer.facts, NEVER_MS)
            path = call.acting.stepper.path()
            self._book(call.acting, len(path.fills), len(path.legs), call.acting.paid)
        return answer

    @property
    def open_calls(self) -> list[PaperCall]:
        """The calls that rest or are open, in the order in which the account took them."""
        return [self.rows[row] for row in self.books.books.open]

    def covered(self, close: Close) -> list[PaperCall]:
        """The open trades that a rule wants ended."""
        return [self.rows[row] for row, facts in self.books.books.open.items() if close.covers(facts)]

    def end_early(self, call: PaperCall, through_ms: int) -> bool:
        """End a trade whose ``closing_ms`` has come, as soon as a candle that opens then or later is over; whether so.

        A trade that ended before takes no notice.
        """
        assert call.closing_ms is not None
        if call.plan.symbol not in self.candles:  # after a start, until the first one comes
            return False
        bars = self.candles[call.plan.symbol].before(through_ms + 1)
        if not len(bars) or int(bars.ts[-1]) < call.closing_ms:
            return False
        terms = call.stepper.terms
        venue, reason = Venue(terms, {call.plan.symbol: bars}), ended_by(call.closing_notes)
        ended = close_early(call.trade(), call.closing_ms, venue, reason)
        if ended is None:
            call.closing_ms = None
            return False
        trade, end_ms = ended
        out_ms = int(bars.ts[bars.ts.searchsorted(call.closing_ms)])
        funding = (
            sum(paid for ts, paid in call.acting.paid if ts <= out_ms) * call.quantity if trade.path.fills else 0.0
        )
        net = trade.net - funding
        r = net / trade.risk if trade.r is not None else None
        notes = (*trade.notes, *call.closing_notes)
        call.early = replace(trade, funding=funding, net=net, r=r, notes=notes)
        self._leave(call, call.early, out_ms, bars)
        self.books.end(call.row, end_ms)
        return True

    def _leave(self, call: PaperCall, trade: Trade, out_ms: int, bars: Candles) -> None:
        """Tell the books that a trade goes out at an open: what they were told of it after that does not happen."""
        self.books.unbook(call.row, out_ms)
        if trade.path.fills:
            *_, out = moves_of(trade.path, trade.quantity, call.stepper.terms, bars.end_at)
            self.books.book(call.row, [out])

    def _outcome(self, row: int) -> float | None:
        """What a trade earned, None where it was never filled."""
        call = self.rows[row]
        trade = call.trade()
        return trade.net if trade.path.fills else None
