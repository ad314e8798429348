"""The live side of one call: a copy that goes its own way through live prices."""

from __future__ import annotations

from dataclasses import replace

from engine.domain import ExitReason, PathStatus
from engine.paper.call import WAITING, Bar, PaperCall, quiet
from engine.simulate.position import DUST
from engine.simulate.step import Stepper


class LiveStepper(Stepper):
    """A trade that goes through live prices: nobody traded between two of them, so a stop gets the later one."""

    def _stopped_at(self, stop: float, close: float) -> float:
        """The price that was seen beyond the stop."""
        return close if self.position.beyond(close, stop, down=True) else stop


def copied(call: PaperCall) -> PaperCall:
    """A copy that can go its own way."""
    own = None if call.own is None else copied(call.own)
    stepper = LiveStepper.restored(call.plan, call.stepper.terms, call.stepper.saved())
    made = replace(call, stepper=stepper, paid=list(call.paid), own=own)
    made.quiet = quiet(stepper)
    return made


def due(call: PaperCall, ts_ms: int) -> bool:
    """Whether something of a call waits for the next open."""
    if call.fate == WAITING:
        return call.plan.act_ms <= ts_ms
    change_ms, bounds = call.stepper.next_change_ms, call.quiet
    return (change_ms is not None and change_ms <= ts_ms) or (bounds is not None and bounds[2] <= ts_ms)


def out(stepper: Stepper, bar: Bar, reason: ExitReason) -> None:
    """End what a rule or a person wants ended, at a price."""
    position = stepper.position
    position.state.ts = bar.ts
    if stepper.held > DUST:
        position.close_all(position.sell(bar.close), reason)
    else:
        position.state.status = PathStatus.EXPIRED
