"""What a form collects from a message: numbers with their fields, and what else it met on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from engine.channel.form.scan import Token
from engine.channel.text.names import FORM_LABELS

QUIET = frozenset({"index", "about", "range", "long sign", "short sign", "nothing"})  # say nothing beside a number
TALK = 8  # so many words without a label or a side are talk: their numbers are no levels
_SPEAKS = FORM_LABELS - {"skip"} | {"long", "short", "doubt", "done"}


@dataclass(slots=True)
class Number:
    """A number (or a percentage) and the field it was given to; ``joined`` by a dash to the number before it."""

    token: Token
    field: str
    joined: bool = False


@dataclass(slots=True)
class Claims:
    """What the walk over the tokens collected.

    The fields of ``numbers`` are ``entry``, ``entry long``, ``entry short``, ``entry add``, ``market``, ``head`` (no
    label), ``price`` (may be the entry), ``target`` and ``stop``. ``left`` are numbers that belong to nothing.
    """

    numbers: list[Number] = field(default_factory=list)
    markets: list[Token] = field(default_factory=list)
    own_order: bool = False  # a word of the market has a label of its own: Entry: now
    at_once: bool = False  # a word of the market stands beside the side, the coin or the price
    leverages: list[Token] = field(default_factory=list)
    closes: list[Token] = field(default_factory=list)
    times: list[Token] = field(default_factory=list)  # beside a stop
    ways: list[Token] = field(default_factory=list)  # above, below
    open_targets: list[Token] = field(default_factory=list)
    shares: list[Token] = field(default_factory=list)
    left: list[Token] = field(default_factory=list)

    def of(self, *fields: str) -> list[Number]:
        """The numbers of some fields."""
        return [number for number in self.numbers if number.field in fields]


@dataclass(frozen=True)
class Lines:
    """The tokens of a message by line."""

    tokens: Sequence[Token]

    @cached_property
    def by_number(self) -> dict[int, list[Token]]:
        """The tokens of each line that has any."""
        found: dict[int, list[Token]] = {}
        for token in self.tokens:
            found.setdefault(token.line, []).append(token)
        return found

    @cached_property
    def of_numbers(self) -> frozenset[int]:
        """The lines that hold nothing but numbers."""
        return frozenset(
            line
            for line, tokens in self.by_number.items()
            if all(token.kind == "number" or token.kind in QUIET for token in tokens)
        )

    @cached_property
    def talk(self) -> frozenset[int]:
        """The lines of many words that name no label, no side and no doubt."""
        return frozenset(
            line
            for line, tokens in self.by_number.items()
            if sum(token.kind in ("word", "no coin", "ticker") for token in tokens) >= TALK
            and not any(token.kind in _SPEAKS for token in tokens)
        )
