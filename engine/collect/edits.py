"""Later versions of a call: changes of it, or why they are not followed.

A version that reads as the same call changes what it says otherwise than the one before. One whose stop no new call
could have, because it lies in profit, moves the stop (and the targets, where it names others). One that reads as an
update acts as an answer would (``reading.py``). Any other is not followed, and that is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from engine.channel.meaning.actions import change_of
from engine.collect.binding import Fate, Found, Levels
from engine.domain import Action, Message, Reading, Refusal, Setup
from engine.units import show_count

WORDS = {
    "other-side": "another side",
    "other-symbol": "another coin",
    "other-calls": "another number of calls",
    "no-time": "edited at an unknown time",
    "no-layout": "read as nothing",
    "unread": "read as nothing",
    "never": "named by `never`",
}
FLIPPED = "the call stays as it was called: a new one, or an update that ends this one, is a post of its own"
NO_TIME = "it may have been written after the market had moved; live collection knows when a post was edited"
UNREAD = "where it ends or changes the call, add an update layout that reads it; cli.py channel explain shows the text"


def why(code: str) -> str:
    """Why later versions are not followed, in a word or two: ``another side``, ``refused: levels``."""
    return WORDS.get(code, f"refused: {code}")


def hint(code: str) -> str:
    """What to do about it; "" where the profile says itself that such a text is no call."""
    if code in ("other-side", "other-symbol", "other-calls"):
        return FLIPPED
    return NO_TIME if code == "no-time" else "" if code == "never" else UNREAD


def counted(codes: Mapping[str, int]) -> str:
    """How many later versions of calls are not followed, by kind; "" where all are.

    ``3 later versions of calls not followed: 2 another side, 1 read as nothing``
    """
    kinds = Counter[str]()
    for code, count in codes.items():
        kinds[why(code)] += count
    each = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
    return f"{show_count(kinds.total(), 'later version')} of calls not followed: {each}" if kinds else ""


def hints(codes: Iterable[str]) -> list[str]:
    """What to do about them, each advice once."""
    return [advice for advice in dict.fromkeys(map(hint, codes)) if advice]


def follow(message: Message, reading: Reading, fate: Fate) -> list[Found] | Refusal:
    """The changes that a later version of a call makes, or why it is not followed.

    ``reading`` has its calls or a refusal; a version that reads as an update is none of this.
    """
    setups = reading.setups or reading.running
    if not setups:
        return reading.refusal or Refusal("no-layout", "the message has no text")
    if wrong := _another(fate, setups):
        return wrong
    before = fate.levels or tuple([_levels(signal.setup) for signal in fate.signals])
    after = tuple([_levels(setup) for setup in setups])
    if after == before:
        return []
    if message.edited_ms is None:
        return Refusal("no-time", "nobody knows when this version appeared")
    running = not reading.setups
    if running and any(now[0] != known[0] for now, known in zip(after, before, strict=True)):
        return reading.refusal or Refusal("levels", "a new entry beyond the stop")
    fate.levels = after
    changed = [(signal, change_of(setup), known) for signal, setup, known, now in
               zip(fate.signals, setups, before, after, strict=True) if now != known]  # fmt: skip
    return [
        Found(message, action, None, None, signal)
        for signal, change, known in changed
        for action in (_locked(change, known) if running else [_said_anew(change, known)])
    ]


def _another(fate: Fate, setups: Sequence[Setup]) -> Refusal | None:
    """Why a version does not speak of the same calls any more."""
    called = [signal.setup for signal in fate.signals]
    if len(called) != len(setups):
        return Refusal("other-calls", f"the post made {len(called)}, this version makes {len(setups)}")
    for one, now in zip(called, setups, strict=True):
        if one.symbol != now.symbol:
            return Refusal("other-symbol", f"the call is on {one.symbol}, this version on {now.symbol}")
        if one.side is not now.side:
            return Refusal("other-side", f"the call is a {one.side}, this version a {now.side}")
    return None


def _locked(action: Action, before: Levels) -> list[Action]:
    """A version with its stop in profit: the stop moves, and targets that it names otherwise change.

    It is a move, no new stop of the call: what counts in R counts from the risk that was taken.
    """
    _, targets, stop = before
    found = []
    if action.stop is not None and action.stop != stop:
        bare = replace(action, entries=(), targets=(), entry_kind=None)
        if isinstance(action.stop, float):
            bare = replace(bare, kind="move-stop", level=action.stop, stop=None)
        elif action.stop.value == 0:  # at the entry (``Reading.running``)
            bare = replace(bare, kind="move-stop", level="breakeven", stop=None)
        found.append(bare)
    if action.targets != targets:
        found.append(replace(action, entries=(), stop=None))
    return found


def _said_anew(action: Action, before: Levels) -> Action:
    """What a later version changes: what its text says as it did before stays as the trade has it by now."""
    entries, targets, stop = before
    return replace(
        action,
        entries=() if action.entries == entries else action.entries,
        stop=None if action.stop == stop else action.stop,
        targets=() if action.targets == targets else action.targets,
    )


def _levels(setup: Setup) -> Levels:
    """What a later version of a call may change."""
    return setup.entries, setup.targets, setup.stop
