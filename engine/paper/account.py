"""The account on paper: it is asked about calls in the order of action, and hears what the broker's candles did.

The answers are those of the walk of a backtest (``simulate/account.py``). A call is asked about when its first candle
is over and every candle that opened before its moment of action has been gone through: by then all is known that a
backtest knows, and nothing else.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from engine.config.strategy import Strategy
from engine.domain import Account, Close, Decision, MarketFacts, Opinion, Plan, Proposal, Standing
from engine.market.candles import Candles, Funding
from engine.paper.broker import Moved
from engine.paper.call import WAITING, PaperCall
from engine.paper.prices import LiveMarks
from engine.simulate.account import NEVER_MS, Accountant, Answer
from engine.simulate.closing import close_early
from engine.simulate.facts import SPREAD_BARS, market_columns
from engine.simulate.fitting import Fitted, Unfit
from engine.simulate.flows import Flow, Venue, flows_of, funding_flow, moves_of
from engine.simulate.judge import Alarm, Course, Judge
from engine.simulate.offers import Offers, asked_price
from engine.simulate.standing import Tally
from engine.simulate.terms import Terms
from engine.units import DAY_MS

FACTS_MS = 5 * DAY_MS  # so much of the past is enough for every market fact


@dataclass(frozen=True, slots=True)
class Lane:
    """One strategy in the account: its rules, its costs, and what fits a trade to its contract (None: nothing).

    ``judged`` gives the verdict on a channel at a moment, for rules that ask for it (None: no rule does).
    """

    name: str
    strategy: Strategy
    judge: Judge
    terms: Terms
    fit: Callable[[Plan, float, float], Fitted | Unfit] | None = None
    judged: Callable[[str, int], Opinion] | None = None


class _Rows(Sequence[float]):
    """One figure of each call, by row."""

    def __init__(self, calls: Sequence[PaperCall], name: str) -> None:
        self._calls, self._name = calls, name

    def __getitem__(self, row: int) -> float:  # type: ignore[override]
        return float(getattr(self._calls[row], self._name))

    def __len__(self) -> int:
        return len(self._calls)


class _Plans(Sequence[Plan]):
    """The plan of each call, by row."""

    def __init__(self, calls: Sequence[PaperCall]) -> None:
        self._calls = calls

    def __getitem__(self, row: int) -> Plan:  # type: ignore[override]
        return self._calls[row].plan

    def __len__(self) -> int:
        return len(self._calls)


@dataclass(frozen=True, slots=True)
class _Watchers:
    """The judges of all strategies, watching together."""

    judges: tuple[Judge, ...]

    @property
    def watches(self) -> bool:
        return any(judge.watches for judge in self.judges)

    @property
    def about_peak(self) -> bool:
        return any(judge.about_peak for judge in self.judges)

    def floor(self, account: Account) -> float:
        return max(judge.floor(account) for judge in self.judges)

    def watch(self, course: Course) -> Alarm | None:
        """The first that speaks."""
        alarms = [alarm for judge in self.judges if (alarm := judge.watch(course)) is not None]
        return min(alarms, key=lambda alarm: alarm.at_ms, default=None)

    def prepare(self, offers: Offers) -> Judge:  # noqa: ARG002 - the protocol's names
        return self

    def decide(self, proposal: Proposal, account: Account) -> Decision:
        raise NotImplementedError("each call is asked by the rules of its own strategy")


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
    _closed: list[tuple[int, int]] = field(default_factory=list)
    _tallies: dict[tuple[str, str], Tally] = field(default_factory=dict)
    _settled_ms: int = 0

    def __post_init__(self) -> None:
        first = next(iter(self.lanes.values()))
        self.marks = LiveMarks(self.candles)
        self.plans = _Plans(self.rows)
        self.entries, self.risks = _Rows(self.rows, "entry"), _Rows(self.rows, "risk")
        self.books = Accountant(first.strategy, first.judge, self, self.marks, self.zone, self._outcome)
        self.books.books.rank = lambda row: self.rows[row].order

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
            heapq.heappush(self._closed, (call.end_ms, call.row))

    def hear(self, moved: Moved) -> None:
        """A candle did something to a call."""
        call = moved.call
        whole = self.rows[call.row]
        held = whole.facts is not None and whole.early is None and whole.closing_ms is None
        if held and call is whole.acting:
            self._book(call, len(moved.fills), len(moved.legs), moved.paid)
        if call is whole and call.stepper.done and call.counted:
            heapq.heappush(self._closed, (call.end_ms, call.row))

    def _book(self, call: PaperCall, fills: int, legs: int, paid: Sequence[tuple[int, float]]) -> None:
        """Tell the books the newest fills, exits and payments of a trade, and its end."""
        path, terms = call.stepper.path(), self.lanes[call.lane].terms
        flows = list(moves_of(path, call.quantity, terms, self.candles[call.plan.symbol].end_at))
        into, out = flows[: len(path.fills)], flows[len(path.fills) :]
        new: list[Flow] = into[len(into) - fills :] + out[len(out) - legs :]
        new += [funding_flow(call.plan.symbol, ts, money, call.quantity) for ts, money in paid]
        self.books.book(call.row, new)
        if call.stepper.done:
            self.books.end(call.row, call.end_ms)

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
        self.books.judge = _Watchers(tuple(lane.judge for lane in self.lanes.values()))
        while (alarm := self.books.watch(until_ms)) is not None:
            self._settled_ms = max(self._settled_ms, alarm.at_ms)
            yield alarm
        self.books.pass_time(until_ms)
        self._settled_ms = until_ms

    def _ask(self, call: PaperCall) -> Answer:
        lane, now_ms = self.lanes[call.lane], call.plan.act_ms
        self._stand(now_ms)
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
        return [self.rows[holding.row] for holding in self.books.books.open]

    def covered(self, close: Close) -> list[PaperCall]:
        """The open trades that a rule wants ended."""
        return [self.rows[holding.row] for holding in self.books.books.open if close.covers(holding.facts)]

    def end_early(self, call: PaperCall, through_ms: int) -> bool:
        """End a trade whose ``closing_ms`` has come, as soon as a candle that opens then or later is over; whether so.

        A trade that ended before takes no notice.
        """
        assert call.closing_ms is not None
        terms = self.lanes[call.lane].terms
        bars = self.candles[call.plan.symbol].before(through_ms + 1)
        venue = Venue(terms, {call.plan.symbol: bars}, self.funding)
        if not len(bars) or int(bars.ts[-1]) < call.closing_ms:
            return False
        ended = close_early(call.trade(terms), call.closing_ms, venue)
        if ended is None:
            call.closing_ms = None
            self._catch_up(call)
            return False
        trade, end_ms = ended
        call.early = replace(trade, notes=(*trade.notes, *call.closing_notes))
        self._rebook(call, [*flows_of(call.early, venue)], max(call.closing_ms, self._settled_ms))
        self.books.end(call.row, end_ms)
        return True

    def _catch_up(self, call: PaperCall) -> None:
        """A trade goes on after all: tell the books what was held back."""
        terms, acting, symbol = self.lanes[call.lane].terms, call.acting, call.plan.symbol
        flows = [*moves_of(acting.stepper.path(), call.quantity, terms, self.candles[symbol].end_at)]
        flows += [funding_flow(symbol, ts, money, call.quantity) for ts, money in acting.paid]
        self._rebook(call, flows, self._settled_ms)
        if acting.stepper.done:
            self.books.end(call.row, acting.end_ms)

    def _rebook(self, call: PaperCall, flows: Sequence[Flow], after_ms: int) -> None:
        self.books.unbook(call.row)
        self.books.book(call.row, (flow for flow in flows if flow.at_ms > after_ms))

    def _outcome(self, row: int) -> float | None:
        """What a trade earned, None where it was never filled."""
        call = self.rows[row]
        trade = call.trade(self.lanes[call.lane].terms)
        return trade.net if trade.path.fills else None

    # ------------------------------------------------------------------ what it shows the rules

    def proposal(self, row: int, quantity: float) -> Proposal:
        """One call asking to be taken with a quantity, as ``Offers.proposal`` makes it."""
        call = self.rows[row]
        plan, risk, lane = call.plan, call.risk, self.lanes[call.lane]
        leverage = float(plan.leverage or lane.strategy.leverage)
        notional = quantity * call.entry
        prices, shares = call.targets()
        return Proposal(
            plan.signal_id,
            plan.channel,
            plan.symbol,
            plan.side,
            call.posted_ms,
            plan.act_ms,
            call.entry,
            call.stepper.first_stop,
            prices,
            quantity,
            notional,
            risk * quantity if risk > 0 else 0.0,
            notional / leverage,
            leverage,
            shares,
            asked_price(plan),
            self.facts(plan.symbol, plan.act_ms),
            self.standing(call.lane, plan.channel),
            None if lane.judged is None else lane.judged(plan.channel, plan.act_ms),
        )

    def facts(self, symbol: str, now_ms: int) -> MarketFacts:
        """What is known of a market at a moment."""
        bars = self.candles.get(symbol)
        if bars is None:
            return MarketFacts()
        start = int(np.searchsorted(bars.ts, now_ms - FACTS_MS))
        end = int(np.searchsorted(bars.ts, now_ms))
        start = max(0, min(start, end - SPREAD_BARS - 2))
        columns = (bars.open, bars.high, bars.low, bars.close, bars.volume)
        seen = Candles(symbol, bars.timeframe_ms, bars.ts[start:end], *(column[start:end] for column in columns))
        return market_columns([symbol], np.array([now_ms]), {symbol: seen}, self.funding).rows()[0]

    def standing(self, lane: str, channel: str) -> Standing:
        """How a channel stands, from its calls that closed by the moment asked about last."""
        return self._tallies.get((lane, channel), Tally()).standing(channel)

    def _stand(self, now_ms: int) -> None:
        """Count the calls that have closed by now."""
        while self._closed and self._closed[0][0] <= now_ms:
            call = self.rows[heapq.heappop(self._closed)[1]]
            key, r = (call.lane, call.plan.channel), call.r(self.lanes[call.lane].terms)
            if r is not None:
                self._tallies[key] = self._tallies.get(key, Tally()).add(r)
