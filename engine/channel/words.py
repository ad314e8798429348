"""The ``words`` section of a profile: synonyms, words with a meaning, names of symbols."""

from __future__ import annotations

from collections.abc import Sequence

from engine.channel.layout.items import Synonym, literal_items
from engine.channel.library import claim, unowned
from engine.channel.syntax import tree as t
from engine.channel.text.names import SPECIAL_GROUPS, VALUE_GROUPS
from engine.channel.text.vocabulary import Vocabulary, clean, tokens_of
from engine.config.diagnostics import Diagnostic, diagnose, did_you_mean, related
from engine.config.text import SourceText


def compile_words(file: t.File, source: SourceText) -> tuple[Vocabulary, Vocabulary, list[Diagnostic]]:
    """The vocabularies of calls and of updates, and a finding where one word stands in two groups.

    The words of updates go before the words of the profile, which hold there too.
    """
    own, found = _vocabulary(file.words, source)
    if not file.update_words:
        return own, own, found
    _, faults = _vocabulary(file.update_words, source)
    joined = [*file.update_words, *unowned(file.words, file.update_words)]
    return own, _vocabulary(joined, source)[0], found + faults


def _vocabulary(groups: Sequence[t.WordGroup], source: SourceText) -> tuple[Vocabulary, list[Diagnostic]]:
    found: list[Diagnostic] = []
    declared: dict[str, tuple[str, ...]] = {}
    symbols: dict[tuple[str, ...], str] = {}
    values: dict[str, dict[str, float]] = {"number": {}, "share": {}}
    owner: dict[tuple[str, tuple[str, ...]], tuple[str, t.Word]] = {}
    for group in groups:
        phrases = []
        kind, _, value = group.name.partition(" ")
        if kind in values and value and not _is_value(kind, value):
            hint = "for example: number 2 = second" if kind == "number" else "for example: share 50 = half"
            found.append(diagnose(source, group.span, "D203", f'"{value}" is no {kind}', hint))
            continue
        for word in group.words:
            phrase = clean(word.text)
            if not phrase:
                message, hint = "nothing of this word can be seen", "take it out, or write it anew"
                found.append(diagnose(source, word.span, "D203", message, hint))
                continue
            tokens = tokens_of(phrase)
            first = owner.setdefault(claim(group, word), (group.name, word))
            if first[0] != group.name:
                message = f'"{word.text}" stands for "{first[0]}" and for "{group.name}"'
                also = (related(source, first[1].span, f'for "{first[0]}" here'),)
                found.append(diagnose(source, word.span, "D211", message, "keep it in one group", related=also))
            phrases.append(phrase)
            if kind == "symbol" and value:
                symbols[tokens] = value
            elif kind in values and value:
                values[kind][phrase] = float(value)
        if not (kind in VALUE_GROUPS and value):
            declared[group.name] = (*declared.get(group.name, ()), *phrases)
    return Vocabulary(declared, symbols, values["number"], values["share"]), found


def _is_value(kind: str, value: str) -> bool:
    return value.isdecimal() and 0 < int(value) <= (99 if kind == "number" else 100)


def unused_words(
    file: t.File, whole: t.File, words: Vocabulary, update_words: Vocabulary, source: SourceText
) -> list[Diagnostic]:
    """A warning for each group of synonyms of a file that no sample uses, nor one it took over (``whole``)."""
    in_calls, in_updates = words.synonyms, update_words.synonyms
    used: set[tuple[bool, str]] = set()
    for layout in whole.layouts:
        synonyms = in_updates if layout.action else in_calls
        texts = [piece.text for piece in t.texts(layout.pieces)]
        texts += [mark.sample for mark in t.marks(layout.pieces)] if layout.action else []
        used |= {
            (bool(layout.action), item.group)
            for text in texts
            for item in literal_items(text, synonyms)
            if isinstance(item, Synonym)
        }
    groups = [(group, {(False, group.name), (True, group.name)}) for group in file.words]
    groups += [(group, {(True, group.name)}) for group in file.update_words]
    return [
        diagnose(
            source, group.span, "D503", f'no sample holds a word of "{group.name}"',
            did_you_mean(group.name, SPECIAL_GROUPS, 0.75) or "take it out, or write one of its words in a sample",
            "warning",
        )
        for group, places in groups
        if not places & used
        and group.name not in SPECIAL_GROUPS
        and not (group.name.partition(" ")[0] in VALUE_GROUPS and " " in group.name)
    ]  # fmt: skip
