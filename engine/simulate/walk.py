"""Phase 2: one account walks through all paths in order of time, and the risk rules speak.

1. A call is decided on at its moment of action, when its orders would be placed. By then every fill and exit in a bar
   that is over has been booked (``flows.py``); the open position is marked at the last close before that moment.
2. The strategy gives the size (risk, fraction or fixed), the judge may refuse, resize or halt, the margin must be free:
   open profit does not back new trades, open loss counts against them.
3. The size is fitted to the contract: whole contracts, its margin tier, its impact on the price (``fitting.py``). What
   the exchange would not take is refused.
4. A trade occupies its place from acceptance until its path ends, resting orders included.

A trade's money is the path's money times its quantity; only where its tier or its impact change the plan, the path is
taken through the candles again.
"""

from __future__ import annotations

import gc
import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from engine.config.strategy import Strategy
from engine.domain import Account, Close, Halt, OpenTrade, Plan, Proposal, RuleNote, Trade
from engine.simulate.books import Books, Holding, Marks
from engine.simulate.closing import close_early
from engine.simulate.fitting import Fitting, Unfit
from engine.simulate.flows import Flow, Venue, flows_of
from engine.simulate.history import closed
from engine.simulate.judge import Judge
from engine.simulate.money import Money, money_of
from engine.simulate.offers import Offers
from engine.simulate.table import PathTable
from engine.units import HOUR_MS

DUST = 1e-15  # what floating point leaves of a position that is closed
SHORTEST_DAY_MS = 20 * HOUR_MS  # clocks that are put forward take two hours of a day at most


@dataclass(frozen=True, slots=True)
class Refused:
    """A call that the account did not take, and who said so."""

    row: int
    signal_id: str
    notes: tuple[RuleNote, ...]


@dataclass(frozen=True, slots=True)
class WalkResult:
    """Trades by row of the path table, refusals, and the last equity (open trades at the last close)."""

    trades: dict[int, Trade]
    refused: list[Refused]
    end_equity: float


