"""After a restart: the live side as it stood when the process before ended, until the record has caught up.

The live side is made from the record and the prices since, and a new process has not seen those. What was said live and
is not in the record yet (a target that was hit, a trade that was closed, its margin) stays done all the same: each
``live`` event tells how the call stood after it, and a call of which the record owes something begins there.

It holds until the candle of the last such move is told; from then on the record counts, as without a restart. It ends
before where the record has ended or refused the trade, where what was said is taken back, and where the record has gone
further.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.paper.call import PaperCall, quiet
from engine.paper.codec import Data, facts_from
from engine.paper.ledger import Event
from engine.paper.liveside import LiveStepper, copied
from engine.paper.spoken import Spoken


@dataclass
class Before:
    """See the module's docstring. ``spoken`` is what the ledger has of live prices when the process begins."""

    spoken: Spoken
    timeframe_ms: int
    _stood: dict[int, tuple[int, Data]] = field(default_factory=dict)  # until when, and how, by row

    def begin(self) -> None:
        """Note what the record owes now."""
        for row, said in self.spoken.owing():
            if said.stands is not None:
                last_ms = max(move.ts_ms for move in said.owed.values())
                self._stood[row] = last_ms // self.timeframe_ms * self.timeframe_ms + self.timeframe_ms, said.stands

    def hear(self, event: Event) -> None:
        """Forget what is taken back."""
        if event.kind == "withdrawn" and event.row is not None:
            self._stood.pop(event.row, None)
        elif event.kind == "alarm_withdrawn":
            for row in event.data["rows"]:
                self._stood.pop(row, None)

    def side(self, call: PaperCall, told_ms: int) -> PaperCall | None:
        """The live side of a call as it stood; None where the record counts. Its candles are told to ``told_ms``."""
        if call.row not in self._stood:
            return None
        until_ms, stands = self._stood[call.row]
        side = None
        if told_ms < until_ms and call.counted and not call.over and not call.refused:
            side = _stood(call, stands)
        if side is None:
            del self._stood[call.row]
        elif not call.asked:
            side.facts, side.quantity = facts_from(self.spoken.of(call.row).facts), stands["quantity"]
        return side


def _stood(call: PaperCall, stands: Data) -> PaperCall | None:
    """A copy of a call that stands as was written; None where the record knows more, or its channel wants another."""
    side = copied(call)
    for one, stood in ((side, stands), (side.own, stands.get("own"))):
        if one is not None and stood is not None:
            one.stepper = LiveStepper.restored(one.plan, one.stepper.terms, stood["stepper"])
            one.quiet, one.end_ms = quiet(one.stepper), stood["end_ms"]
    mine, record = side.acting.stepper.path(), call.acting.stepper.path()
    further = len(record.fills) > len(mine.fills) or len(record.legs) > len(mine.legs)
    known = call.stepper.changes
    unsaid = any(one.by == "channel" and one not in known for one in side.stepper.changes)
    return None if further or unsaid else side
