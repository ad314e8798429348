"""One line of a template as items, and runs of items folded into one repeated part.

1. ``items_of``: the line's pieces as items; literal text becomes tokens, synonyms their group, list indexes an Index.
2. ``fold_runs``: parts of the same shape that follow each other become one part that comes once or several times.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from engine.channel.syntax import tree as t
from engine.channel.text.fields import Fields
from engine.channel.text.fold import INDEX, fold
from engine.channel.text.names import CURRENCIES, LIST_FIELDS
from engine.channel.text.patterns import is_price
from engine.channel.text.vocabulary import TOKEN, Synonyms

_TOKENS = re.compile(rf"(?P<index>\d{{1,2}}(?=[ \t]*\))|{INDEX})|{TOKEN.pattern}")


@dataclass(frozen=True, slots=True)
class Literal:
    """A folded token of the sample's text, and as the sample spells it (``altında`` for ``altinda``)."""

    token: str
    spelled: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Synonym:
    """Any phrase of a word group."""

    group: str


@dataclass(frozen=True, slots=True)
class Index:
    """The number of a list item; it may be missing."""


@dataclass(frozen=True, slots=True)
class Count:
    """A number that counts along a run: TP1, TP2, TP3."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A mark. ``single`` in a run: one price, not a range."""

    mark: t.Mark
    single: bool = False


@dataclass(frozen=True, slots=True)
class Skip:
    """``{...}``."""


@dataclass(frozen=True, slots=True)
class Maybe:
    """A part that may be missing."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """A part that comes once or several times."""

    items: tuple[Item, ...]


Item = Literal | Synonym | Index | Count | Slot | Skip | Maybe | Run


def items_of(pieces: Sequence[t.Piece], fields: Fields) -> tuple[Item, ...]:
    """The items of one line's pieces (no line ends among them)."""
    items: list[Item] = []
    synonyms = fields.words.synonyms
    for piece in pieces:
        if isinstance(piece, t.Text):
            items += literal_items(piece.text, synonyms)
        elif isinstance(piece, t.Mark):
            items.append(Slot(piece))
        elif isinstance(piece, t.Skip):
            items.append(Skip())
        elif isinstance(piece, t.Group):
            inner = items_of(piece.pieces, fields)
            if inner:
                items.append(Maybe(inner) if piece.kind == "maybe" else Run(inner))
    return fold_runs(tuple(_without_trimmings(items)))


def literal_items(text: str, synonyms: Synonyms) -> list[Item]:
    """Literal text as tokens; the longest synonym wins."""
    folded = fold(text)
    matches = list(_tokens(synonyms.signs).finditer(folded.text))
    tokens = [match[0] for match in matches]
    items: list[Item] = []
    at = 0
    while at < len(tokens):
        for size in range(min(synonyms.longest, len(tokens) - at), 0, -1):
            group = synonyms.groups.get(tuple(tokens[at : at + size]))
            if group:
                said = bool(items) and items[-1] == Synonym(group)
                # an emoji beside its word says it once
                if not (said and {tokens[at], tokens[at - 1]} & synonyms.signs):
                    items.append(Synonym(group))
                at += size
                break
        else:
            if matches[at].groupdict()["index"]:
                items.append(Index())
            else:
                items.append(Literal(tokens[at], text[slice(*folded.original(*matches[at].span()))].lower()))
            at += 1
    return items


@cache
def _tokens(signs: frozenset[str]) -> re.Pattern[str]:
    """The tokens of a text, signs that stand for a word among them."""
    return re.compile("|".join([*map(re.escape, sorted(signs, key=lambda sign: (-len(sign), sign))), _TOKENS.pattern]))


def _without_trimmings(items: list[Item]) -> list[Item]:
    """A currency and an "about" beside a price belong to the price; any other "about" or filler may be missing."""
    kept: list[Item] = []
    for position, item in enumerate(items):
        after_price = bool(kept) and _is_price(kept[-1])
        before_price = any(map(_is_price, items[position + 1 : position + 2]))
        if isinstance(item, Synonym) and item.group == "about":
            if not (after_price or before_price):
                kept.append(Maybe((item,)))
        elif isinstance(item, Synonym) and item.group == "filler":
            kept.append(Maybe((item,)))
        elif not (after_price and isinstance(item, Literal) and item.token in CURRENCIES):
            kept.append(item)
    return kept


def _is_price(item: Item) -> bool:
    return isinstance(item, Slot) and is_price(item.mark.field)


# ------------------------------------------------------------------ runs


def shape(items: Sequence[Item]) -> tuple[object, ...]:
    """What makes two parts alike: their literals without numbers, and their fields; a market entry is no price."""
    return tuple(
        ("slot", item.mark.field, item.mark.field == "entry" and not re.search(r"\d", item.mark.sample))
        if isinstance(item, Slot)
        else (type(item).__name__, shape(item.items))
        if isinstance(item, Maybe | Run)
        else "number"
        if isinstance(item, Count) or (isinstance(item, Literal) and item.token.isdigit())
        else item
        for item in items
    )


def has_list_field(items: Sequence[Item]) -> bool:
    """Whether a part marks an entry or a target."""
    return any(
        (isinstance(item, Slot) and item.mark.field in LIST_FIELDS)
        or (isinstance(item, Maybe | Run) and has_list_field(item.items))
        for item in items
    )


def merge(parts: Sequence[Sequence[Item]]) -> tuple[Item, ...]:
    """One part for several of the same shape: numbers that differ among them count."""
    merged: list[Item] = []
    for same in zip(*parts, strict=True):
        first = same[0]
        if isinstance(first, Literal) and any(item != first for item in same):
            merged.append(Count())
        elif isinstance(first, Maybe | Run):
            inner = merge([item.items for item in same if isinstance(item, Maybe | Run)])
            merged.append(replace(first, items=inner))
        else:
            merged.append(first)
    return tuple(merged)


def fold_runs(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Make parts of the same shape that follow each other and mark a list field one repeated part."""
    for start in range(len(items)):
        for size in range(1, (len(items) - start) // 2 + 1):
            unit = items[start : start + size]
            if not has_list_field(unit):
                continue
            count = 1
            while shape(items[start + count * size : start + (count + 1) * size]) == shape(unit):
                count += 1
            if count > 1:
                parts = [items[start + i * size : start + (i + 1) * size] for i in range(count)]
                run = Run(tuple(_single(item) for item in merge(parts)))
                return (*items[:start], run, *fold_runs(items[start + count * size :]))
    return items


def _single(item: Item) -> Item:
    return replace(item, single=True) if isinstance(item, Slot) else item