class Walk:
    """One account on its way through the paths; see the module's docstring."""

    def __init__(
        self,
        table: PathTable,
        money: Money,
        strategy: Strategy,
        judge: Judge,
        venue: Venue,
        zone: str,
        posted_ms: Sequence[int],
    ) -> None:
        self.table, self.money, self.strategy, self.judge = table, money, strategy, judge
        self.venue, self.zone = venue, ZoneInfo(zone)
        counted = np.zeros(len(table), np.bool_)
        self.offers = Offers(table, money, venue, posted_ms, strategy.leverage, counted)
        self.marks = Marks(venue.candles)
        self.fitting = Fitting(venue, strategy.costs.impact)
        start = strategy.equity
        self.books = Books(cash=start, wallet=start, peak=start, day_equity=start, week_equity=start)
        self.trades: dict[int, Trade] = {}
        self.refused: list[Refused] = []
        self._sequence = 0
        self._same_day_ms = 0  # before this moment no new day can have begun

    def run(self, rows: Sequence[int], track: Callable[[Sequence[int]], Iterable[int]] | None = None) -> WalkResult:
        """Offer the rows (those that count as calls of their own) in order of action."""
        self.offers.counted[list(rows)] = True
        ordered = sorted(rows, key=lambda i: (self.table.plans[i].act_ms, i))
        with uncollected():
            self.judge = self.judge.prepare(self.offers)
            for row in track(ordered) if track else ordered:
                self._offer(row)
        end = max((bars.end_ms for bars in self.venue.candles.values()), default=0)
        return WalkResult(self.trades, self.refused, self._advance(end))

    # ------------------------------------------------------------------ one call

    def _offer(self, row: int) -> None:
        plan = self.table.plans[row]
        self._new_days(plan.act_ms)
        equity = self._advance(plan.act_ms)
        if self.books.halts:
            self.books.halts = [halt for halt in self.books.halts if halt.until_ms > plan.act_ms]
        halt = next((halt for halt in self.books.halts if _covers(halt, plan)), None)
        if halt is not None:
            until = datetime.fromtimestamp(halt.until_ms / 1000, self.zone).strftime("%Y-%m-%d %H:%M")
            text = f"halted by {halt.rule} until {until}"
            self._refuse(row, RuleNote(halt.rule, halt.where, "halt", "halted", until, text))
            return
        if equity <= 0:
            self._refuse(row, self._own_note("size", f"{equity:.2f}", "0", "the account has nothing left"))
            return
        quantity = self._quantity(row, equity)
        if quantity is None:
            self._refuse(row, self._own_note("size", "no stop", "a stop", "a risk of equity needs a stop to size by"))
            return
        proposal = self.offers.proposal(row, quantity)
        account = Account(
            plan.act_ms,
            equity,
            self.books.day_equity,
            self.books.peak,
            tuple([trade.facts for trade in self.books.open]),
            self.books.week_equity,
            self.books.history,
        )
        decision = self.judge.decide(proposal, account)
        if decision.halt is not None:
            self.books.halts.append(decision.halt)
        if decision.close is not None:
            self._close(decision.close, plan.act_ms)
        if not decision.taken:
            self._refuse(row, *decision.notes)
            return
        asked = proposal.quantity * decision.factor
        fitted = self.fitting.fit(plan, asked, proposal.entry)
        if isinstance(fitted, Unfit):
            note = self._own_note(fitted.rule, fitted.seen, fitted.limit, fitted.text)
            self._refuse(row, *decision.notes, note)
            return
        factor = decision.factor if fitted.quantity == asked else fitted.quantity / proposal.quantity
        free = min(self.books.wallet, equity) - sum(trade.facts.margin for trade in self.books.open)
        margin = proposal.margin * factor * (proposal.leverage / (fitted.plan.leverage or proposal.leverage))
        if margin > free:
            text = "the margin of this trade is not free in the account"
            seen, limit = f"{margin:.2f}", f"{max(free, 0):.2f} {self.strategy.currency}"
            self._refuse(row, *decision.notes, self._own_note("margin", seen, limit, text))
            return
        self._take(row, proposal, factor, margin, fitted.plan, decision.notes)

    def _quantity(self, row: int, equity: float) -> float | None:
        """The strategy's size in base units; None when it cannot be told."""
        if not self.strategy.compounding:
            equity = self.strategy.equity
        size, risk = self.strategy.size, self.offers.risks[row]
        if size.risk is not None:
            return equity * size.risk / risk if risk > 0 else None
        notional = equity * size.fraction if size.fraction is not None else size.fixed or 0.0
        return notional / self.offers.entries[row]

    def _take(
        self, row: int, proposal: Proposal, factor: float, margin: float, plan: Plan, notes: tuple[RuleNote, ...]
    ) -> None:
        quantity, table, money, at = proposal.quantity * factor, self.table, self.money, row
        if plan is not table.plans[row]:  # another tier, or an impact: other prices
            table, at = self.fitting.path(plan), 0
            money = money_of(table, self.venue.terms, self.venue.candles, self.venue.funding)
        facts = OpenTrade(
            proposal.signal_id,
            proposal.channel,
            proposal.symbol,
            proposal.side,
            proposal.notional * factor,
            margin,
            proposal.risk * factor,
        )
        self.books.open.append(Holding(int(table.end_ms[at]), row, facts))
        path = table.path(at)
        if not path.fills:
            self.trades[row] = Trade(path, quantity, facts.risk, 0.0, 0.0, 0.0, 0.0, None, notes)
            return
        gross, fees = float(money.gross[at]) * quantity, float(money.fees[at]) * quantity
        funding, net = float(money.funding[at]) * quantity, float(money.net[at]) * quantity
        r = float(money.r[at])
        trade = Trade(path, quantity, facts.risk, gross, fees, funding, net, None if np.isnan(r) else r, notes)
        self.trades[row] = trade
        self._book(row, flows_of(trade, self.venue))

    def _book(self, row: int, flows: Iterable[Flow]) -> None:
        """Note what a trade will do to the account, each move when it is known."""
        numbers = self.books.booked.setdefault(row, [])
        for flow in flows:
            self._sequence += 1
            numbers.append(self._sequence)
            heapq.heappush(self.books.flows, (flow.at_ms, self._sequence, flow))

    def _close(self, close: Close, now_ms: int) -> None:
        """End the trades that a rule wants ended; what of them is not over yet comes otherwise."""
        for holding in self.books.open:
            row = holding.row
            ended = close_early(self.trades[row], now_ms, self.venue) if close.covers(holding.facts) else None
            if ended is not None:
                self.trades[row], holding.end_ms = ended
                gone = set(self.books.booked.pop(row, ()))
                self.books.flows = [entry for entry in self.books.flows if entry[1] not in gone]
                heapq.heapify(self.books.flows)
                self._book(row, (flow for flow in flows_of(self.trades[row], self.venue) if flow.at_ms > now_ms))

    # ------------------------------------------------------------------ time

    def _advance(self, now_ms: int) -> float:
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
            trade = self.trades[holding.row]
            if trade.path.fills:
                self.books.history = closed(self.books.history, holding.facts, trade.net, holding.end_ms)

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
            equity = self._advance(at)
            if self.books.day is None or _monday(midnight) != _monday(self.books.day):
                self.books.week_equity = equity
            self.books.day, self.books.day_equity = midnight, equity
            self._same_day_ms = at + SHORTEST_DAY_MS

    def _refuse(self, row: int, *notes: RuleNote) -> None:
        self.refused.append(Refused(row, self.table.plans[row].signal_id, notes))

    def _own_note(self, rule: str, seen: str, limit: str, text: str) -> RuleNote:
        return RuleNote(rule, self.strategy.path, "reject", seen, limit, text)


@contextmanager
def uncollected() -> Iterator[None]:
    """Without Python's search for cycles: a walk makes many small things that stay and no cycles among them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _monday(day: datetime) -> date:
    """The first day of a day's week."""
    return day.date() - timedelta(days=day.weekday())


def _covers(halt: Halt, plan: Plan) -> bool:
    """Whether a halt concerns a plan."""
    return (not halt.channels or plan.channel in halt.channels) and (not halt.symbols or plan.symbol in halt.symbols)
