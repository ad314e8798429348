"""The syntax tree of a channel profile. Every node knows its span in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from engine.config.text import Span

NOWHERE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Text:
    """Literal text of a sample or a phrase; a doubled brace is one character of text with a span of two."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Mark:
    """``{field: sample}``, or ``{field}`` in a phrase."""

    field: str
    field_span: Span
    sample: str
    sample_span: Span
    span: Span


@dataclass(frozen=True, slots=True)
class Skip:
    """``{...}``: anything within the line."""

    span: Span


@dataclass(frozen=True, slots=True)
class Break:
    """The end of a sample's line."""

    span: Span


@dataclass(frozen=True, slots=True)
class Group:
    """``{? ...}`` (maybe) or ``{+ ...}`` (many)."""

    kind: Literal["maybe", "many"]
    pieces: tuple[Piece, ...]
    span: Span


Piece = Text | Mark | Skip | Break | Group


@dataclass(frozen=True, slots=True)
class Setting:
    """``key: value``."""

    key: str
    key_span: Span
    value: str
    value_span: Span


@dataclass(frozen=True, slots=True)
class Like:
    """``like "name"``: a profile whose parts are taken over."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Word:
    """One word or phrase of a word group."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class WordGroup:
    """``name = word, word``."""

    name: str
    span: Span
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A line of ``never`` or ``ignore``; ``only`` is "signal" or "update" where it forbids but one of them."""

    pieces: tuple[Piece, ...]
    span: Span
    only: Literal["", "signal", "update"] = ""


@dataclass(frozen=True, slots=True)
class Option:
    """What stands behind a comma in a layout's first line."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class LayoutNode:
    """A ``signal`` or ``update`` section.

    ``action`` is "" for a signal; an unnamed update is called by its action. An update of several actions has them
    with " and " between. ``mended``: lines with syntax errors were left out.
    """

    action: str
    action_span: Span
    name: str
    name_span: Span
    options: tuple[Option, ...]
    pieces: tuple[Piece, ...]
    mended: bool = False


@dataclass(frozen=True, slots=True)
class FormNode:
    """A ``form`` section: its name and its word groups."""

    name: str
    name_span: Span
    groups: tuple[WordGroup, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """An embedded test. ``expected`` holds one block of lines per signal or action; empty: nothing is expected."""

    name: str
    name_span: Span
    message: str
    message_start: int
    expected: tuple[tuple[Setting, ...], ...]


@dataclass(slots=True)
class File:
    """A whole profile as written."""

    name: str = ""
    name_span: Span = NOWHERE
    settings: list[Setting] = field(default_factory=list)
    likes: list[Like] = field(default_factory=list)
    defaults: list[Setting] = field(default_factory=list)
    words: list[WordGroup] = field(default_factory=list)
    update_words: list[WordGroup] = field(default_factory=list)
    never: list[Phrase] = field(default_factory=list)
    ignore: list[Phrase] = field(default_factory=list)
    layouts: list[LayoutNode] = field(default_factory=list)
    forms: list[FormNode] = field(default_factory=list)
    tests: list[Case] = field(default_factory=list)


def marks(pieces: tuple[Piece, ...]) -> Iterator[Mark]:
    """The marks among pieces, groups opened, in the order of the file."""
    for piece in pieces:
        if isinstance(piece, Mark):
            yield piece
        elif isinstance(piece, Group):
            yield from marks(piece.pieces)


def texts(pieces: tuple[Piece, ...]) -> Iterator[Text]:
    """The literal texts among pieces, groups opened, in the order of the file."""
    for piece in pieces:
        if isinstance(piece, Text):
            yield piece
        elif isinstance(piece, Group):
            yield from texts(piece.pieces)


@dataclass(frozen=True, slots=True)
class Sample:
    """A template with its marks taken off: the pasted message.

    ``origin[i]`` is the file's offset of the character ``text[i]`` (one more entry for the end); ``values`` are the
    marks with their half-open offsets in ``text``.
    """

    text: str
    origin: tuple[int, ...]
    values: tuple[tuple[Mark, int, int], ...]


def sample_of(pieces: tuple[Piece, ...]) -> Sample:
    """Take the marks off a template; the line ends around the message are dropped."""
    text: list[str] = []
    origin: list[int] = []
    values: list[tuple[Mark, int, int]] = []

    def add(string: str, start: int) -> None:
        text.extend(string)
        origin.extend(range(start, start + len(string)))

    def walk(some: tuple[Piece, ...]) -> None:
        for piece in some:
            if isinstance(piece, Text):
                add(piece.text, piece.span.start)
            elif isinstance(piece, Break):
                add("\n", piece.span.start)
            elif isinstance(piece, Mark):
                values.append((piece, len(text), len(text) + len(piece.sample)))
                add(piece.sample, piece.sample_span.start)
            elif isinstance(piece, Group):
                walk(piece.pieces)

    walk(pieces)
    end = origin[-1] + 1 if origin else 0
    if text and text[0] == "\n":
        text, origin = text[1:], origin[1:]
        values = [(mark, start - 1, stop - 1) for mark, start, stop in values]
    return Sample("".join(text), (*origin, end), tuple(values))
