"""``like``: a profile takes over the layouts, words and phrases of other profiles.

A file's own parts come first, then those of the profiles it names, in their order. A word that stands in two groups
belongs to the group that has it first, so that a file can say what its channel means by a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from engine.channel.syntax import tree as t
from engine.channel.text.names import MARKED_GROUPS
from engine.channel.text.vocabulary import clean, tokens_of
from engine.config.diagnostics import Diagnostic, diagnose, did_you_mean
from engine.config.text import SourceText

Loaded = dict[str, tuple[list[Diagnostic], t.File]]


@dataclass(frozen=True, slots=True)
class Library:
    """The profiles that may be named: the text of one by its name (None: there is none), and all names.

    ``loaded`` are those without errors that were taken over before, by name.
    """

    find: Callable[[str], SourceText | None] | None = None
    names: Sequence[str] = ()
    loaded: Loaded = field(default_factory=dict)


def find_named(
    like: t.Like, chain: Sequence[str], library: Library, source: SourceText
) -> SourceText | list[Diagnostic]:
    """The text of a profile named by ``like``, or the finding why it cannot be taken over.

    ``chain`` are the names of the profiles that led here, the one in ``source`` last.
    """
    if like.name in chain:
        ring = " -> ".join((*chain[chain.index(like.name) :], like.name))
        message = f'"{like.name}" would take itself over: {ring}'
        return [diagnose(source, like.span, "D215", message, "take this line out")]
    found = library.find(like.name) if library.find else None
    if found is None:
        known = [name for name in library.names if name != chain[-1]]
        hint = did_you_mean(like.name, known) or ("profiles: " + ", ".join(known) if known else "there is no other one")
        return [diagnose(source, like.span, "D214", f'there is no profile "{like.name}"', hint)]
    return found


def within(names: Iterable[str], loaded: Loaded) -> set[str]:
    """Profiles by their names, and what those of them that are loaded take over in their turn."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [like.name for like in loaded[name][1].likes] if name in loaded else []
    return found


def joined(own: t.File, others: Iterable[t.File]) -> t.File:
    """A file with the parts of others behind its own; its settings and tests stay its own."""
    whole = replace(
        own,
        words=list(own.words),
        update_words=list(own.update_words),
        never=list(own.never),
        ignore=list(own.ignore),
        layouts=list(own.layouts),
        forms=list(own.forms),
    )
    for other in others:
        whole.words += unowned(other.words, whole.words)
        whole.update_words += unowned(other.update_words, whole.update_words)
        # what two of them took over from a third stands here once
        whole.never += [phrase for phrase in other.never if phrase not in whole.never]
        whole.ignore += [phrase for phrase in other.ignore if phrase not in whole.ignore]
        whole.layouts += [layout for layout in other.layouts if layout not in whole.layouts]
        whole.forms += [form for form in other.forms if form not in whole.forms]
    return whole


def unowned(groups: Iterable[t.WordGroup], others: Sequence[t.WordGroup]) -> list[t.WordGroup]:
    """Groups without the words that stand in another group already."""
    owner = {claim(group, word): group.name for group in others for word in group.words}
    left = []
    for group in groups:
        words = tuple(word for word in group.words if owner.setdefault(claim(group, word), group.name) == group.name)
        if words:
            left.append(replace(group, words=words))
    return left


def claim(group: t.WordGroup, word: t.Word) -> tuple[str, tuple[str, ...]]:
    """What a group claims with a word: its meaning in text, which no other group may claim, or one of its own."""
    return group.name if group.name in MARKED_GROUPS else "", _tokens(word.text)


@lru_cache(maxsize=20_000)  # asked for each word by each profile on the way from the library to a channel
def _tokens(word: str) -> tuple[str, ...]:
    """What of a word is compared."""
    return tokens_of(clean(word))
