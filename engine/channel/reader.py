"""Read one message with a profile.

1. refuse what is too long, or not from an author; fold (``text/fold.py``); cut the footer;
2. refuse what holds a ``never`` phrase; turn into blanks what ``ignore`` names;
3. try the layouts in the order of the file (``match_layout``): lines of the message against lines of the template;
4. the first layout that fits and leaves no number and no trade word unclaimed is the one; where none is, the phrases of
   updates are tried (``updates/``), then the forms, which read by labels (``form/``);
5. make setups or actions of its values (``meaning/``) and check their levels;
6. with several notations of numbers, exactly one reading must come out.

Every step goes over the message once, whatever a stranger posts: lines are matched by chains that never go back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from engine.channel.form.form import Form
from engine.channel.form.read import read_form
from engine.channel.form.split import pieces_of
from engine.channel.layout.layout import START, Layout, State
from engine.channel.layout.pattern import Found, Step, behind_gap, walk
from engine.channel.meaning.actions import change_of
from engine.channel.meaning.setups import build
from engine.channel.profile import Profile
from engine.channel.text.fold import Folded, fold
from engine.channel.text.numbers import show
from engine.channel.updates.phrasebook import links_of, read_phrases
from engine.domain import Action, Reading, Refusal, Setup

LONGEST_MESSAGE = 4500  # Telegram allows 4,096 characters; captions and old archives a few more
MOST_LINES = 300  # a call has a dozen
_WORD = re.compile(r"\w")
_LINE = re.compile(r"[^\s][^\n]*")
_NEXT_WORD = re.compile(r"\W*+")
_HARMLESS = re.compile(r"(?:https?://|www\.|t\.me/)\S++|@[a-z][\w-]*+")


@dataclass(slots=True)
class Match:
    """How a layout fared with a message.

    ``setups`` holds the values of each setup found, empty when the layout does not fit. ``unclaimed`` are the pieces
    of the message that no line of the template took. ``lines`` of the message matched, up to ``state``; where the
    layout does not fit, ``failed`` is the step that stopped it at ``position`` (None: nothing like the next line came
    after it; position -1: the layout did not even begin).
    """

    layout: Layout
    setups: list[list[Found]] = field(default_factory=list)
    unclaimed: list[tuple[int, int]] = field(default_factory=list)
    lines: int = 0
    position: int = -1
    failed: Step | None = None
    state: State = START


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message ready to be matched: folded, footer cut, ignored phrases blanked, its lines as half-open offsets.

    ``never`` holds the refusals of phrases that forbid only calls ("signal") or only updates ("update").
    """

    folded: Folded
    text: str
    lines: list[tuple[int, int]]
    never: dict[str, Refusal] = field(default_factory=dict)

    def barred(self, layout: Layout) -> bool:
        """Whether a phrase of ``never`` forbids what this layout reads."""
        return bool(self.never) and ("update" if layout.action else "signal") in self.never


def read(profile: Profile, text: str, posted_ms: int | None = None, sender: str | None = None) -> Reading:
    """What a message says under a profile: setups, actions, or the reason why it gives nothing.

    ``posted_ms`` chooses among dated layouts (None: all hold); offsets of values are half-open and count in ``text``.
    """
    reading = _read(profile, text, posted_ms, sender)
    if not profile.variants or (reading.refusal is not None and reading.refusal.code in _WHATEVER_THE_NUMBERS):
        return reading
    made = [reading] if reading.refusal is None else []
    for variant in profile.variants:
        if not (made and variant.fields.notation.fallback):
            other = _read(variant, text, posted_ms, sender)
            made += [other] if other.refusal is None else []
    if not made:
        return reading
    if any(one != made[0] for one in made):
        which = " or ".join(one.fields.notation.name for one in (profile, *profile.variants))
        return Reading(refusal=Refusal("ambiguous-number", f"the numbers mean different prices in {which}"))
    return made[0]


_WHATEVER_THE_NUMBERS = frozenset({"too-long", "author", "never", "no-layout", "no-symbol", "doubt", "done", "symbol"})


