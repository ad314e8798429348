"""An account as it stands now: what its ledger has of live prices that the record does not have yet.

The record follows when a candle is over. Until then ``live`` events say what went in and out, and a rule's
``live_alarm`` which pause is in force; whoever looks in between is to see what was said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from math import inf
from typing import TYPE_CHECKING, Any

from engine.domain import ExitReason, PathStatus
from engine.paper.codec import halt_from
from engine.paper.spoken import Spoken
from engine.simulate.position import DUST
from engine.simulate.step import Stepper

if TYPE_CHECKING:
    from engine.domain import Change, Halt
    from engine.paper.call import PaperCall
    from engine.paper.codec import Data
    from engine.paper.ledger import Event

LEVELS = ("stop", "targets")
ALARMS = ("live_alarm", "alarm", "alarm_withdrawn")


def with_changes(stepper: Stepper, more: Iterable[Change] = ()) -> Stepper:
    """A trade with the stop and targets that its channel has named since the last candle, and ``more`` that it was not
    told of; itself where there are none.

    Nothing goes in or out by it: what a new target or a close does at once is said when it happens.
    """
    waiting = [*stepper.changes[stepper.position.state.changed :], *more]
    named = [change for change in waiting if change.kind in LEVELS]
    if stepper.done or not named:
        return stepper
    amended = Stepper.restored(stepper.plan, stepper.terms, stepper.saved())
    for change in named:
        amended.position.apply(change, -inf * stepper.plan.side.sign)
    return amended


@dataclass
class Now:
    """What was said live and is not answered by the record: moves by row, pauses by rule and place."""

    spoken: Spoken = field(default_factory=Spoken)
    moves: dict[int, dict[str, Data]] = field(default_factory=dict)
    pauses: dict[tuple[str, str], Halt] = field(default_factory=dict)

    def hear(self, event: Event) -> None:
        """Take an event, in their order."""
        self.spoken.take(event)
        if event.kind == "live" and event.row is not None:
            named = self.moves.setdefault(event.row, {})
            named |= {move["what"]: move for move in (*event.data["fills"], *event.data["legs"])}
        elif event.kind in ALARMS:
            rule = str(event.data["note"]["rule"]), str(event.data["note"]["where"])
            self.pauses.pop(rule, None)
            if event.kind == "live_alarm" and event.data["halt"] is not None:
                self.pauses[rule] = halt_from(event.data["halt"])

    def ahead(self, row: int) -> list[Data]:
        """What a trade of the record did live since, in the order of time."""
        owed = self.spoken.calls[row].owed if row in self.spoken.calls else {}
        moves = (self.moves.get(row, {}).get(what) for what in owed)
        return sorted((move for move in moves if move is not None), key=lambda move: int(move["ts_ms"]))

    def side(self, call: PaperCall) -> PaperCall:
        """A trade as it stands now; the record's own where nothing was said since."""
        moves, acting = self.ahead(call.row), call.acting
        amended = with_changes(acting.stepper)
        if not moves and amended is acting.stepper:
            return call
        saved = amended.saved()
        state: dict[str, Any] = saved["state"]
        for move in moves:
            kept = {name: value for name, value in move.items() if name != "what"}
            state["legs" if "reason" in move else "fills"].append(kept)
            if move.get("reason") == ExitReason.TARGET:
                state["targets"] = state["targets"][1:]
        held = sum(fill["share"] for fill in state["fills"]) - sum(leg["share"] for leg in state["legs"])
        if held <= DUST and any("reason" in move for move in moves):
            state["status"] = PathStatus.CLOSED
        stepper = Stepper.restored(acting.plan, acting.stepper.terms, saved)
        return replace(acting, own=None, facts=call.facts, quantity=call.quantity, stepper=stepper)
