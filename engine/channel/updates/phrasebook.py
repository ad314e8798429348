"""The phrases of a profile, by what they begin with, and the words that matter beside them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, count

from engine.channel.layout.layout import Layout
from engine.channel.layout.phrases import unread_regex
from engine.channel.text.fields import Fields
from engine.channel.text.names import SPECIAL_GROUPS
from engine.channel.text.vocabulary import NO_LETTER_BEHIND, alternatives, tokens_of
from engine.channel.updates.branches import Branch, Phrase, branches_of
from engine.channel.updates.openings import Opening, opening_of

Branches = Sequence[Branch]


@dataclass(frozen=True)
class Phrasebook:
    """The phrases of a profile: the trees of those that begin alike, each with its opening."""

    trees: Sequence[tuple[Opening, Branches]]
    fields: Fields
    _by_word: dict[tuple[str, bool], Branches] = field(default_factory=dict, repr=False, compare=False)

    def beginning_with(self, gap: str, word: str, is_coin: bool) -> Branches:
        """The phrases that may begin with a word, which may be a coin, or with a sign in the gap before it."""
        if gap and not gap.isspace() and (signs := self._signs.intersection(gap)):
            fitting = (tree for one, tree in self.trees if one.fits(word, is_coin) or not one.signs.isdisjoint(signs))
            return [*chain.from_iterable(fitting)]
        kind = "0" if word[:1].isdigit() else word if word in self._words else "any" if word else ""
        found = self._by_word.get((kind, is_coin))
        if found is None:
            fitting = (tree for one, tree in self.trees if one.fits(kind, is_coin))
            found = self._by_word[kind, is_coin] = [*chain.from_iterable(fitting)]
        return found

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(word for begins, _ in self.trees for word in begins.words)

    @cached_property
    def _signs(self) -> frozenset[str]:
        return frozenset(sign for begins, _ in self.trees for sign in begins.signs)

    @cached_property
    def coin(self) -> re.Pattern[str]:
        """A coin by itself."""
        return re.compile(self.fields.lead("symbol") + self.fields.pattern("symbol", strict=True))

    @cached_property
    def reserved(self) -> re.Pattern[str]:
        """The words that are no coin."""
        return re.compile(alternatives(self.fields.words.reserved_words()))

    @cached_property
    def telling(self) -> re.Pattern[str]:
        """What must not stay unknown."""
        return re.compile(rf"{unread_regex(self.fields.words.telling_words()).pattern}|\?")

    @cached_property
    def telling_words(self) -> re.Pattern[str]:
        """The same without numbers."""
        return re.compile(rf"{NO_LETTER_BEHIND}{alternatives(self.fields.words.telling_words())}|\?")

    @cached_property
    def filler(self) -> re.Pattern[str]:
        """The words that say nothing, and those that look so but are part of another phrase (group 1)."""
        words = self.fields.words
        fillers = {tokens_of(phrase) for phrase in words.words("filler")}
        groups = [group for group in (*SPECIAL_GROUPS, *words.declared) if group != "filler"]
        others = [phrase for group in groups for phrase in words.words(group)]
        others += [*words.number_words, *words.share_words, *map(" ".join, words.symbols)]
        kept = [phrase for phrase in others if _holds(tokens_of(phrase), fillers)]
        either = rf"({alternatives(kept)})|{alternatives(words.words('filler'))}"
        return re.compile(rf"{NO_LETTER_BEHIND}(?<![$#])(?:{either})")


def _holds(tokens: tuple[str, ...], fillers: set[tuple[str, ...]]) -> bool:
    """Whether a phrase of several words has a filler among them."""
    return len(tokens) > 1 and any((token,) in fillers for token in tokens)


def phrasebook(layouts: Sequence[Layout], fields: Fields) -> Phrasebook | None:
    """The phrasebook of a profile, None when it has no phrases. Those that begin alike stand together."""
    alike: dict[Opening, list[Phrase]] = defaultdict(list)
    for layout in layouts:
        for line in layout.lines if layout.phrases else ():
            alike[opening_of(line.items, fields)].append((layout, line))
    places = count()
    trees = [(opening, branches_of([(next(places), one) for one in phrases])) for opening, phrases in alike.items()]
    return Phrasebook(trees, fields) if trees else None
