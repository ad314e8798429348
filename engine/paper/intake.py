"""What a message says becomes plans at the broker, and changes of plans; or a refusal with its reason.

What arrives late, live. A message counts from its own time (Telegram's, which no channel can set) plus the strategy's
latency, and acts at the open of the first candle from then on. When it arrives before that candle opens, nothing is
late: nobody who heard of it at once would have been in earlier. When it arrives after that, it acts from its arrival
on: never in a candle that had opened by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

from engine.domain import Change, Message, Plan, Refusal, Signal, Update
from engine.paper.account import PaperAccount
from engine.paper.broker import VirtualBroker
from engine.paper.call import PaperCall
from engine.paper.codec import Data, change_data, plan_data
from engine.paper.lane import Lane
from engine.paper.ledger import Event, Key
from engine.paper.market import Market
from engine.paper.outbox import Outbox
from engine.simulate.grid import change_on_grid
from engine.simulate.plain import change_from
from engine.simulate.planning import make_plan, wrong_numbers
from engine.simulate.step import Stepper
from engine.simulate.volatility import average_true_range


class Arrival(NamedTuple):
    """When a message came (None: it is history), and what is too old to be acted on then.

    What was known before ``began_ms`` is read, and not acted on; a call older than ``stale_ms`` is refused (0: what
    each strategy says).
    """

    now_ms: int | None
    began_ms: int
    stale_ms: int


@dataclass
class _Known:
    """A signal in one strategy, and what the channel has said of it."""

    signal: Signal
    updates: list[Update] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


@dataclass
class Intake:
    """The calls and updates of one account; see the module's docstring. ``rows`` has the row of each planned call."""

    lanes: Mapping[str, Lane]
    market: Market
    broker: VirtualBroker
    books: PaperAccount
    outbox: Outbox
    rows: dict[tuple[str, str], int] = field(default_factory=dict)
    _updates: dict[tuple[str, int, int], list[Event]] = field(default_factory=dict)
    _signals: dict[tuple[str, str], _Known] = field(default_factory=dict)

    def act(
        self,
        message: Message,
        signals: Sequence[Signal],
        updates: Sequence[Update],
        withdrawn: Sequence[Update],
        arrival: Arrival,
    ) -> None:
        """Do what was read in a message; nothing is written yet."""
        for lane in self.lanes.values():
            if message.channel in lane.strategy.channels:
                for signal in signals:
                    self._call(lane, signal, arrival)
                for number, update in enumerate(updates):
                    self._update(lane, update, number, arrival.now_ms)
                for number, update in enumerate(withdrawn):
                    self._update(lane, update, number, arrival.now_ms)
                if arrival.now_ms is not None and updates:
                    self._rebind(message, lane, updates, arrival.now_ms)

    def restore(self, calls: Iterable[PaperCall], updates: Iterable[Event]) -> None:
        """Know the calls and updates from before a restart."""
        self.rows |= {(call.lane, call.plan.signal_id): call.row for call in calls}
        for event in updates:
            assert event.key is not None
            self._updates.setdefault(event.key[:3], []).append(event)

    def _key(self, message: Message, lane: Lane, action: str) -> Key:
        return message.channel, message.message_id, message.version, f"{lane.name}/{action}"

    def _call(self, lane: Lane, signal: Signal, arrival: Arrival) -> None:
        """A signal: a plan that goes to the broker, or a refusal."""
        message, name = signal.message, (lane.name, signal.id)
        self._signals[name] = _Known(signal)
        key = self._key(message, lane, f"call/{signal.index}")
        if name in self.rows or key in self.outbox.keys or message.known_ms < arrival.began_ms:
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
        if isinstance(plan, Plan) and arrival.now_ms is not None:
            plan, late = self._timed(plan, message, arrival.now_ms, arrival.stale_ms or lane.strategy.stale_after_ms)
        if isinstance(plan, Refusal):
            self.outbox.tell("refused", message.known_ms, {**said, "code": plan.code, "text": plan.text}, key=key)
            return
        place = list(self.lanes).index(lane.name) * 10_000 + lane.strategy.channels.index(message.channel)
        stepper = Stepper(plan, lane.terms)
        call = PaperCall(
            len(self.books.rows), lane.name, place, message.posted_ms, plan, stepper, message.message_id, late=late
        )
        self.books.rows.append(call)
        self.rows[name] = call.row
        self.broker.place(call)
        self.books.expect(call)
        said |= {"place": place, "layout": signal.setup.layout, "plan": plan_data(plan)}
        self.outbox.tell("call", plan.act_ms, said, call.row, key, late)

    def _plan(self, lane: Lane, signal: Signal, updates: Sequence[Update]) -> Plan | Refusal:
        """The plan of a signal with what was said of it."""
        facts = self.market.contract(signal.setup.symbol, signal.message.known_ms)
        return make_plan(signal, lane.strategy, updates, partial(average_true_range, self.market.candles), facts)

    def _timed(self, plan: Plan, message: Message, now_ms: int, stale_ms: int) -> tuple[Plan | Refusal, bool]:
        """The plan of a live call: acted on no earlier than it arrived; refused when that is too long ago."""
        age_ms = now_ms - message.known_ms
        if age_ms > stale_ms:
            return Refusal("stale", f"it arrived {age_ms / 1000:.0f} s after it was posted"), True
        if now_ms <= self.market.opens(plan.act_ms):
            return plan, False
        return replace(plan, act_ms=now_ms, expire_ms=plan.expire_ms + now_ms - plan.act_ms), True

    def _update(self, lane: Lane, update: Update, number: int, now_ms: int | None) -> None:
        """What a channel says of an earlier call of its own; a deletion is noted also where the trade goes on."""
        name = (lane.name, update.signal_id or "")
        known, row = self._signals.get(name), self.rows.get(name)
        if known is None:
            return
        known.updates.append(update)
        plan = self._plan(lane, known.signal, known.updates)
        changes = [] if isinstance(plan, Refusal) else list(plan.changes)
        new = [change for change in changes if change not in known.changes]
        known.changes = changes
        gone = update.message.kind == "deletion"
        key = self._key(update.message, lane, f"deletion/{number}" if gone else f"update/{number}/{update.signal_id}")
        if row is None or key in self.outbox.keys:
            return
        call = self.books.rows[row]  # which knows what another message said as well, when that arrived before
        new = [change for change in new if change_on_grid(change, call.plan.tick) not in call.stepper.changes]
        numbers = wrong_numbers(known.signal, lane.strategy, known.updates)
        wrong = [words for one, words in numbers if one is update]
        if not (new or gone or wrong):
            return
        late = [now_ms is not None and now_ms > self.market.opens(change.act_ms) for change in new]
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
        if wrong:
            said["wrong"] = wrong[0]
        at_ms = new[0].act_ms if new else update.message.known_ms
        told = self.outbox.tell("update", at_ms, said, call.row, key, any(late))
        self._updates.setdefault(key[:3], []).append(told)

    def _rebind(self, message: Message, lane: Lane, updates: Sequence[Update], now_ms: int) -> None:
        """Take back what a message did to a call that it was not about: one that was posted between came later.

        In a backtest it never did. What has acted in the record stays, and is told.
        """
        about = [update.signal_id for update in updates if update.signal_id is not None]
        for event in self._updates.get((message.channel, message.message_id, message.version), ()):
            assert event.row is not None
            call, wrong = self.books.rows[event.row], event.data["signal"]
            key = self._key(message, lane, f"unbound/{wrong}")
            other = event.data["action"] == "deletion" or call.lane != lane.name or wrong in about
            if other or not about or key in self.outbox.keys:
                continue
            changes = event.data["changes"]
            back = [change for change in changes if self.broker.unchange(call, change_from(change))]
            said: Data = {"action": event.data["action"], "changes": changes, "back": back, "about": about}
            self.outbox.tell("unbound", now_ms, said | {"message": message.key}, call.row, key)
