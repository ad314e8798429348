"""What paper trading says at once, at live prices, and what it still says when the record follows.

``said_of`` takes the news of an event (``engine/paper/spoken.py``): a ``live`` event is told as it happens, marked so;
what the record then makes of it is told again only where it differs, in a line without a notice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.domain import ExitReason, PathStatus
from engine.notify.notice import NoticeKind
from engine.paper.spoken import in_words
from engine.pipeline.paper.fates import exit_word, live_word
from engine.pipeline.paper.show import Said, exit_of, halting, told
from engine.report.reasons import fate_reason

if TYPE_CHECKING:
    from engine.paper.call import PaperCall
    from engine.paper.ledger import Event


WITHDRAWN = (
    "it spoke at live prices, and when the candle was over the account was within its limit; "
    "by the record nothing is halted or closed by it"
)


def said_of(event: Event, call: PaperCall | None, currency: str) -> Iterator[Said]:
    """Lines, some with notices, for the news of an event."""
    data = event.data
    if call is not None and event.kind == "live":
        yield from _live(data, call, currency)
    elif call is not None and event.kind == "withdrawn":
        moves = ", ".join(_shown(move) for move in data["moves"])
        yield Said(f"{call.name} withdrawn: {moves} (live) is not in the record: {data['why']}", NoticeKind.CLOSE)
    elif event.kind == "live_alarm":
        for said in told(replace(event, kind="alarm"), call, currency):
            yield replace(said, line=said.line.replace("): ", ") (live): ", 1))
    elif event.kind == "alarm_withdrawn":
        note = data["note"]
        yield Said(f"rule {note['rule']} ({note['where']}) withdrawn: {WITHDRAWN}", NoticeKind.HALT)
    elif event.kind == "alarm" and data.get("said"):
        return
    elif call is None or event.kind not in ("placed", "decided", "step", "early"):
        yield from told(event, call, currency)
    else:
        yield from _differing(event, call)
        if event.kind == "step" or (event.kind == "decided" and data.get("said") and data["taken"]):
            kept = {key: [move for move in data[key] if "live" not in move] for key in ("fills", "legs")}
            yield from told(replace(event, kind="step", data=data | kept), call, currency)
        elif not data.get("said") and "live" not in data:
            yield from told(event, call, currency)
        if data.get("said") and data.get("halt"):
            yield halting(data["halt"], data["notes"][-1])


# --------------------------------------------------------------------------- at once


def _live(data: Mapping[str, Any], call: PaperCall, currency: str) -> Iterator[Said]:
    """What a call did at a live price."""
    if data["decides"] and not data["fills"]:
        yield Said(f"{call.name} {_first_word(data, call)}")
    elif not data["fills"] and not data["legs"]:
        yield Said(f"{call.name} cancelled (live): {fate_reason('cancelled')}", NoticeKind.CLOSE)
    for fill in data["fills"]:
        stop = f", stop {data['stop']:.8g}" if data["stop"] is not None else ""
        line = f"{call.name} in (live): {data['quantity'] * fill['share']:.6g} at {fill['price']:.8g}{stop}"
        yield Said(line, NoticeKind.OPEN)
    for number, leg in enumerate(data["legs"], 1):
        what, kind = exit_of(leg, call)
        what = exit_word(data["by"]) if leg["reason"] == ExitReason.RULE and data.get("by") else what
        line = f"{call.name} {what} (live): {data['quantity'] * leg['share']:.6g} out at {leg['price']:.8g}"
        if number == len(data["legs"]) and data.get("net") is not None:
            line += f"; closed with {data['net']:+,.2f} {currency}"
        yield Said(line, kind)


def _first_word(data: Mapping[str, Any], call: PaperCall) -> str:
    """What is said of a call that is not in at once."""
    price = f"the price is {data['price']:.8g}"
    if data["fate"]:
        return f"{live_word(data)}; {price}"
    if not data["taken"]:
        return live_word(data)
    if data["status"] != PathStatus.OPEN:
        return f"over (live), {data['status']}: {fate_reason(data['status'])}; {price}"
    orders = [order for order in call.plan.orders if order.price is not None]
    waiting = ", ".join(f"{data['quantity'] * order.weight:.6g} at {order.price:.8g}" for order in orders)
    return f"waits (live): {waiting}; {price}"


# --------------------------------------------------------------------------- when the record follows


def _differing(event: Event, call: PaperCall) -> Iterator[Said]:
    """What the record has otherwise than it was said."""
    data = event.data
    if "sized" in data:
        line = f"{call.name} in the record: its size is {data['quantity']:.6g} (said live: {data['sized']:.6g}"
        yield Said(f"{line}, {abs(data['sized'] / data['quantity'] - 1):.1%} away)")
    moves: Iterable[Mapping[str, Any]] = [*data.get("fills", ()), *data.get("legs", ())]
    if event.kind == "early" and "live" in data:
        leg = data["trade"]["path"]["legs"][-1]
        moves = [leg | {"live": data["live"]}]
    for move in moves:
        if "live" in move:
            what = exit_of(move, call)[0] if "reason" in move else "in"
            away = abs(move["live"] / move["price"] - 1) * 1e4
            line = f"{call.name} in the record: {what} at {move['price']:.8g}"
            yield Said(f"{line} (said live: {move['live']:.8g}, {away:.1f} bp away)")


def _shown(move: Mapping[str, Any]) -> str:
    """A move in words: ``in at 64801``, ``target 1 at 65000``, ``stop at 64500``."""
    return f"{in_words(move['what'])} at {move['price']:.8g}"
