"""What a phrase may begin with: at each word of a message only the phrases are tried that may stand there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from engine.channel.layout.items import Count, Index, Item, Literal, Maybe, Run, Slot, Synonym
from engine.channel.text.fields import Fields
from engine.channel.text.fold import INDEX, fold
from engine.channel.text.vocabulary import DENSE_CHARACTER, TOKEN, tokens_of

# Groups of words with which the value of a mark may begin.
_WORDS_OF = {
    "side": ("long", "short"),
    "share": ("part",),
    "stop": ("breakeven", "about"),
    "entry": ("market", "about"),
    "target": ("open target", "about"),
}


@dataclass(frozen=True, slots=True)
class Opening:
    """The words, signs and kinds of words (any, any that begins with a digit, a coin) with which a phrase may begin."""

    words: frozenset[str] = frozenset()
    signs: frozenset[str] = frozenset()
    any_word: bool = False
    any_number: bool = False
    coin: bool = False

    def fits(self, word: str, is_coin: bool) -> bool:
        """Whether a phrase may begin with a word ("": there is none)."""
        if word in self.words or (self.coin and is_coin):
            return True
        return self.any_number if word[:1].isdigit() else self.any_word and bool(word)

    def __or__(self, other: Opening) -> Opening:
        return Opening(
            self.words | other.words,
            self.signs | other.signs,
            self.any_word or other.any_word,
            self.any_number or other.any_number,
            self.coin or other.coin,
        )


def opening_of(items: Sequence[Item], fields: Fields) -> Opening:
    """What a phrase of these items may begin with."""
    found = Opening()
    for item in items:
        if isinstance(item, Maybe | Run):
            found |= opening_of(item.items, fields)
        else:
            found |= _opening(item, fields)
        if not isinstance(item, Maybe | Index):
            break
    return found


def _opening(item: Item, fields: Fields) -> Opening:
    """What one item may begin with."""
    if isinstance(item, Literal):
        return _of_phrases((item.token,))
    if isinstance(item, Synonym):
        return _of_phrases(fields.words.phrases(item.group))
    if isinstance(item, Count | Index):
        return Opening(signs=frozenset(INDEX), any_number=True)
    if isinstance(item, Slot):
        return _of_mark(item.mark.field, item.mark.sample, fields)
    return Opening(any_word=True, any_number=True)


def _of_mark(field: str, sample: str, fields: Fields) -> Opening:
    """What the value of a mark may begin with."""
    words = fields.words
    is_word = not re.search(r"\d", sample)
    if field == "symbol" and sample[:1] not in ("$", "#"):
        return Opening(coin=True)
    if field == "any" and not is_word:
        return Opening(any_number=True)
    if field == "number":
        return _of_phrases(tuple(words.number_words)) | Opening(signs=frozenset(INDEX), any_number=True)
    if field == "side":
        return _of_phrases(tuple(phrase for group in _WORDS_OF["side"] for phrase in words.phrases(group)))
    if field in _WORDS_OF:
        groups = (*_WORDS_OF[field], words.synonyms.groups.get(tokens_of(fold(sample).text.strip()), ""))
        phrases = [phrase for group in groups for phrase in words.phrases(group)]
        found = _of_phrases((*phrases, *(words.share_words if field == "share" else ())))
        return found if is_word and field in ("stop", "entry") else found | Opening(any_number=True)
    return Opening(any_word=True, any_number=True)


@lru_cache(maxsize=1024)  # many phrases begin with a word of one group
def _of_phrases(phrases: tuple[str, ...]) -> Opening:
    """The first words of phrases; words of one phrase may be run together (``stoploss``)."""
    found: set[str] = set()
    signs: set[str] = set()
    numbers = False
    for phrase in phrases:
        tokens = tokens_of(phrase)
        if not TOKEN.search(phrase):
            signs.add(phrase[0])
        elif tokens[0][0].isdigit():
            numbers = True
        else:
            found |= set(_run_together(tokens))
    return Opening(frozenset(found), frozenset(signs), any_number=numbers)


def _run_together(tokens: Sequence[str]) -> Iterable[str]:
    """The first word of a phrase, alone and run together with those behind it; a dense character is a word."""
    word = ""
    for token in tokens:
        if word and (DENSE_CHARACTER.match(token) or not token[0].isalpha()):
            return
        word += token
        yield word
        if DENSE_CHARACTER.match(token):
            return
