"""Load a profile: parse, take over, check the names, compile, then let the profile read its own samples and tests.

All findings of one run are collected. Of a profile with errors those samples and tests are run whose answer the faulty
sections cannot change (``sound.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from engine.channel.cases import case_faults, expect_faults
from engine.channel.checks import sample_faults
from engine.channel.form.form import blind_forms, compile_forms, form_faults
from engine.channel.layout.compiler import compile_layouts, taken_layouts
from engine.channel.layout.faults import mark_faults
from engine.channel.layout.layout import Layout
from engine.channel.layout.phrases import phrase_pattern, text_pattern, unread_regex
from engine.channel.library import Library, Loaded, find_named, joined
from engine.channel.profile import Profile
from engine.channel.settings import Header, read_settings
from engine.channel.sound import faulty_sections
from engine.channel.syntax import tree as t
from engine.channel.syntax.parser import parse
from engine.channel.text.fields import Fields
from engine.channel.text.vocabulary import Vocabulary
from engine.channel.updates.phrasebook import phrasebook
from engine.channel.words import compile_words, unused_words
from engine.config.diagnostics import Diagnostic, diagnose, has_errors
from engine.config.text import SourceText


def load_profile(
    source: SourceText,
    profile_id: str,
    library: Callable[[str], SourceText | None] | None = None,
    known: Sequence[str] = (),
    loaded: Loaded | None = None,
) -> tuple[Profile | None, list[Diagnostic]]:
    """A profile, or None when it has errors, with every finding in the order of the file.

    ``library`` finds the profiles named by ``like``, ``known`` are all their names; errors in one of them are among the
    findings, with its path. ``loaded`` keeps what was taken over, for the next profile of the same library. Never
    raises for a user's mistake.
    """
    profile, found, _ = _load(source, (profile_id,), Library(library, known, {} if loaded is None else loaded))
    return profile, found


def _load(
    source: SourceText, chain: tuple[str, ...], library: Library
) -> tuple[Profile | None, list[Diagnostic], t.File]:
    """A profile, its findings, and its tree with all that it took over. ``chain``: see ``find_named``."""
    file, found = parse(source)
    whole, faults = _with_others(file, source, chain, library)
    found += faults
    header, faults = read_settings(file, source)
    words, update_words, word_faults = compile_words(whole, source)
    fields, update_fields = Fields(words, header.notation), Fields(update_words, header.notation)
    found += faults + word_faults
    for phrase in (*file.never, *file.ignore):
        found += mark_faults(phrase.pieces, fields, source, in_phrase=True)
    layouts, faults = compile_layouts(file, fields, update_fields, header.settings, source)
    found += faults + form_faults(file.forms, source) + blind_forms(file, whole, source)
    if len(chain) > 1:  # the samples and tests of a profile that is taken over are run when it is loaded itself
        return None, _sorted(found), whole
    is_clean, faulty = not has_errors(found), faulty_sections(found, source)
    found += expect_faults(file, source)
    if faulty is None:
        return None, _sorted(found), whole
    own, layouts = faulty.sound(file, layouts)
    whole = replace(
        whole,
        layouts=[*own.layouts, *whole.layouts[len(file.layouts) :]],
        forms=[] if faulty.has_forms else whole.forms,
    )
    profile = _in_all_notations(own, whole, header, (words, update_words), layouts, chain, source)
    if is_clean:
        found += unused_words(file, whole, words, update_words, source)
    found += sample_faults(profile, own, source)
    if is_clean and not file.tests:
        message, hint = "this profile has no tests", 'paste a message that is no call: test "chat" ... expect nothing'
        found.append(diagnose(source, file.name_span, "D501", message, hint, "warning"))
    faulty = faulty_sections(found, source)
    if faulty is not None:
        found += case_faults(profile, source, partial(faulty.is_sure, own=layouts, all_layouts=profile.layouts))
    return (None if has_errors(found) else profile), _sorted(found), whole


def _in_all_notations(
    file: t.File,
    whole: t.File,
    header: Header,
    both_words: tuple[Vocabulary, Vocabulary],
    layouts: Sequence[Layout],
    chain: tuple[str, ...],
    source: SourceText,
) -> Profile:
    """A compiled profile with its variants, one for each further notation of numbers; ``layouts`` are the file's own.

    ``both_words`` are those of calls and of updates.
    """
    words, update_words = both_words
    both = Fields(words, header.notation), Fields(update_words, header.notation)
    layouts = [*layouts, *taken_layouts(whole.layouts[len(file.layouts) :], *both, source)]
    profile = _profile(file, whole, header, both, layouts, chain, source)
    alike = {header.notation.token: profile}  # notations that find numbers at the same places share what is compiled
    variants = []
    for notation in header.other_notations:
        if notation.token not in alike:
            both = Fields(words, notation), Fields(update_words, notation)
            read_so = taken_layouts(whole.layouts, *both, source)
            alike[notation.token] = _profile(file, whole, header, both, read_so, chain, source)
        variants.append(alike[notation.token].in_notation(notation))
    return replace(profile, variants=tuple(variants))


def _profile(
    file: t.File,
    whole: t.File,
    header: Header,
    both_fields: tuple[Fields, Fields],
    layouts: Sequence[Layout],
    chain: tuple[str, ...],
    source: SourceText,
) -> Profile:
    """A compiled profile whose parts have no fault, for one notation of numbers.

    ``both_fields`` are those of calls and of updates.
    """
    fields, update_fields = both_fields
    return Profile(
        id=chain[-1],
        name=file.name,
        path=source.path,
        source=header.source,
        authors=header.authors,
        settings=header.settings,
        fields=fields,
        update_fields=update_fields,
        phrasebook=phrasebook(layouts, update_fields),
        layouts=tuple(layouts),
        never=tuple(phrase_pattern(phrase, fields) for phrase in whole.never),
        ignore=tuple(phrase_pattern(phrase, fields) for phrase in whole.ignore),
        footer=text_pattern(header.footer) if header.footer else None,
        forms=compile_forms(whole.forms, fields),
        unread=unread_regex(fields.words.trade_words()),
        tests=tuple(file.tests),
    )


def _with_others(
    file: t.File, source: SourceText, chain: tuple[str, ...], library: Library
) -> tuple[t.File, list[Diagnostic]]:
    """A file with the parts of the profiles it names, and what is wrong there. Warnings there are no matter here."""
    found: list[Diagnostic] = []
    others = []
    for like in file.likes:
        named = find_named(like, chain, library, source)
        if isinstance(named, list):
            found += named
        else:
            faults, other = library.loaded.get(like.name) or _load(named, (*chain, like.name), library)[1:]
            if not has_errors(faults):  # an error may come from the way that led here
                library.loaded[like.name] = faults, other
            found += [fault for fault in faults if fault.severity == "error"]
            others.append(other)
    return joined(file, others), found


def _sorted(found: list[Diagnostic]) -> list[Diagnostic]:
    return sorted(dict.fromkeys(found))
