"""One account on its way through time: what it is asked, what it is told, and what that makes of its money.

Whoever drives it keeps the order of time, and tells of trades what is known of them:

    answer = account.offer(row)         # at the call's moment of action: taken with a size, or refused, and by whom
    account.hold(row, answer.facts)     # a taken call occupies its place from then on, resting orders included
    account.book(row, flows)            # what the trade does to the account, each move when it is known
    account.end(row, end_ms)            # from then on it occupies no place
    account.advance(now_ms)             # everything that is over by then is booked; the equity then

The backtest knows each path whole and tells it at once (``walk.py``); paper trading tells each move when it has
happened. The answers are the same, because nothing is booked before its time.

1. By the time of a call every fill and exit in a bar that is over has been booked; the open position is marked at the
   last close before that moment.
2. The strategy gives the size (risk, fraction or fixed), the judge may refuse, resize or halt, the margin must be free:
   open profit does not back new trades, open loss counts against them.
3. Before that the size is fitted to the contract, if whoever drives the account knows it (``fitting.py``): whole
   contracts, the margin tier, the impact on the price. What the exchange would not take is refused.
"""

from __future__ import annotations

import heapq
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from engine.config.strategy import Strategy
from engine.domain import Account, Close, Halt, OpenTrade, Plan, Proposal, RuleNote
from engine.simulate.books import Books, Holding, Marks
from engine.simulate.fitting import Fitted, Unfit
from engine.simulate.flows import Flow
from engine.simulate.history import closed
from engine.simulate.judge import Judge
from engine.units import HOUR_MS

DUST = 1e-15  # what floating point leaves of a position that is closed
SHORTEST_DAY_MS = 20 * HOUR_MS  # clocks that are put forward take two hours of a day at most
NEVER_MS = sys.maxsize


class Calls(Protocol):
    """The calls that an account may be asked about, by row."""

    @property
    def plans(self) -> Sequence[Plan]:
        """The plans."""
        ...

    @property
    def entries(self) -> Sequence[float]:
        """The price that all risk figures refer to, NaN where none is known."""
        ...

    @property
    def risks(self) -> Sequence[float]:
        """What a unit loses at its stop, NaN without one."""
        ...

    def proposal(self, row: int, quantity: float) -> Proposal:
        """One call asking to be taken with a quantity."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What an account says to a call: taken with a ``quantity``, or refused; ``notes`` has who spoke.

    ``facts`` is the taken trade as rules see it, ``plan`` its plan where the size changed that (another margin tier, an
    impact on the price; None: it stays). ``halt`` is the pause that a rule asked for (it is in force already),
    ``close`` what the rules want ended: that is for the asker to do.
    """

    taken: bool
    notes: tuple[RuleNote, ...]
    quantity: float = 0.0
    facts: OpenTrade | None = None
    plan: Plan | None = None
    halt: Halt | None = None
    close: Close | None = None


