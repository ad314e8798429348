"""What a test exchange is told before the record has it: the channel's words, and what went out live at the market."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.domain import ExitReason, PathStatus
from engine.simulate.position import DUST

if TYPE_CHECKING:
    from engine.domain import Change
    from engine.paper.call import PaperCall
    from engine.paper.codec import Data

AT_ONCE = (ExitReason.CHANNEL, ExitReason.REPLACED, ExitReason.TIME)
"""What goes out at the market there as soon as it does live; targets and stops are orders of their own."""


def waiting(call: PaperCall) -> Sequence[Change]:
    """What was said of a call and waits for the record's next candle."""
    stepper = call.acting.stepper
    return stepper.changes[stepper.position.state.changed :] if not stepper.done else ()


def ends(change: Change) -> bool:
    """Whether the channel wants all that is held sold, and all that rests taken away."""
    return change.kind == "close" and change.by == "channel" and change.share >= 1 and not change.unfilled


def taken_back(call: PaperCall, now_ms: int) -> tuple[bool, set[float]]:
    """Whether the channel has taken back all orders that rest, and the prices of single ones that it has taken back.

    Also what the record has done by now: after a restart it is done there then.
    """
    known = {number: order.price for number, order in enumerate(call.acting.plan.orders, 1)}
    every, single = False, set[float]()
    for change in call.acting.stepper.changes:
        if change.act_ms > now_ms or change.unfilled:
            continue
        if change.kind == "orders":
            known |= {number: order.price for number, order in enumerate(change.orders, len(known) + 1)}
            every, single = False, set()
        elif change.kind == "cancel" and change.order is None:
            every = True
        elif change.kind == "cancel":
            price = known.get(change.order or 0)
            single |= set() if price is None else {price}
    return every, single


def closed_at_once(state: Data) -> bool:
    """Whether a trade was closed live by what is sent there at once."""
    return state["status"] == PathStatus.CLOSED and state["legs"][-1]["reason"] in AT_ONCE


def closed_parts(legs: Sequence[tuple[float, ExitReason]], filled: float) -> dict[int, float]:
    """The parts (not the rest) among exits, given by share and reason, that the channel closed of what was filled."""
    found: dict[int, float] = {}
    left, number = filled, 0
    for share, reason in legs:
        if reason is ExitReason.CHANNEL:
            number += 1
            if left > share + DUST:
                found[number] = share / left
        left -= share
    return found
