"""The phrases of ``never``, ``ignore`` and ``footer from``, and the words that must not stand unclaimed.

A phrase means what it says: punctuation and emoji in it count, only case and the number of blanks do not. It may hold
marks (``{target} ✅``) and ``{...}``. All of these patterns are searched for, so each begins where a word begins and
none can look farther than FARTHEST_SKIP characters: searching stays linear.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.channel.syntax import tree as t
from engine.channel.text.fields import Fields
from engine.channel.text.fold import INDEX, fold
from engine.channel.text.vocabulary import (
    DENSE,
    NO_LETTER_AHEAD,
    NO_LETTER_BEHIND,
    TOKEN,
    alternatives,
)

FARTHEST_SKIP = 200
_BLANKS = r"[^\S\n]*+"


@dataclass(frozen=True)
class PhrasePattern:
    """A phrase: as people read it, as a pattern, and the longest word that every text with it holds (a quick no).

    ``only`` is "signal" or "update" where a phrase of ``never`` forbids but one of them. It is compiled when a message
    first holds its word.
    """

    shown: str
    source: str
    key: str
    only: str = ""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The pattern to search for, compiled."""
        return re.compile(self.source)


def phrase_pattern(phrase: t.Phrase, fields: Fields) -> PhrasePattern:
    """The pattern of a phrase with its marks."""
    parts: list[str] = []
    words: list[str] = []
    for index, piece in enumerate(phrase.pieces):
        if isinstance(piece, t.Text):
            text = literal_regex(piece.text, begins=index == 0)
            words += fold(piece.text).text.split()
            if text:
                parts.append(text)
        elif isinstance(piece, t.Mark):
            guard = "" if parts else r"(?<![\d.,])" + NO_LETTER_BEHIND
            parts.append(guard + fields.pattern(piece.field, piece.sample))
        else:
            last = index == len(phrase.pieces) - 1
            parts.append(r"[^\n]*+" if last else rf"[^\n]{{0,{FARTHEST_SKIP}}}?")
    shown = t.sample_of(phrase.pieces).text.strip() or "{...}"
    return PhrasePattern(shown, _BLANKS.join(parts), max(words, key=len, default=""), phrase.only)


def text_pattern(text: str) -> PhrasePattern:
    """The pattern of a phrase without marks."""
    return PhrasePattern(text, literal_regex(text), max(fold(text).text.split(), key=len, default=""))


def literal_regex(text: str, begins: bool = True) -> str:
    """The pattern of literal text, bounded where it begins or ends with a word."""
    words = fold(text).text.split()
    if not words:
        return ""
    before = NO_LETTER_BEHIND if begins and words[0][0].isalpha() else ""
    before = r"(?<![\d.,])" if begins and words[0][0].isdigit() else before
    tail = words[-1][-1]
    behind = (
        r"(?!\d)" if tail.isdigit() else NO_LETTER_AHEAD if tail.isalpha() and not re.match(f"[{DENSE}]", tail) else ""
    )
    return before + _BLANKS.join(map(re.escape, words)) + behind


def unread_regex(trade: Sequence[str]) -> re.Pattern[str]:
    """What makes an unclaimed piece of a message too important to skip: a number, or one of these words.

    A digit inside a Latin word (``web3``) is no number, four in a row always are (``BTC64800``), so are two keycaps.
    """
    heads = "".join(sorted({re.escape(token[0][0]) for word in trade if (token := TOKEN.search(word))}))
    return re.compile(rf"(?<![^\W{DENSE}])\d|\d{{4}}|{INDEX}{{2}}|{NO_LETTER_BEHIND}(?=[{heads}]){alternatives(trade)}")
