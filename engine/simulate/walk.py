"""Phase 2: one account walks through all paths in order of time, and the risk rules speak.

1. A call is decided on at its moment of action, when its orders would be placed. By then every fill and exit in a bar
   that is over has been booked (``flows.py``); the open position is marked at the last close before that moment.
2. The strategy gives the size (risk, fraction or fixed), the judge may refuse, resize or halt, the margin must be free:
   open profit does not back new trades, open loss counts against them.
3. A trade occupies its place from acceptance until its path ends, resting orders included.

Nothing in a path depends on its size, so a trade's money is the path's money times its quantity.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from engine.config.strategy import Strategy
from engine.domain import Account, Halt, OpenTrade, Plan, Proposal, RuleNote, Trade
from engine.simulate.books import Books, Holding, Marks
from engine.simulate.flows import Venue, flows_of
from engine.simulate.judge import Judge
from engine.simulate.money import Money
from engine.simulate.table import PathTable


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
        self.venue, self.zone, self.posted_ms = venue, ZoneInfo(zone), posted_ms
        self.marks = Marks(venue.candles)
        start = strategy.equity
        self.books = Books(cash=start, wallet=start, peak=start, day_equity=start)
        self.trades: dict[int, Trade] = {}
        self.refused: list[Refused] = []
        self._sequence = 0

    def run(self, rows: Sequence[int], track: Callable[[Sequence[int]], Iterable[int]] | None = None) -> WalkResult:
        """Offer the rows (those that count as calls of their own) in order of action."""
        ordered = sorted(rows, key=lambda i: (self.table.plans[i].act_ms, i))
        for row in track(ordered) if track else ordered:
            self._offer(row)
        end = max((bars.end_ms for bars in self.venue.candles.values()), default=0)
        self._advance(end)
        return WalkResult(self.trades, self.refused, self._equity(end))

    # ------------------------------------------------------------------ one call

    def _offer(self, row: int) -> None:
        plan = self.table.plans[row]
        self._new_days(plan.act_ms)
        self._advance(plan.act_ms)
        equity = self._equity(plan.act_ms)
        halt = next((h for h in self.books.halts if h.until_ms > plan.act_ms and _covers(h, plan)), None)
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
        proposal = self._proposal(row, quantity)
        account = Account(
            plan.act_ms,
            equity,
            self.books.day_equity,
            self.books.peak,
            tuple(trade.facts for trade in self.books.open),
        )
        decision = self.judge.decide(proposal, account)
        if decision.halt is not None:
            self.books.halts.append(decision.halt)
        if not decision.taken:
            self._refuse(row, *decision.notes)
            return
        free = min(self.books.wallet, equity) - sum(trade.facts.margin for trade in self.books.open)
        margin = proposal.margin * decision.factor
        if margin > free:
            text = "the margin of this trade is not free in the account"
            seen, limit = f"{margin:.2f}", f"{max(free, 0):.2f} {self.strategy.currency}"
            self._refuse(row, *decision.notes, self._own_note("margin", seen, limit, text))
            return
        self._take(row, proposal, decision.factor, decision.notes)

    def _quantity(self, row: int, equity: float) -> float | None:
        """The strategy's size in base units; None when it cannot be told."""
        if not self.strategy.compounding:
            equity = self.strategy.equity
        size, entry, risk = self.strategy.size, self.money.entry[row], self.money.risk[row]
        if size.risk is not None:
            return float(equity * size.risk / risk) if risk > 0 else None
        notional = equity * size.fraction if size.fraction is not None else size.fixed or 0.0
        return float(notional / entry)

    def _proposal(self, row: int, quantity: float) -> Proposal:
        plan, entry = self.table.plans[row], float(self.money.entry[row])
        risk, stop = self.money.risk[row], self.table.stop[row]
        leverage = plan.leverage or self.strategy.leverage
        return Proposal(
            signal_id=plan.signal_id,
            channel=plan.channel,
            symbol=plan.symbol,
            side=plan.side,
            posted_ms=self.posted_ms[row],
            act_ms=plan.act_ms,
            entry=entry,
            stop=None if np.isnan(stop) else float(stop),
            targets=tuple(price for price in self.table.target[row].tolist() if not np.isnan(price)),
            quantity=quantity,
            notional=quantity * entry,
            risk=float(risk) * quantity if risk > 0 else 0.0,
            margin=quantity * entry / leverage,
            leverage=leverage,
        )

    def _take(self, row: int, proposal: Proposal, factor: float, notes: tuple[RuleNote, ...]) -> None:
        quantity, table, money = proposal.quantity * factor, self.table, self.money
        facts = OpenTrade(
            proposal.signal_id,
            proposal.channel,
            proposal.symbol,
            proposal.side,
            proposal.notional * factor,
            proposal.margin * factor,
            proposal.risk * factor,
        )
        self.books.open.append(Holding(int(table.end_ms[row]), row, facts))
        if not table.filled[row]:
            self.trades[row] = Trade(table.path(row), quantity, facts.risk, 0.0, 0.0, 0.0, 0.0, None, notes)
            return
        gross, fees = float(money.gross[row]) * quantity, float(money.fees[row]) * quantity
        funding, net = float(money.funding[row]) * quantity, float(money.net[row]) * quantity
        r = float(money.r[row])
        path = table.path(row)
        trade = Trade(path, quantity, facts.risk, gross, fees, funding, net, None if np.isnan(r) else r, notes)
        self.trades[row] = trade
        for flow in flows_of(trade, self.venue):
            self._sequence += 1
            heapq.heappush(self.books.flows, (flow.at_ms, self._sequence, flow))

    # ------------------------------------------------------------------ time

    def _advance(self, now_ms: int) -> None:
        """Book everything that is over at ``now_ms``; the peak is looked at whenever something was."""
        books = self.books
        while books.flows and books.flows[0][0] <= now_ms:
            at_ms = books.flows[0][0]
            while books.flows and books.flows[0][0] == at_ms:
                flow = heapq.heappop(books.flows)[2]
                books.held[flow.symbol] = books.held.get(flow.symbol, 0.0) + flow.quantity
                books.cash += flow.cash
                books.wallet += flow.realised
            books.peak = max(books.peak, self._equity(at_ms))
        books.open = [trade for trade in books.open if trade.end_ms > now_ms]
        books.peak = max(books.peak, self._equity(now_ms))

    def _equity(self, now_ms: int) -> float:
        """Cash and open positions at the last closed prices."""
        held = self.books.held.items()
        return self.books.cash + sum(q * self.marks.price(s, now_ms) for s, q in held if abs(q) > 1e-15)

    def _new_days(self, now_ms: int) -> None:
        """When a new day of the zone has begun, keep the equity at its midnight."""
        now = datetime.fromtimestamp(now_ms / 1000, self.zone)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        if self.books.day is None or midnight - self.books.day >= timedelta(hours=1):
            at = round(midnight.timestamp() * 1000)
            self._advance(at)
            self.books.day, self.books.day_equity = midnight, self._equity(at)

    def _refuse(self, row: int, *notes: RuleNote) -> None:
        self.refused.append(Refused(row, self.table.plans[row].signal_id, notes))

    def _own_note(self, rule: str, seen: str, limit: str, text: str) -> RuleNote:
        return RuleNote(rule, self.strategy.path, "reject", seen, limit, text)


def _covers(halt: Halt, plan: Plan) -> bool:
    """Whether a halt concerns a plan."""
    return (not halt.channels or plan.channel in halt.channels) and (not halt.symbols or plan.symbol in halt.symbols)