def _read(profile: Profile, text: str, posted_ms: int | None, sender: str | None) -> Reading:
    """What a message says in one notation of numbers."""
    prepared = prepare(profile, text, sender)
    if isinstance(prepared, Refusal):
        return Reading(refusal=prepared)
    farthest: Match | None = None
    unread: Refusal | None = None
    claimed = 0
    working, lines = prepared.text, prepared.lines
    for layout in profile.layouts:
        if layout.phrases or (prepared.never and prepared.barred(layout)):
            continue
        if posted_ms is not None and not layout.valid_at(posted_ms):
            continue
        first = beginning(layout, working, lines)
        if first < 0:
            continue
        match = match_layout(layout, working, lines, first)
        if match.setups:
            refusal = unread_part(profile, match, prepared)
            if refusal is None:
                return _reading(profile, match, prepared, text)
            if match.lines > claimed:
                unread, claimed = refusal, match.lines
        elif match.position >= 0 and (farthest is None or progress(match) > progress(farthest)):
            farthest = match
    spoken = None
    if profile.phrasebook and "update" not in prepared.never:
        spoken = read_phrases(profile, prepared.text, prepared.lines, prepared.folded, text, posted_ms)
        if isinstance(spoken, tuple):
            return Reading(actions=spoken)
    for form in profile.forms if "signal" not in prepared.never else ():
        reading = _read_form(profile, form, prepared, text)
        if reading is not None and (reading.setups or unread is None):
            return reading
    if prepared.never:
        return Reading(refusal=next(iter(prepared.never.values())))
    if unread is None and isinstance(spoken, Refusal):
        unread = spoken
    if unread is None:
        unread = _no_layout(farthest, prepared) if farthest else _NOTHING
    return Reading(refusal=unread)


def _read_form(profile: Profile, form: Form, prepared: Prepared, text: str) -> Reading | None:
    """What a form makes of a message; None where it sees no call in it."""
    folded = prepared.folded

    def spelled(start: int, end: int) -> str:
        return text[slice(*folded.original(start, end))]

    setups: list[Setup] = []
    for piece in pieces_of(form, prepared.text, spelled):
        result = read_form(form, piece, spelled)
        if result is None:
            return None
        found, refusal = result
        if refusal is not None:
            return Reading(refusal=replace(refusal, position=folded.origin(refusal.position or 0)))
        made = build(profile, form, found, prepared.text, folded, text)
        if isinstance(made, Refusal):
            return Reading(refusal=made)
        assert isinstance(made, Setup)
        if wrong := _out_of_bounds(form, made):
            return Reading(refusal=wrong)
        setups.append(made)
    return Reading(tuple(setups))


def _out_of_bounds(form: Form, made: Setup) -> Refusal | None:
    """The refusal of prices that cannot be meant for this coin."""
    low, high = form.bounds_of(made.symbol) or (0.0, float("inf"))
    stop = [made.stop] if isinstance(made.stop, float) else []
    prices = [*made.entries, *(one.price for one in made.targets if one.price is not None), *stop]
    wrong = next((price for price in prices if not low <= price <= high), None)
    if wrong is None:
        return None
    return Refusal("scale", f"{show(wrong)} is no price of {made.symbol}")


def prepare(profile: Profile, text: str, sender: str | None = None) -> Prepared | Refusal:
    """Steps 1 and 2; a refusal when the message ends there."""
    if len(text) > LONGEST_MESSAGE:
        return Refusal("too-long", f"{len(text):,} characters; Telegram allows 4,096")
    if text.count("\n") > MOST_LINES:
        return Refusal("too-long", f"more than {MOST_LINES} lines")
    if not profile.admits(sender):
        return Refusal("author", f'"{sender}" is none of the authors')
    folded = fold(text)
    working = folded.text
    if profile.footer and (footer := profile.footer.pattern.search(working)):
        working = working[: footer.start()]
    never: dict[str, Refusal] = {}
    for phrase in profile.never:
        if phrase.only not in never and phrase.key in working and (hit := phrase.pattern.search(working)):
            refusal = Refusal("never", f'holds the phrase "{phrase.shown}"', folded.origin(hit.start()))
            if not phrase.only:
                return refusal
            never[phrase.only] = refusal
    for phrase in profile.ignore:
        if phrase.key in working:
            working = phrase.pattern.sub(_blanks, working)
    return Prepared(folded, working, [match.span() for match in _LINE.finditer(working)], never)


def _blanks(match: re.Match[str]) -> str:
    return " " * (match.end() - match.start())


def beginning(layout: Layout, text: str, lines: Sequence[tuple[int, int]]) -> int:
    """The first line of a message with which a layout may begin, or -1: most layouts begin in none."""
    begins = layout.begins.match
    for number, (start, end) in enumerate(lines):
        if begins(text, start, end):
            return number
    return -1


