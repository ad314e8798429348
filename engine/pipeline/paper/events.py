"""What the events of a ledger say beside the calls themselves: one pass over them, for the page of an account.

Prices that were said live, late marks, days compared with history, people's words, rules that spoke, files that
changed, the stretches in which nobody traded, and the equity whenever the account moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.paper.spoken import Pair, Spoken, in_words
from engine.pipeline.paper.fates import who
from engine.pipeline.paper.orders import order_text
from engine.pipeline.paper.presence import fault_line
from engine.pipeline.paper.said import WITHDRAWN
from engine.report.paperrun import Day, Differing, Gap, Happened, Late
from engine.units import iso

if TYPE_CHECKING:
    from engine.paper.call import PaperCall
    from engine.paper.ledger import Event

LATE_SHOWN = 500
LEAST_GAP_MS = 60_000
TEXTS = ("text", "said", "line")  # where an event that is not known here may say something


@dataclass
class Told:
    """See the module's docstring. ``layouts`` and ``first`` (the first price: moment, price) go by the call's row,
    ``points`` are moments and equities,
    ``pairs`` what was said live beside the record, ``withdrawn`` what the record never made, by row.
    """

    rows: list[PaperCall]
    step_ms: int
    layouts: dict[int, str] = field(default_factory=dict)
    first: dict[int, tuple[int, float]] = field(default_factory=dict)
    late: list[Late] = field(default_factory=list)
    late_count: int = 0
    happened: list[Happened] = field(default_factory=list)
    days: dict[str, Day] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    halts: dict[str, str] = field(default_factory=dict)
    points: list[tuple[int, float]] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    withdrawn: dict[int, int] = field(default_factory=dict)
    _orders: dict[int, Event] = field(default_factory=dict)
    _last_ms: int = 0

    def take(self, events: Iterable[Event]) -> Told:
        """Go over the events, in their order."""
        spoken = Spoken(self.pairs.append)
        for event in events:
            spoken.take(event)
            if event.late:
                self._late(event)
            hear = getattr(self, f"_on_{event.kind}", None)
            if hear is not None:
                hear(event, event.data)
            elif event.kind not in QUIET:
                self._other(event, event.data)
            self._last_ms = max(self._last_ms, event.made_ms)
        self.happened += [
            self._note(order, order.kind, order_text({"order": order.kind, **order.data}))
            for order in self._orders.values()
        ]
        self.happened.sort(key=lambda one: one.at)
        self.late, self.late_count = self.late[-LATE_SHOWN:], len(self.late)
        return self

    def _note(self, event: Event, kind: str, text: str) -> Happened:
        return Happened(iso(event.at_ms), kind, text)

    def _late(self, event: Event) -> None:
        said_ms = event.data.get({"call": "posted_ms", "update": "known_ms"}.get(event.kind, ""))
        due = event.at_ms + self.step_ms if said_ms is None else int(said_ms)  # what arrives is late since it was said
        name = self.rows[event.row].plan.signal_id if event.row is not None else ""
        what = {"call": "arrived", "placed": "first candle", "step": "candle", "decided": "asked"}
        by_s = max(0, event.made_ms - due) / 1000
        self.late.append(Late(iso(event.at_ms), name, what.get(event.kind, event.kind), by_s))

    # ------------------------------------------------------------------ calls

    def _on_call(self, event: Event, data: Mapping[str, Any]) -> None:
        assert event.row is not None
        self.layouts[event.row] = str(data.get("layout") or "")

    def _on_live(self, event: Event, data: Mapping[str, Any]) -> None:
        """What a call did at a live price: the first one counts, that of its first fill where it went in at once."""
        if event.row is not None and event.row not in self.first:
            fills = data["fills"]
            self.first[event.row] = event.at_ms, float(fills[0]["price"] if fills else data["price"])

    def _on_withdrawn(self, event: Event, data: Mapping[str, Any]) -> None:
        if event.row is not None:
            self.withdrawn[event.row] = self.withdrawn.get(event.row, 0) + len(data["moves"])
            moves = ", ".join(in_words(move["what"]) for move in data["moves"])
            self.happened.append(self._note(event, "withdrawn", f"{self.rows[event.row].name}, {moves}: {data['why']}"))

    # ------------------------------------------------------------------ rules and people

    def _on_decided(self, event: Event, data: Mapping[str, Any]) -> None:
        if data["halt"] and data["notes"]:
            self._halted(event, str(data["halt"]["rule"]), str(data["notes"][-1]["text"]))

    def _on_alarm(self, event: Event, data: Mapping[str, Any]) -> None:
        self._halted(event, str(data["note"]["rule"]), str(data["note"]["text"]))

    def _on_live_alarm(self, event: Event, data: Mapping[str, Any]) -> None:
        self._halted(event, str(data["note"]["rule"]), str(data["note"]["text"]), "rule (live)")

    def _on_alarm_withdrawn(self, event: Event, data: Mapping[str, Any]) -> None:
        self.happened.append(self._note(event, "withdrawn", f"{data['note']['rule']}: {WITHDRAWN}"))

    def _halted(self, event: Event, rule: str, text: str, kind: str = "rule") -> None:
        self.halts[rule] = text
        self.happened.append(self._note(event, kind, f"{rule}: {text}"))

    def _on_early(self, event: Event, _: Mapping[str, Any]) -> None:
        if event.row is not None and self.rows[event.row].closing_notes:
            call = self.rows[event.row]
            note = call.closing_notes[0]
            self.happened.append(self._note(event, "closed early", f"{call.name}, {who(note.rule, note.where)}"))

    def _on_halt(self, event: Event, _: Mapping[str, Any]) -> None:
        self._orders[event.seq] = event

    _on_resume = _on_close = _on_halt

    def _on_done(self, _: Event, data: Mapping[str, Any]) -> None:
        order = self._orders.pop(int(data["order"]), None)
        if order is not None:
            trade = f"{order.data.get('id', '')}: " if order.kind == "close" else ""
            self.happened.append(self._note(order, order.kind, f"{trade}{data['said']}"))

    def _on_account(self, event: Event, data: Mapping[str, Any]) -> None:
        books = data["books"]
        held = sum(quantity * books["prices"].get(symbol, 0.0) for symbol, quantity in books["held"].items())
        self.points.append((event.at_ms, float(books["cash"]) + held))

    # ------------------------------------------------------------------ days and starts

    def _on_reconciled(self, _: Event, data: Mapping[str, Any]) -> None:
        day = str(data["day"])
        differing = [Differing(*map(str, one)) for one in data.get("differing", [])]
        ours, theirs = (None if data.get(name) is None else float(data[name]) for name in ("ours_r", "theirs_r"))
        line = str(data["line"]).removeprefix(f"{day}: ")
        self.days[day] = Day(day, int(data["trades"]), int(data["different"]), ours, theirs, line, differing)

    def _on_begin(self, event: Event, data: Mapping[str, Any]) -> None:
        self.happened.append(self._note(event, "begun", f"with {', '.join(map(str, data['strategies']))}"))

    def _on_changed(self, event: Event, data: Mapping[str, Any]) -> None:
        self.happened.append(self._note(event, "files changed", ", ".join(map(str, data["inputs"]))))

    def _on_started(self, event: Event, data: Mapping[str, Any]) -> None:
        alive_ms = int(data.get("alive_ms") or self._last_ms)
        self.happened.append(self._note(event, "started", ""))
        if alive_ms and event.at_ms - alive_ms >= LEAST_GAP_MS:
            self.gaps.append(Gap(iso(alive_ms), iso(event.at_ms), (event.at_ms - alive_ms) / 1000))

    def _on_stopped(self, event: Event, data: Mapping[str, Any]) -> None:
        if data.get("fault"):
            text = fault_line(str(data["fault"]), str(data.get("log", "")))
            self.happened.append(self._note(event, "ended by a fault", text))
        else:
            self.happened.append(self._note(event, "stopped", ""))

    def _other(self, event: Event, data: Mapping[str, Any]) -> None:
        """An event of a kind that says something in words."""
        text = next((str(data[name]) for name in TEXTS if data.get(name)), "")
        if text:
            self.happened.append(self._note(event, event.kind, text))


QUIET = ("placed", "step", "update", "closing", "refused", "unread")
