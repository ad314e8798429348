"""Load a profile: parse, check the names, compile, then let the profile read its own samples and tests.

All findings of one run are collected. What needs a sound profile (samples, tests) is skipped while there are errors.
"""

from __future__ import annotations

from engine.channel.cases import case_faults
from engine.channel.checks import sample_faults
from engine.channel.compiler import compile_layouts, mark_faults
from engine.channel.phrases import phrase_pattern, text_pattern, unread_regex
from engine.channel.profile import Profile
from engine.channel.settings import read_settings
from engine.channel.syntax import parse
from engine.channel.values import Fields
from engine.channel.words import compile_words, unused_words
from engine.config.diagnostics import Diagnostic, diagnose, has_errors
from engine.config.text import SourceText


def load_profile(source: SourceText, profile_id: str) -> tuple[Profile | None, list[Diagnostic]]:
    """A profile, or None when it has errors, with every finding in the order of the file.

    Never raises for a user's mistake.
    """
    file, found = parse(source)
    header, faults = read_settings(file, source)
    words, word_faults = compile_words(file, source)
    fields = Fields(words, header.notation)
    found += faults + word_faults
    for phrase in (*file.never, *file.ignore):
        found += mark_faults(phrase.pieces, fields, source, in_phrase=True)
    layouts, faults = compile_layouts(file, fields, header.settings, source)
    found += faults
    if has_errors(found):
        return None, _sorted(found)
    profile = Profile(
        id=profile_id,
        name=file.name,
        path=source.path,
        source=header.source,
        authors=header.authors,
        settings=header.settings,
        fields=fields,
        layouts=tuple(layouts),
        never=tuple(phrase_pattern(phrase, fields) for phrase in file.never),
        ignore=tuple(phrase_pattern(phrase, fields) for phrase in file.ignore),
        footer=text_pattern(header.footer) if header.footer else None,
        unread=unread_regex(words),
        tests=tuple(file.tests),
    )
    found += unused_words(file, words, source) + sample_faults(profile, file, source)
    if not file.tests:
        message, hint = "this profile has no tests", 'paste a message that is no call: test "chat" ... expect nothing'
        found.append(diagnose(source, file.name_span, "D501", message, hint, "warning"))
    if not has_errors(found):
        found += case_faults(profile, source)
    return (None if has_errors(found) else profile), _sorted(found)


def _sorted(found: list[Diagnostic]) -> list[Diagnostic]:
    return sorted(dict.fromkeys(found))
