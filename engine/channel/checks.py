"""What a profile as a whole must do: read its own samples, each with its own layout, and pass its own tests."""

from __future__ import annotations

from engine.channel.layout.layout import Layout
from engine.channel.layout.match import Match, expectation, match_layout, taken
from engine.channel.layout.pattern import field_name
from engine.channel.meaning.setups import build
from engine.channel.prepared import Prepared, prepare
from engine.channel.profile import Profile
from engine.channel.reader import unread_part
from engine.channel.syntax import tree as t
from engine.channel.text.fold import fold
from engine.channel.updates.talk import Talk
from engine.config.diagnostics import Diagnostic, diagnose, related
from engine.config.text import SourceText, Span
from engine.domain import Refusal

HINTS = {
    "no-quote": "write quote: USDT under defaults",
    "no-side": "mark the side, or write side: long, side: short or side: from levels under defaults",
    "no-entry": "mark the entry, or write entry: market under defaults",
}


def sample_faults(profile: Profile, file: t.File, source: SourceText) -> list[Diagnostic]:
    """Findings for every layout that does not read its own sample as marked."""
    found: list[Diagnostic] = []
    for layout in profile.layouts[: len(file.layouts)]:  # those taken over were checked in their own file
        check = _phrase_faults if layout.phrases else _sample_faults
        found += _ignored_marks(profile, layout, file, source) or check(profile, layout, file, source)
    return found


def _at(layout: Layout, offset: int, length: int = 1) -> Span:
    """The place in the file of a place in a layout's sample."""
    origin = layout.sample.origin
    start = origin[min(offset, len(origin) - 1)]
    return Span(start, start + length)


def _ignored_marks(profile: Profile, layout: Layout, file: t.File, source: SourceText) -> list[Diagnostic]:
    """Findings for ``ignore`` phrases that cover a marked value."""
    prepared = prepare(profile, layout.sample.text)
    if isinstance(prepared, Refusal):
        return []
    found = []
    for ignore, phrase in zip(profile.ignore, file.ignore, strict=False):
        for hit in ignore.pattern.finditer(prepared.folded.text):
            start, end = prepared.folded.original(*hit.span())
            for mark, begin, stop in layout.sample.values:
                if start < stop and begin < end:
                    message = f'this phrase hides {{{mark.field}: {mark.sample}}} of layout "{layout.name}"'
                    also = (related(source, mark.span, "this mark"),)
                    found.append(diagnose(source, phrase.span, "D306", message, "make the phrase longer", related=also))
    return found[:1]


def _sample_faults(profile: Profile, layout: Layout, file: t.File, source: SourceText) -> list[Diagnostic]:
    """Read one sample the way ``reader.read`` would, and say what goes wrong first."""
    prepared = prepare(profile, layout.sample.text)
    if isinstance(prepared, Refusal):
        return [_refused_sample(profile, layout, prepared, file, source)]
    own = match_layout(layout, prepared.text, prepared.lines)
    if not own.setups:
        if fault := _taken_by_another(layout, own, prepared, source):
            return [fault]
        position, wanted = expectation(own, prepared.text)
        message = f'layout "{layout.name}" does not read its own sample: it expected {wanted} here'
        hint = "is the same value marked everywhere it stands?"
        return [diagnose(source, _at(layout, prepared.folded.origin(max(position, 0))), "D301", message, hint)]
    if refusal := unread_part(profile, own, prepared):
        hint = "mark it, mark it {any: ...}, or put a phrase under ignore"
        return [diagnose(source, _at(layout, refusal.position or 0), "D305", refusal.text, hint)]
    for earlier in profile.layouts[: profile.layouts.index(layout)]:
        if _holds_with(earlier, layout) and not earlier.phrases:
            match = match_layout(earlier, prepared.text, prepared.lines)
            if match.setups and not unread_part(profile, match, prepared):
                message = f'layout "{layout.name}" can never be read: "{earlier.name}" reads its sample first'
                also = (related(source, earlier.name_span, f'"{earlier.name}" stands here'),)
                hint = "put the narrower layout first"
                return [diagnose(source, layout.name_span, "D303", message, hint, related=also)]
    return _value_faults(profile, layout, own, prepared, source)


def _taken_by_another(layout: Layout, own: Match, prepared: Prepared, source: SourceText) -> Diagnostic | None:
    """The finding for a marked value that a list, or the range of another value, before it has taken."""
    head = f'layout "{layout.name}" does not read its own sample: '
    for taker, *span in taken(own, prepared.text, prepared.lines):
        begin, stop = prepared.folded.original(*span)
        for mark, start, end in layout.sample.values:
            if mark.field == taker.field or not begin <= start < end <= stop:
                continue
            if begin < start:
                message = f'"{mark.sample}", marked as {mark.field}, is taken into "{layout.sample.text[begin:stop]}"'
                hint = "prices with a dash or a word of range (to, till, and) between them are one value"
            else:
                message = f'"{mark.sample}", marked as {mark.field}, is taken as {field_name(taker.field)}'
                hint = f"a list ends at a word: put the sign before {mark.sample} under words, as {mark.field} = ..."
                hint += ", or mark the list as one: {target: 66 - 67 - 68}" if taker.field == "target" else ""
            return diagnose(source, mark.sample_span, "D301", head + message, hint)
    return None


