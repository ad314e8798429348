"""Which coins are held by calls of which the account has no trade.

A call that the account refused, or whose trade was ended before its path, lives on in its channel's record, as it does
in a backtest: until it ends there, the strategy's ``calls: {repeat, opposite}`` hold it against later calls of the
channel on the same coin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.paper.call import WAITING
from engine.pipeline.paper.book import strategies_now
from engine.pipeline.paper.fates import who

if TYPE_CHECKING:
    from engine.config.strategy import Calls
    from engine.paper.call import PaperCall
    from engine.pipeline.paper.book import Book
    from engine.pipeline.workspace import Workspace

MOST = 8  # coins of a channel that are shown to people; JSON has all


@dataclass(frozen=True, slots=True)
class Held:
    """A call without a trade against which later ones are held: of its side (``repeat``), of the other."""

    channel: str
    strategy: str
    signal_id: str
    symbol: str
    side: str
    repeat: bool
    opposite: bool
    why: str


def held_coins(workspace: Workspace, book: Book, channels: Sequence[str] = ()) -> list[Held]:
    """The calls that hold a coin and have no trade, in the order in which they were heard; of ``channels``, or all."""
    says = {strategy.name: strategy.calls for strategy in strategies_now(workspace, book)}
    found = [(call, why) for call in book.fold.rows if (why := _why(book, call))]
    return [
        _held(call, why, says)
        for call, why in found
        if (not channels or call.plan.channel in channels) and any(_holds(call, says))
    ]


def _why(book: Book, call: PaperCall) -> str:
    """Why a call that lives in its channel's record has no trade in the account; "" where it has, or may have."""
    said = book.heard.live.get(call.row)
    if call.fate == WAITING and said is not None and not said["fate"] and not said["taken"]:
        note = said["notes"][-1] if said["notes"] else None
        return f"refused (live) {who(note['rule'], note['where'])}" if note else "refused (live)"
    if not call.blocks or call.stepper.done or not call.missing:
        return ""
    if call.missing == "over":
        return "its trade is over"
    return f"refused {who(call.notes[-1].rule, call.notes[-1].where)}" if call.notes else "refused"


def _holds(call: PaperCall, says: Mapping[str, Calls]) -> tuple[bool, bool]:
    """Whether later calls on its side, and on the other, are not taken while it lives."""
    calls = says.get(call.lane)
    return calls is None or calls.repeat == "ignore", calls is None or calls.opposite in ("ignore", "close")


def _held(call: PaperCall, why: str, says: Mapping[str, Calls]) -> Held:
    plan = call.plan
    return Held(plan.channel, call.lane, plan.signal_id, plan.symbol, plan.side.value, *_holds(call, says), why)


def held_lines(held: Sequence[Held]) -> Iterator[str]:
    """For people, a line for each channel: which coins its later calls are not taken on, and for which earlier ones."""
    groups: dict[tuple[str, bool, bool], list[Held]] = {}
    for one in held:
        groups.setdefault((one.channel, one.repeat, one.opposite), []).append(one)
    for (channel, repeat, opposite), mine in groups.items():
        which = {(True, False): "repeats", (False, True): "opposite calls"}.get((repeat, opposite), "later calls")
        coins = [f"{one.symbol} ({one.signal_id}, {one.why})" for one in mine[:MOST]]
        coins += [f"{len(mine) - MOST} more"] if len(mine) > MOST else []
        until = f"{which} on a held coin are not taken until its call ends in the record"
        yield f"{channel} holds {', '.join(coins)}: {until}"