class Accountant:
    """One account; see the module's docstring.

    ``outcome`` tells of a row whose trade is over what it earned, None where it was never filled; ``fit`` fits a plan
    with a quantity and a planned entry price to its contract (None: any quantity will do).
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
    ) -> None:
        self.fit = fit
        self.strategy, self.judge, self.calls, self.marks = strategy, judge, calls, marks
        self.zone, self.outcome = ZoneInfo(zone), outcome
        start = strategy.equity
        self.books = Books(cash=start, wallet=start, peak=start, day_equity=start, week_equity=start)
        self._sequence = 0
        self._same_day_ms = 0  # before this moment no new day can have begun

    # ------------------------------------------------------------------ one call

    def offer(self, row: int) -> Answer:
        """Whether a call is taken, and with which size. Rows come in order of their moments of action."""
        books, plan = self.books, self.calls.plans[row]
        self._new_days(plan.act_ms)
        equity = self.advance(plan.act_ms)
        if books.halts:
            books.halts = [halt for halt in books.halts if halt.until_ms > plan.act_ms]
        halt = next((halt for halt in books.halts if _covers(halt, plan)), None)
        if halt is not None:
            until = datetime.fromtimestamp(halt.until_ms / 1000, self.zone).strftime("%Y-%m-%d %H:%M")
            text = f"halted by {halt.rule} until {until}"
            return Answer(False, (RuleNote(halt.rule, halt.where, "halt", "halted", until, text),))
        if equity <= 0:
            return self._refused("size", f"{equity:.2f}", "0", "the account has nothing left")
        quantity = self._quantity(row, equity)
        if quantity is None:
            return self._refused("size", "no stop", "a stop", "a risk of equity needs a stop to size by")
        proposal = self.calls.proposal(row, quantity)
        account = Account(
            plan.act_ms,
            equity,
            books.day_equity,
            books.peak,
            tuple([trade.facts for trade in books.open]),
            books.week_equity,
            books.history,
        )
        decision = self.judge.decide(proposal, account)
        if decision.halt is not None:
            books.halts.append(decision.halt)
        if not decision.taken:
            return Answer(False, decision.notes, halt=decision.halt, close=decision.close)
        asked = proposal.quantity * decision.factor
        fitted = self.fit(plan, asked, proposal.entry) if self.fit is not None else Fitted(asked, plan)
        if isinstance(fitted, Unfit):
            return self._refused(fitted.rule, fitted.seen, fitted.limit, fitted.text, decision.notes)
        factor = decision.factor if fitted.quantity == asked else fitted.quantity / proposal.quantity
        free = min(books.wallet, equity) - sum(trade.facts.margin for trade in books.open)
        margin = proposal.margin * factor
        if fitted.plan.leverage and fitted.plan.leverage < proposal.leverage:
            margin *= proposal.leverage / fitted.plan.leverage
        if margin > free:
            text = "the margin of this trade is not free in the account"
            seen, limit = f"{margin:.2f}", f"{max(free, 0):.2f} {self.strategy.currency}"
            return self._refused("margin", seen, limit, text, decision.notes)
        answer = self._taken(proposal, factor, margin, decision.notes)
        return answer if fitted.plan is plan else replace(answer, plan=fitted.plan)

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
        self.books.open.append(Holding(end_ms, row, facts))

    def end(self, row: int, end_ms: int) -> None:
        """A trade is over at a moment: from then on it occupies no place."""
        for holding in self.books.open:
            if holding.row == row:
                holding.end_ms = end_ms

    def book(self, row: int, flows: Iterable[Flow]) -> None:
        """Note what a trade will do to the account, each move when it is known."""
        numbers = self.books.booked.setdefault(row, [])
        for flow in flows:
            self._sequence += 1
            numbers.append(self._sequence)
            heapq.heappush(self.books.flows, (flow.at_ms, self._sequence, flow))

    def unbook(self, row: int) -> None:
        """Forget the moves of a trade that are not booked yet: they come otherwise."""
        gone = set(self.books.booked.pop(row, ()))
        self.books.flows = [entry for entry in self.books.flows if entry[1] not in gone]
        heapq.heapify(self.books.flows)

    # ------------------------------------------------------------------ time

    def advance(self, now_ms: int) -> float:
        """Book everything that is over at ``now_ms``, looking at the peak whenever something was; the equity then."""
        books = self.books
        while books.flows and books.flows[0][0] <= now_ms:
            at_ms = books.flows[0][0]
            while books.flows and books.flows[0][0] == at_ms:
                flow = heapq.heappop(books.flows)[2]
                held = books.held.pop(flow.symbol, 0.0) + flow.quantity
                if abs(held) > DUST:
                    books.held[flow.symbol] = held
                books.cash += flow.cash
                books.wallet += flow.realised
            books.peak = max(books.peak, self._equity(at_ms))
        ended = [holding for holding in books.open if holding.end_ms <= now_ms]
        if ended:
            books.open = [holding for holding in books.open if holding.end_ms > now_ms]
            self._remember(ended)
        equity = self._equity(now_ms)
        books.peak = max(books.peak, equity)
        return equity

    def _remember(self, ended: list[Holding]) -> None:
        """Put closed trades into the account's history, in the order in which they closed."""
        for holding in sorted(ended, key=lambda holding: (holding.end_ms, holding.row)):
            net = self.outcome(holding.row)
            if net is not None:
                self.books.history = closed(self.books.history, holding.facts, net, holding.end_ms)

    def _equity(self, now_ms: int) -> float:
        """Cash and open positions at the last closed prices."""
        held = self.books.held.items()
        return self.books.cash + sum([quantity * self.marks.price(symbol, now_ms) for symbol, quantity in held])

    def _new_days(self, now_ms: int) -> None:
        """When a new day of the zone has begun, keep the equity at its midnight; on a Monday also for the week."""
        if now_ms < self._same_day_ms:
            return
        now = datetime.fromtimestamp(now_ms / 1000, self.zone)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        if self.books.day is None or midnight - self.books.day >= timedelta(hours=1):
            at = round(midnight.timestamp() * 1000)
            equity = self.advance(at)
            if self.books.day is None or _monday(midnight) != _monday(self.books.day):
                self.books.week_equity = equity
            self.books.day, self.books.day_equity = midnight, equity
            self._same_day_ms = at + SHORTEST_DAY_MS


def _monday(day: datetime) -> date:
    """The first day of a day's week."""
    return day.date() - timedelta(days=day.weekday())


def _covers(halt: Halt, plan: Plan) -> bool:
    """Whether a halt concerns a plan."""
    return (not halt.channels or plan.channel in halt.channels) and (not halt.symbols or plan.symbol in halt.symbols)
