"""Phase 2: one account walks through all paths in order of time, and the risk rules speak.

The account is that of ``account.py``. Each call is offered at its moment of action, when its orders would be placed; a
taken call's path is known whole, so all its flows are told at once, and the account books each when it is known.

A path is that of one unit, so a trade's money is the path's money times its quantity (``outcomes.py``). Only where the
size changes the plan (another margin tier, an impact on the price) is the trade taken through the candles again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field, replace

import numpy as np

from engine.config.strategy import Strategy
from engine.domain import Close, OpenTrade, Opinion, RuleNote
from engine.memory import uncollected
from engine.simulate.account import Accountant
from engine.simulate.answers import Answer
from engine.simulate.books import Books, Marks
from engine.simulate.closing import close_early
from engine.simulate.fitting import Fitting
from engine.simulate.flows import Flows, Venue, flows_of
from engine.simulate.judge import Alarm, Judge
from engine.simulate.money import Money, money_of
from engine.simulate.offers import Offers
from engine.simulate.outcomes import Outcomes
from engine.simulate.table import PathTable
from engine.simulate.trades import Trades


@dataclass(frozen=True, slots=True)
class Refused:
    """A call that the account did not take, and who said so."""

    row: int
    signal_id: str
    notes: tuple[RuleNote, ...]


@dataclass(frozen=True, slots=True)
class WalkResult:
    """Trades by row of the path table, refusals, and the last equity (open trades at the last close).

    ``alarms`` are the rules that spoke between calls, ``flows`` what was booked; both in order of time.
    """

    trades: Trades
    refused: list[Refused]
    end_equity: float
    alarms: tuple[Alarm, ...] = ()
    flows: Flows = field(default_factory=Flows, repr=False)


class Walk:
    """One account on its way through the paths; see the module's docstring. It goes once; ``again`` gives another."""

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
    ) -> None:
        self.table, self.venue, self.strategy, self.zone = table, venue, strategy, zone
        counted = np.zeros(len(table), np.bool_)
        self.offers = Offers(table, money, venue, posted_ms, strategy.leverage, counted, judged)
        self.outcomes, self.marks = Outcomes(table, money, venue), Marks(venue.candles)
        self.fitting = Fitting(venue, strategy.costs.impact)
        self._prepared = False  # the judge has seen the calls
        self._begin(judge)

    def prepare(self, rows: Sequence[int]) -> None:
        """Let the judge look at the calls beforehand; ``rows`` are those that count as calls of their own."""
        with uncollected():
            self.offers.counted[list(rows)] = True
            self.account.judge = self.account.judge.prepare(self.offers)
        self._prepared = True

    def _begin(self, judge: Judge) -> None:
        """Open the account."""
        fit = self.fitting.fit if self.venue.contracts or self.strategy.costs.impact else None
        self.trades = Trades(self.outcomes)
        self.refused: list[Refused] = []
        self.alarms: list[Alarm] = []
        self.flows = Flows()
        net = self.trades.net  # no way back to the walk, which would keep it all in memory
        self.account = Accountant(self.strategy, judge, self.offers, self.marks, self.zone, net, fit, self.flows)

    def again(self) -> Walk:
        """Another account with the same money and rules before the same calls: what is known of them is shared."""
        walk = copy(self)
        walk._begin(self.account.judge)
        return walk

    @property
    def books(self) -> Books:
        """The books of the account."""
        return self.account.books

    def run(self, rows: Sequence[int], track: Callable[[Sequence[int]], Iterable[int]] | None = None) -> WalkResult:
        """Offer the rows (those that count as calls of their own) in order of action."""
        ordered = np.sort(np.asarray(rows, np.int64))
        ordered = ordered[np.argsort(self.table.planned.act_ms[ordered], kind="stable")].tolist()
        account = self.account
        if not self._prepared:
            self.prepare(ordered)
        with uncollected():
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
            end_equity = account.advance(end)
        return WalkResult(self.trades, self.refused, end_equity, tuple(self.alarms), self.flows)

    def _watch(self, until_ms: int) -> None:
        """Do what the rules say between calls."""
        while (alarm := self.account.watch(until_ms)) is not None:
            self.alarms.append(alarm)
            if alarm.close is not None:
                self._close(alarm.close, alarm.at_ms, alarm.note)

    def _take(self, row: int, answer: Answer, facts: OpenTrade) -> None:
        outcomes, at = self.outcomes, row
        if answer.plan is None:
            self.trades.take(row, answer.quantity, facts.risk, answer.notes)
        else:
            table, at = self.fitting.path(answer.plan), 0
            money = money_of(table, self.venue.terms, self.venue.candles, self.venue.funding)
            outcomes = Outcomes(table, money, self.venue)
            self.trades.put(row, outcomes.trade(at, answer.quantity, facts.risk, answer.notes))
        self.account.hold(row, facts, outcomes.end_ms[at])
        self.account.book(row, outcomes.flows(at, answer.quantity))

    def _close(self, close: Close, now_ms: int, note: RuleNote) -> None:
        """End the trades that a rule wants ended; what of them is not over yet comes otherwise."""
        for row, facts in self.books.open.items():
            ended = close_early(self.trades[row], now_ms, self.venue) if close.covers(facts) else None
            if ended is not None:
                trade, end_ms = ended
                trade = replace(trade, notes=(*trade.notes, note))
                self.trades.put(row, trade)
                self.account.end(row, end_ms)
                self.account.unbook(row)
                later = (flow for flow in flows_of(trade, self.venue) if flow.at_ms > now_ms)
                self.account.book(row, later)
