"""What paper trading says while it runs: a line, and for some a notice, for each event that people care about.

``TOLD`` has a function for each kind of event; another kind is another entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from math import isclose
from typing import TYPE_CHECKING, Any

from engine.domain import BY_HAND, ExitReason, PathStatus
from engine.notify.notice import Notice, NoticeKind
from engine.pipeline.paper.fates import blocked, exit_word, refusal, who
from engine.report.reasons import fate_reason
from engine.simulate.amending import SAME

if TYPE_CHECKING:
    from engine.paper.call import PaperCall
    from engine.paper.ledger import Event

STOPS = ("stop", "breakeven", "moved stop", "trailing", "liquidation")
CHANGES = {
    "cancel": "takes its orders away",
    "stop": "moves the stop",
    "orders": "changes the entries",
    "targets": "changes the targets",
}
STANDS = "leaves the stop where it is"


@dataclass(frozen=True, slots=True)
class Said:
    """A line, and the kind of notice that it is worth (None: none)."""

    line: str
    kind: NoticeKind | None = None

    def notice(self, account: str) -> Notice | None:
        """The notice of the line."""
        title, _, text = self.line.partition(": ")
        return None if self.kind is None else Notice(self.kind, f"{account}: {title}", text or title)


def told(event: Event, call: PaperCall | None, currency: str) -> Iterable[Said]:
    """What an event means to people: nothing where it changes nothing of what the account trades or refuses."""
    tell = TOLD.get(event.kind)
    if tell is not None:
        yield from tell(event, call, currency)


# --------------------------------------------------------------------------- calls that are not taken


def _refused(event: Event, _call: PaperCall | None, _currency: str) -> Iterator[Said]:
    """A call that was not planned."""
    data = event.data
    name = " ".join(part for part in (data["signal"], data.get("side", ""), data["symbol"]) if part)
    yield Said(f"{name} not taken, {data['code'].replace('-', ' ')}: {data['text']}")


def _unread(event: Event, _call: PaperCall | None, _currency: str) -> Iterator[Said]:
    """A post that looks like a call and was not read, or a later version of a call that is not followed."""
    data = event.data
    what = "edited, not followed" if data.get("later") else "not read"
    yield Said(f"{data['signal']} {what}, {data['code'].replace('-', ' ')}: {data['text']}")


def _placed(event: Event, call: PaperCall | None, _currency: str) -> Iterator[Said]:
    """A call's first candle: it may be no trade of its own."""
    fate = event.data["stands"]["fate"]
    if call is not None and fate:
        yield Said(f"{call.name} not taken, {fate}: {blocked(fate, event.data)}{_late(event)}")


def _decided(event: Event, call: PaperCall | None, currency: str) -> Iterator[Said]:
    """The account's word on a call, and what its candles had done to it by then."""
    data = event.data
    if call is None:
        return
    note = data["notes"][-1] if data["notes"] else None
    if not data["taken"]:
        by = who(note["rule"], note["where"]) if note else ""
        why = refusal(note["text"], note["seen"], note["limit"], data.get("margins", ())) if note else ""
        yield Said(f"{call.name} refused {by}: {why}{_late(event)}")
    else:
        path = call.early.path if call.early is not None else call.acting.stepper.path()
        yield from _filled(call, [asdict(fill) for fill in path.fills], _late(event))
        if call.early is not None:
            return  # its end is told by itself
        yield from _left(call, [asdict(leg) for leg in path.legs], event, currency)
        if call.acting.stepper.done:
            yield from _unfilled(call, path.status, event)
        elif not path.fills:
            prices = ", ".join(f"{order.price:.8g}" for order in call.acting.plan.orders if order.price is not None)
            yield Said(f"{call.name} taken: {call.quantity:.6g} in all, its orders rest at {prices}{_late(event)}")
    if data["halt"] and note:
        yield halting(data["halt"], note)


# --------------------------------------------------------------------------- trades


def _step(event: Event, call: PaperCall | None, currency: str) -> Iterator[Said]:
    """A candle moved a trade of the account."""
    if call is None or not event.data["taken"]:
        return
    yield from _filled(call, event.data["fills"], _late(event))
    yield from _left(call, event.data["legs"], event, currency)
    yield from _unfilled(call, event.data.get("status"), event)


def _filled(call: PaperCall, fills: Iterable[Mapping[str, Any]], late: str) -> Iterator[Said]:
    """Entry fills of a trade."""
    stop = call.acting.stepper.stop
    for fill in fills:
        line = f"{call.name} open: {call.quantity * fill['share']:.6g} at {fill['price']:.8g}"
        yield Said(line + (f", stop {stop:.8g}" if stop is not None else "") + late, NoticeKind.OPEN)


def _left(call: PaperCall, legs: Iterable[Mapping[str, Any]], event: Event, currency: str) -> Iterator[Said]:
    """Exits of a trade; the last one says what it made."""
    legs = list(legs)
    for number, leg in enumerate(legs, 1):
        what, kind = exit_of(leg, call)
        line = f"{call.name} {what}: {call.quantity * leg['share']:.6g} out at {leg['price']:.8g}"
        if number == len(legs) and call.acting.stepper.done and call.early is None:
            line += f"; closed with {_made(call, currency)}"
        yield Said(line + _late(event), kind)


