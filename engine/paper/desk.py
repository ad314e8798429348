"""The desk: messages and closed candles in, events out. All of paper trading that is not a matter of sockets.

    desk = Desk(lanes, readers, ...)            # what the ledger says is where it goes on
    desk.message(message)                       # each version of a post, in the order of arrival
    desk.minute(ts, symbols)                    # candles that opened at ``ts`` and are over, the oldest first

Both may be told again what they were told before (after a restart they are): what is answered stays answered, what a
call has seen it does not see again. Each input's events are written together, or none of them; only then they are told
to ``hear``.

What arrives late, live. A message counts from its own time (Telegram's, which no channel can set) plus the strategy's
latency, and acts at the open of the first candle from then on. When it arrives before that candle opens, nothing is
late: nobody who heard of it at once would have been in earlier. When it arrives after that, it acts from its arrival
on: never in a candle that had opened by then. A channel's messages may arrive in another order than they were posted
(what was missed comes from the history while news come in): then the channel is read again in their true order, so that
an answer finds the call that it is about.

Where an account follows several channels, each of them also has an account of its own, with the same money and rules
(``alone``): a desk of one channel that is told the same messages and candles. Its events lie in the same ledger, under
the account's name and the channel's (``alone_name``), and are written together with the account's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial

from engine.collect.reading import MessageReader, when_known
from engine.domain import BY_HAND, UNTIL_RESUMED_MS, Change, Halt, Message, Plan, Refusal, RuleNote, Signal, Update
from engine.market.candles import Candles, Funding
from engine.market.contracts import Contract, state_at
from engine.market.timeframes import grid_offset_ms
from engine.paper.account import Lane, PaperAccount
from engine.paper.broker import Moved, Placed, VirtualBroker
from engine.paper.call import WAITING, Bar, PaperCall
from engine.paper.codec import Data, books_data, change_data, plan_data, restore_books
from engine.paper.fold import Fold, call_data, trade_data
from engine.paper.ledger import Event, Key, Ledger
from engine.simulate.account import Answer
from engine.simulate.grid import change_on_grid
from engine.simulate.judge import Alarm
from engine.simulate.planning import make_plan
from engine.simulate.step import Stepper
from engine.simulate.volatility import average_true_range
from engine.units import DAY_MS, show_time

LATE_MS = 150_000  # what is worked out so long after its candle was over is marked as late


def alone_name(account: str, channel: str) -> str:
    """The name in the ledger of what one channel of an account does alone."""
    return f"{account}/{channel}"


@dataclass
class _Known:
    """A signal in one strategy: what the channel has said of it, and its row (None: it was not planned)."""

    signal: Signal
    updates: list[Update] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    row: int | None = None


@dataclass
class Desk:
    """See the module's docstring.

    Parameters
    ----------
    account
        Its name in the ledger.
    readers
        Reads the messages of each channel.
    candles
        All candles known by now, by symbol; for replays also later ones, which are not looked at.
    fair, contracts
        Fair prices that liquidate, and what the exchange says of its contracts, by symbol, where known.
    now_ms
        The time, where calls are live: a call is acted on no earlier than it arrived, and one older than ``stale_ms``
        is refused (0: what each strategy says). None for history, where a call acts when its text was known.
    began_ms
        Messages known before that are read, and not acted on.
    alone
        The desks of the channels, each alone, by channel.
    """

    account: str
    ledger: Ledger
    lanes: Mapping[str, Lane]
    readers: dict[str, MessageReader]
    candles: Mapping[str, Candles]
    timeframe_ms: int
    zone: str
    funding: Mapping[str, Funding] | None = None
    fair: Mapping[str, Candles] | None = None
    contracts: Mapping[str, Sequence[Contract]] | None = None
    now_ms: Callable[[], int] | None = None
    stale_ms: int = 0
    began_ms: int = 0
    hear: Callable[[Event], None] = lambda _: None
    alone: Mapping[str, Desk] = field(default_factory=dict)
    suspect: Callable[[Message], bool] = lambda _: False

    def __post_init__(self) -> None:
        terms = {name: lane.terms for name, lane in self.lanes.items()}
        calls = {name: lane.strategy.calls for name, lane in self.lanes.items()}
        self.broker = VirtualBroker(calls, terms, self.funding)
        self.books = PaperAccount(self.lanes, self.zone, self.candles, self.funding, self._follow)
        self._events: list[Event] = []
        self._signals: dict[tuple[str, str], _Known] = {}
        self._rows: dict[tuple[str, str], int] = {}
        self._heard_of: dict[str, list[Message]] = {}
        self._held_against: list[tuple[Data, PaperCall]] = []
        self._written: tuple[object, ...] = ()
        self._restore()

    def _restore(self) -> None:
        """Go on where the ledger ends."""
        fold = Fold({name: lane.terms for name, lane in self.lanes.items()})
        fold.take(self.ledger.events(self.account))
        self._keys, self.through_ms = fold.keys, fold.through_ms
        for call in fold.rows:
            self.books.rows.append(call)
            self._rows[call.lane, call.plan.signal_id] = call.row
            self.broker.restore(call)
            self.books.restore(call)
        if fold.books is not None:
            restore_books(self.books.books, fold.books)
            self.books.marks.before.update(fold.books["prices"])
        self.books.go_on()
        self._written = self._mark()

    # ------------------------------------------------------------------ messages

    def message(self, message: Message) -> None:
        """A version of a post, an edit or a deletion."""
        if message.channel not in self.readers:
            return
        if self.now_ms is None:
            self._take(message, None)
        else:
            if message.channel not in self._heard_of:
                self.readers[message.channel].keep_readings()
            now_ms, heard = self.now_ms(), self._heard_of.setdefault(message.channel, [])
            heard.append(message)
            again = heard[-1:]
            if len(heard) > 1 and message.kind != "deletion" and when_known(message) < when_known(heard[-2]):
                heard.sort(key=when_known)
                self.readers[message.channel], again = self.readers[message.channel].anew(), heard
            for one in again:
                self._take(one, now_ms)
        self._commit()

    def _take(self, message: Message, now_ms: int | None) -> None:
        """Read a message and do what it says; nothing is written yet."""
        reader = self.readers[message.channel]
        signals, updates = reader.take(message)
        told = signals, updates, reader.withdrawn(message)
        if now_ms is not None and reader.refusal is not None:
            self._unread(message, reader.refusal)
        alone = self.alone.get(message.channel)
        if alone is not None:
            alone.began_ms, alone.stale_ms = self.began_ms, self.stale_ms
            alone.act(message, *told, now_ms)
        self.act(message, *told, now_ms)

    def _unread(self, message: Message, refusal: Refusal) -> None:
        """A live post that gave nothing: worth a word where its layout is known, or where it looks like a call."""
        key: Key = (message.channel, message.message_id, message.version, "unread")
        if message.known_ms < self.began_ms or key in self._keys or refusal.code == "never" or not message.text.strip():
            return
        if refusal.code != "no-layout" or self.suspect(message):
            said: Data = {"signal": message.key, "code": refusal.code, "text": refusal.text}
            self._tell("unread", message.known_ms, said, key=key)

    def act(
        self,
        message: Message,
        signals: Sequence[Signal],
        updates: Sequence[Update],
        withdrawn: Sequence[Update],
        now_ms: int | None,
    ) -> None:
        """Do what was read in a message that arrived at ``now_ms`` (None: history); nothing is written yet."""
        for lane in self.lanes.values():
            if message.channel in lane.strategy.channels:
                for signal in signals:
                    self._call(lane, signal, now_ms)
                for number, update in enumerate(updates):
                    self._update(lane, update, number, now_ms)
                for number, update in enumerate(withdrawn):
                    self._update(lane, update, number, now_ms)

    def _key(self, message: Message, lane: Lane, action: str) -> Key:
        return message.channel, message.message_id, message.version, f"{lane.name}/{action}"

    def _call(self, lane: Lane, signal: Signal, now_ms: int | None) -> None:
        """A signal: a plan that goes to the broker, or a refusal."""
        message = signal.message
        known = self._signals[lane.name, signal.id] = _Known(signal, row=self._rows.get((lane.name, signal.id)))
        key = self._key(message, lane, f"call/{signal.index}")
        if known.row is not None or key in self._keys or message.known_ms < self.began_ms:
            return
        plan = self._plan(lane, signal, ())
        said: Data = {
            "lane": lane.name,
            "signal": signal.id,
            "posted_ms": message.posted_ms,
            "symbol": signal.setup.symbol,
            "side": signal.setup.side.value,
        }
        if signal.hindsight and message.edited_ms is None:
            plan = Refusal("hindsight", "the text was edited, and nobody knows when")
        late = False
        if isinstance(plan, Plan) and now_ms is not None:
            plan, late = self._timed(plan, message, now_ms, self.stale_ms or lane.strategy.stale_after_ms)
        if isinstance(plan, Refusal):
            self._tell("refused", message.known_ms, {**said, "code": plan.code, "text": plan.text}, key=key)
            return
        place = list(self.lanes).index(lane.name) * 10_000 + lane.strategy.channels.index(message.channel)
        stepper = Stepper(plan, lane.terms)
        call = PaperCall(
            len(self.books.rows), lane.name, place, message.posted_ms, plan, stepper, message.message_id, late=late
        )
        self.books.rows.append(call)
        self._rows[lane.name, signal.id] = known.row = call.row
        self.broker.place(call)
        self.books.expect(call)
        said |= {"place": place, "layout": signal.setup.layout, "plan": plan_data(plan)}
        self._tell("call", plan.act_ms, said, call.row, key, late)

    def _plan(self, lane: Lane, signal: Signal, updates: Sequence[Update]) -> Plan | Refusal:
        """The plan of a signal with what was said of it."""
        facts = state_at((self.contracts or {}).get(signal.setup.symbol, ()), signal.message.known_ms)
        return make_plan(signal, lane.strategy, updates, partial(average_true_range, self.candles), facts)

    def _timed(self, plan: Plan, message: Message, now_ms: int, stale_ms: int) -> tuple[Plan | Refusal, bool]:
        """The plan of a live call: acted on no earlier than it arrived; refused when that is too long ago."""
        age_ms = now_ms - message.known_ms
        if age_ms > stale_ms:
            return Refusal("stale", f"it arrived {age_ms / 1000:.0f} s after it was posted"), True
        if now_ms <= self._opens(plan.act_ms):
            return plan, False
        return replace(plan, act_ms=now_ms, expire_ms=plan.expire_ms + now_ms - plan.act_ms), True

    def _opens(self, ms: int) -> int:
        """When the first candle opens that may be traded at a moment or later."""
        offset = grid_offset_ms(self.timeframe_ms)
        return -((offset - ms) // self.timeframe_ms) * self.timeframe_ms + offset

    def _update(self, lane: Lane, update: Update, number: int, now_ms: int | None) -> None:
        """What a channel says of an earlier call of its own; a deletion is noted also where the trade goes on."""
        known = self._signals.get((lane.name, update.signal_id or ""))
        if known is None:
            return
        known.updates.append(update)
        plan = self._plan(lane, known.signal, known.updates)
        changes = [] if isinstance(plan, Refusal) else list(plan.changes)
        new = [change for change in changes if change not in known.changes]
        known.changes = changes
        gone = update.message.kind == "deletion"
        key = self._key(update.message, lane, f"deletion/{number}" if gone else f"update/{number}/{update.signal_id}")
        if known.row is None or key in self._keys:
            return
        call = self.books.rows[known.row]  # which knows what another message said as well, when that arrived before
        new = [change for change in new if change_on_grid(change, call.plan.tick) not in call.stepper.changes]
        if not (new or gone):
            return
        late = [now_ms is not None and now_ms > self._opens(change.act_ms) for change in new]
        new = [replace(one, act_ms=now_ms or 0) if after else one for one, after in zip(new, late, strict=True)]
        for change in new:
            self.broker.change(call, change)
        action = "deletion" if gone else update.action.kind
        said: Data = {
            "signal": update.signal_id,
            "action": action,
            "changes": [*map(change_data, new)],
            "known_ms": update.message.known_ms,
        }
        self._tell("update", new[0].act_ms if new else update.message.known_ms, said, call.row, key, any(late))

    # ------------------------------------------------------------------ candles

    def symbols(self) -> list[str]:
        """The symbols whose candles are needed now."""
        closing = {call.plan.symbol for call in self.closing()}
        others = {symbol for desk in self.alone.values() for symbol in desk.symbols()}
        return sorted({*self.broker.symbols(), *closing, *self.books.books.books.held, *others})

    def minute(self, ts_ms: int, symbols: Iterable[str]) -> None:
        """All candles that opened at ``ts_ms`` are over: those of these symbols are there and are looked at."""
        late = self.now_ms is not None and self.now_ms() - ts_ms - self.timeframe_ms > LATE_MS
        here = sorted(symbols)
        for desk in (*self.alone.values(), self):
            desk.candle(ts_ms, here, late)
        self._commit()

    def candle(self, ts_ms: int, symbols: Iterable[str], late: bool) -> None:
        """``minute`` without the other desks; nothing is written yet."""
        for symbol in symbols:
            if self.broker.book.get(symbol):
                place = int(self.candles[symbol].ts.searchsorted(ts_ms))
                before = self.bar_at(symbol, place - 1) if place else None
                for one in self.broker.bar(symbol, self.bar_at(symbol, place), before):
                    self._heard(one, ts_ms, late)
            for call in self.closing():
                if call.plan.symbol == symbol:
                    self._end_early(call, ts_ms)
        self._decide(ts_ms, late)

    def decide(self, through_ms: int, late: bool = False) -> None:
        """Ask the account what can be asked; all candles that opened by ``through_ms`` were told."""
        for desk in (*self.alone.values(), self):
            desk._decide(through_ms, late)
        self._commit()

    def _decide(self, through_ms: int, late: bool) -> None:
        self.through_ms = max(self.through_ms, through_ms)
        for one in self.books.answer(self.through_ms):
            if isinstance(one, Alarm):
                self._alarmed(one)
            else:
                self._decided(*one, late)
        mark = self._mark()
        if mark != self._written:
            self._written = mark
            self._tell("account", self.through_ms, {"books": books_data(self.books.books)})

    def funded(self) -> None:
        """``funding`` has more in it than before."""
        for desk in (*self.alone.values(), self):
            desk.broker.funded()

    def never_came(self, call: PaperCall) -> None:
        """A call whose first candle will not come: there are no candles for it."""
        alone = self.alone.get(call.plan.channel)
        row = None if alone is None else alone._rows.get((call.lane, call.plan.signal_id))
        if alone is not None and row is not None and alone.books.rows[row].fate == WAITING:
            alone.never_came(alone.books.rows[row])
        self._heard(self.broker.drop(call, "no data", call.plan.act_ms), call.plan.act_ms, late=False)

    def calls_on(self, symbol: str) -> list[PaperCall]:
        """The calls that candles of a symbol can still do something to, those of each channel alone included."""
        found = [call for desk in (*self.alone.values(), self) for call in desk.broker.book.get(symbol, [])]
        return [*found, *(call.own for call in found if call.own is not None)]

    def unseen_ms(self, symbol: str) -> int | None:
        """From when on candles of a symbol can do something to a call; None where there is none in the market."""
        seen = [(call.plan.act_ms, call.stepper.position.state.last_ts) for call in self.calls_on(symbol)]
        return min((act_ms if last is None else last + self.timeframe_ms for act_ms, last in seen), default=None)

    def look_at(self, fair: Mapping[str, Candles]) -> None:
        """Fair prices that will come beside the candles."""
        for desk in (*self.alone.values(), self):
            desk.fair = fair

    def waiting(self) -> list[PaperCall]:
        """The calls whose first candle has not come yet."""
        return [call for calls in self.broker.book.values() for call in calls if call.fate == WAITING]

    def _heard(self, one: Placed | Moved, ts_ms: int, late: bool) -> None:
        """The broker's news."""
        call = one.call
        if isinstance(one, Placed):
            placed: Data = {"ended": list(one.ended), "stands": call_data(call)}
            if one.against is not None:
                against = self.books.rows[one.against]
                placed["of"] = against.plan.signal_id
                self._held_against.append((placed, against))
            self._tell("placed", ts_ms, placed, call.row, late=late)
            if not call.counted:
                self._keep(call, ts_ms)
            return
        self.books.hear(one)
        fills, legs = ([asdict(move) for move in moves] for moves in (one.fills, one.legs))
        said: Data = {"fills": fills, "legs": legs, "paid": list(one.paid), "stands": call_data(call)}
        whole = self.books.rows[call.row]
        whole.missed |= late and bool(fills or legs)
        held = whole.closing_ms is None or ts_ms < whole.closing_ms  # a bar that opens later ends it at its open
        said["taken"] = held and whole.facts is not None and whole.early is None and call is whole.acting
        said["own"] = call is not whole
        if call.stepper.done:
            said |= {"status": call.stepper.path().status, "r": call.r(self.lanes[call.lane].terms)}
        self._tell("step", ts_ms, said, call.row, late=late)

    def _decided(self, call: PaperCall, answer: Answer, late: bool) -> None:
        """The account's word on a call."""
        said: Data = {
            "taken": answer.taken,
            "quantity": answer.quantity,
            "facts": None if answer.facts is None else asdict(answer.facts),
            "notes": [asdict(note) for note in answer.notes],
            "halt": None if answer.halt is None else asdict(answer.halt),
        }
        if answer.taken and call.closing_ms is not None:
            said["closing_ms"] = call.closing_ms
        if call.own is not None:
            said |= {"plan": plan_data(call.own.plan), "stands": call_data(call.own)}
        self._tell("decided", call.plan.act_ms, said, call.row, late=late)
        if not answer.taken:
            self._keep(call, self.through_ms)
        elif call.closing_ms is not None:
            self._end_early(call, self.through_ms)
        if answer.close is not None:
            for one in self.books.covered(answer.close):
                self._close(one, call.plan.act_ms, answer.notes[-1])

    def _alarmed(self, alarm: Alarm) -> None:
        """A rule spoke between calls."""
        halt = None if alarm.halt is None else asdict(alarm.halt)
        close = None if alarm.close is None else asdict(alarm.close)
        self._tell("alarm", alarm.at_ms, {"note": asdict(alarm.note), "halt": halt, "close": close})
        if alarm.close is not None:
            for one in self.books.covered(alarm.close):
                self._close(one, alarm.at_ms, alarm.note)

    def _follow(self, call: PaperCall, plan: Plan) -> PaperCall:
        """A call under the plan that its size makes, through the candles told so far."""
        symbol = plan.symbol
        bars, ts = self.candles[symbol], call.first_ms
        first = max(int(bars.ts.searchsorted(ts)) - 1, 0)
        last = int(bars.ts.searchsorted(self.through_ms, side="right"))
        return self.broker.follow(call, plan, [self.bar_at(symbol, i) for i in range(first, last)])

    def bar_at(self, symbol: str, place: int) -> Bar:
        """The candle of a symbol at a place."""
        bars = self.candles[symbol]
        ts = int(bars.ts[place])
        open_, high, low, close = (float(column[place]) for column in (bars.open, bars.high, bars.low, bars.close))
        return Bar(ts, open_, high, low, close, bars.end_of(place), self._fair_at(symbol, ts))

    def _fair_at(self, symbol: str, ts: int) -> tuple[float, float, float] | None:
        """The fair price's open, high and low in a bar, where they are known."""
        fair = self.fair.get(symbol) if self.fair else None
        place = int(fair.ts.searchsorted(ts)) if fair is not None else 0
        if fair is None or place >= len(fair) or fair.ts[place] != ts:
            return None
        return float(fair.open[place]), float(fair.high[place]), float(fair.low[place])

    def _close(self, call: PaperCall, now_ms: int, note: RuleNote) -> None:
        """End a trade of the account at the first open from a moment on."""
        if call.closing_ms is None and call.early is None:
            call.closing_ms, call.closing_notes = now_ms, (note,)
            self._tell("closing", now_ms, {"closing_ms": now_ms, "notes": [asdict(note)]}, call.row)
            if call.facts is not None:
                self._end_early(call, self.through_ms)

    def _keep(self, call: PaperCall, now_ms: int) -> None:
        """A call is not to be ended any more, if it was: there is no trade of it, or it has ended before."""
        if call.closing_ms is not None:
            call.closing_ms, call.closing_notes = None, ()
            self._tell("closing", now_ms, {"closing_ms": None, "notes": []}, call.row)

    def closing(self) -> list[PaperCall]:
        """The trades of the account that are to be ended and are not yet."""
        return [call for call in self.books.open_calls if call.closing_ms is not None and call.early is None]

    def _end_early(self, call: PaperCall, through_ms: int) -> None:
        if self.books.end_early(call, through_ms) and call.early is not None:
            self._tell("early", through_ms, {"trade": trade_data(call.early)}, call.row)
        elif call.closing_ms is None:
            self._tell("closing", through_ms, {"closing_ms": None, "notes": []}, call.row)

    # ------------------------------------------------------------------ what people say

    def note(self, kind: str, at_ms: int, data: Data, row: int | None = None, key: Key | None = None) -> None:
        """Write something down that changes nothing."""
        self._tell(kind, at_ms, data, row, key)
        self._commit()

    def obey(self, order: Event, now_ms: int, given_ms: int | None = None) -> str:
        """Do what a person wants (``halt``, ``resume``, ``close``), once; what was done, in words.

        A pause holds from ``given_ms`` on (None: from now), and a pause that is resumed held until then: calls that
        acted before and are decided later are judged as they were live.
        """
        given_ms = now_ms if given_ms is None else given_ms
        books, said = self.books.books.books, ""
        if order.kind == "halt":
            names = tuple(order.data.get("channels", ()))
            until_ms = order.data["until_ms"]
            books.halts.append(Halt(until_ms or UNTIL_RESUMED_MS, BY_HAND, "paper halt", names, (), given_ms))
            until = "paper resume" if until_ms is None else show_time(until_ms, self.zone)
            said = f"no new trades{' of ' + ', '.join(names) if names else ''} until {until}"
        elif order.kind == "resume":
            said = self._resume(tuple(order.data.get("channels", ())), given_ms)
        elif order.kind == "close":
            said = self._close_by_hand(order.data["id"], order.data.get("live", ()), now_ms)
        self._tell("done", now_ms, {"order": order.seq, "said": said})
        self._written = self._mark()
        self._tell("account", self.through_ms, {"books": books_data(self.books.books)})
        self._commit()
        return said

    def _close_by_hand(self, name: str, live: Sequence[str], now_ms: int) -> str:
        """End a trade, or all; of those that are only ``live`` the order is kept until the record has them."""
        calls = [call for call in self.books.open_calls if name in ("all", call.plan.signal_id)]
        early = [call for call in self.books.rows if call.plan.signal_id in live and not call.asked]
        early = [call for call in early if call.fate in ("", WAITING)]
        note = RuleNote(BY_HAND, "paper close", "close", "", "", "Closed by hand.")
        for call in (*calls, *early):
            self._close(call, now_ms, note)
        trades, more = (f"{n} {'trade is' if n == 1 else 'trades are'}" for n in (len(calls), len(early)))
        said = [f"{trades} closed at the next open"] if calls else []
        said += [f"{more} closed live at once, and at the next open when the record has it"] if early else []
        return "; ".join(said) or "no such trade is open"

    def _resume(self, names: tuple[str, ...], now_ms: int) -> str:
        """End all pauses at a moment, or only those of channels: a pause of several goes on for the others."""
        books, kept, ended = self.books.books.books, [], 0
        for halt in books.halts:
            over = halt.until_ms <= now_ms
            if over or (names and not set(names) & set(halt.channels)):
                kept.append(halt)
                continue
            ended += 1
            mine = tuple(name for name in halt.channels if not names or name in names)
            left = tuple(name for name in halt.channels if name not in mine)
            if halt.from_ms < now_ms:
                kept.append(replace(halt, channels=mine, until_ms=now_ms))
            if left:
                kept.append(replace(halt, channels=left))
        books.halts = kept
        going = ", ".join(halt.by for halt in kept if halt.until_ms > now_ms)
        said = f"{ended} {'pause' if ended == 1 else 'pauses'}{' of ' if names else ''}{', '.join(names)} ended"
        return said + (f"; still halted: {going}" if going else "")

    # ------------------------------------------------------------------ events

    def _tell(
        self, kind: str, at_ms: int, data: Data, row: int | None = None, key: Key | None = None, late: bool = False
    ) -> None:
        self._events.append(Event(self.account, kind, at_ms, data, row, key, late))
        if key is not None:
            self._keys.add(key)

    def _commit(self) -> None:
        """Write what one input gave, then let it be heard; what came of channels alone is only written."""
        others = [event for desk in self.alone.values() for event in desk.taken()]
        events = self.taken()
        if others or events:
            self.ledger.append(*others, *events)
            for event in events:
                self.hear(event)

    def taken(self) -> list[Event]:
        """The events that were not written yet; whoever takes them writes them."""
        for placed, against in self._held_against:  # which the account may have refused in the same candle
            if against.missing:
                placed["missing"] = against.missing
        self._held_against.clear()
        events, self._events = self._events, []
        return events

    def _mark(self) -> tuple[object, ...]:
        """Changes when the books do."""
        books, accountant = self.books.books.books, self.books.books
        trades = tuple((holding.row, holding.end_ms, holding.ending) for holding in books.open)
        return (books.cash, books.day, len(books.flows), trades, tuple(books.halts), accountant.now_ms // DAY_MS,
                accountant.sequence)  # fmt: skip
