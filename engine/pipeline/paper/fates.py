"""The fate of every call that an account on paper heard, and who said no: one row per call, in a backtest's words.

    heard = waiting + not planned + not offered + refused + resting + open + closed + never filled

``not planned``: no plan came of it (no stop, stale ...). ``not offered``: it is no trade of its own or could not be one
(repeat, too late ...), so that no rule was asked. ``refused``: a rule, a pause or the account itself said no. The last
four are the calls that the account took.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.domain import BY_HAND, PathStatus, RuleNote
from engine.paper.call import WAITING, PaperCall
from engine.paper.codec import Data, facts_from
from engine.paper.fold import stand
from engine.paper.ledger import Event
from engine.pipeline.paper.ahead import Now, with_changes
from engine.report.reasons import fate_reason
from engine.report.show import count

NOT_PLANNED, NOT_OFFERED, REFUSED, NEVER_FILLED = "not planned", "not offered", "refused", "never filled"
STAGES = (WAITING, NOT_PLANNED, NOT_OFFERED, REFUSED, NEVER_FILLED, "resting", "open", "closed")
NOT_TAKEN = (NOT_PLANNED, NOT_OFFERED, REFUSED)
TAKEN = STAGES[4:]
MOST_HOLDERS = 5  # trades that are named where they hold the margin
ALONE = {
    "refused": "; only in the channel's record: the account refused it",
    "over": "; only in the channel's record: the account's trade is over",
}


@dataclass(frozen=True, slots=True)
class CallFate:
    """One call in one strategy of an account, and what became of it there.

    ``fate`` is the status of a backtest's trades.csv, ``refused``, or ``waiting``; ``stage`` is where in the funnel it
    ended (``STAGES``). ``rule`` and ``rule_where`` (file:line) said no, having ``seen`` a figure against a ``limit``;
    ``reason`` has it in words. ``r`` is what the call made by itself, net of costs, whatever the account did; None
    until it has closed. Times are epoch milliseconds, ``acted_ms`` None for what was not planned.
    """

    account: str
    strategy: str
    channel: str
    signal_id: str
    symbol: str
    side: str
    posted_ms: int
    acted_ms: int | None
    stage: str
    fate: str
    rule: str = ""
    rule_where: str = ""
    seen: str = ""
    limit: str = ""
    reason: str = ""
    late: bool = False
    deleted: bool = False
    r: float | None = None


@dataclass
class Heard:
    """What events say that a fold does not keep.

    ``refused`` has the calls without a plan; by row: what was written of ``against`` whom a repeat was held, which
    calls were ``deleted``, how a call stands ``live``, which matters until its first candle is over, and whose
    ``margins`` were in its way. ``posts`` look like calls and were not read; ``unfollowed`` counts the later versions
    of calls that were not followed, by channel and code. ``now`` has what was said live and is not in the record yet.
    """

    refused: list[Event] = field(default_factory=list)
    against: dict[int, Data] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    live: dict[int, Data] = field(default_factory=dict)
    posts: set[str] = field(default_factory=set)
    unfollowed: dict[str, Counter[str]] = field(default_factory=dict)
    margins: dict[int, list[list[Any]]] = field(default_factory=dict)
    now: Now = field(default_factory=Now)
    last_ms: int = 0

    def read(self, events: Iterable[Event]) -> Heard:
        """Note all of these events."""
        for _ in self.over(events):
            pass
        return self

    def over(self, events: Iterable[Event]) -> Iterator[Event]:
        """The same events, noted on their way."""
        for event in events:
            self.now.hear(event)
            if event.kind == "refused":
                self.refused.append(event)
            elif event.kind == "unread" and event.data.get("later"):
                name = str(event.data["signal"]).rpartition("/")[0]
                self.unfollowed.setdefault(name, Counter())[event.data["code"]] += 1
            elif event.kind == "unread":
                self.posts.add(event.data["signal"])
            elif event.row is not None and event.kind == "placed" and "of" in event.data:
                self.against[event.row] = event.data
            elif event.row is not None and event.kind == "decided" and "margins" in event.data:
                self.margins[event.row] = event.data["margins"]
            elif event.row is not None and event.kind == "update" and event.data["action"] == "deletion":
                self.deleted.add(event.row)
            elif event.row is not None and event.kind == "live":
                before = self.live.get(event.row, {})
                self.live[event.row] = before | event.data | {"notes": event.data["notes"] or before.get("notes", [])}
            self.last_ms = max(self.last_ms, event.at_ms)
            yield event


def fates_of(account: str, heard: Heard, calls: Iterable[PaperCall]) -> list[CallFate]:
    """Every call of an account, in order of posting; ``calls`` are those that were planned."""
    rows = [_planned(account, call, heard) for call in calls]
    rows += [_unplanned(account, event) for event in heard.refused]
    return sorted(rows, key=lambda row: (row.posted_ms, row.channel, len(row.signal_id), row.signal_id))


def fate_of(call: PaperCall) -> str:
    """One word for what became of a call."""
    if call.fate or not call.asked:
        return call.fate or WAITING
    if call.facts is None:
        return REFUSED
    path = call.trade().path
    if not call.over:
        return "open" if path.fills else "resting"
    return path.status.value


def stage_of(call: PaperCall) -> str:
    """Where in the funnel a planned call is."""
    fate = fate_of(call)
    if fate in STAGES:
        return fate
    return NOT_OFFERED if call.fate else NEVER_FILLED


def live_side(call: PaperCall, heard: Heard) -> PaperCall | None:
    """A call as it stands at live prices, where the account will take it and the record has not begun; else None."""
    said = heard.live.get(call.row, {})
    if not said.get("facts") or "stands" not in said or fate_of(call) != WAITING:
        return None
    side = replace(call, quantity=said["quantity"], facts=facts_from(said["facts"]), paid=[], own=None)
    stand(side, said["stands"])
    side.stepper = with_changes(side.stepper, [one for one in call.stepper.changes if one not in side.stepper.changes])
    return side


def live_word(said: Mapping[str, Any]) -> str:
    """What was said of a call at a live price, in words."""
    if said["fate"]:
        return f"not taken (live), {said['fate']}: {blocked(said['fate'], said)}"
    if not said["taken"]:
        note = said["notes"][-1] if said["notes"] else None
        if note is None:
            return "refused (live)"
        text = refusal(note["text"], note["seen"], note["limit"], said.get("margins", ()))
        return f"refused (live) {who(note['rule'], note['where'])}: {text}"
    fills = said["stands"]["stepper"]["state"]["fills"] if "stands" in said else said["fills"]
    if not fills:
        return "its orders rest (live)" if said["status"] == PathStatus.OPEN else "its orders are gone (live)"
    out = " and out" if said["status"] == PathStatus.CLOSED else ""
    return f"in at {sum(f['price'] * f['share'] for f in fills) / sum(f['share'] for f in fills):.8g}{out} (live)"


def why(call: PaperCall, heard: Heard) -> str:
    """The reason of a planned call's fate in words."""
    fate, stage = fate_of(call), stage_of(call)
    if stage == WAITING and call.row in heard.live:
        return f"{live_word(heard.live[call.row])}; {fate_reason(fate)}"
    if fate in ("repeat", "opposite"):
        return blocked(fate, heard.against.get(call.row, {}))
    ended = [note.text for note in call.closing_notes if call.early is not None]
    ended += [f"{exit_word(note.rule)} at the next open" for note in call.closing_notes if call.early is None]
    if stage in (WAITING, NOT_OFFERED, NEVER_FILLED):
        return "; ".join([fate_reason(fate), *ended])
    texts = [note.text for note in call.notes]
    if call.notes and call.row in heard.margins:
        note = call.notes[-1]
        texts[-1] = refusal(note.text, note.seen, note.limit, heard.margins[call.row])
    return "; ".join([*texts, *ended])


