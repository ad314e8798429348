"""The events that one input gave and that are not written yet, and the keys of all that was answered."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.paper.call import PaperCall
from engine.paper.codec import Data
from engine.paper.ledger import Event, Key


@dataclass
class Outbox:
    """See the module's docstring. ``keys`` has what was answered before too, so that nothing is answered twice."""

    account: str
    keys: set[Key]
    _events: list[Event] = field(default_factory=list)
    _held_against: list[tuple[Data, PaperCall]] = field(default_factory=list)

    def tell(
        self, kind: str, at_ms: int, data: Data, row: int | None = None, key: Key | None = None, late: bool = False
    ) -> Event:
        """Something has happened."""
        event = Event(self.account, kind, at_ms, data, row, key, late)
        self._events.append(event)
        if key is not None:
            self.keys.add(key)
        return event

    def held_against(self, placed: Data, call: PaperCall) -> None:
        """``placed`` is of a call that was held against this one, which may still be refused in the same candle."""
        self._held_against.append((placed, call))

    def holds(self, kind: str, row: int) -> bool:
        """Whether an event of a call is not written yet."""
        return any(event.kind == kind and event.row == row for event in self._events)

    def moves(self, row: int, *, own: bool) -> tuple[int, int]:
        """How many fills and exits of a call (or of the account's ``own`` way of it) are not written yet."""
        steps = [event.data for event in self._events if event.kind == "step" and event.row == row]
        mine = [data for data in steps if data["own"] == own]
        return sum(len(data["fills"]) for data in mine), sum(len(data["legs"]) for data in mine)

    def taken(self) -> list[Event]:
        """The events that were not written yet; whoever takes them writes them."""
        for placed, against in self._held_against:
            if against.missing:
                placed["missing"] = against.missing
        self._held_against.clear()
        events, self._events = self._events, []
        return events
