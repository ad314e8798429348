"""Phrases as a tree: what several of them begin with alike is looked for once.

A chain of links is walked in one way only and never goes back, so phrases whose chains begin with the same links take
the same characters there. Hundreds of phrases begin with few links, and most of those stand nowhere in a message.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from engine.channel.layout.layout import Layout
from engine.channel.layout.pattern import Line, Link, Step, walk

Phrase = tuple[Layout, Line]
End = tuple[int, int, Phrase]  # how far a phrase takes a text, its place among the phrases, and itself


@dataclass(slots=True)
class Branch:
    """A link, the phrases that end with it (with their places), and the links that may come behind it."""

    link: Link
    phrases: list[tuple[int, Phrase]] = field(default_factory=list)
    behind: dict[Hashable, Branch] = field(default_factory=dict)


def branches_of(phrases: Sequence[tuple[int, Phrase]]) -> Sequence[Branch]:
    """The tree of some phrases, which come with their places: its first branches."""
    first: dict[Hashable, Branch] = {}
    for phrase in phrases:
        below = first
        for link in phrase[1][1].links:
            branch = below.setdefault(_takes(link), Branch(link))
            below = branch.behind
        branch.phrases.append(phrase)
    return list(first.values())


def _takes(link: Link) -> Hashable:
    """What makes two links take the same characters."""
    return link.pattern if isinstance(link, Step) else (link.repeats, *map(_takes, link.steps))


def ends_along(branches: Iterable[Branch], text: str, at: int, end: int, found: list[End]) -> None:
    """Add all phrases of a tree that begin at an offset of ``text[:end]`` to those found."""
    for branch in branches:
        link = branch.link
        if isinstance(link, Step):
            match = link.regex.match(text, at, end)
            if match is None:
                continue  # nearly always
            behind = match.end()
        else:
            behind, _, failed = walk((link,), text, at, end, [])
            if failed is not None:
                continue
        for place, phrase in branch.phrases:
            found.append((behind, place, phrase))
        if branch.behind:
            ends_along(branch.behind.values(), text, behind, end, found)