def exit_word(rule: str) -> str:
    """How a rule or a person ends a trade: ``closed by hand``, ``closed by daily-stop``."""
    return f"closed {who(rule, '')}"


def blocked(fate: str, said: Mapping[str, Any]) -> str:
    """Why a call is no call of its own: which earlier one is still alive, and whose life that is.

    Each channel's record goes on with all its calls, so that one which the account refused may be alive there.
    """
    if not said.get("of"):
        return fate_reason(fate)
    alive = f"{said['of']} is still alive" + (", on the other side" if fate == "opposite" else "")
    return alive + ALONE.get(said.get("missing", ""), "")


def refusal(text: str, seen: str, limit: str, margins: Sequence[Sequence[Any]]) -> str:
    """Why a call was refused; where ``margins`` of other trades are in the way, how much was missing and who has it."""
    if not margins:
        return text
    most = sorted(margins, key=lambda one: one[2], reverse=True)
    held = [f"{signal} {symbol} {margin:,.2f}" for signal, symbol, margin in most[:MOST_HOLDERS]]
    held += [f"{len(most) - MOST_HOLDERS} more"] if len(most) > MOST_HOLDERS else []
    return f"{text}: {seen} needed, {limit} free; held by {', '.join(held)}"


def who(rule: str, where: str) -> str:
    """Who said no, as the end of a sentence: ``by cap-leverage (rules/default.yaml:12)``, ``by hand (paper halt)``."""
    by = rule if rule == BY_HAND else f"by {rule}"
    return f"{by} ({where})" if where else by