def _phrase_faults(profile: Profile, layout: Layout, file: t.File, source: SourceText) -> list[Diagnostic]:
    """Read each line of a layout of phrases as a message of its own, and say what goes wrong first."""
    prepared = prepare(profile, layout.sample.text)
    if isinstance(prepared, Refusal):
        return [_refused_sample(profile, layout, prepared, file, source)]
    book = profile.phrasebook
    assert book is not None
    talk = Talk(profile, book, prepared, prepared.text, layout.since_ms)
    for start, end in prepared.lines:
        spoken, unknown = talk.line(start, end)
        first = next((one for one in spoken if one.layout), None)
        if first is None or unknown:
            position = prepared.folded.origin(unknown[0][0] if unknown else start)
            message = f'layout "{layout.name}" does not read this phrase'
            hint = "is the same value marked everywhere it stands? A coin needs a sign, its quote, or capitals"
            return [diagnose(source, _at(layout, position), "D301", message, hint)]
        if first.layout is not layout:
            assert first.layout is not None
            message = f'"{first.layout.name}" reads this phrase of layout "{layout.name}" first'
            also = (related(source, first.layout.name_span, f'"{first.layout.name}" stands here'),)
            position = prepared.folded.origin(start)
            return [diagnose(source, _at(layout, position), "D303", message, "take it out of one", related=also)]
        read = [(mark.field, *prepared.folded.original(*span)) for one in spoken for mark, *span in one.found]
        begin, stop = prepared.folded.original(start, end)
        for mark, low, high in layout.sample.values:
            if begin <= low < stop and (mark.field, low, high) not in read:
                message = f'layout "{layout.name}" does not read this {mark.field}'
                hint = "without the marks, the sample has to give the same values"
                return [diagnose(source, mark.sample_span, "D302", message, hint)]
        made = build(profile, layout, first.found, prepared)
        if isinstance(made, Refusal) and not (made.code == "share" and profile.settings.part is None):
            span = layout.name_span if made.position is None else _at(layout, made.position)
            message = f'layout "{layout.name}" does not read its own sample: {made.text}'
            return [diagnose(source, span, "D301", message, HINTS.get(made.code, "correct the sample or its marks"))]
    return []


def _refused_sample(profile: Profile, layout: Layout, refusal: Refusal, file: t.File, source: SourceText) -> Diagnostic:
    """The finding for a sample that no layout is even tried on."""
    if refusal.code != "never":
        message = f'layout "{layout.name}" can never be read: {refusal.text}'
        return diagnose(source, layout.name_span, "D301", message, "shorten the sample")
    folded = fold(layout.sample.text).text
    also = tuple(
        related(source, phrase.span, "this phrase")
        for never, phrase in zip(profile.never, file.never, strict=False)
        if never.pattern.search(folded)
    )
    message = f'layout "{layout.name}" can never be read: its sample {refusal.text}'
    hint = "make the phrase longer, or drop it or the layout"
    return diagnose(source, _at(layout, refusal.position or 0), "D304", message, hint, related=also)


def _holds_with(earlier: Layout, layout: Layout) -> bool:
    """Whether the earlier layout is valid during the whole of the other's time."""
    starts = earlier.since_ms is None or (layout.since_ms is not None and layout.since_ms >= earlier.since_ms)
    ends = earlier.until_ms is None or (layout.until_ms is not None and layout.until_ms <= earlier.until_ms)
    return starts and ends


def _value_faults(
    profile: Profile, layout: Layout, own: Match, prepared: Prepared, source: SourceText
) -> list[Diagnostic]:
    """Findings where the values read are not the values marked, or make no call."""
    text = layout.sample.text
    read = [(m.field, *prepared.folded.original(start, end)) for found in own.setups for m, start, end in found]
    for mark, start, end in layout.sample.values:
        if (mark.field, start, end) not in read:
            there = [text[b:e] for field, b, e in read if b < end and start < e]
            got = f'"{there[0]}" was read' if there else "nothing was read"
            message = f'layout "{layout.name}" does not read this {mark.field}: {got}'
            hint = "without the marks, the sample has to give the same values"
            return [diagnose(source, mark.sample_span, "D302", message, hint)]
    for found in own.setups:
        made = build(profile, layout, found, prepared)
        if isinstance(made, Refusal):
            span = layout.name_span if made.position is None else _at(layout, made.position)
            message = f'layout "{layout.name}" does not read its own sample: {made.text}'
            return [diagnose(source, span, "D301", message, HINTS.get(made.code, "correct the sample or its marks"))]
    return []
