"""A form: a call read by its labels, wherever they stand, instead of by the shape of its lines.

A layout knows one way to write a call. A form knows the words that stand before an entry, a target or a stop, and so
it reads channels that nobody has written a layout for. ``scan.py`` cuts a message into tokens, ``walk.py``
gives each number to the label before it, ``head.py`` finds the coin and the side, ``read.py`` judges. What a
form does not understand, it refuses: a number without a label, two coins, a word of doubt beside a price.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from engine.channel.form.pattern import form_pattern
from engine.channel.syntax import tree as t
from engine.channel.text.fields import Fields
from engine.channel.text.names import CURRENCIES, FORM_BOUNDS, FORM_GROUPS
from engine.channel.text.patterns import remembered
from engine.channel.text.timeframes import ADJECTIVES
from engine.channel.text.vocabulary import clean, tokens_of
from engine.config.diagnostics import Diagnostic, diagnose, did_you_mean, related
from engine.config.text import SourceText, Span

Words = tuple[str, ...]
_WORDS = ("long", "short", "market", "about", "range", "open target", "points")  # of the profile, in a form too


@dataclass(frozen=True, eq=False)
class Form:
    """A compiled form. ``groups`` maps a form's group to its folded phrases; ``fields`` are the profile's."""

    name: str
    name_span: Span
    groups: Mapping[str, tuple[str, ...]]
    fields: Fields
    bounds: Mapping[str, tuple[float, float]]

    @cached_property
    def meaning(self) -> dict[Words, str]:
        """What a phrase, as its tokens, is to the form: a group of its own, or one of the profile's words."""
        words = self.fields.words
        known: dict[Words, str] = {}
        coins = ("no coin", "coin", "ticker")
        for group in (*(group for group in FORM_GROUPS if group not in (*coins, "whole")), *_WORDS, *coins):
            for phrase in self.groups.get(group, ()) if group in FORM_GROUPS else words.words(group):
                known.setdefault(tokens_of(phrase), group)
            if group == "points":
                known |= {(currency,): "about" for currency in CURRENCIES}
                known |= {tokens: "alias" for tokens in words.symbols if tokens not in known}
        return known

    @cached_property
    def _spelled(self) -> dict[str, str]:
        return {"".join(tokens): group for tokens, group in reversed(self.meaning.items())}

    @remembered
    def means(self, phrase: str) -> str:
        """The group of a folded phrase, whatever stands between its tokens; "" for none."""
        return self._spelled.get("".join(tokens_of(phrase)), "")

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What cuts a message into tokens."""
        return form_pattern(self.meaning, self.fields)

    def bounds_of(self, symbol: str) -> tuple[float, float] | None:
        """The lowest and highest price that can be meant for a symbol such as BTCUSDT."""
        for quote in CURRENCIES:
            if symbol.endswith(quote.upper()) and (bounds := self.bounds.get(symbol.removesuffix(quote.upper()))):
                return bounds
        return None

    @cached_property
    def candle(self) -> re.Pattern[str]:
        """The candle whose close a stop waits for (group 1)."""
        return re.compile(self.fields.pattern("stop when"))

    @cached_property
    def frames(self) -> frozenset[str]:
        """Words for a candle without its number: daily."""
        return frozenset(word for group in ADJECTIVES for word in self.fields.words.words(group))

    @cached_property
    def whole(self) -> frozenset[str]:
        """Coins of which whole numbers are prices."""
        return frozenset(self.groups.get("whole", ()))

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
        joined[form.name] = (
            form if first is None else t.FormNode(first.name, first.name_span, first.groups + form.groups)
        )
    return list(joined.values())


def compile_forms(forms: Sequence[t.FormNode], fields: Fields) -> tuple[Form, ...]:
    """The forms of a profile, those taken over among them."""
    compiled = []
    for node in merged(forms):
        groups: dict[str, list[str]] = {}
        bounds: dict[str, tuple[float, float]] = {}
        for group in node.groups:
            if group.name.startswith(FORM_BOUNDS):
                bounds.setdefault(group.name.removeprefix(FORM_BOUNDS).upper(), _bounds(group) or (0.0, float("inf")))
            else:
                groups.setdefault(group.name, []).extend(filter(None, (clean(word.text) for word in group.words)))
        phrases = {name: tuple(words) for name, words in groups.items()}
        declared = dict(fields.words.declared)
        for side in ("long", "short"):
            declared[side] = (*declared.get(side, ()), *phrases.get(f"entry {side}", ()))
        own = replace(fields, words=replace(fields.words, declared=declared))
        compiled.append(Form(node.name, node.name_span, phrases, own, bounds))
    return tuple(compiled)


def _bounds(group: t.WordGroup) -> tuple[float, float] | None:
    """The two prices of ``price of BTC = 1000 - 1000000``; None when they are none."""
    parts = [part.strip() for part in " ".join(word.text for word in group.words).split(" - ")]
    try:
        low, high = map(float, parts)
    except ValueError:
        return None
    return (low, high) if 0 <= low < high else None


def blind_forms(own: t.File, whole: t.File, source: SourceText) -> list[Diagnostic]:
    """Findings for the forms of one file that name no target and no stop, nor take over a form that does."""
    found = []
    for form in merged(whole.forms):
        if form.name in {one.name for one in own.forms} and not {"target", "stop"} & {g.name for g in form.groups}:
            message = f'form "{form.name}" can read nothing: it knows no word for a target or a stop'
            found.append(diagnose(source, form.name_span, "D217", message, "for example: stop = SL, Stop loss"))
    return found


def unseen_words(group: t.WordGroup, source: SourceText) -> list[Diagnostic]:
    """Findings for words of which nothing is left to compare, such as a mark of zero width alone."""
    message, hint = "nothing of this word can be seen", "take it out, or write it anew"
    return [diagnose(source, word.span, "D203", message, hint) for word in group.words if not clean(word.text)]


def form_faults(forms: Iterable[t.FormNode], source: SourceText) -> list[Diagnostic]:
    """Findings for the forms of one file: groups that do not exist, and words that stand in two groups."""
    found: list[Diagnostic] = []
    for form in forms:
        owner: dict[Words, tuple[str, t.Word]] = {}
        for group in form.groups:
            if group.name.startswith(FORM_BOUNDS):
                if _bounds(group) is None:
                    message = f'"{group.name}" needs the lowest and the highest price that can be meant'
                    found.append(
                        diagnose(source, group.span, "D203", message, "for example: price of BTC = 1000 - 1000000")
                    )
                continue
            if group.name not in FORM_GROUPS:
                hint = did_you_mean(group.name, FORM_GROUPS) or "groups of a form: " + ", ".join(FORM_GROUPS)
                found.append(diagnose(source, group.span, "D216", f'a form has no group "{group.name}"', hint))
                continue
            found += unseen_words(group, source)
            for word in group.words if group.name != "whole" else ():
                first = owner.setdefault(tokens_of(clean(word.text)), (group.name, word))
                if first[0] != group.name:
                    message = f'"{word.text}" stands for "{first[0]}" and for "{group.name}"'
                    also = (related(source, first[1].span, f'for "{first[0]}" here'),)
                    found.append(diagnose(source, word.span, "D211", message, "keep it in one group", related=also))
    return found