def match_layout(layout: Layout, text: str, lines: Sequence[tuple[int, int]], first: int | None = None) -> Match:
    """Walk the lines of a message through a layout: each line is taken by the first template line that may come next.

    A line that none takes is skipped and stays unclaimed. ``first``: what ``beginning`` found.
    """
    result = Match(layout)
    if first is None:
        first = beginning(layout, text, lines)
    if first < 0:
        return result
    template = layout.lines
    unclaimed = result.unclaimed
    unclaimed += lines[:first]
    candidates = layout.next_lines(START)
    state = START
    found: list[Found] = []
    shared: list[Found] = []
    claimed = 0
    for start, end in lines[first:]:
        for candidate in candidates:
            line = candidate[0]
            if template[line].head.match(text, start, end) is None:
                continue
            kept = len(found)
            behind, reached, failed = walk(template[line].links, text, start, end, found)
            if failed is None and behind > start:
                break
            del found[kept:]
            if failed is not None and start < reached > result.position:
                result.position, result.failed = reached, failed
        else:
            unclaimed.append((start, end))
            continue
        _, state, turn = candidate
        if turn != "same":
            result.setups.append(found[:kept])
            found = (shared if turn == "next" else []) + found[kept:]
        if layout.calls and line not in layout.calls:
            shared = found[:]
        candidates = layout.next_lines(state)
        result.lines += 1
        result.position, result.failed, claimed = -1, None, behind
        if behind < end:
            unclaimed.append((behind, end))
    if layout.complete(state):
        result.setups.append(found)
        return result
    result.setups.clear()
    result.state = state
    if result.lines and result.position < 0:
        result.position = claimed
    return result


def progress(match: Match) -> tuple[int, int]:
    """How far a layout got with a message: lines matched, then characters."""
    return match.lines, match.position


def unread_part(profile: Profile, match: Match, prepared: Prepared) -> Refusal | None:
    """The refusal for a number or a trade word that nothing claimed; beside an update, for any word.

    A call stands out from the talk around it. An update is a few words long, and one more can turn its meaning.
    """
    if profile.settings.unread == "allow":
        return None
    pattern = _WORD if match.layout.action else profile.unread
    for start, end in match.unclaimed:
        if pattern.search(prepared.text, start, end):
            rest = _HARMLESS.sub(_blanks, prepared.text[start:end])
            if hit := pattern.search(rest):
                position = prepared.folded.origin(start + hit.start())
                piece = rest[hit.start() :].strip().split("\n")[0][:40].strip()
                return Refusal("unread", f'layout "{match.layout.name}" leaves "{piece}" unread', position)
    return None


_NOTHING = Refusal("no-layout", "no layout begins like any line of this message")


def _no_layout(match: Match, prepared: Prepared) -> Refusal:
    """The refusal that names the layout that got farthest, and what it wanted there."""
    position, wanted = expectation(match, prepared.text)
    sentence = f'layout "{match.layout.name}" expected {wanted} here'
    return Refusal("no-layout", sentence, prepared.folded.origin(position))


def expectation(match: Match, text: str) -> tuple[int, str]:
    """Where a layout stopped (an offset in the folded text), and what it wanted there."""
    if match.position < 0:
        return 0, match.layout.opening
    if match.failed is not None:
        end = text.find("\n", match.position)
        return match.failed.stopped(text, match.position, end if end >= 0 else len(text))[1:]
    there = _NEXT_WORD.match(text, match.position)  # the word that stands there instead, on whatever line
    at = there.end() if there and there.end() < len(text) else behind_gap(text, match.position, len(text))
    farthest = 0, at, match.layout.missing(match.state)
    for start, end in match.unclaimed:
        if start >= match.position:
            for line, _, _ in match.layout.next_lines(match.state):
                stopped = match.layout.lines[line].first_step.stopped(text, start, end)
                farthest = max(farthest, stopped, key=lambda one: one[0])
    return farthest[1:]


def _reading(profile: Profile, match: Match, prepared: Prepared, text: str) -> Reading:
    """All setups or actions of a message; one fault refuses the whole message."""
    setups: list[Setup] = []
    actions: list[Action] = []
    for found in match.setups:
        made = build(profile, match.layout, found, prepared.text, prepared.folded, text)
        if isinstance(made, Refusal):
            return Reading(refusal=made)
        if isinstance(made, Setup) and match.layout.changes:
            actions.append(change_of(made))
        elif isinstance(made, Setup):
            setups.append(made)
        else:
            actions += made
    links = links_of(prepared.text, profile) if actions else ()
    return Reading(tuple(setups), tuple(replace(action, links=links) for action in actions))
