"""A compiled channel profile: everything the reader needs, made once from a ``.channel`` file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from engine.channel.form.form import Form
from engine.channel.layout.layout import Layout
from engine.channel.layout.phrases import PhrasePattern
from engine.channel.syntax.tree import Case
from engine.channel.text.fields import Fields
from engine.channel.text.numbers import Notation
from engine.domain import Base, Side

if TYPE_CHECKING:
    from engine.channel.updates.phrasebook import Phrasebook


@dataclass(frozen=True, slots=True)
class Source:
    """Where a channel's messages come from, as ``source: telegram @fast_scalps`` says it."""

    kind: Literal["telegram", "export", "demo"]
    address: str


@dataclass(frozen=True, slots=True)
class Settings:
    """A profile's settings with their built-in values.

    ``whole_range_ends`` completes range ends that were cut off. ``largest_distance`` is the largest plausible distance
    of a stop from the entry, as a fraction of it; a target may be ten times as far. ``stop_in_points`` allows a bare
    number to be a distance in points. ``part`` is how much an update closes that says no more than "a part".
    """

    unread: Literal["refuse", "allow"] = "refuse"
    quote: str = ""
    market_entry: bool = False
    range: Literal["zone", "ladder"] = "zone"
    whole_range_ends: bool = False
    side: Side | Literal["from levels"] | None = None
    stop_in_points: bool = False
    distance_from: Base = "middle"
    largest_distance: float = 0.4
    part: float | None = None


@dataclass(frozen=True)
class Profile:
    """A channel profile that was loaded without errors. ``id`` is the stem of its file, ``path`` as shown to users.

    ``unread`` finds what must not stay unclaimed in a call. ``update_fields`` know the words of updates, ``fields``
    those of calls. ``variants`` are the same profile for the other notations that ``numbers:`` names.
    """

    id: str
    name: str
    path: str
    source: Source | None
    authors: tuple[str, ...]
    settings: Settings
    fields: Fields
    update_fields: Fields
    layouts: tuple[Layout, ...]
    phrasebook: Phrasebook | None = field(default=None, repr=False)
    never: tuple[PhrasePattern, ...] = ()
    ignore: tuple[PhrasePattern, ...] = ()
    footer: PhrasePattern | None = None
    forms: tuple[Form, ...] = ()
    variants: tuple[Profile, ...] = field(default=(), repr=False)
    unread: re.Pattern[str] = field(default=re.compile(r"\d"), repr=False)
    tests: tuple[Case, ...] = field(default=(), repr=False)

    def in_notation(self, notation: Notation) -> Profile:
        """The same profile for a notation whose numbers are found at the same places, but may mean others."""
        return replace(
            self,
            fields=replace(self.fields, notation=notation),
            update_fields=replace(self.update_fields, notation=notation),
            forms=tuple(replace(form, fields=replace(form.fields, notation=notation)) for form in self.forms),
        )

    def admits(self, sender: str | None) -> bool:
        """Whether a sender's messages count; an unknown sender's do."""
        if not self.authors or sender is None:
            return True
        return sender.casefold().lstrip("@") in (author.casefold().lstrip("@") for author in self.authors)
