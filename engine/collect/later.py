"""What a later version of a call does: it changes the call, or says what an answer would say.

1. What was added to a call all lines of which stand as they stood (``added.py``) is read on its own. Where that is an
   update, it acts as an answer would, and nothing else has changed.
2. Else the whole version is read: as the call with other levels (``edits.py``), beside which something may stand, or as
   an update in the place of the call. What is added to it may be in the way; then the version is read without that.
3. What stood beside the call in a version before was heard then. It is set aside, whatever became of it, so that a call
   is followed however often something is written below it.
4. A result that no update reads is nothing to follow. What names an order, a level or a number, and is read as nothing,
   is not followed, and told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from engine.collect.added import Added, Lines, added, keep, set_aside
from engine.collect.binding import Fate, Found, calls_about
from engine.collect.edits import another, follow, known_levels, levels_of
from engine.collect.telling import acts, orders, tells
from engine.domain import REPORTS, Action, Message, Reading, Refusal

Reader = Callable[[Message], Reading]


@dataclass(frozen=True, slots=True)
class Later:
    """What a later version of a call does: changes of it, actions as of an answer, and why the rest is not followed."""

    changes: Sequence[Found] = ()
    actions: Sequence[Action] = ()
    refusal: Refusal | None = None


def later(message: Message, reading: Reading, fate: Fate, read: Reader) -> Later:
    """What a later version of a call does. ``reading`` is that of its whole text; ``read`` reads what was added."""
    if fate.lines is None:
        fate.lines = Lines.of(fate.signals[0].message.text)
    beside = added(fate.lines, message.text)
    part = _part(message, reading, beside, read)
    if beside.intact and part.actions:
        set_aside(fate.lines, beside)
        keep(fate.lines, beside, reads=False)
        return _answering(message, part.actions, beside, fate)
    reading = _as_called(message, reading, beside, fate, read)
    setups = reading.setups or reading.running
    told = added(fate.lines, message.text, [(v.start, v.end) for setup in setups for v in setup.values])
    inside = sorted({*beside.pieces} - {*told.pieces}) if beside.intact and setups else []
    wrong = bool(inside) and acts(message.text, inside)  # read as levels, and none
    if wrong and tells(message.text, inside):
        made: list[Found] | Refusal = part.refusal or Refusal("unread", "what was added is no part of a call")
    else:
        made = [] if wrong or reading.actions else follow(message, reading, fate)
    if told.pieces != beside.pieces:
        part = _part(message, reading, told, read)
    bare = told.intact or bool(setups)
    if isinstance(made, Refusal) and not bare and told.pieces:
        without = _without(message, told, fate, read)
        made, bare = (made, False) if without is None else (without, True)
    same = not reading.actions and not isinstance(made, Refusal)
    stands = same or told.intact
    own = not part.setups and not (setups and another(fate, setups))  # else a call of its own was added
    if own and (bare or reading.actions):
        set_aside(fate.lines, beside if wrong else told)
    keep(fate.lines, told, same and not wrong)
    changes = [] if isinstance(made, Refusal) else made
    if stands and part.actions:
        said = _answering(message, part.actions, told, fate)
        return replace(said, changes=changes, refusal=said.refusal or (made if isinstance(made, Refusal) else None))
    if reading.actions:
        return _acting(message, news(reading.actions, fate), fate)
    if isinstance(made, Refusal) and (reading.setups or not stands):
        return Later((), (), made)
    if isinstance(made, Refusal) and part.setups:
        return Later((), (), Refusal("other-calls", "what was added is a call of its own"))
    refusal = part.refusal
    worth_a_word = orders if refusal is not None and refusal.code == "never" else tells
    if refusal is None or not worth_a_word(message.text, told.pieces):
        return Later(changes)
    if refusal.code == "no-layout" and isinstance(made, Refusal):
        refusal = made  # which tells what was left unread
    return Later(changes, (), refusal)


def _part(message: Message, reading: Reading, told: Added, read: Reader) -> Reading:
    """What is said in that which was added; ``reading`` is that of the whole version."""
    if not told.pieces:
        return Reading()
    return read(replace(message, text=told.alone)) if told.rest.strip() else reading


def _as_called(message: Message, whole: Reading, told: Added, fate: Fate, read: Reader) -> Reading:
    """What a version says without that which stood beside the call before; ``whole`` is what all of it says.

    Where that is no call, and no line of the call is missing, what is new and tells an order or a result goes too: a
    target may have been added as well.
    """
    found = whole
    if told.aside and told.call.strip():
        found = read(replace(message, text=told.call))
        if _is_same_call(found, fate):
            return found
        if whole.setups or whole.running or whole.actions:
            return whole
    doing = [piece for piece in told.pieces if acts(message.text, [piece])]
    if found.refusal is None or found.running or not told.whole or not 0 < len(doing) < len(told.pieces):
        return found
    rest = read(replace(message, text=replace(told, pieces=doing).bare))
    return rest if _is_same_call(rest, fate) else found


def _is_same_call(reading: Reading, fate: Fate) -> bool:
    """Whether a version reads as the call, whatever its levels."""
    setups = reading.setups or reading.running
    return bool(setups) and another(fate, setups) is None


def _answering(message: Message, actions: Sequence[Action], told: Added, fate: Fate) -> Later:
    """What was added, as an answer to the call."""
    new = news(actions, fate) if told.instead else actions
    several = (not one.every and one.kind not in REPORTS and len(calls_about(fate, one)) > 1 for one in new)
    if any(several):
        return Later(refusal=Refusal("which-call", f"the post made {len(fate.signals)}, and this names none of them"))
    return _acting(message, new, fate)


def _acting(message: Message, actions: Sequence[Action], fate: Fate) -> Later:
    """Actions of a later version, where it is known when it appeared."""
    if message.edited_ms is None:
        orders = any(action.kind not in REPORTS for action in actions)
        return Later(refusal=Refusal("no-time", "nobody knows when this version appeared") if orders else None)
    if fate.called and any(action.kind == "re-enter" for action in actions):
        return Later(refusal=Refusal("again", "the post is the call itself"))
    return Later(actions=actions)


def _without(message: Message, told: Added, fate: Fate, read: Reader) -> list[Found] | None:
    """The changes that a version makes without what was added to it; None where it is not the same call then.

    Where lines of the call are missing, their levels are not taken away by that: they may stand in what was added.
    """
    rest = read(replace(message, text=told.bare)) if told.bare.strip() else Reading()
    setups = rest.setups or rest.running
    if not _is_same_call(rest, fate):
        return None
    if tuple(map(levels_of, setups)) == known_levels(fate):
        return []
    made = follow(message, rest, fate) if told.whole else None
    return None if isinstance(made, Refusal) else made


def news(actions: Iterable[Action], fate: Fate) -> list[Action]:
    """What a version says that those before it did not."""
    return [action for action in actions if not any(_is_same(action, known) for known in fate.actions)]


def _is_same(action: Action, other: Action) -> bool:
    """Whether two versions of a post say the same action, wherever in the text it stands."""
    return replace(action, layout="", values=()) == replace(other, layout="", values=())
