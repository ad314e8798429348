"""One account on its way through time: what it is asked, what it is told, and what that makes of its money.

Whoever drives it keeps the order of time, and tells of trades what is known of them:

    answer = account.offer(row)         # at the call's moment of action: taken with a size, or refused, and by whom
    account.hold(row, answer.facts)     # a taken call occupies its place from then on, resting orders included
    account.book(row, flows)            # what the trade does to the account, each move when it is known
    account.end(row, end_ms)            # from then on it occupies no place
    account.advance(now_ms)             # everything that is over by then is booked; the equity then
    alarm = account.watch(now_ms)       # the next rule that speaks between calls; asked until it is None

The backtest knows each path whole and tells it at once (``walk.py``); paper trading tells each move when it has
happened. The answers are the same, because nothing is booked before its time.

1. By the time of a call every fill and exit in a bar that is over has been booked; the open position is marked at the
   last close before that moment.
2. The strategy gives the size (risk, fraction or fixed), the judge may refuse, resize or halt, the margin must be free:
   open profit does not back new trades, open loss counts against them.
3. Before that the size is fitted to the contract, if whoever drives the account knows it (``fitting.py``): whole
   contracts, the margin tier, the impact on the price. What the exchange would not take is refused.
4. Rules that need no call (a loss, a drawdown, the clock) are asked at every close of a candle while a trade is resting
   or open, and whenever something is booked. They act then, not at the next call. Where the candles are foreseen, a
   stretch is looked at only if the equity may get so far in it that one of them speaks (``reach.py``).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from heapq import heapify, heappop, heappush
from math import inf
from zoneinfo import ZoneInfo

from engine.config.strategy import Strategy
from engine.domain import UNTIL_RESUMED_MS, Account, Close, Halt, OpenTrade, Plan, Proposal, RuleNote
from engine.simulate.answers import Answer, Calls
from engine.simulate.books import Books, Marks
from engine.simulate.fitting import Fitted, Unfit
from engine.simulate.flows import Flows, Move
from engine.simulate.history import note_closed
from engine.simulate.judge import Alarm, Judge
from engine.simulate.outlook import Outlook, look_ahead
from engine.simulate.reach import Reach
from engine.units import next_midnight_ms

DUST = 1e-15  # what floating point leaves of a position that is closed
NEVER_MS = sys.maxsize


class Accountant:
    """One account; see the module's docstring.

    ``outcome`` tells of a row whose trade is over what it earned, None where it was never filled; ``fit`` fits a plan
    with a quantity and a planned entry price to its contract (None: any quantity will do); ``record`` takes every flow
    when it is booked (None: nobody keeps them).
    """

    def __init__(
        self,
        strategy: Strategy,
        judge: Judge,
        calls: Calls,
        marks: Marks,
        zone: str,
        outcome: Callable[[int], float | None],
        fit: Callable[[Plan, float, float], Fitted | Unfit] | None = None,
        record: Flows | None = None,
    ) -> None:
        self.record = record
        self.fit = fit
        self.strategy, self.judge, self.calls, self.marks = strategy, judge, calls, marks
        self.zone, self.outcome = ZoneInfo(zone), outcome
        start = strategy.equity
        self.books = Books(cash=start, wallet=start, peak=start, day_equity=start, week_equity=start)
        self.sequence = 0
        self.midnight_ms = NEVER_MS  # when the next day begins; none has begun yet
        self.now_ms = 0
        self.booked = True  # something was, and no rule has looked at it yet
        self._margin = 0.0  # what all open trades hold, or more: of some that are over it is not taken off yet
        self._outlook: Outlook | None = None
        self._reach = Reach(marks.extremes)
        self._floor: float | None = None  # above which equity no rule speaks; None: not known

    # ------------------------------------------------------------------ one call

    def offer(self, row: int) -> Answer:
        """Whether a call is taken, and with which size. Rows come in order of their moments of action."""
        books, plan = self.books, self.calls.plans[row]
        if plan.act_ms >= self.midnight_ms or books.day is None:
            self._new_days(plan.act_ms)
        equity = self.advance(plan.act_ms)
        if books.halts:
            books.halts = [halt for halt in books.halts if halt.until_ms > plan.act_ms]
        halt = next((halt for halt in books.halts if _covers(halt, plan)), None) if books.halts else None
        if halt is not None:
            until = datetime.fromtimestamp(halt.until_ms / 1000, self.zone).strftime("%Y-%m-%d %H:%M")
            until = "paper resume" if halt.until_ms >= UNTIL_RESUMED_MS else until
            text = f"halted {halt.by} until {until}"
            return Answer(False, (RuleNote(halt.rule, halt.where, "halt", "halted", until, text),))
        if equity <= 0:
            return self._refused("size", f"{equity:.2f}", "0", "the account has nothing left")
        if math.isnan(self.calls.entries[row]):  # a market order that was taken back before its first candle
            return self._refused("size", "no price", "a price", "its orders were taken back before they had a price")
        quantity = self._quantity(row, equity)
        if quantity is None:
            return self._refused("size", "no stop", "a stop", "a risk of equity needs a stop to size by")
        proposal = self.calls.proposal(row, quantity)
        decision = self.judge.decide(proposal, self._seen(plan.act_ms, equity, books.open.values()))
        if decision.halt is not None:
            books.halts.append(decision.halt)
        if decision.close is not None:
            self._ending(decision.close)
        if not decision.taken:
            return Answer(False, decision.notes, halt=decision.halt, close=decision.close)
        asked = proposal.quantity * decision.factor
        factor, margin = decision.factor, proposal.margin * decision.factor
        fitted = None if self.fit is None else self.fit(plan, asked, proposal.entry)
        if isinstance(fitted, Unfit):
            return self._refused(fitted.rule, fitted.seen, fitted.limit, fitted.text, decision.notes)
        if fitted is not None:
            factor = factor if fitted.quantity == asked else fitted.quantity / proposal.quantity
            margin = proposal.margin * factor
            if fitted.plan.leverage and fitted.plan.leverage < proposal.leverage:
                margin *= proposal.leverage / fitted.plan.leverage
        own = min(books.wallet, equity)
        if margin > own - self._margin:
            self._margin = sum([facts.margin for facts in books.open.values()])
        if margin > (free := own - self._margin):
            text = "the margin of this trade is not free in the account"
            seen, limit = f"{margin:.2f}", f"{max(free, 0):.2f} {self.strategy.currency}"
            refused = self._refused("margin", seen, limit, text, decision.notes)
            return replace(refused, holders=tuple(books.open.values()))
        answer = self._taken(proposal, factor, margin, decision.notes)
        return answer if fitted is None or fitted.plan is plan else replace(answer, plan=fitted.plan)

    def _quantity(self, row: int, equity: float) -> float | None:
        """The strategy's size in base units; None when it cannot be told."""
        if not self.strategy.compounding:
            equity = self.strategy.equity
        size, risk = self.strategy.size, self.calls.risks[row]
        if size.risk is not None:
            return equity * size.risk / risk if risk > 0 else None
        notional = equity * size.fraction if size.fraction is not None else size.fixed or 0.0
        return notional / self.calls.entries[row]

    def _taken(self, proposal: Proposal, factor: float, margin: float, notes: tuple[RuleNote, ...]) -> Answer:
        facts = OpenTrade(
            proposal.signal_id,
            proposal.channel,
            proposal.symbol,
            proposal.side,
            proposal.notional * factor,
            margin,
            proposal.risk * factor,
        )
        return Answer(True, notes, proposal.quantity * factor, facts)

    def _refused(self, rule: str, seen: str, limit: str, text: str, notes: tuple[RuleNote, ...] = ()) -> Answer:
        """The account's own refusal, behind what the rules said."""
        return Answer(False, (*notes, RuleNote(rule, self.strategy.path, "reject", seen, limit, text)))

    # ------------------------------------------------------------------ one trade

    def hold(self, row: int, facts: OpenTrade, end_ms: int = NEVER_MS) -> None:
        """A trade occupies its place, until ``end_ms`` where that is known."""
        self.books.add(row, facts, end_ms)
        self._margin += facts.margin
        self._outlook, self.booked = None, False  # the rules were asked about it just now

    def end(self, row: int, end_ms: int) -> None:
        """A trade is over at a moment: from then on it occupies no place."""
        self.books.end(row, end_ms)
        self._outlook = None

    def book(self, row: int, flows: Iterable[Move]) -> None:
        """Note what a trade will do to the account, each move when it is known."""
        for flow in flows:
            self.sequence += 1
            heappush(self.books.flows, (flow[0], self.sequence, row, flow))
        self._outlook = None

    def unbook(self, row: int, after_ms: int = 0) -> None:
        """Forget the moves of a trade after a moment that are not booked yet: they come otherwise."""
        self.books.flows = [entry for entry in self.books.flows if entry[2] != row or entry[0] <= after_ms]
        heapify(self.books.flows)

    # ------------------------------------------------------------------ time

    def watch(self, until_ms: int) -> Alarm | None:
        """The next rule that speaks by itself up to a moment, None when none does; ask again after each.

        Its halt is in force; what it wants closed is for the asker to do, before he asks again.
        """
        if self._outlook is not None and self._outlook.calm(until_ms):
            return None
        while self.judge.watches:
            if self.books.day is None:
                self._new_days(until_ms)
            if self._outlook is None and self._pass_calmly(until_ms):
                return None
            change_ms = self._change_ms()
            last_ms = min(change_ms - 1, until_ms)
            if self._outlook is None or self._outlook.until_ms < last_ms:
                self._look_ahead(change_ms - 1 if self.marks.foreseen else last_ms)
            alarm = self._outlook.alarm if self._outlook else None
            if alarm is not None and alarm.at_ms <= until_ms:
                self.advance(alarm.at_ms)
                self._outlook, self.booked = None, True  # others may speak at the same moment
                self.books.halts += [alarm.halt] if alarm.halt else []
                if alarm.close is not None:
                    self._ending(alarm.close)
                return alarm
            if change_ms > until_ms:
                if not self.marks.foreseen:
                    self.advance(until_ms)  # what was looked at is not looked at again
                return None
            self._change(change_ms)
        return None

    def _pass_calmly(self, until_ms: int) -> bool:
        """Let everything up to a moment be booked, as long as it is sure without a close look that nobody speaks;
        whether that was so all the way.
        """
        books, judge, stays = self.books, self.judge, self._reach.stays
        while self.marks.foreseen:
            if self._floor is None:
                known = Account(0, books.cash, books.day_equity, books.peak, (), books.week_equity, books.history)
                self._floor = judge.floor(known)
            change_ms = self._change_ms()
            last_ms = change_ms - 1 if change_ms <= until_ms else until_ms
            peak = books.peak if judge.about_peak else inf
            if not (self._floor < inf and stays(books.cash, books.held, self.now_ms, last_ms, self._floor, peak)):
                break
            self.booked = False
            if change_ms > until_ms:
                return True
            self._change(change_ms)
        return False

    def _change(self, change_ms: int) -> None:
        """Go on to the moment of the next change."""
        if change_ms >= self.midnight_ms:
            self._new_days(change_ms)
        self.settle(change_ms)
        self.now_ms, self._outlook, self.booked = change_ms, None, True

    def _change_ms(self) -> int:
        """When the next thing is booked, a place becomes free, or a day begins."""
        flows, ends, change_ms = self.books.flows, self.books.ends, self.midnight_ms
        if flows and flows[0][0] < change_ms:
            change_ms = flows[0][0]
        return ends[0][0] if ends and ends[0][0] < change_ms else change_ms

    def _seen(self, now_ms: int, equity: float, trades: Collection[OpenTrade]) -> Account:
        """The account as rules see it at a moment, with the trades that are open then."""
        books = self.books
        return Account(now_ms, equity, books.day_equity, books.peak, trades, books.week_equity, books.history)

    def _look_ahead(self, until_ms: int) -> None:
        """Look at the account's course from now on."""
        account = self._seen(self.now_ms, self.advance(self.now_ms), tuple(self.books.open.values()))
        self._outlook = look_ahead(account, self.books, self.marks, self.judge, until_ms, now=self.booked)

    def _ending(self, close: Close) -> None:
        """Mark the trades that a rule ends, so that it ends them once."""
        self.books.ending.update(row for row, facts in self.books.open.items() if close.covers(facts))

    def _rise(self, equity: float) -> None:
        """The peak is at least this high."""
        if equity > self.books.peak:
            self.books.peak = equity
            if self.judge.about_peak:
                self._floor = None

    def advance(self, now_ms: int) -> float:
        """Book everything that is over at ``now_ms``, looking at the peak whenever something was; the equity then."""
        self.settle(now_ms)
        equity = self.equity(now_ms)
        self._rise(equity)
        self.now_ms = now_ms
        return equity

    def settle(self, now_ms: int) -> None:
        """Book everything that is over at ``now_ms``, and free the places of trades that have ended."""
        books = self.books
        if self._outlook is not None:
            self._rise(self._outlook.peak(now_ms))
        if books.flows and books.flows[0][0] <= now_ms:
            self._outlook, self.booked = None, True
            self._book_until(now_ms)
        while books.ends and books.ends[0][0] <= now_ms:
            end_ms, _, row = heappop(books.ends)
            books.ending.discard(row)
            facts, net = books.open.pop(row), self.outcome(row)
            if net is not None:
                note_closed(books.history, facts, net, end_ms)
                if self.judge.about_history:
                    self._floor = None

    def _book_until(self, now_ms: int) -> None:
        """Book the moves that are known at ``now_ms``."""
        books, record, move = self.books, self.record, self._reach.move
        flows, held = books.flows, books.held
        rises = self.judge.about_peak or not self.marks.foreseen  # on paper also for rules that are still to come
        while flows and flows[0][0] <= now_ms:
            at_ms, _, _, flow = heappop(flows)
            _, symbol, quantity, cash, realised = flow
            before = held.pop(symbol, 0.0)
            after = before + quantity
            if abs(after) > DUST:
                held[symbol] = after
            books.cash += cash
            books.wallet += realised
            move(symbol, before, after, cash)
            if record is not None:
                record.append(flow)
            if rises and not (flows and flows[0][0] == at_ms):
                self._rise(self.equity(at_ms))

    def restored(self, books: Books) -> None:
        """Go on with books from before a restart."""
        self.books, self._outlook, self._floor = books, None, None
        self._margin = sum([facts.margin for facts in books.open.values()])

    def pass_time(self, now_ms: int) -> None:
        """Let time go on without a call: days begin, and what is over is booked. No answer depends on it."""
        if self.books.day is not None:
            self._new_days(now_ms)
            self.settle(now_ms)

    def equity(self, now_ms: int) -> float:
        """Cash and open positions at the last closed prices."""
        return self.books.cash + self.marks.worth(self.books.held, now_ms)

    def _new_days(self, now_ms: int) -> None:
        """For each day of the zone that has begun, keep the equity at its midnight; on a Monday also for the week."""
        books = self.books
        if books.day is None:
            day = datetime.fromtimestamp(now_ms / 1000, self.zone).date()
            at = round(datetime.combine(day, time(), self.zone).timestamp() * 1000)
        else:
            day, at = books.day + timedelta(days=1), self.midnight_ms
        while at <= now_ms:
            equity = self.advance(at)
            if books.day is None or _monday(day) != _monday(books.day):
                books.week_equity = equity
            books.day, books.day_equity, self._floor = day, equity, None
            day, at = day + timedelta(days=1), next_midnight_ms(at, self.zone.key)
            self.midnight_ms = at


def _monday(day: date) -> date:
    """The first day of a day's week."""
    return day - timedelta(days=day.weekday())


def _covers(halt: Halt, plan: Plan) -> bool:
    """Whether a halt concerns a plan: its channel, its symbol, its moment of action."""
    if not halt.from_ms <= plan.act_ms < halt.until_ms:
        return False
    return (not halt.channels or plan.channel in halt.channels) and (not halt.symbols or plan.symbol in halt.symbols)
