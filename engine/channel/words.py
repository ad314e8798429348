"""The ``words`` section of a profile: synonyms, words with a meaning, names of symbols."""

from __future__ import annotations

from engine.channel import tree as t
from engine.channel.items import Synonym, literal_items
from engine.channel.names import SPECIAL_GROUPS
from engine.channel.vocabulary import Vocabulary, clean, tokens_of
from engine.config.diagnostics import Diagnostic, diagnose, related
from engine.config.text import SourceText


def compile_words(file: t.File, source: SourceText) -> tuple[Vocabulary, list[Diagnostic]]:
    """The vocabulary of a file; a finding where one word stands in two groups."""
    found: list[Diagnostic] = []
    declared: dict[str, tuple[str, ...]] = {}
    symbols: dict[tuple[str, ...], str] = {}
    owner: dict[tuple[str, ...], tuple[str, t.Word]] = {}
    for group in file.words:
        phrases = []
        for word in group.words:
            phrase = clean(word.text)
            if not phrase:
                message, hint = "nothing of this word can be seen", "take it out, or write it anew"
                found.append(diagnose(source, word.span, "D203", message, hint))
                continue
            tokens = tokens_of(phrase)
            first = owner.setdefault(tokens, (group.name, word))
            if first[0] != group.name:
                message = f'"{word.text}" stands for "{first[0]}" and for "{group.name}"'
                also = (related(source, first[1].span, f'for "{first[0]}" here'),)
                found.append(diagnose(source, word.span, "D211", message, "keep it in one group", related=also))
            phrases.append(phrase)
            if group.name.startswith("symbol "):
                symbols[tokens] = group.name.removeprefix("symbol ")
        if not group.name.startswith("symbol "):
            declared[group.name] = (*declared.get(group.name, ()), *phrases)
    return Vocabulary(declared, symbols), found


def unused_words(file: t.File, whole: t.File, words: Vocabulary, source: SourceText) -> list[Diagnostic]:
    """A warning for each group of synonyms of a file that no sample uses, nor one it took over (``whole``)."""
    synonyms = words.synonyms()
    used = {
        item.group
        for layout in whole.layouts
        for piece in t.texts(layout.pieces)
        for item in literal_items(piece.text, synonyms)
        if isinstance(item, Synonym)
    }
    return [
        diagnose(
            source, group.span, "D503", f'no sample holds a word of "{group.name}"',
            "take the line out, or write one of its words in a sample", "warning",
        )
        for group in file.words
        if group.name not in used and group.name not in SPECIAL_GROUPS and not group.name.startswith("symbol ")
    ]  # fmt: skip
