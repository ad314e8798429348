"""The live side of paper trading: what each call does at the prices that come now, long before its candle is over.

The record of a trade is made of closed candles, so that it is what a backtest makes of them; it is a minute or two
behind. A person wants to know at once. So a second virtual broker, the same class with the same steps, holds a copy of
every call and goes through live prices:

1. A price is a bar from the price before it to itself; the first of a candle, and one at which something is due (a
   call acts, a change, an expiry), is a bar of its own, as a candle's open is. So a level fills as it does in a candle,
   but for a stop: one that is jumped over gets the price that was seen (``liveside.py``).
2. A call comes to the live market at the first price at or after its moment of action. The account is asked at once
   (``liveaccount.py``).
3. Whenever candles were told, the copies begin anew from the record, and go through the prices since. So the live side
   can stray from the record by no more than the candles that are open. Only a call that the record has not met yet (its
   first candle is not over) stays as it is. After a restart such a call, and one that did live what the record has not
   told yet, stand as the ledger says (``before.py``). A price of a candle that was told comes too late. After a silence
   or a downtime, calls in the market wait until the record has told every candle of which no price was seen: what a
   stop or target met there comes first.
4. What happens is a ``live`` event in the ledger, once (``saying.py``, ``spoken.py``). What the record has not
   confirmed when the next candle too is over is ``withdrawn``.
5. Rules that watch are held against the account of now at every price (``liverules.py``).

Nothing of the record reads any of this.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from engine.paper import liverules
from engine.paper.before import Before
from engine.paper.broker import Placed, VirtualBroker
from engine.paper.call import WAITING, Bar, PaperCall, ended_by, quiet
from engine.paper.codec import facts_from
from engine.paper.desk import Desk
from engine.paper.fold import stand
from engine.paper.ledger import Event
from engine.paper.liveaccount import LiveAccount, Tick
from engine.paper.liverules import LiveRules
from engine.paper.liveside import copied, due, out
from engine.paper.saying import Saying
from engine.paper.spoken import KINDS, Spoken
from engine.simulate.answers import Answer
from engine.simulate.position import DUST

MOST_RULES = 20  # that speak at one price
MOST_TICKS = 20_000  # half an hour of ten prices a second; the oldest go first


@dataclass
class Instant:
    """See the module's docstring. ``last`` has the newest price by symbol, ``account`` the account as of now."""

    desk: Desk
    last: dict[str, Tick] = field(default_factory=dict)
    _sides: dict[int, PaperCall] = field(default_factory=dict)
    _ends: dict[int, tuple[int, ...]] = field(default_factory=dict)
    _ticks: dict[str, deque[Tick]] = field(default_factory=dict)
    _told_ms: dict[str, int] = field(default_factory=dict)
    _whole_ms: dict[str, int] = field(default_factory=dict)  # of each candle from here on a price was seen
    _dirty: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        record = self.desk.broker
        self.broker = VirtualBroker(record.calls)
        self.account = LiveAccount(self.desk, self._sides, self.last)
        self.spoken, self.rules = Spoken(), LiveRules(self.desk, self.account)
        self.saying = Saying(self.desk, self.spoken, self.account)
        for event in self.desk.ledger.events(self.desk.account, 0, *KINDS, *liverules.KINDS):
            self._take(event)
        self.before = Before(self.spoken, self.desk.market.timeframe_ms)
        self.before.begin()
        self._dirty.update(record.book)

    # ------------------------------------------------------------------ what it hears

    def hear(self, event: Event) -> Event:
        """Something was written; it comes back without what was said live already."""
        if event.row is not None and event.kind not in ("live", "withdrawn"):
            self._dirty.add(self.desk.books.rows[event.row].plan.symbol)
        self.before.hear(event)
        return self._take(event)

    def _awaited(self, row: int) -> bool:
        """Whether the record may still end a trade as a rule or a person ended it live."""
        return self.rules.ending_ms(self.desk.books.rows[row]) is not None

    def _take(self, event: Event) -> Event:
        """Keep in mind what was written."""
        if event.kind in liverules.KINDS:
            for row in event.data.get("rows", ()):
                self._dirty.add(self.desk.books.rows[row].plan.symbol)
            return self.rules.take(event)
        self.rules.moved()
        return self.spoken.take(event)

    def told(self, ts_ms: int, symbols: set[str]) -> None:
        """Candles that opened at ``ts_ms`` were told to the desk."""
        for symbol in symbols:
            self._told_ms[symbol] = ts_ms + self.desk.market.timeframe_ms
        self._dirty |= symbols

    def refresh(self) -> None:
        """Begin anew from the record where it has gone on."""
        self.rules.withdraw()
        dirty, self._dirty = sorted(self._dirty), set()
        for symbol in dirty:
            told_ms = self._told_ms.get(symbol, 0)
            self.saying.withdraw(symbol, told_ms, self._awaited)
            self._begin(symbol)
        if dirty:
            self.rules.moved()

    def price(self, symbol: str, ts_ms: int, price: float, fair: float | None = None) -> None:
        """A live price."""
        before = self.last.get(symbol)
        if before is not None and ts_ms <= before.ts_ms:
            ts_ms = before.ts_ms + 1
        tick = self.last[symbol] = Tick(ts_ms, price, fair if self.desk.market.fair is not None else None)
        step = self.desk.market.timeframe_ms
        if before is None or tick.ts_ms // step - before.ts_ms // step > 1:
            self._whole_ms[symbol] = tick.ts_ms // step * step
        if self.desk.broker.book.get(symbol):
            self._ticks.setdefault(symbol, deque(maxlen=MOST_TICKS)).append(tick)
            if self._follows(symbol, ts_ms):
                self._go(symbol, tick, before)
                self._ask_rules(symbol, tick)

    def _follows(self, symbol: str, ts_ms: int) -> bool:
        """Whether a price comes behind all that was told, and no candle without a price lies untold before it.

        For calls that the record has not met yet any price will do.
        """
        if self._whole_ms[symbol] <= self._told_ms.get(symbol, 0) <= ts_ms:
            return True
        return all(call.fate == WAITING for call in self.desk.broker.book[symbol])

    # ------------------------------------------------------------------ beginning anew

    def _begin(self, symbol: str) -> None:
        """Copy the calls of a symbol from the record, and go through the prices since its newest candle."""
        record = self.desk.broker.book.get(symbol, [])
        ticks, told_ms = self._ticks.get(symbol, deque()), self._told_ms.get(symbol, 0)
        before = None
        while ticks and ticks[0].ts_ms < told_ms:
            before = ticks.popleft()
        here = [self._side(call) for call in record]
        rows = {side.row for side in here}
        for row in [row for row, side in self._sides.items() if side.plan.symbol == symbol and row not in rows]:
            del self._sides[row]
            self._ends.pop(row, None)
        self._sides |= {side.row: side for side in here}
        self.broker.book[symbol] = [side for side in here if side.lives]
        for key, calls in self.desk.broker.blocking.items():
            if key[2] == symbol:
                self.broker.blocking[key] = [self._sides.get(call.row) or copied(call) for call in calls]
        for side in here:
            if side.blocks and self.desk.books.rows[side.row].fate == WAITING:
                self.broker.block(side)
        for row, ended in list(self._ends.items()):
            if row in rows and self.desk.books.rows[row].fate == WAITING:
                self.broker.end(self._sides[row].plan.act_ms, [self._sides[one] for one in ended if one in rows])
        if ticks and self._follows(symbol, ticks[0].ts_ms):
            for tick in list(ticks):
                self._go(symbol, tick, before)
                before = tick
            self._ask_rules(symbol, ticks[-1])

    def _side(self, call: PaperCall) -> PaperCall:
        """The live side of a call as the record has it; as it was, where the record has not met it yet."""
        known = self._sides.get(call.row)
        if call.fate != WAITING:
            stood = self.before.side(call, self._told_ms.get(call.plan.symbol, 0))
            side = stood or copied(call)
            if not call.asked and known is not None:
                side.facts, side.quantity = known.facts, known.quantity
            if stood is not None:
                self._tell_changes(side, call)
            self._end_as_said(side)
            return side
        if known is None:
            known, said = copied(call), self.spoken.of(call.row)
            if said.stands is not None:
                stand(known, said.stands)
                known.quiet = quiet(known.stepper)
                known.facts = facts_from(said.facts)
                known.quantity = said.stands["quantity"]
        if any(one.by == "channel" and one not in call.stepper.changes for one in known.stepper.changes):
            known = copied(call)  # a word was about another call: this one comes to the live market anew
        self._tell_changes(known, call)
        known.closing_ms = self.rules.ending_ms(call)
        return known

    def _tell_changes(self, side: PaperCall, call: PaperCall) -> None:
        """Tell a live side what its channel has said of the call since."""
        for change in call.stepper.changes:
            if change not in side.stepper.changes:
                self.broker.change(side, change)

    def _end_as_said(self, side: PaperCall) -> None:
        """A trade that was ended live stays so, at the price that was said, until the record has ended it or not."""
        side.closing_ms = self.rules.ending_ms(side)
        said = next((move for move in self.spoken.of(side.row).owed.values() if move.ordered), None)
        stepper = side.acting.stepper
        if said is not None and side.closing_ms is not None and not side.over and stepper.held > DUST:
            stepper.position.state.ts = said.ts_ms
            stepper.position.close_all(said.price, said.reason)

    # ------------------------------------------------------------------ one price

    def _go(self, symbol: str, tick: Tick, before: Tick | None) -> None:
        """Go through a price."""
        here = self.broker.book.get(symbol)
        if not here:
            return
        step, opens = self.desk.market.timeframe_ms, self.desk.market.opens
        here[:] = [  # once the first candle of a call is over the record is there soon, and knows better
            call for call in here if call.fate != WAITING or tick.ts_ms < opens(call.plan.act_ms) + step
        ]
        ts, price = tick.ts_ms, tick.price
        own = before is None or before.ts_ms // step != ts // step or any(due(call, ts) for call in here)
        open_ = price if before is None or own else before.price
        fair = None if tick.fair is None else (tick.fair, tick.fair, tick.fair)
        bar = Bar(ts, open_, max(open_, price), min(open_, price), price, ts, fair)
        for one in self.broker.bar(symbol, bar, None):
            side = self._sides[one.call.row]
            if isinstance(one, Placed):
                self._ends[side.row] = one.ended
                self._decide(side, bar, one.against)
            elif side.facts is not None and side.early is None:
                self.saying.write(side, bar, None)
        self._leave(symbol, bar)

    def _leave(self, symbol: str, bar: Bar) -> None:
        """End the trades that a rule or a person wants ended, at a price."""
        for side in [self._sides[call.row] for call in self.broker.book.get(symbol, ()) if call.closing_ms is not None]:
            if side.facts is not None and side.closing_ms is not None and bar.ts >= side.closing_ms and not side.over:
                call = self.desk.books.rows[side.row]
                out(side.acting.stepper, bar, ended_by(call.closing_notes))
                by = "" if call.closing_ms is not None else self.rules.ended_by(side.row)
                self.saying.write(side, bar, None, stands=call.fate == WAITING, by=by)

    def _ask_rules(self, symbol: str, tick: Tick) -> None:
        """Let the rules that watch look at the prices of now; what one of them ends goes out at its next price."""
        for _ in range(MOST_RULES):
            if not self.rules.look(tick.ts_ms):
                return
            for side in self._sides.values():
                side.closing_ms = self.rules.ending_ms(side)
            self._leave(symbol, Bar(tick.ts_ms, tick.price, tick.price, tick.price, tick.price, tick.ts_ms))

    def _decide(self, side: PaperCall, bar: Bar, against: int | None) -> None:
        """A call has come to the live market: ask about it, and say so."""
        answer = Answer(taken=False, notes=())
        if side.counted:
            answer = self.account.ask(side)
            side.facts, side.quantity, side.notes = answer.facts, answer.quantity, answer.notes
            if answer.plan is not None:
                side.own = self.broker.follow(side, answer.plan, [bar])
        if self.spoken.of(side.row).word is None:
            self.saying.write(side, bar, answer, against=None if against is None else self.saying.against(against))