def _planned(account: str, call: PaperCall, heard: Heard) -> CallFate:
    plan, stage = call.plan, stage_of(call)
    no: RuleNote | None = call.notes[-1] if stage == REFUSED and call.notes else None
    said = ("", "", "", "") if no is None else (no.rule, no.where, no.seen, no.limit)
    return CallFate(
        account, call.lane, plan.channel, plan.signal_id, plan.symbol, plan.side.value, call.posted_ms, plan.act_ms,
        stage, fate_of(call), *said, why(call, heard), call.marked_late, call.row in heard.deleted,
        call.r() if call.counted else None,
    )  # fmt: skip


def _unplanned(account: str, event: Event) -> CallFate:
    data: dict[str, Any] = event.data
    channel = event.key[0] if event.key is not None else str(data["signal"]).split("/")[0]
    fate = str(data["code"]).replace("-", " ")
    return CallFate(
        account, data["lane"], channel, data["signal"], data["symbol"], data.get("side", ""), data["posted_ms"], None,
        NOT_PLANNED, fate, reason=data["text"], late=fate == "stale",
    )  # fmt: skip


def funnel(rows: Sequence[CallFate]) -> Iterator[str]:
    """The calls in lines that add up: heard, and where each of them went."""
    stages = Counter(row.stage for row in rows)
    taken = sum(stages[stage] for stage in TAKEN)
    yield f"{count(len(rows), 'call')} heard"
    if stages[WAITING]:
        yield f"  {stages[WAITING]:,} waiting: {fate_reason(WAITING)}"
    for stage in (NOT_PLANNED, NOT_OFFERED):
        if stages[stage]:
            yield f"  {stages[stage]:,} {stage}: {_counted(row.fate for row in rows if row.stage == stage)}"
    if stages[REFUSED]:
        said = (who(row.rule, row.rule_where) for row in rows if row.stage == REFUSED)
        yield f"  {stages[REFUSED]:,} refused: {_counted(said)}"
    yield f"  {taken:,} taken: " + ", ".join(
        f"{stages[stage]:,} {stage}" for stage in reversed(TAKEN) if stages[stage] or stage in ("closed", "open")
    )
    if stages[NEVER_FILLED]:
        yield f"    never filled: {_counted(row.fate for row in rows if row.stage == NEVER_FILLED)}"


def _counted(words: Iterable[str]) -> str:
    """Words with their counts, the most frequent first: ``8 repeat, 3 too late``."""
    return ", ".join(f"{number:,} {word}" for word, number in Counter(words).most_common())
