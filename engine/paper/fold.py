"""What the events of a ledger say: every call as it stands, the account, and which messages were answered.

``call_data`` and ``Fold`` are two sides of one thing: what the desk writes of a call, and how it is read back.

    call      a plan, from a message            refused   a call that was not planned, and why
    update    changes of a plan                 placed    the first candle: what the call is, which ones it ends
    unbound   an update was about another call
    step      a candle moved it                 decided   what the account said
    closing   a trade is to be ended            early     it was ended before its path
    account   the books after all that          halt, resume, close    a person's word
    begin     what it trades with from here on: each call keeps the costs of then

Not read here: live, withdrawn (``spoken.py``), live_alarm, alarm_withdrawn (``liverules.py``), which say what was seen
at live prices and move nothing; an alarm, whose pause and closings are in the events that follow; unread, a live post
that gave nothing; and what a run notes of itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from heapq import merge
from typing import Any

from engine.domain import ExitReason, Fill, Leg, Path, PathStatus, Trade
from engine.paper.call import PaperCall, ended_by
from engine.paper.codec import Data, facts_from, notes_from, plan_from, terms_from
from engine.paper.ledger import Event, Key, Ledger
from engine.simulate.plain import change_from
from engine.simulate.step import Stepper
from engine.simulate.terms import Terms


def call_data(call: PaperCall) -> Data:
    """How a call stands in the market."""
    return {
        "fate": call.fate,
        "first_ms": call.first_ms,
        "end_ms": call.end_ms,
        "entry": _known(call.entry),
        "risk": _known(call.risk),
        "paid": call.paid,
        "blocks": call.blocks,
        "stepper": call.stepper.saved(),
    }


def trade_data(trade: Trade) -> Data:
    """A trade that was ended early, without its plan and notes."""
    data = asdict(trade)
    del data["path"]["plan"], data["notes"]
    return data


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


@dataclass
class Fold:
    """The state that events make. ``books`` is the newest account event's, and so are the ``last`` prices it knew.

    ``terms`` are the costs of each strategy, where no event has said them: those that a ledger begins anew with are for
    the calls that follow, and what was traded before costs what it cost.
    ``updates`` are those of ``rows``, in their order.
    """

    terms: Mapping[str, Terms]
    rows: list[PaperCall] = field(default_factory=list)
    keys: set[Key] = field(default_factory=set)
    books: Data | None = None
    last: dict[str, tuple[int, float]] = field(default_factory=dict)
    through_ms: int = 0
    updates: list[Event] = field(default_factory=list)

    def take(self, events: Iterable[Event]) -> None:
        """Apply events, in their order."""
        for event in events:
            if event.key is not None:
                self.keys.add(event.key)
            apply = getattr(self, f"_on_{event.kind}", None)
            if apply is not None:
                apply(event, event.data)

    def _on_begin(self, _: Event, data: dict[str, Any]) -> None:
        self.terms = {**self.terms, **{name: terms_from(one) for name, one in data["terms"].items()}}

    def _call(self, event: Event) -> PaperCall:
        assert event.row is not None
        return self.rows[event.row]

    def _on_call(self, event: Event, data: dict[str, Any]) -> None:
        plan = plan_from(data["plan"])
        stepper = Stepper(plan, self.terms[data["lane"]])
        assert event.row == len(self.rows)
        assert event.key is not None
        lane, place, posted_ms, number = data["lane"], data["place"], data["posted_ms"], event.key[1]
        self.rows.append(PaperCall(event.row, lane, place, posted_ms, plan, stepper, number, late=event.late))

    def _on_update(self, event: Event, data: dict[str, Any]) -> None:
        if event.row is not None:
            call = self.rows[event.row]
            self.updates.append(event)
            for change in map(change_from, data["changes"]):
                for one in call.ways:
                    one.stepper.change(change)

    def _on_unbound(self, event: Event, data: dict[str, Any]) -> None:
        call = self._call(event)
        for change in map(change_from, data["back"]):
            for one in call.ways:
                one.stepper.unchange(change)

    def _on_placed(self, event: Event, data: dict[str, Any]) -> None:
        for row in data["ended"]:
            self.rows[row].blocks = False
        self._on_step(event, data)

    def _on_step(self, event: Event, data: dict[str, Any]) -> None:
        call = self._call(event)
        call.missed |= event.late and bool(data.get("fills") or data.get("legs"))
        self.through_ms = max(self.through_ms, event.at_ms)
        stand(call.own if data.get("own") and call.own is not None else call, data["stands"])

    def _on_decided(self, event: Event, data: dict[str, Any]) -> None:
        call = self._call(event)
        call.asked, call.quantity = True, data["quantity"]
        call.facts, call.notes = facts_from(data["facts"]), notes_from(data["notes"])
        if "plan" in data:
            plan = plan_from(data["plan"])
            call.own = replace(call, plan=plan, stepper=Stepper(plan, call.stepper.terms), paid=[])
            stand(call.own, data["stands"])

    def _on_closing(self, event: Event, data: dict[str, Any]) -> None:
        call = self._call(event)
        call.closing_ms, call.closing_notes = data["closing_ms"], notes_from(data["notes"])

    def _on_early(self, event: Event, data: dict[str, Any]) -> None:
        call, trade = self._call(event), data["trade"]
        path = trade["path"]
        legs = tuple(Leg(**(leg | {"reason": ExitReason(leg["reason"])})) for leg in path["legs"])
        if legs and legs[-1].reason is ExitReason.RULE:  # ledgers of before called a person a rule
            legs = (*legs[:-1], replace(legs[-1], reason=ended_by(call.closing_notes)))
        fills = tuple(Fill(**fill) for fill in path["fills"])
        whole = Path(call.plan, PathStatus(path["status"]), fills, legs, path["ambiguous"])
        notes = (*call.notes, *call.closing_notes)
        call.early = Trade(**(trade | {"path": whole, "notes": notes}))

    def _on_account(self, event: Event, data: dict[str, Any]) -> None:
        self.books, self.through_ms = data["books"], max(self.through_ms, event.at_ms)
        self.last = {symbol: (int(ts), float(price)) for symbol, (ts, price) in data.get("last", {}).items()}


def told_of(ledger: Ledger, account: str) -> Iterator[Event]:
    """All events of an account in their order; of a channel alone also those that say what its account trades with."""
    whole, alone, _ = account.partition("/")
    begun = ledger.events(whole, 0, "begin") if alone else ()
    return merge(begun, ledger.events(account), key=lambda event: event.seq)


def stand(call: PaperCall, stands: Data) -> None:
    """Bring a call to where ``call_data`` was taken."""
    call.fate, call.first_ms, call.end_ms = stands["fate"], stands["first_ms"], stands["end_ms"]
    call.entry, call.risk = (math.nan if stands[key] is None else stands[key] for key in ("entry", "risk"))
    call.paid = [(ts, paid) for ts, paid in stands["paid"]]
    call.blocks = stands["blocks"]
    call.stepper = type(call.stepper).restored(call.plan, call.stepper.terms, stands["stepper"])
