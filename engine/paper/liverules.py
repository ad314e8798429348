"""Rules that watch (a daily loss, a drawdown, the clock) at live prices: they speak at once, as live fills do.

In the record such a rule speaks when a candle is over, as in a backtest. A person wants a daily stop to close his
trades when the prices reach it. So at each live price the account is held against the rules as it stands now, with
every live move booked; what one of them wants (a pause, the end of trades) holds on the live side from then on.

1. It is written as ``live_alarm``, once, and waits for the record. The record's own ``alarm`` of the same rule answers
   it, and is not told again.
2. Where the candle closes and the record's rule says nothing (the prices were back by then), it is taken back
   (``alarm_withdrawn``), and the live side goes on from the record. That rule then waits for the record for a while,
   unless the account falls further than where it spoke: prices that move about a limit do not make it speak every
   minute.
3. Nobody speaks while the record is far behind: after a downtime it is the record's candles that tell what happened.

A day's and a week's beginning and the highest equity so far are those of closed candles. Nothing of the record reads
any of this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import NamedTuple

import numpy as np

from engine.domain import Account, Halt, OpenTrade
from engine.paper.call import PaperCall
from engine.paper.codec import Data, alarm_data, halt_from
from engine.paper.desk import Desk
from engine.paper.ledger import Event
from engine.paper.liveaccount import LiveAccount
from engine.simulate.judge import Alarm, Course
from engine.units import MINUTE_MS

KINDS = ("alarm", "live_alarm", "alarm_withdrawn")
REST_MS = 15 * MINUTE_MS  # of a rule that was taken back: so long only the record speaks
BEHIND = 5  # candles; the record is one or two behind
LOOK_MS = 250  # between two looks where a rule may speak at any equity


class _Spoken(NamedTuple):
    """What a rule said live: when, its name and place, at which equity, its pause, and the rows of what it ended."""

    at_ms: int
    rule: tuple[str, str]
    equity: float
    halt: Halt | None
    rows: tuple[int, ...]


class _Stand(NamedTuple):
    """The account with all live moves booked, until ``until_ms``; ``floor`` as in ``Judge.floor``."""

    account: Account
    cash: float
    held: Mapping[str, float]
    worth: Mapping[str, float]
    halts: Sequence[Halt]
    closable: Mapping[int, OpenTrade]
    floor: float
    until_ms: int


@dataclass
class LiveRules:
    """See the module's docstring. ``account`` is asked how it stands, and keeps the pauses that rules gave live."""

    desk: Desk
    account: LiveAccount
    _pending: list[_Spoken] = field(default_factory=list)
    _resting: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)  # until when, above which equity
    _stand: _Stand | None = None
    _looked_ms: int = 0

    def __post_init__(self) -> None:
        self.judge = self.desk.books.watchers

    # ------------------------------------------------------------------ what it hears

    def moved(self) -> None:
        """Something has changed about the account's trades, live or in the record."""
        self._stand = None

    def take(self, event: Event) -> Event:
        """Hear an event of ``KINDS``; the record's alarm comes back as ``said`` where it was said live."""
        note = event.data["note"]
        rule = (note["rule"], note["where"])
        if event.kind == "live_alarm":
            halt = event.data["halt"]
            rows = tuple(event.data["rows"])
            paused = None if halt is None else halt_from(halt)
            self._pending.append(_Spoken(event.at_ms, rule, event.data["equity"], paused, rows))
        else:
            said = [one for one in self._pending if one.rule == rule]
            self._pending = [one for one in self._pending if one.rule != rule]
            if event.kind == "alarm_withdrawn":
                self._resting[rule] = event.at_ms + REST_MS, min(one.equity for one in said)
            elif said:
                event = replace(event, data=event.data | {"said": True})
        self.account.pauses[:] = [one.halt for one in self._pending if one.halt is not None]
        self.moved()
        return event

    def closing_ms(self, row: int) -> int | None:
        """Since when a rule wants a trade ended live, None where none does."""
        return min((one.at_ms for one in self._pending if row in one.rows), default=None)

    def ending_ms(self, call: PaperCall) -> int | None:
        """Since when a trade is to be ended: as it stands in the record or live, or as a rule has said live."""
        return self.closing_ms(call.row) if call.closing_ms is None else call.closing_ms

    def ended_by(self, row: int) -> str:
        """The rule that wants a trade ended live, "" where none does."""
        return next((one.rule[0] for one in self._pending if row in one.rows), "")

    def withdraw(self) -> None:
        """Take back what the record has not said, once it could have."""
        for one in [one for one in self._pending if self.account.over_ms(one.at_ms) <= self.desk.books.settled_ms]:
            if one in self._pending:  # a rule is taken back with all that it said
                rule, where = one.rule
                data: Data = {"note": {"rule": rule, "where": where}, "rows": list(one.rows)}
                self.desk.note("alarm_withdrawn", self.desk.books.settled_ms, data)

    # ------------------------------------------------------------------ a price

    def look(self, now_ms: int) -> bool:
        """Whether a rule speaks at the prices of now; what it wants is written down and in force then."""
        if not self.judge.watches or self._behind(now_ms):
            return False
        stand = self._stand
        if stand is None or now_ms >= stand.until_ms:
            stand = self._stand = self._stands(now_ms)
        last = self.account.last
        equity = stand.cash + sum(
            quantity * (last[symbol].price if symbol in last else stand.worth[symbol])
            for symbol, quantity in stand.held.items()
        )
        if equity > stand.floor or (stand.floor == inf and 0 <= now_ms - self._looked_ms < LOOK_MS):
            return False
        self._looked_ms = now_ms
        peak = max(equity, stand.account.peak_equity)
        moment, worth, peaks = np.array([now_ms], np.int64), np.array([equity]), np.array([peak])
        closable = tuple(stand.closable.values())
        alarm = self.judge.watch(Course(moment, worth, peaks, stand.account, stand.halts, closable))
        if alarm is None:
            return False
        until_ms, above = self._resting.get((alarm.note.rule, alarm.note.where), (0, 0.0))
        if now_ms < until_ms and equity >= above:
            return False
        self._speak(alarm, equity, stand)
        return True

    def _behind(self, now_ms: int) -> bool:
        """Whether the record has not come near the present."""
        settled_ms = self.desk.books.settled_ms
        return 0 < settled_ms < now_ms - BEHIND * self.desk.market.timeframe_ms

    def _stands(self, now_ms: int) -> _Stand:
        ahead = self.account.ahead(now_ms)
        books = ahead.books
        trades = tuple(books.open.values())
        peak = self.desk.books.books.books.peak  # of closes of candles: what is trial in these books has no say
        account = Account(now_ms, books.cash, books.day_equity, peak, trades, books.week_equity, books.history)
        sides, rows = self.account.sides, self.desk.books.rows
        closable = {
            row: facts
            for row, facts in books.open.items()
            if row not in books.ending and self.ending_ms(sides.get(row, rows[row])) is None
        }
        known = {symbol: price for symbol, (_, price) in self.account.prices().items()}
        worth = {symbol: known.get(symbol) or ahead.marks.price(symbol, self.desk.through_ms) for symbol in books.held}
        floor = self.judge.floor(account)
        return _Stand(account, books.cash, books.held, worth, books.halts, closable, floor, ahead.midnight_ms)

    def _speak(self, alarm: Alarm, equity: float, stand: _Stand) -> None:
        """A rule speaks: write it down; it is in force when it is in the ledger."""
        covers = alarm.close.covers if alarm.close is not None else None
        rows = [row for row, facts in stand.closable.items() if covers is not None and covers(facts)]
        self.desk.note("live_alarm", alarm.at_ms, alarm_data(alarm) | {"rows": rows, "equity": equity})
