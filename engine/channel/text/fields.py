"""The fields of a mark: which text each takes, as a pattern, and what the text means.

Every pattern is anchored, linear (possessive loops, no nesting) and has one group: the value. ``lead`` is the gap
allowed before it; it stops at signs that belong to the value (an emoji that means long, the ``$`` of a ticker).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from engine.channel.text.fold import INDEX, fold
from engine.channel.text.names import CURRENCIES, PRICE_FIELDS, QUOTES
from engine.channel.text.numbers import Notation
from engine.channel.text.timeframes import timeframe_ms, timeframe_pattern
from engine.channel.text.vocabulary import (
    DENSE,
    GAP,
    NO_LETTER_AHEAD,
    NO_LETTER_BEHIND,
    Vocabulary,
    alternatives,
    tokens_of,
)
from engine.domain import Distance, Side

_BLANK = r"[ \t]*+"
_LOOKALIKES = str.maketrans("авекмнорстухѕіј", "abekmhopctyxsij")
_TICKER = "a-z0-9авекмнорстухѕіј"
_X = "[x×х]"
_CURRENCY = rf"(?:{_BLANK}(?:(?:{'|'.join(CURRENCIES)}){NO_LETTER_AHEAD}|[$€₮]))?"
_MULTIPLIERS = "萬万千百億亿"


@dataclass(frozen=True)
class Fields:
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
        end = rf"(?![^\W\d{DENSE}]|[{_MULTIPLIERS}]|{_BLANK}%)"
        return rf"{self.notation.token}(?:{self._thousand})?+(?={_CURRENCY}{end})"

    @property
    def _range(self) -> str:
        about = rf"(?:{_BLANK}{self._about}){{0,3}}"
        return rf"{self._price}(?:{_CURRENCY}{about}{self._joint}{self._price})?"

    def lead(self, field: str) -> str:
        """The gap before a value. It never takes the ``%`` of ``%5``, which would turn a percentage into a price."""
        kept = {"symbol": "$#", "side": "", "any": ""}.get(field, "%")
        kept += "".join(sorted({sign[0] for sign in self._signs(field)}))
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
            return rf"({INDEX}|{words}|\d{{1,2}}+(?:st|nd|rd|th)?(?![a-z0-9]|[.,]\d))"
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
        return rf"({number}{_BLANK}%|%{_BLANK}{number}|\d{{1,2}}+/\d{{1,2}}+(?!\d)|{alternatives(words)})"

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

    def is_distance(self, sample: str) -> bool:
        """Whether the sample of a target says distances instead of prices."""
        return bool(re.match(rf"\W*{self._distance(target=True)}", fold(sample).text))

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
            return rf"{no_side}([$#]++{_BLANK}(?:{ticker}|\d{{1,2}}+(?![\w.,])){tail})(?![^\W\d{DENSE}])"
        free = rf"(?:[$#]++{_BLANK})?+"
        if not strict:
            free = rf"(?:[$#]++{_BLANK}|(?!{alternatives(self.words.reserved_words())}(?!{_BLANK}/)))"
        names = alternatives(map(" ".join, self.words.symbols))
        return rf"{no_side}{free}({names}|(?:{ticker}|{quoted}){tail})(?![^\W\d{DENSE}])"

    # ------------------------------------------------------------------ meanings (of folded text)

    def numbers(self, text: str, *, whole_ends: bool = False) -> list[float | None]:
        """The numbers in a value, None for one that is none in the notation.

        ``whole_ends`` completes the second of two, where it is the cut-off end of a range.
        """
        found = [list(match) for match in self._counted.findall(text)]
        if whole_ends and len(found) == 2 and not any(word for _, word in found):
            found[1][0] = self.notation.whole_end(found[0][0], found[1][0])
        return [self._multiplied(self.notation.parse(number), word.strip()) for number, word in found]

    @cached_property
    def _counted(self) -> re.Pattern[str]:
        return re.compile(rf"({self.notation.token})({self._thousand})?+")

    def _multiplied(self, number: float | None, word: str) -> float | None:
        if number is None or not word:
            return number
        times = 1000 if re.fullmatch(alternatives(self.words.words("thousand")), word) else 10_000
        return float(Decimal(repr(number)) * times)

    def side(self, text: str) -> Side | None:
        """The side a value says; None when it says both."""
        long = re.search(alternatives(self.words.phrases("long")), text)
        short = re.search(alternatives(self.words.phrases("short")), text)
        if bool(long) == bool(short):
            return None
        return Side.LONG if long else Side.SHORT

    def symbol(self, text: str, quote: str) -> str | None:
        """The symbol with its quote currency; None when neither the text nor the profile names one."""
        bare = re.sub(r"\s+", "", text).lstrip("$#")
        alias = self.words.symbols.get(tokens_of(text))
        name = alias or bare.translate(_LOOKALIKES if re.search("[a-z0-9]", bare) else {}).upper()
        name = re.sub(r"\.P$|(?<=.)-?PERP$", "", name)
        pair = re.sub(r"[/|:-]", "", name)
        if any(pair.endswith(q) and len(pair) > len(q) for q in QUOTES if q not in ("BTC", "ETH", "BNB")):
            return pair
        if pair != name or re.fullmatch(r"[A-Z]{3,}BTC", pair):  # the pair was written out
            return pair
        return pair + quote if quote else None

    def is_pair(self, text: str) -> bool:
        """Whether a symbol names its quote currency, or is another name of one."""
        if tokens_of(text) in self.words.symbols or re.search(r"[/|:]", text):
            return True
        return any(text.endswith(quote) and len(text) > len(quote) for quote in CURRENCIES)

    def distance(self, text: str) -> Distance | None:
        """A level said relative to the entry; None when it is a price."""
        value = self.numbers(text)
        if not value or value[0] is None:
            return None
        if "%" in text:
            return Distance(value[0], "percent")
        rest = self._counted.sub("", text).strip()
        return Distance(value[0], "R" if rest == "r" else "points") if rest else None

    def distances(self, text: str) -> list[Distance]:
        """The distances in the value of a target, none when it holds prices."""
        ends = re.fullmatch(rf"\+?({self.notation.token}){self._joint}({self.notation.token}){_BLANK}%", text)
        if ends and (both := self.numbers(f"{ends[1]} {ends[2]}")) and None not in both:
            return [Distance(value, "percent") for value in both if value is not None]  # 30-40%
        found = re.findall(self._distance(target=True), text)
        return [distance for one in found if (distance := self.distance(one))]

    def timeframe(self, text: str) -> int | None:
        """The length of the candle whose close a stop waits for, in milliseconds."""
        return timeframe_ms(text, self.words)

    def number(self, text: str) -> int | None:
        """Which target or entry a text names; None for none."""
        digits = re.search(r"\d+", text)
        value = int(digits[0]) if digits else int(self.words.number_words.get(text, 0))
        return value or None

    @staticmethod
    def leverage(text: str) -> tuple[float, float | None]:
        """The first and, in a range, the last leverage."""
        found = [float(n.replace(",", ".")) for n in re.findall(r"\d+(?:[.,]\d+)?", text)]
        return found[0], found[-1] if len(found) > 1 else None

    def share(self, text: str) -> float | None:
        """A share as a fraction; None when the number is none, or the text says no more than "a part"."""
        if text in self.words.share_words:
            return self.words.share_words[text] / 100
        if "%" not in text and "/" not in text:
            return None
        if "%" not in text:
            part, whole = text.split("/")
            return int(part) / int(whole) if int(whole) else None
        value = self.numbers(text)[0]
        return None if value is None else value / 100


def is_price(field: str) -> bool:
    """Whether a field's value is a price, behind which a currency may stand."""
    return field in PRICE_FIELDS
