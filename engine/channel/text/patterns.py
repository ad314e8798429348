"""The fields of a mark: which text each takes, as a pattern (``fields.py`` says what the text means).

Every pattern is anchored, linear (possessive loops, no nesting) and has one group: the value. ``lead`` is the gap
allowed before it; it stops at signs that belong to the value (an emoji that means long, the ``$`` of a ticker).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from engine.channel.text.fold import INDEX, fold
from engine.channel.text.names import CURRENCIES, PERCENT_WORDS, PRICE_FIELDS, QUOTES
from engine.channel.text.numbers import Notation
from engine.channel.text.timeframes import timeframe_pattern
from engine.channel.text.vocabulary import (
    GAP,
    NO_LETTER_AHEAD,
    NO_LETTER_BEHIND,
    Vocabulary,
    alternatives,
    tokens_of,
)

_BLANK = r"[ \t]*+"
_TICKER = "a-z0-9авекмнорстухѕіј"
_X = "[x×х]"
_CURRENCY = rf"(?:{_BLANK}(?:(?:{'|'.join(CURRENCIES)}){NO_LETTER_AHEAD}|[$€₮]))?"
_MULTIPLIERS = "萬万千百億亿"
_KEPT = 1024  # meanings of each kind
_P = ParamSpec("_P")
_T = TypeVar("_T")


def remembered(method: Callable[Concatenate[Any, _P], _T]) -> cached_property[Callable[_P, _T]]:
    """A method that says what a text means: a channel writes the same words again and again, so the latest are kept."""
    return cached_property(lambda self: cast(Callable[_P, _T], lru_cache(_KEPT)(partial(method, self))))


@dataclass(frozen=True)
class Patterns:
    """The patterns of all fields for one profile's words and notation."""

    words: Vocabulary
    notation: Notation

    @property
    def _about(self) -> str:
        return alternatives(self.words.phrases("about"))

    @property
    def _joint(self) -> str:
        """What stands between the two prices of a range."""
        return (
            rf"{_BLANK}(?:[-~/&\u2010-\u2015\u2212\u301c]++|{alternatives(self.words.phrases('range'))}){_BLANK}[$€]?"
        )

    @cached_property
    def _thousand(self) -> str:
        """A word that multiplies the number before it."""
        return rf"{_BLANK}{alternatives((*self.words.words('thousand'), *self.words.words('ten thousand')))}"

    @cached_property
    def _price(self) -> str:
        """A number that is no percentage, no multiple and no part of a word; its currency may follow."""
        end = rf"{NO_LETTER_AHEAD}(?![{_MULTIPLIERS}]|{_BLANK}%)"
        return rf"{self.notation.token}(?:{self._thousand})?+(?={_CURRENCY}{end})"

    @property
    def _range(self) -> str:
        about = rf"(?:{_BLANK}{self._about}){{0,3}}"
        return rf"{self._price}(?:{_CURRENCY}{about}{self._joint}{self._price})?"

    def lead(self, field: str, kept_signs: str = "") -> str:
        """The gap before a value. It never takes the ``%`` of ``%5``, which would turn a percentage into a price.

        Nor one of ``kept_signs``.
        """
        kept = {"symbol": "$#", "side": "", "any": ""}.get(field, "%")
        kept += "".join(sorted({*kept_signs, *(sign[0] for sign in self._signs(field))}))
        return rf"[^\w{re.escape(kept)}]*+" if kept else GAP

    def _signs(self, field: str) -> tuple[str, ...]:
        groups = {"side": ("long", "short"), "target": ("open target",), "entry": ("market",)}.get(field, ())
        return tuple(sign for group in groups for sign in self.words.signs(group))

    def pattern(self, field: str, sample: str = "", single: bool = False, strict: bool = False) -> str:
        """The pattern of a field, its value in the one group.

        A target takes a list of prices only where its sample is one; ``single`` keeps an entry to one price (it
        stands in a run of entries). ``strict`` (in phrases): where the sample is a word a word, else a number.
        """
        if strict and field in ("stop", "entry", "share"):
            return self._strict(field, sample)
        if strict and field == "target":  # TP3 is no target at 3
            return NO_LETTER_BEHIND + self.pattern(field, sample)
        about = rf"(?:{self._about}[^\w%]*+)?"
        behind = rf"{_CURRENCY}(?:{GAP}{self._about}){{0,3}}"
        if field == "side":
            return self._side()
        if field == "symbol":
            return self._symbol(strict, signed=sample[:1] in ("$", "#"))
        if field == "entry":
            market = alternatives(self.words.phrases("market"))
            price = self._price if single else rf"(?:{self._range}|{market}(?:{self._joint}{self._price})?)"
            return rf"{about}({price}){behind}"
        if field in ("entry market", "entry above", "entry below", "stop hard"):
            return rf"{about}({self._price}){behind}"
        if field == "target" and self.is_distance(sample):
            distance = self._distance(target=True)
            return rf"({distance}(?:{self._joint}{distance}){{0,9}})"
        if field == "target":
            is_list = re.search(r"\d\D+\d", re.sub(r"[.,' ]", "", sample))
            more = rf"(?:{_CURRENCY}(?:{_BLANK}{self._about})?{self._joint}{self._price}){{0,9}}" if is_list else ""
            return rf"{about}({self._price}{more}|{alternatives(self.words.phrases('open target'))}){behind}"
        if field == "stop":
            return rf"{about}({self._distance()}|{self._price}|{alternatives(self.words.phrases('breakeven'))}){behind}"
        if field == "stop when":
            return rf"({timeframe_pattern(self.words)})"
        if field == "id":
            return r"((?=[a-z]{0,10}-?\d)[a-z0-9][a-z0-9-]{0,39}+)(?![\w.,]*\w)"
        if field == "number":
            words = alternatives(self.words.number_words)
            return rf"({INDEX}|{words}|\d{{1,2}}+(?:st|nd|rd|th)?(?![a-z0-9%]|[.,]\d))"
        if field == "leverage":
            one = rf"(?:{_X}{_BLANK})?\d{{1,3}}+(?:[.,]\d++)?(?:{_BLANK}{_X})?"
            return rf"({one}(?:{self._joint}{one}){{0,3}}){NO_LETTER_AHEAD}(?![\d%])"
        if field == "share":
            return self._share((*self.words.share_words, *self.words.words("part")))
        if strict and re.search(r"\d", sample):
            return rf"{NO_LETTER_BEHIND}({self.notation.token}\w*+)"
        if re.fullmatch(r"\s*[^\W\d]+\s*", sample):  # any, where the sample is a word of letters
            return r"([^\W\d]++(?!\w))"
        return rf"({self.notation.token}\w*+|\w++)"  # a number is taken whole, with the letters behind it

    def _share(self, words: Iterable[str]) -> str:
        """A percentage, a fraction, or a word for one."""
        number = self.notation.token
        percent = rf"(?:%|{alternatives(PERCENT_WORDS)})"
        return rf"({number}{_BLANK}{percent}|%{_BLANK}{number}|\d{{1,2}}+/\d{{1,2}}+(?!\d)|{alternatives(words)})"

    def _strict(self, field: str, sample: str) -> str:
        """A stop, an entry or a share of the kind that the sample is: a number, or a word of the sample's group."""
        about = rf"(?:{self._about}[^\w%]*+)?"
        behind = rf"{_CURRENCY}(?:{GAP}{self._about}){{0,3}}"
        is_word = not re.search(r"\d", sample)
        if field == "share" and fold(sample).text.strip() in self.words.words("part"):
            return rf"({alternatives(self.words.words('part'))})"
        if field == "share":
            return self._share(self.words.share_words)
        group = self.words.synonyms.groups.get(tokens_of(fold(sample).text.strip()))
        words = alternatives(self.words.phrases(group or ("breakeven" if field == "stop" else "market")))
        number = self._price if field == "stop" else self._range
        return rf"({words})" if is_word else rf"{NO_LETTER_BEHIND}{about}({number}){behind}"

    def _distance(self, target: bool = False) -> str:
        """A level said as a percentage or in points, a target also in multiples of the risk."""
        number = self.notation.token
        points = alternatives(self.words.phrases("points"))
        risk = rf"|{number}{_BLANK}r(?!\w)" if target else ""
        return rf"(?:{number}{_BLANK}%|%{_BLANK}{number}|{number}{_BLANK}{points}{risk})"

    @remembered
    def is_distance(self, sample: str) -> bool:
        """Whether the sample of a target says distances instead of prices."""
        return bool(re.match(rf"\W*{self._target_distance.pattern}", fold(sample).text))

    @cached_property
    def _target_distance(self) -> re.Pattern[str]:
        """A target that is no price."""
        return re.compile(self._distance(target=True))

    @cached_property
    def _percent_range(self) -> re.Pattern[str]:
        """Two percentages of which the first has no sign."""
        number = self.notation.token
        return re.compile(rf"\+?({number}){self._joint}({number}){_BLANK}%")

    def _side(self) -> str:
        """A word, with a sign before it where there is one, or the sign alone."""
        words = alternatives((*self.words.words("long"), *self.words.words("short")))
        signs = alternatives(self._signs("side"))
        return rf"((?:{signs}\W{{0,4}})?{words}|{signs})"

    def _symbol(self, strict: bool = False, signed: bool = False) -> str:
        """An alias, or a ticker with its quote currency: BTC, BTCUSDT, BTC/USDT, $BTC, BTCUSDT.P.

        ``strict``: words that are no coin are sorted out later. ``signed``: its ``$`` or ``#`` belongs to the value and
        has to be there.
        """
        quotes = rf"(?:{'|'.join(QUOTES).lower()})(?![a-z0-9])"
        letters = "[a-zавекмнорстухѕіј]"
        glued = r"(?=\d{5}|\d{4}[-~/.,]\d)"  # a price: BTC64800, ETH2410-2385; but SPX6900 is a coin
        ticker = rf"(?:{letters}{{2,12}}+{glued}|(?=\d*+{letters})[{_TICKER}]{{1,20}}+)"
        quoted = rf"\d{{1,5}}+(?={_BLANK}/{_BLANK}{quotes})|(?<=[$#])\d{{1,2}}+(?![\w.,])"
        tail = rf"(?:{_BLANK}[/|:-]?{_BLANK}{quotes})?(?:\.p(?!\w)|[ -]?perp(?!\w))?"
        sides = alternatives((*self.words.words("long"), *self.words.words("short")))
        no_side = rf"(?!#{_BLANK}{sides}(?!\w|{_BLANK}/))"  # #LONG is no coin
        if signed:
            return rf"{no_side}([$#]++{_BLANK}(?:{ticker}|\d{{1,2}}+(?![\w.,])){tail}){NO_LETTER_AHEAD}"
        free = rf"(?:[$#]++{_BLANK})?+"
        if not strict:
            free = rf"(?:[$#]++{_BLANK}|(?!{alternatives(self.words.reserved_words())}(?!{_BLANK}/)))"
        names = alternatives(map(" ".join, self.words.symbols))
        return rf"{no_side}{free}({names}|(?:{ticker}|{quoted}){tail}){NO_LETTER_AHEAD}"


def is_price(field: str) -> bool:
    """Whether a field's value is a price, behind which a currency may stand."""
    return field in PRICE_FIELDS
