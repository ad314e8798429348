"""The lines of a message that matter for its layout: their values, and the words before, between and behind them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.channel.suggest.marks import LEVELS, Guess, Marked
from engine.channel.suggest.words import LABELS
from engine.channel.text.fold import INDEX
from engine.channel.text.names import TRADE_WORDS
from engine.channel.text.vocabulary import TOKEN, tokens_of

CORE = ("symbol", "side", *LEVELS)
_PIECE = re.compile(rf"(?P<index>\d{{1,2}}[ \t]*\)|{INDEX})|{TOKEN.pattern}")
_LABEL_TOKENS = {tokens_of(phrase) for phrases in LABELS.values() for phrase in phrases}

Gap = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number, or a value that is no level (``<leverage>``) between two values; offsets in the folded text."""

    key: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Row:
    """A line that matters: its levels, symbol and side, and the tokens before, between and behind them.

    ``gaps[i]`` stands before ``values[i]``, the last one behind the last value. ``heading`` is a line of words that the
    values below belong to.
    """

    start: int
    end: int
    values: tuple[Guess, ...]
    gaps: tuple[tuple[Token, ...], ...]
    heading: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        """What the line holds; a run of one field counts once."""
        fields = [value.field for value in self.values]
        return tuple(name for i, name in enumerate(fields) if i == 0 or name != fields[i - 1])

    @property
    def words(self) -> tuple[Gap, ...]:
        """The gaps as words, numbers made alike."""
        return tuple(tuple(token.key for token in gap) for gap in self.gaps)


@dataclass(slots=True)
class Post:
    """A message with its rows: ``core`` are runs of rows of one kind, ``extras`` lines without a level by place."""

    id: str
    marked: Marked
    core: list[list[Row]]
    extras: list[tuple[int, Row]]

    @property
    def key(self) -> tuple[object, ...]:
        """What makes posts one family."""
        return tuple((run[0].key, run[0].heading, len(run[0].values) > 1 and len(run[0].key) == 1) for run in self.core)

    @property
    def signed(self) -> bool:
        """Whether a ``$`` or ``#`` stands before the symbol."""
        return any(value[:1] in ("$", "#") for value in self.marked.values("symbol"))


def post_of(identity: str, marked: Marked) -> Post:
    """The rows of a message, those of one kind that follow each other made one run."""
    rows = rows_of(marked)
    core: list[list[Row]] = []
    extras: list[tuple[int, Row]] = []
    for row in rows:
        if not row.values and not row.heading:
            extras.append((len(core), row))
        elif core and core[-1][-1].values and core[-1][-1].key == row.key and core[-1][-1].words[:-1] == row.words[:-1]:
            core[-1].append(row)
        else:
            core.append([row])
    return Post(identity, marked, core, extras)


def rows_of(marked: Marked) -> list[Row]:
    """The lines of a message that hold a value, a heading of values, a number or a trade word."""
    rows: list[Row] = []
    for index, (start, end, line) in enumerate(marked.lines):
        values = tuple(guess for guess in line if guess.field in CORE)
        gaps: list[list[Token]] = [[]]
        at = start
        for guess in line:
            gaps[-1] += _tokens(marked.folded.text, at, guess.start)
            if guess.field in CORE:
                gaps.append([])
            else:
                gaps[-1].append(Token(f"<{guess.field}>", guess.start, guess.end))
            at = guess.end
        gaps[-1] += _tokens(marked.folded.text, at, end)
        while gaps[-1] and not _matters(gaps[-1][-1]):  # harmless words behind the last value
            gaps[-1].pop()
        heading = not line and _is_heading(gaps[0]) and _level_below(marked, index)
        if values or heading or gaps[-1]:
            rows.append(Row(start, end, values, tuple(map(tuple, gaps)), heading))
    return rows


def _tokens(text: str, start: int, end: int) -> list[Token]:
    found = []
    for match in _PIECE.finditer(text, start, end):
        if not match["index"]:
            found.append(Token("#" if match[0].isdigit() else match[0], match.start(), match.end()))
    return found


def _matters(token: Token) -> bool:
    """Whether the reader would refuse a message that has this token unclaimed."""
    return token.key[0] in "<#" or token.key in TRADE_WORDS


def _is_heading(gap: Sequence[Token]) -> bool:
    words = tuple(token.key for token in gap if token.key != "#")
    return any(words[: len(label)] == label or words[-len(label) :] == label for label in _LABEL_TOKENS)


def _level_below(marked: Marked, index: int) -> bool:
    """Whether the next line begins with a level: alone under its heading (``145``) or labelled (``TP1: 145``)."""
    below = marked.lines[index + 1][2] if index + 1 < len(marked.lines) else []
    return bool(below) and below[0].field in LEVELS
