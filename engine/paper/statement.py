"""What an account's events come to: the form in which two runs of one account are held against each other.

A run that was killed, stopped and started writes its events in another order than one that was left in peace, and some
of them later. What counts has to be the same all the same, and is all in here: every call with its plan, what its
channel said of it, its fate, fills, exits, funding and end; what was refused and why; what the account answered, with
size, rules and halts; the rules that spoke by themselves; and the account's money, peak, days and history.

Left out, with the reason:

- numbers of events and rows, and times of writing: they say when something was told, not what. Calls are named by the
  message they come from;
- the marks ``late``: a fill that was worked out after a downtime is the same fill. A *call* that acted late has another
  ``act_ms`` in its plan, and that is compared;
- what was said at live prices, and all else that changes nothing (``live``, ``withdrawn``, ``live_alarm``,
  ``alarm_withdrawn``, ``unread``, ``begin``, ``started``, ``stopped``, ``changed``, ``verdicts``, ``reconciled``,
  ``done``);
- the account's books between its answers, except as they stand at the end; there the places of a calculation that
  goes on (which candle was looked at last, when the next midnight is);
- when a deletion was noticed: Telegram does not say when it happened, so that is another moment in each run. What the
  strategy does about it (``calls: {deleted: close}``) is a change of the call, and is compared;
- the age in the text of a refusal as stale.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from engine.paper.call import PaperCall
from engine.paper.codec import Data
from engine.paper.fold import Fold, trade_data
from engine.paper.ledger import Event
from engine.paper.reconcile import TOLERANCE, Difference
from engine.simulate.terms import Terms

ACCOUNT = "the account"
MONEY = ("cash", "wallet", "held", "peak", "day", "day_equity", "week_equity", "history", "halts")
Statement = Mapping[str, Data]
"""By ``strategy: signal id``, and by ``ACCOUNT``."""


def statement(events: Iterable[Event], terms: Mapping[str, Terms]) -> Statement:
    """What the events of one account come to; ``terms`` are the costs of each of its strategies."""
    told = list(events)
    fold = Fold(terms)
    fold.take(told)
    names = [f"{call.lane}: {call.plan.signal_id}" for call in fold.rows]
    found = {name: _call(call) for name, call in zip(names, fold.rows, strict=True)}
    alarms = []
    for event in told:
        if event.kind == "refused":
            found[f"{event.data['lane']}: {event.data['signal']}"] = {"refused": event.data["code"]}
        elif event.kind == "update" and event.row is not None:
            found[names[event.row]]["said"].append(_said(event.data))
        elif event.kind == "unbound" and event.row is not None and event.data["back"] == event.data["changes"]:
            found[names[event.row]]["said"].remove(_said(event.data))
        elif event.kind == "placed" and event.row is not None:
            found[names[event.row]]["ends"] = sorted(names[row] for row in event.data["ended"])
        elif event.kind == "alarm":
            alarms.append([event.at_ms, event.data["note"], event.data["halt"], event.data["close"]])
    for call in found.values():
        call.get("said", []).sort(key=repr)
    found[ACCOUNT] = {"alarms": alarms} | _books(fold.books, names)
    return found


def _said(data: Data) -> list[Any]:
    """What a channel said of a call."""
    return [data["action"], [] if data["action"] == "deletion" else data["changes"]]


def _call(call: PaperCall) -> Data:
    """A call as it stands."""
    return {
        "place": call.place,
        "posted_ms": call.posted_ms,
        "plan": asdict(call.plan) | {"changes": []},
        "said": [],
        "fate": call.fate,
        "first_ms": call.first_ms,
        "blocks": call.blocks,
        **_way(call),
        "asked": call.asked,
        "quantity": call.quantity,
        "facts": None if call.facts is None else asdict(call.facts),
        "notes": [asdict(note) for note in call.notes],
        "own": None if call.own is None else {"plan": asdict(call.own.plan), **_way(call.own)},
        "closing": [call.closing_ms, [asdict(note) for note in call.closing_notes]],
        "early": None if call.early is None else trade_data(call.early),
    }


def _way(call: PaperCall) -> Data:
    """A call's way through the candles."""
    path = call.stepper.path()
    return {
        "status": path.status.value,
        "fills": [asdict(fill) for fill in path.fills],
        "legs": [asdict(leg) for leg in path.legs],
        "ambiguous": path.ambiguous,
        "end_ms": call.end_ms,
        "entry": call.entry,
        "risk": call.risk,
        "funding": call.paid,
        "stop": call.stepper.stop,
        "targets": [*call.stepper.targets],
        "changes": sorted((asdict(change) for change in call.stepper.changes), key=repr),
    }


def _books(books: Data | None, names: list[str]) -> Data:
    """The account at the end."""
    if books is None:
        return {}
    flows = sorted(([at, names[row] if row >= 0 else "", flow] for at, _, row, flow in books["flows"]), key=repr)
    open_ = sorted(([names[row], end, facts, ending] for end, row, facts, ending in books["open"]), key=repr)
    return {key: books[key] for key in MONEY} | {"flows": flows, "open": open_}


def disagreements(ours: Statement, theirs: Statement, tolerance: float = TOLERANCE) -> list[Difference]:
    """Everything in which two statements differ; figures by more than ``tolerance``, relative, and absolute below 1."""
    return [
        Difference(name, what.strip("."), str(mine), str(other))
        for name in sorted({*ours, *theirs})
        for what, mine, other in _differing(ours.get(name), theirs.get(name), tolerance)
    ]


def _differing(ours: Any, theirs: Any, tolerance: float) -> Iterator[tuple[str, Any, Any]]:
    """Where two pieces of plain data differ: the way there, and what stands at its end."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in {**ours, **theirs}:
            for way, mine, other in _differing(ours.get(key), theirs.get(key), tolerance):
                yield f".{key}{way}", mine, other
    elif isinstance(ours, list | tuple) and isinstance(theirs, list | tuple) and len(ours) == len(theirs):
        for place, (one, two) in enumerate(zip(ours, theirs, strict=True)):
            for way, mine, other in _differing(one, two, tolerance):
                yield f"[{place}]{way}", mine, other
    elif isinstance(ours, float) and isinstance(theirs, float | int) and not isinstance(theirs, bool):
        both_unknown = math.isnan(ours) and math.isnan(theirs)
        if not (both_unknown or math.isclose(ours, theirs, rel_tol=tolerance, abs_tol=tolerance)):
            yield "", ours, theirs
    elif ours != theirs:
        yield "", ours, theirs
