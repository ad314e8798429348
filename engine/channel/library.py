"""``like``: a profile takes over the layouts, words and phrases of other profiles.

A file's own parts come first, then those of the profiles it names, in their order. A word that stands in two groups
belongs to the group that has it first, so that a file can say what its channel means by a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from engine.channel import tree as t
from engine.channel.vocabulary import clean, tokens_of
from engine.config.diagnostics import Diagnostic, diagnose, did_you_mean
from engine.config.text import SourceText


@dataclass(frozen=True, slots=True)
class Library:
    """The profiles that may be named: the text of one by its name (None: there is none), and all names."""

    find: Callable[[str], SourceText | None] | None = None
    names: Sequence[str] = ()
    loaded: dict[str, tuple[list[Diagnostic], t.File]] = field(default_factory=dict)  # by name, those without errors


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


def joined(own: t.File, others: Iterable[t.File]) -> t.File:
    """A file with the parts of others behind its own; its settings and tests stay its own."""
    whole = replace(
        own,
        words=list(own.words),
        never=list(own.never),
        ignore=list(own.ignore),
        layouts=list(own.layouts),
        forms=list(own.forms),
    )
    owner = {tokens_of(clean(word.text)): group.name for group in own.words for word in group.words}
    for other in others:
        for group in other.words:
            kept = tuple(
                word for word in group.words if owner.setdefault(tokens_of(clean(word.text)), group.name) == group.name
            )
            if kept:
                whole.words.append(replace(group, words=kept))
        # what two of them took over from a third stands here once
        whole.never += [phrase for phrase in other.never if phrase not in whole.never]
        whole.ignore += [phrase for phrase in other.ignore if phrase not in whole.ignore]
        whole.layouts += [layout for layout in other.layouts if layout not in whole.layouts]
        whole.forms += [form for form in other.forms if form not in whole.forms]
    return whole
