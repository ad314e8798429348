"""Phase 2: one account walks through all paths in order of time, and the risk rules speak.

The account is that of ``account.py``. Each call is offered at its moment of action, when its orders would be placed; a
taken call's path is known whole, so all its flows are told at once, and the account books each when it is known.

A path is that of one unit, so a trade's money is the path's money times its quantity. Only where the size changes the
plan (another margin tier, an impact on the price) is the trade taken through the candles again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from engine.config.strategy import Strategy
from engine.domain import Close, OpenTrade, Opinion, RuleNote, Trade
from engine.memory import uncollected
from engine.simulate.account import Accountant, Answer
from engine.simulate.books import Books, Marks
from engine.simulate.closing import close_early
from engine.simulate.fitting import Fitting
from engine.simulate.flows import Venue, flows_of
from engine.simulate.judge import Alarm, Judge
from engine.simulate.money import Money, money_of
from engine.simulate.offers import Offers
from engine.simulate.table import PathTable


@dataclass(frozen=True, slots=True)
class Refused:
    """A call that the account did not take, and who said so."""

    row: int
    signal_id: str
    notes: tuple[RuleNote, ...]


@dataclass(frozen=True, slots=True)
class WalkResult:
    """Trades by row of the path table, refusals, and the last equity (open trades at the last close).

    ``alarms`` are the rules that spoke between calls, in order of time.
    """

    trades: dict[int, Trade]
    refused: list[Refused]
    end_equity: float
    alarms: tuple[Alarm, ...] = ()


class Walk:
    """One account on its way through the paths; see the module's docstring. Walks one after another share ``marks``."""

    def __init__(
        self,
        table: PathTable,
        money: Money,
        strategy: Strategy,
        judge: Judge,
        venue: Venue,
        zone: str,
        posted_ms: Sequence[int],
        judged: Callable[[], Sequence[Opinion]] | None = None,
        marks: Marks | None = None,
    ) -> None:
        self.table, self.money, self.venue = table, money, venue
        counted = np.zeros(len(table), np.bool_)
        self.offers = Offers(table, money, venue, posted_ms, strategy.leverage, counted, judged)
        self.fitting = Fitting(venue, strategy.costs.impact)
        fit = self.fitting.fit if venue.contracts or strategy.costs.impact else None
        self.trades: dict[int, Trade] = {}
        outcome = partial(_outcome, self.trades)  # no way back to the walk, which would keep it all in memory
        self.account = Accountant(strategy, judge, self.offers, marks or Marks(venue.candles), zone, outcome, fit)
        self.refused: list[Refused] = []
        self.alarms: list[Alarm] = []

    @property
    def books(self) -> Books:
        """The books of the account."""
        return self.account.books

    def run(self, rows: Sequence[int], track: Callable[[Sequence[int]], Iterable[int]] | None = None) -> WalkResult:
        """Offer the rows (those that count as calls of their own) in order of action."""
        self.offers.counted[list(rows)] = True
        ordered = sorted(rows, key=lambda i: (self.table.plans[i].act_ms, i))
        account = self.account
        with uncollected():
            account.judge = account.judge.prepare(self.offers)
            for row in track(ordered) if track else ordered:
                act_ms = self.table.plans[row].act_ms
                self._watch(act_ms)
                answer = account.offer(row)
                if answer.close is not None:
                    self._close(answer.close, act_ms, answer.notes[-1])
                if answer.facts is not None:
                    self._take(row, answer, answer.facts)
                else:
                    self.refused.append(Refused(row, self.table.plans[row].signal_id, answer.notes))
            end = max((bars.end_ms for bars in self.venue.candles.values()), default=0)
            self._watch(end)
        return WalkResult(self.trades, self.refused, account.advance(end), tuple(self.alarms))

    def _watch(self, until_ms: int) -> None:
        """Do what the rules say between calls."""
        while (alarm := self.account.watch(until_ms)) is not None:
            self.alarms.append(alarm)
            if alarm.close is not None:
                self._close(alarm.close, alarm.at_ms, alarm.note)

    def _take(self, row: int, answer: Answer, facts: OpenTrade) -> None:
        quantity, table, money, at = answer.quantity, self.table, self.money, row
        if answer.plan is not None:
            table, at = self.fitting.path(answer.plan), 0
            money = money_of(table, self.venue.terms, self.venue.candles, self.venue.funding)
        self.account.hold(row, facts, int(table.end_ms[at]))
        path = table.path(at)
        if not path.fills:
            self.trades[row] = Trade(path, quantity, facts.risk, 0.0, 0.0, 0.0, 0.0, None, answer.notes)
            return
        gross, fees = float(money.gross[at]) * quantity, float(money.fees[at]) * quantity
        funding, net = float(money.funding[at]) * quantity, float(money.net[at]) * quantity
        r = float(money.r[at])
        trade = Trade(path, quantity, facts.risk, gross, fees, funding, net, None if np.isnan(r) else r, answer.notes)
        self.trades[row] = trade
        self.account.book(row, flows_of(trade, self.venue))

    def _close(self, close: Close, now_ms: int, note: RuleNote) -> None:
        """End the trades that a rule wants ended; what of them is not over yet comes otherwise."""
        for holding in self.books.open:
            row = holding.row
            ended = close_early(self.trades[row], now_ms, self.venue) if close.covers(holding.facts) else None
            if ended is not None:
                trade, end_ms = ended
                self.trades[row] = replace(trade, notes=(*trade.notes, note))
                self.account.end(row, end_ms)
                self.account.unbook(row)
                later = (flow for flow in flows_of(self.trades[row], self.venue) if flow.at_ms > now_ms)
                self.account.book(row, later)


def _outcome(trades: Mapping[int, Trade], row: int) -> float | None:
    """What a trade earned, None where it was never filled."""
    trade = trades[row]
    return trade.net if trade.path.fills else None
