"""The live side of paper trading: what each call does at the prices that come now, long before its candle is over.

The record of a trade is made of closed candles, so that it is what a backtest makes of them; it is a minute or two
behind. A person wants to know at once. So a second virtual broker, the same class with the same steps, holds a copy of
every call and goes through live prices:

1. A price is a bar from the price before it to itself; the first of a candle, and one at which something is due (a
   call acts, a change, an expiry), is a bar of its own, as a candle's open is. So a level fills as it does in a candle,
   but for a stop: one that is jumped over gets the price that was seen (``LiveStepper``).
2. A call comes to the live market at the first price at or after its moment of action. The account is asked at once
   (``liveaccount.py``).
3. Whenever candles were told, the copies begin anew from the record, and go through the prices since. So the live side
   can stray from the record by no more than the candles that are open, and a restart begins from the record too. Only
   a call that the record has not met yet (its first candle is not over) stays as it is; after a restart it stands as
   the ledger says. A price of a candle that was told comes too late. After a silence or a downtime, calls in the market
   wait until the record has told every candle of which no price was seen: what a stop or target met there comes first.
4. What happens is a ``live`` event in the ledger, once (``spoken.py``). What the record has not confirmed when the next
   candle too is over is ``withdrawn``.

Nothing of the record reads any of this.
"""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field, replace

from engine.domain import ExitReason, PathStatus
from engine.paper.broker import Placed, VirtualBroker
from engine.paper.call import WAITING, Bar, PaperCall, quiet
from engine.paper.codec import Data, facts_from
from engine.paper.desk import Desk
from engine.paper.fold import call_data, stand
from engine.paper.ledger import Event
from engine.paper.liveaccount import LiveAccount, Tick
from engine.paper.spoken import KINDS, Move, Spoken, moves_of
from engine.simulate.account import Answer
from engine.simulate.position import DUST
from engine.simulate.step import Stepper

MOST_TICKS = 20_000  # half an hour of ten prices a second; the oldest go first


class LiveStepper(Stepper):
    """A trade that goes through live prices: nobody traded between two of them, so a stop gets the later one."""

    def _stopped_at(self, stop: float, close: float) -> float:
        """The price that was seen beyond the stop."""
        return close if self.position.beyond(close, stop, down=True) else stop


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
        self.broker = VirtualBroker(record.calls, record.terms)
        self.account = LiveAccount(self.desk, self._sides, self.last)
        self.spoken = Spoken()
        for event in self.desk.ledger.events(self.desk.account, 0, *KINDS):
            self.spoken.take(event)
        self._dirty.update(record.book)

    # ------------------------------------------------------------------ what it hears

    def hear(self, event: Event) -> Event:
        """Something was written; it comes back without what was said live already."""
        if event.row is not None and event.kind not in ("live", "withdrawn"):
            self._dirty.add(self.desk.books.rows[event.row].plan.symbol)
        return self.spoken.take(event)

    def told(self, ts_ms: int, symbols: set[str]) -> None:
        """Candles that opened at ``ts_ms`` were told to the desk."""
        for symbol in symbols:
            self._told_ms[symbol] = ts_ms + self.desk.market.timeframe_ms
        self._dirty |= symbols

    def refresh(self) -> None:
        """Begin anew from the record where it has gone on."""
        dirty, self._dirty = sorted(self._dirty), set()
        for symbol in dirty:
            self._withdraw(symbol)
            self._begin(symbol)

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
                self.broker.blocking[key] = [self._sides.get(call.row) or _copied(call) for call in calls]
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

    def _side(self, call: PaperCall) -> PaperCall:
        """The live side of a call as the record has it; as it was, where the record has not met it yet."""
        known = self._sides.get(call.row)
        if call.fate != WAITING:
            side = _copied(call)
            if not call.asked and known is not None:
                side.facts, side.quantity = known.facts, known.quantity
            return side
        if known is None:
            known, said = _copied(call), self.spoken.of(call.row)
            if said.stands is not None:
                stand(known, said.stands)
                known.quiet = quiet(known.stepper)
                known.facts = facts_from(said.facts)
                known.quantity = said.stands["quantity"]
        for change in call.stepper.changes:
            if change not in known.stepper.changes:
                self.broker.change(known, change)
        known.closing_ms = call.closing_ms
        return known

    # ------------------------------------------------------------------ one price

    def _go(self, symbol: str, tick: Tick, before: Tick | None) -> None:
        """Go through a price."""
        here = self.broker.book.get(symbol)
        if not here:
            return
        step = self.desk.market.timeframe_ms
        here[:] = [call for call in here if call.fate != WAITING or tick.ts_ms < _first_end_ms(call, step)]
        ts, price = tick.ts_ms, tick.price
        own = before is None or before.ts_ms // step != ts // step or any(_due(call, ts) for call in here)
        open_ = price if before is None or own else before.price
        fair = None if tick.fair is None else (tick.fair, tick.fair, tick.fair)
        bar = Bar(ts, open_, max(open_, price), min(open_, price), price, ts, fair)
        for one in self.broker.bar(symbol, bar, None):
            side = self._sides[one.call.row]
            if isinstance(one, Placed):
                self._ends[side.row] = one.ended
                self._decide(side, bar, one.against)
            elif side.facts is not None and side.early is None:
                self._write(side, bar, None)
        for side in [self._sides[call.row] for call in here if call.closing_ms is not None]:
            if side.facts is not None and side.closing_ms is not None and ts >= side.closing_ms and not side.over:
                _leave(side.acting.stepper, bar)
                self._write(side, bar, None, stands=self.desk.books.rows[side.row].fate == WAITING)

    def _decide(self, side: PaperCall, bar: Bar, against: int | None) -> None:
        """A call has come to the live market: ask about it, and say so."""
        answer = Answer(taken=False, notes=())
        if side.counted:
            answer = self.account.ask(side)
            side.facts, side.quantity, side.notes = answer.facts, answer.quantity, answer.notes
            if answer.plan is not None:
                side.own = self.broker.follow(side, answer.plan, [bar])
        if self.spoken.of(side.row).word is None:
            self._write(side, bar, answer, against=None if against is None else self._against(against))

    def _against(self, row: int) -> Data:
        """The earlier call that one was held against, and whether the account has a trade of it."""
        call = self.desk.books.rows[row]
        missing = call.missing or ("" if call.asked or self.spoken.of(row).word != ("", False) else "refused")
        return {"of": call.plan.signal_id} | ({"missing": missing} if missing else {})

    def _write(
        self, side: PaperCall, bar: Bar, answer: Answer | None, *, stands: bool = False, against: Data | None = None
    ) -> None:
        """Write down what is new of a call; nothing where that was said, unless it ``stands`` otherwise.

        ``against`` is the call that it was held against, as ``_against`` says it.
        """
        known, call = self.spoken.of(side.row), self.desk.books.rows[side.row]
        path = side.acting.stepper.path()
        fills, legs = [asdict(fill) for fill in path.fills], [asdict(leg) for leg in path.legs]
        named = [
            moved | {"what": move.what} for moved, move in zip((*fills, *legs), moves_of(fills, legs), strict=True)
        ]
        done = set() if call.fate == WAITING or side.facts is None else {move.what for move in known.moves}
        new = [one for one in named if one["what"] not in done and one["what"] not in known.owed]
        if side.facts is None:
            new = []
        if answer is None and not new and not stands:
            return
        data: Data = {
            "number": known.number + 1,
            "price": bar.close,
            "decides": answer is not None,
            "fate": side.fate,
            "taken": side.facts is not None,
            "quantity": side.quantity,
            "facts": None if side.facts is None else asdict(side.facts),
            "notes": [] if answer is None else [asdict(note) for note in answer.notes],
            "fills": [one for one in new if "reason" not in one],
            "legs": [one for one in new if "reason" in one],
            "stop": side.acting.stepper.stop,
            "status": path.status,
            "equity": self.account.equity(),
        } | (against or {})
        if path.status is PathStatus.CLOSED and side.facts is not None:
            data["net"] = side.acting.trade(side.stepper.terms).net if side.own else side.trade(side.stepper.terms).net
        if call.fate == WAITING:
            data["stands"] = call_data(side) | {"quantity": side.quantity}
        key = (side.plan.channel, side.row, 0, f"{side.lane}/live/{data['number']}")
        self.desk.note("live", bar.ts, data, side.row, key)

    def _withdraw(self, symbol: str) -> None:
        """Take back what the record has not confirmed, once it could have."""
        step, told_ms = self.desk.market.timeframe_ms, self._told_ms.get(symbol, 0)
        for row, known in self.spoken.owing():
            call = self.desk.books.rows[row]
            if call.plan.symbol != symbol or call.fate == WAITING or (call.counted and not call.asked):
                continue
            over = not call.counted or call.facts is None or call.over
            gone = [move for move in known.owed.values() if over or _next_end_ms(move, step) <= told_ms]
            if gone:
                data: Data = {"moves": [asdict(move) for move in gone], "why": _why(call)}
                key = (call.plan.channel, row, 0, f"{call.lane}/withdrawn/{known.number}/{gone[0].what}")
                self.desk.note("withdrawn", max(told_ms, gone[-1].ts_ms), data, row, key)


