"""A form: a call read by its labels, wherever they stand, instead of by the shape of its lines.

A layout knows one way to write a call. A form knows the words that stand before an entry, a target or a stop, and so
it reads channels that nobody has written a layout for. ``form_scan.py`` cuts a message into tokens, ``form_walk.py``
gives each number to the label before it, ``form_head.py`` finds the coin and the side, ``form_read.py`` judges. What a form does not
understand, it refuses: a number without a label, two coins, a word of doubt beside a price.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.channel import tree as t
from engine.channel.form_pattern import form_pattern
from engine.channel.names import CURRENCIES, FORM_GROUPS
from engine.channel.values import Fields
from engine.channel.vocabulary import clean, tokens_of
from engine.config.diagnostics import Diagnostic, diagnose, did_you_mean, related
from engine.config.text import SourceText, Span

Words = tuple[str, ...]


@dataclass(frozen=True)
class Form:
    """A compiled form. ``groups`` maps a form's group to its folded phrases; ``fields`` are the profile's."""

    name: str
    name_span: Span
    groups: Mapping[str, tuple[str, ...]]
    fields: Fields
    action: str = ""

    @cached_property
    def meaning(self) -> dict[Words, str]:
        """What a phrase, as its tokens, is to the form: a group of its own, or one of the profile's words."""
        words = self.fields.words
        known: dict[Words, str] = {}
        for group in FORM_GROUPS:
            for phrase in self.groups.get(group, ()):
                known.setdefault(tokens_of(phrase), group)
        for group in ("long", "short", "market", "about", "range", "points", "open target"):
            for phrase in words.words(group):
                known.setdefault(tokens_of(phrase), group)
        for phrase in CURRENCIES:
            known.setdefault((phrase,), "about")
        for tokens in words.symbols:
            known.setdefault(tokens, "alias")
        return known

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What cuts a message into tokens."""
        return form_pattern(self.meaning, self.fields)

    @cached_property
    def quick(self) -> re.Pattern[str]:
        """What every call holds: the label of a target or of a stop."""
        heads = {tokens_of(phrase)[0] for group in ("target", "stop") for phrase in self.groups.get(group, ())}
        return re.compile("|".join(sorted(map(re.escape, heads), key=len, reverse=True)) or r"(?!)")


def merged(forms: Sequence[t.FormNode]) -> list[t.FormNode]:
    """Forms of one name made one: a profile adds its words to the form that it takes over."""
    joined: dict[str, t.FormNode] = {}
    for form in forms:
        first = joined.get(form.name)
        joined[form.name] = form if first is None else t.FormNode(first.name, first.name_span, first.groups + form.groups)
    return list(joined.values())


def compile_forms(forms: Sequence[t.FormNode], fields: Fields) -> tuple[Form, ...]:
    """The forms of a profile; ``forms`` hold those taken over too, none twice by name."""
    compiled = []
    for node in forms:
        groups: dict[str, list[str]] = {}
        for group in node.groups:
            groups.setdefault(group.name, []).extend(clean(word.text) for word in group.words)
        compiled.append(Form(node.name, node.name_span, {name: tuple(words) for name, words in groups.items()}, fields))
    return tuple(compiled)


def form_faults(forms: Iterable[t.FormNode], source: SourceText) -> list[Diagnostic]:
    """Findings for the forms of one file: groups that do not exist, and words that stand in two groups."""
    found: list[Diagnostic] = []
    for form in forms:
        owner: dict[Words, tuple[str, t.Word]] = {}
        for group in form.groups:
            if group.name not in FORM_GROUPS:
                hint = did_you_mean(group.name, FORM_GROUPS) or "groups of a form: " + ", ".join(FORM_GROUPS)
                found.append(diagnose(source, group.span, "D216", f'a form has no group "{group.name}"', hint))
                continue
            for word in group.words:
                first = owner.setdefault(tokens_of(clean(word.text)), (group.name, word))
                if first[0] != group.name:
                    message = f'"{word.text}" stands for "{first[0]}" and for "{group.name}"'
                    also = (related(source, first[1].span, f'for "{first[0]}" here'),)
                    found.append(diagnose(source, word.span, "D211", message, "keep it in one group", related=also))
    return found
