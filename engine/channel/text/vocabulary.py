"""The words of a profile, folded, and the patterns that find them.

Case and punctuation never matter, so a phrase is a chain of tokens with any punctuation between them. Scripts that
are written without spaces (Chinese, Japanese, Korean) have no word boundary; elsewhere a token ends where its letters
end. A phrase without letters or digits (an emoji) is matched as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from engine.channel.text.fold import fold
from engine.channel.text.names import NUMBER_WORDS, SHARE_WORDS, SPECIAL_GROUPS, TRADE_WORDS
from engine.channel.text.trie import trie_pattern

DENSE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"  # written without spaces
# an address of the web, or somebody's name on Telegram: they say nothing about a trade
ADDRESS = r"(?:https?://|www\.|t\.me/)\S++|@[a-z][\w-]*+"
GAP = r"\W*+"
# A letter of the scripts with spaces between words. They lie below U+2000; re takes five times as long to compile the
# exact set, and these two stand in every pattern.
NO_LETTER_AHEAD = r"(?!(?=[\x00-\u1fff])[^\W\d])"
NO_LETTER_BEHIND = r"(?<!(?=[\x00-\u1fff])[^\W\d])"
NO_DIGIT_AHEAD = r"(?![.,]?\d)"
NEVER_MATCHES = r"(?!)"
# Groups that stand for a kind of value: their words are no synonyms in the text of a sample.
_VALUES = frozenset(SPECIAL_GROUPS) - {"long", "short", "market", "about", "filler"}
_HARMLESS = (_VALUES - {"breakeven", "candle"}) | {"about", "market", "filler"}
DENSE_CHARACTER = re.compile(f"[{DENSE}]")
TOKEN = re.compile(rf"[{DENSE}]|[^\W\d{DENSE}]+|\d+")


def boundary(token: str) -> str:
    """What must not follow a token: more of its letters or digits."""
    if token[-1].isdigit():
        return NO_DIGIT_AHEAD
    return "" if DENSE_CHARACTER.match(token[-1]) or not token[-1].isalpha() else NO_LETTER_AHEAD


def token_pattern(token: str) -> str:
    """The pattern of one folded token."""
    return re.escape(token) + boundary(token)


def alternatives(phrases: Iterable[str]) -> str:
    """One pattern (without groups) for several phrases, the longest first; it matches nothing when there are none.

    The tokens of a phrase may have any punctuation between them. Phrases that end alike share their boundary, and those
    that begin alike their beginning (``trie.py``).
    """
    return _alternatives(tuple(phrases))


@lru_cache(maxsize=4096)  # the same groups are asked for with every value that is read
def _alternatives(phrases: tuple[str, ...]) -> str:
    kinds: dict[str, list[Sequence[str]]] = {"": [], NO_DIGIT_AHEAD: [], NO_LETTER_AHEAD: []}
    for phrase in sorted(dict.fromkeys(phrases), key=lambda phrase: (-len(phrase), phrase)):
        tokens = tokens_of(phrase)
        kinds[boundary(tokens[-1])].append(tokens)
    patterns = [trie_pattern(kind, GAP) + end for end, kind in kinds.items() if kind]
    return "(?:" + "|".join(patterns) + ")" if patterns else NEVER_MATCHES


@lru_cache(maxsize=20_000)  # profiles that take over the same library share its words
def clean(phrase: str) -> str:
    """A phrase of the profile, folded, its blanks made one."""
    return " ".join(fold(phrase).text.split())


def tokens_of(phrase: str) -> tuple[str, ...]:
    """What is compared when two phrases are asked to be the same."""
    return tuple(TOKEN.findall(phrase)) or (phrase,)


@dataclass(frozen=True)
class Synonyms:
    """The phrases that stand for their group in the text of a sample, by their tokens."""

    groups: Mapping[tuple[str, ...], str]

    @cached_property
    def signs(self) -> frozenset[str]:
        """Those without letters and digits, such as emoji."""
        return frozenset(key[0] for key in self.groups if len(key) == 1 and not TOKEN.search(key[0]))

    @cached_property
    def longest(self) -> int:
        """How many tokens a phrase has at most."""
        return max(map(len, self.groups), default=0)


@dataclass(frozen=True)
class Vocabulary:
    """Every word group of a profile: what it declares, and what is built in for the groups with a meaning.

    ``declared`` maps a group to its folded phrases; ``symbols`` maps the tokens of an alias to its symbol, ``numbers``
    and ``shares`` map a phrase to its number (second: 2) and its percentage (half: 50).
    """

    declared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    symbols: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)

    def phrases(self, group: str) -> tuple[str, ...]:
        """A group's phrases, the built-in ones included."""
        return (*self.declared.get(group, ()), *SPECIAL_GROUPS.get(group, ()))

    def words(self, group: str) -> tuple[str, ...]:
        """A group's phrases that have letters or digits."""
        return self._parted(group)[0]

    def signs(self, group: str) -> tuple[str, ...]:
        """A group's phrases without letters and digits, such as emoji."""
        return self._parted(group)[1]

    def _parted(self, group: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """A group's words and signs, told apart once: every pattern asks for them."""
        known = self._parts.get(group)
        if known is None:
            phrases = self.phrases(group)
            words = tuple(phrase for phrase in phrases if TOKEN.search(phrase))
            known = self._parts[group] = words, tuple(phrase for phrase in phrases if not TOKEN.search(phrase))
        return known

    @cached_property
    def _parts(self) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        return {}

    @cached_property
    def number_words(self) -> dict[str, float]:
        """Words for a number: first, second, and what the profile adds."""
        built_in = {word: float(number) for number, words in NUMBER_WORDS.items() for word in words}
        return {**built_in, **self.numbers}

    @cached_property
    def share_words(self) -> dict[str, float]:
        """Words for a percentage: half, quarter, and what the profile adds."""
        built_in = {word: float(share) for share, words in SHARE_WORDS.items() for word in words}
        return {**built_in, **self.shares}

    @cached_property
    def synonyms(self) -> Synonyms:
        """Every declared phrase that stands for its group in the text of a sample.

        A sign such as an emoji counts only in a group of the profile's own making.
        """
        return Synonyms(
            {
                tokens_of(phrase): group
                for group in self.declared
                if group not in _VALUES
                for phrase in self.phrases(group)
                if TOKEN.search(phrase) or group not in SPECIAL_GROUPS
            }
        )

    def trade_words(self) -> tuple[str, ...]:
        """The phrases that must not stand unclaimed in a message."""
        own = [p for group in self.declared if group not in _HARMLESS for p in self.words(group)]
        return (*TRADE_WORDS, *own)

    def telling_words(self) -> tuple[str, ...]:
        """The phrases that must not stand in what an update of phrases leaves unread."""
        return (*TRADE_WORDS, *self.share_words, *self.words("telling"), *self.words("doubt"))

    def reserved_words(self) -> tuple[str, ...]:
        """The phrases that are no symbol by themselves."""
        return (*self.trade_words(), *self.words("filler"))