def exit_of(leg: Mapping[str, Any], call: PaperCall) -> tuple[str, NoticeKind]:
    """An exit in words, such as ``target 2``, ``stop`` or ``closed by hand``, and the kind of its notice."""
    reason = str(leg["reason"])
    if reason == ExitReason.HAND or (reason == ExitReason.RULE and call.closing_notes):
        return exit_word(BY_HAND if reason == ExitReason.HAND else call.closing_notes[0].rule), NoticeKind.CLOSE
    if reason == "target":
        return f"target {leg['target']}", NoticeKind.TARGET
    return reason, NoticeKind.STOP if reason in STOPS else NoticeKind.CLOSE


def _made(call: PaperCall, currency: str) -> str:
    """What a closed trade made: ``+12.30 USDT (+0.61 R)``."""
    trade = call.trade()
    return f"{trade.net:+,.2f} {currency}" + (f" ({trade.r:+.2f} R)" if trade.r is not None else "")


def _unfilled(call: PaperCall, status: str | None, event: Event) -> Iterator[Said]:
    """A taken call that ended without a fill."""
    if status is not None and status != PathStatus.CLOSED:
        yield Said(f"{call.name} never filled, {status}: {fate_reason(status)}{_late(event)}")


def _early(event: Event, call: PaperCall | None, currency: str) -> Iterator[Said]:
    """A trade was ended before its path, by a rule or a person."""
    if call is None:
        return
    by = who(call.closing_notes[0].rule, call.closing_notes[0].where) if call.closing_notes else "early"
    if event.data["trade"]["path"]["fills"]:
        yield Said(f"{call.name} closed {by}: {_made(call, currency)}{_late(event)}", NoticeKind.CLOSE)
    else:
        yield Said(f"{call.name} cancelled {by}: {fate_reason('cancelled')}{_late(event)}", NoticeKind.CLOSE)


def _update(event: Event, call: PaperCall | None, _currency: str) -> Iterator[Said]:
    """A channel's later word on a call that the account took, or may still take."""
    if call is None or call.over or call.fate not in ("", "waiting") or (call.asked and call.facts is None):
        return
    changes = [one for one in event.data["changes"] if not (one.get("unfilled") and call.stepper.filled)]
    kinds = dict.fromkeys(STANDS if _stands(change, call) else _does(change) for change in changes)
    if event.data["action"] == "deletion":
        goes_on = "the trade goes on" if call.facts is not None else "it stays in the channel's record"
        yield Said(f"{call.name} was deleted by its channel: {'it is closed' if kinds else goes_on}")
    elif kinds:
        yield Said(f"{call.name}: its channel {' and '.join(kinds)}")
    if "wrong" in event.data:
        yield Said(
            f"{call.name}: a message of its channel has a wrong number: {event.data['wrong']}; that does nothing"
        )


def _does(change: Mapping[str, Any]) -> str:
    """What a change does, in a word or two; a part that is closed is named."""
    if change["kind"] == "close":
        return "closes it" if change["share"] >= 1 else f"closes {change['share']:.0%} of it"
    return CHANGES[change["kind"]]


def _stands(change: Mapping[str, Any], call: PaperCall) -> bool:
    """Whether a change puts the stop where it is."""
    stop, now = change.get("stop"), call.stepper.stop
    return change["kind"] == "stop" and isinstance(stop, float) and now is not None and isclose(stop, now, rel_tol=SAME)


def _unbound(event: Event, call: PaperCall | None, _currency: str) -> Iterator[Said]:
    """A channel's word was about another call, which was heard of after it."""
    if call is None:
        return
    data = event.data
    line = f"{call.name}: {data['message']} was about {', '.join(data['about'])}, which was heard of later"
    if data["back"] == data["changes"]:
        yield Said(f"{line}; it is taken back here")
    elif call.facts is not None:
        yield Said(f"{line}; what it did here has happened and stays: a backtest does not have it", NoticeKind.ERROR)


def _alarm(event: Event, _call: PaperCall | None, _currency: str) -> Iterator[Said]:
    """A rule spoke between calls."""
    note = event.data["note"]
    yield Said(f"rule {note['rule']} ({note['where']}): {note['text']}", NoticeKind.HALT)


def halting(halt: Mapping[str, Any], note: Mapping[str, Any]) -> Said:
    """A rule takes no new trades for a while: whose, and why."""
    names = [*halt.get("channels", ()), *halt.get("symbols", ())]
    return Said(f"no new trades{' of ' if names else ''}{', '.join(names)}: {note['text']}", NoticeKind.HALT)


def _late(event: Event) -> str:
    return " (late)" if event.late else ""


TOLD: dict[str, Callable[[Event, PaperCall | None, str], Iterator[Said]]] = {
    "refused": _refused,
    "unread": _unread,
    "placed": _placed,
    "decided": _decided,
    "step": _step,
    "update": _update,
    "early": _early,
    "unbound": _unbound,
    "alarm": _alarm,
}