def _copied(call: PaperCall) -> PaperCall:
    """A copy that can go its own way."""
    own = None if call.own is None else _copied(call.own)
    stepper = LiveStepper.restored(call.plan, call.stepper.terms, call.stepper.saved())
    made = replace(call, stepper=stepper, paid=list(call.paid), own=own)
    made.quiet = quiet(stepper)
    return made


def _first_end_ms(call: PaperCall, step_ms: int) -> int:
    """When the first candle of a call is over: the record is there soon, and knows better."""
    return -(-call.plan.act_ms // step_ms) * step_ms + step_ms


def _next_end_ms(move: Move, step_ms: int) -> int:
    """When the candle after that of a live move is over."""
    return move.ts_ms // step_ms * step_ms + 2 * step_ms


def _due(call: PaperCall, ts_ms: int) -> bool:
    """Whether something of a call waits for the next open."""
    if call.fate == WAITING:
        return call.plan.act_ms <= ts_ms
    change_ms, bounds = call.stepper.next_change_ms, call.quiet
    return (change_ms is not None and change_ms <= ts_ms) or (bounds is not None and bounds[2] <= ts_ms)


def _leave(stepper: Stepper, bar: Bar) -> None:
    """End what a rule or a person wants ended, at a price."""
    position = stepper.position
    position.state.ts = bar.ts
    if stepper.held > DUST:
        position.close_all(position.sell(bar.close), ExitReason.RULE)
    else:
        position.state.status = PathStatus.EXPIRED


def _why(call: PaperCall) -> str:
    """Why the record has not what was said."""
    if not call.counted:
        return f"by its candles the call is: {call.fate}"
    if call.facts is None:
        return call.notes[-1].text if call.notes else "the account did not take it"
    status = call.acting.stepper.path().status
    if call.early is not None and not call.early.path.fills:
        return "it was closed before its candles would have filled it"
    if status not in (PathStatus.OPEN, PathStatus.CLOSED):
        return f"by its candles the call is: {status}"
    return "its candles do not show it"
