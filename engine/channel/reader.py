"""Read one message with a profile.

1. fold the message, cut its footer, refuse what is forbidden, blank what is ignored (``prepared.py``);
2. look for what the profile knows (``Sight``): the layouts in the order of the file, lines of the message against lines
   of the template; the first that fits and leaves no number and no trade word unclaimed is the one. Where none is, the
   phrases of updates (``updates/``), then the forms, which read by labels (``form/``);
3. make setups or actions of its values (``meaning/``) and check their levels. With several notations of numbers this
   is done for each, and exactly one reading must come out;
4. what is refused for the place of a stop is read once more as a later version of a call that runs (``running``).

Every step goes over the message once, whatever a stranger posts: lines are matched by chains that never go back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from engine.channel.form.form import Form
from engine.channel.form.read import Seen, see
from engine.channel.form.split import calls_of
from engine.channel.layout.match import Match, beginning, expectation, match_layout, progress
from engine.channel.meaning.actions import change_of
from engine.channel.meaning.setups import build
from engine.channel.prepared import Prepared, blanks, prepare
from engine.channel.profile import Profile
from engine.channel.text.numbers import show
from engine.channel.text.vocabulary import ADDRESS
from engine.channel.updates.links import links_in
from engine.channel.updates.spoken import actions_in
from engine.channel.updates.talk import Talk, hear
from engine.domain import Action, Reading, Refusal, Setup

_WORD = re.compile(r"\w")
_HARMLESS = re.compile(ADDRESS)
_NOTHING = Refusal("no-layout", "no layout begins like any line of this message")
# Where a text has none of these, its numbers are the same in every notation, or are found at the same places.
_SIGN_IN_NUMBER = re.compile(r"[.,'’]\d|\d \d{3}")
_BLANK_IN_NUMBER = re.compile(r"\d \d{3}")
_STOP_IN_PROFIT = frozenset({"levels", "duplicate-level", "no-side", "stop"})
_WHATEVER_THE_NUMBERS = frozenset({"no-layout", "no-symbol", "doubt", "done", "symbol"})


def read(profile: Profile, text: str, posted_ms: int | None = None, sender: str | None = None) -> Reading:
    """What a message says under a profile: setups, actions, or the reason why it gives nothing.

    ``posted_ms`` chooses among dated layouts (None: all hold); offsets of values are half-open and count in ``text``.
    """
    prepared = prepare(profile, text, sender)
    if isinstance(prepared, Refusal):
        return Reading(refusal=prepared)
    sight = look(profile, prepared, posted_ms)
    reading = _read(profile, sight)
    if reading.refusal is not None and reading.refusal.code in _STOP_IN_PROFIT:
        return replace(reading, running=_read(profile, sight, running=True).setups)
    return reading


def _read(profile: Profile, sight: Sight, running: bool = False) -> Reading:
    """What a sight means in the one notation that fits; ``running`` as a later version of calls that run."""
    reading = _meaning(profile, sight, running)
    prepared = sight.prepared
    if not profile.variants or not _SIGN_IN_NUMBER.search(prepared.text):
        return reading
    if reading.refusal is not None and reading.refusal.code in _WHATEVER_THE_NUMBERS:
        return reading
    return _in_one_notation(profile, sight, reading, running)


def _in_one_notation(profile: Profile, sight: Sight, first: Reading, running: bool) -> Reading:
    """The one reading that comes out in the notations of a profile, ``first`` being that in its first notation."""
    made = [first] if first.refusal is None else []
    sights = {profile.fields.notation.token: sight}
    apart = _BLANK_IN_NUMBER.search(sight.prepared.text) is not None
    for variant in profile.variants:
        # the order of its levels proves a call; nothing proves the price of an update
        if made and made[0].setups and variant.fields.notation.fallback:
            continue
        spelling = variant.fields.notation.token if apart else profile.fields.notation.token
        if spelling not in sights:
            prepared = prepare(variant, sight.prepared.original)
            if isinstance(prepared, Refusal):
                continue
            sights[spelling] = look(variant, prepared, sight.posted_ms)
        other = _meaning(variant, sights[spelling], running)
        made += [other] if other.refusal is None else []
    if not made:
        return first
    if any(one != made[0] for one in made):
        which = " or ".join(one.fields.notation.name for one in (profile, *profile.variants))
        return Reading(refusal=Refusal("ambiguous-number", f"the numbers mean different prices in {which}"))
    return made[0]


# ------------------------------------------------------------------ what a profile sees


@dataclass
class Sight:
    """What a profile sees in a message, whatever its numbers mean.

    ``match`` is the layout that reads it; where none does, ``unread`` is the refusal of the one that claims most, and
    ``farthest`` the one that got farthest. Phrases and calls are looked for when they are asked for.
    """

    profile: Profile
    prepared: Prepared
    posted_ms: int | None
    match: Match | None = None
    unread: Refusal | None = None
    farthest: Match | None = None

    @cached_property
    def talk(self) -> Talk | Refusal | None:
        """What is said in phrases."""
        return hear(self.profile, self.prepared, self.posted_ms)

    @cached_property
    def calls(self) -> list[list[Seen | Refusal | None]]:
        """The calls that each form sees, in the order of the message; None where it sees that there is none."""
        text = self.prepared.text
        return [
            [see(form, text, tokens, self._spelled) for tokens in calls_of(form, text, self._spelled)] or [None]
            for form in self.profile.forms
        ]

    def _spelled(self, start: int, end: int) -> str:
        """The original characters of a range of the folded text."""
        return self.prepared.original[slice(*self.prepared.folded.original(start, end))]


def look(profile: Profile, prepared: Prepared, posted_ms: int | None) -> Sight:
    """Try the layouts of a profile on a message."""
    sight = Sight(profile, prepared, posted_ms)
    claimed = 0
    text, lines = prepared.text, prepared.lines
    for layout in profile.layouts:
        if layout.phrases or (prepared.never and prepared.barred(layout)):
            continue
        if posted_ms is not None and not layout.valid_at(posted_ms):
            continue
        begun = beginning(layout, text, lines)
        if begun is None:
            continue
        match = match_layout(layout, text, lines, begun)
        if match.setups:
            refusal = unread_part(profile, match, prepared) if match.unclaimed else None
            if refusal is None:
                sight.match = match
                return sight
            if match.lines > claimed:
                sight.unread, claimed = refusal, match.lines
        elif match.position >= 0 and (sight.farthest is None or progress(match) > progress(sight.farthest)):
            sight.farthest = match
    return sight


def unread_part(profile: Profile, match: Match, prepared: Prepared) -> Refusal | None:
    """The refusal for a number or a trade word that nothing claimed; beside an update, for any word.

    A call stands out from the talk around it. An update is a few words long, and one more can turn its meaning.
    """
    if profile.settings.unread == "allow":
        return None
    pattern = _WORD if match.layout.action else profile.unread
    for start, end in match.unclaimed:
        if pattern.search(prepared.text, start, end):
            rest = _HARMLESS.sub(blanks, prepared.text[start:end])
            if hit := pattern.search(rest):
                position = prepared.folded.origin(start + hit.start())
                piece = rest[hit.start() :].strip().split("\n")[0][:40].strip()
                return Refusal("unread", f'layout "{match.layout.name}" leaves "{piece}" unread', position)
    return None


# ------------------------------------------------------------------ what it means


def _meaning(profile: Profile, sight: Sight, running: bool) -> Reading:
    """What a message says in the notation of a profile."""
    prepared, unread = sight.prepared, sight.unread
    if sight.match is not None:
        return _of_layout(profile, sight.match, prepared, running)
    if profile.phrasebook and "update" not in prepared.never:
        spoken = sight.talk
        if isinstance(spoken, Talk):
            made = actions_in(profile, spoken)
            if not isinstance(made, Refusal):
                wrong = _out_of_scale(profile, made)
                if wrong is None:
                    return Reading(actions=made)
                made = wrong
            spoken = made
        unread = unread or spoken
    if profile.forms and "signal" not in prepared.never:
        for form, calls in zip(profile.forms, sight.calls, strict=True):
            reading = _of_form(profile, form, calls, prepared, running)
            if reading is not None and (reading.setups or sight.unread is None):
                return reading
    if prepared.never:
        return Reading(refusal=next(iter(prepared.never.values())))
    if unread is None:
        unread = _no_layout(sight.farthest, prepared) if sight.farthest else _NOTHING
    return Reading(refusal=unread)


def _no_layout(match: Match, prepared: Prepared) -> Refusal:
    """The refusal that names the layout that got farthest, and what it wanted there."""
    position, wanted = expectation(match, prepared.text)
    sentence = f'layout "{match.layout.name}" expected {wanted} here'
    return Refusal("no-layout", sentence, prepared.folded.origin(position))


def _of_layout(profile: Profile, match: Match, prepared: Prepared, running: bool) -> Reading:
    """All setups or actions of a message; one fault refuses the whole message."""
    setups: list[Setup] = []
    actions: list[Action] = []
    for found in match.setups:
        made = build(profile, match.layout, found, prepared, running)
        if isinstance(made, Refusal):
            return Reading(refusal=made)
        if isinstance(made, Setup) and match.layout.changes:
            actions.append(replace(change_of(made), whole=True))
        elif isinstance(made, Setup):
            setups.append(made)
        else:
            actions += made
    if not actions:
        return Reading(tuple(setups))
    links = tuple(link for _, link in links_in(prepared.text, profile))
    return Reading(tuple(setups), tuple(replace(action, links=links) for action in actions))


def _of_form(
    profile: Profile, form: Form, calls: list[Seen | Refusal | None], prepared: Prepared, running: bool
) -> Reading | None:
    """What the calls that a form saw mean; None where it sees no call."""
    setups: list[Setup] = []
    for seen in calls:
        if seen is None:
            return None
        if isinstance(seen, Refusal):
            return Reading(refusal=replace(seen, position=prepared.folded.origin(seen.position or 0)))
        made = build(profile, form, seen.values(form, prepared.text), prepared, running)
        if isinstance(made, Refusal):
            return Reading(refusal=made)
        assert isinstance(made, Setup)
        if wrong := _out_of_bounds(form, made):
            return Reading(refusal=wrong)
        setups.append(made)
    return Reading(tuple(setups))


def _out_of_scale(profile: Profile, actions: Sequence[Action]) -> Refusal | None:
    """The refusal of prices in phrases that cannot be meant for their coin."""
    pairs = ((form, action) for form in profile.forms for action in actions if action.symbol)
    return next((wrong for form, action in pairs if (wrong := _out_of_bounds(form, action))), None)


def _out_of_bounds(form: Form, made: Setup | Action) -> Refusal | None:
    """The refusal of prices that cannot be meant for this coin."""
    low, high = form.bounds_of(made.symbol or "") or (0.0, float("inf"))
    stops = [made.stop] if isinstance(made, Setup) else [made.stop, made.level]
    targets = (target.price for target in made.targets)
    wrong = next(
        (price for price in (*made.entries, *targets, *stops) if isinstance(price, float) and not low <= price <= high),
        None,
    )
    if wrong is None:
        return None
    return Refusal("scale", f"{show(wrong)} is no price of {made.symbol}")
