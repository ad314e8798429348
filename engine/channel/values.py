"""The fields of a mark: which text each takes, as a pattern, and what the text means.

Every pattern is anchored, linear (possessive loops, no nesting) and has one group: the value. ``lead`` is the gap
allowed before it; it stops at signs that belong to the value (an emoji that means long, the ``$`` of a ticker).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.channel.names import CURRENCIES, PRICE_FIELDS, QUOTES
from engine.channel.numbers import Notation
from engine.channel.vocabulary import DENSE, GAP, NO_LETTER_AHEAD, Vocabulary, alternatives, tokens_of
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

    @property
    def _price(self) -> str:
        """A number that is no percentage, no multiple and no part of a word; its currency may follow."""
        end = rf"(?![^\W\d{DENSE}]|[{_MULTIPLIERS}]|{_BLANK}%)"
        return rf"{self.notation.token}(?={_CURRENCY}{end})"

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

    def pattern(self, field: str, sample: str = "", single: bool = False) -> str:
        """The pattern of a field, its value in the one group.

        A target takes a list of prices only where its sample is one; ``single`` keeps an entry to one price (it
        stands in a run of entries).
        """
        about = rf"(?:{self._about}[^\w%]*+)?"
        behind = rf"{_CURRENCY}(?:{GAP}{self._about}){{0,3}}"
        if field == "side":
            return self._side()
        if field == "symbol":
            return self._symbol()
        if field == "entry":
            market = alternatives(self.words.phrases("market"))
            price = self._price if single else rf"(?:{self._range}|{market}(?:{self._joint}{self._price})?)"
            return rf"{about}({price}){behind}"
        if field == "entry market":
            return rf"{about}({self._price}){behind}"
        if field == "target":
            is_list = re.search(r"\d\D+\d", re.sub(r"[.,' ]", "", sample))
            more = rf"(?:{_CURRENCY}(?:{_BLANK}{self._about})?{self._joint}{self._price}){{0,9}}" if is_list else ""
            return rf"{about}({self._price}{more}|{alternatives(self.words.phrases('open target'))}){behind}"
        if field == "stop":
            return rf"{about}({self._distance()}|{self._price}|{alternatives(self.words.phrases('breakeven'))}){behind}"
        if field == "leverage":
            one = rf"{_X}?{_BLANK}\d{{1,3}}+(?:[.,]\d++)?{_BLANK}{_X}?"
            return rf"({one}(?:{self._joint}{one}){{0,3}}){NO_LETTER_AHEAD}(?![\d%])"
        if field == "share":
            return rf"({self.notation.token}{_BLANK}%|%{_BLANK}{self.notation.token}|\d{{1,2}}+/\d{{1,2}}+(?!\d))"
        if re.fullmatch(r"\s*[^\W\d]+\s*", sample):  # any, where the sample is a word of letters
            return r"([^\W\d]++(?!\w))"
        return rf"({self.notation.token}\w*+|\w++)"  # a number is taken whole, with the letters behind it

    def _distance(self) -> str:
        """A stop said as a percentage or in points."""
        number = self.notation.token
        points = alternatives(self.words.phrases("points"))
        return rf"{number}{_BLANK}%|%{_BLANK}{number}|{number}{_BLANK}{points}"

    def _side(self) -> str:
        """A word, with a sign before it where there is one, or the sign alone."""
        words = alternatives((*self.words.words("long"), *self.words.words("short")))
        signs = alternatives(self._signs("side"))
        return rf"((?:{signs}\W{{0,4}})?{words}|{signs})"

    def _symbol(self) -> str:
        """An alias, or a ticker with its quote currency: BTC, BTCUSDT, BTC/USDT, $BTC, BTCUSDT.P."""
        reserved = alternatives(self.words.trade_words())
        quotes = rf"(?:{'|'.join(QUOTES).lower()})(?![a-z0-9])"
        ticker = rf"(?=\d*+[a-zавекмнорстухѕіј])[{_TICKER}]{{1,20}}+"
        quoted = rf"\d{{1,5}}+(?={_BLANK}/{_BLANK}{quotes})|(?<=[$#])\d{{1,2}}+(?![\w.,])"
        tail = rf"(?:{_BLANK}[/|:-]?{_BLANK}{quotes})?(?:\.p(?!\w)|[ -]?perp(?!\w))?"
        free = rf"(?:[$#]++{_BLANK}|(?!{reserved}(?!{_BLANK}/)))"
        return (
            rf"{free}({alternatives(map(' '.join, self.words.symbols))}|(?:{ticker}|{quoted}){tail})(?![^\W\d{DENSE}])"
        )

    # ------------------------------------------------------------------ meanings (of folded text)

    def numbers(self, text: str, *, whole_ends: bool = False) -> list[float | None]:
        """The numbers in a value, None for one that is none in the notation.

        ``whole_ends`` completes the second of two, where it is the cut-off end of a range.
        """
        found = re.findall(self.notation.token, text)
        if whole_ends and len(found) == 2:
            found[1] = self.notation.whole_end(*found)
        return [self.notation.parse(number) for number in found]

    def side(self, text: str) -> Side | None:
        """The side a value says; None when it says both."""
        long = re.search(alternatives(self.words.phrases("long")), text)
        short = re.search(alternatives(self.words.phrases("short")), text)
        if bool(long) == bool(short):
            return None
        return Side.LONG if long else Side.SHORT

    def symbol(self, text: str, quote: str) -> str | None:
        """The symbol with its quote currency; None when neither the text nor the profile names one."""
        bare = re.sub(r"\s+", "", text)
        alias = self.words.symbols.get(tokens_of(text))
        name = alias or bare.translate(_LOOKALIKES if re.search("[a-z0-9]", bare) else {}).upper()
        name = re.sub(r"\.P$|(?<=.)-?PERP$", "", name)
        pair = re.sub(r"[/|:-]", "", name)
        if any(pair.endswith(q) and len(pair) > len(q) for q in QUOTES if q not in ("BTC", "ETH", "BNB")):
            return pair
        if pair != name or re.fullmatch(r"[A-Z]{3,}BTC", pair):  # the pair was written out
            return pair
        return pair + quote if quote else None

    def distance(self, text: str) -> Distance | None:
        """A stop said relative to the entry; None when it is a price."""
        value = self.numbers(text)
        if not value or value[0] is None:
            return None
        if "%" in text:
            return Distance(value[0], "percent")
        rest = re.sub(self.notation.token, "", text).strip()
        return Distance(value[0], "points") if rest else None

    @staticmethod
    def leverage(text: str) -> tuple[float, float | None]:
        """The first and, in a range, the last leverage."""
        found = [float(n.replace(",", ".")) for n in re.findall(r"\d+(?:[.,]\d+)?", text)]
        return found[0], found[-1] if len(found) > 1 else None

    def share(self, text: str) -> float | None:
        """A share as a fraction; None when the number is none."""
        if "%" not in text:
            part, whole = text.split("/")
            return int(part) / int(whole) if int(whole) else None
        value = self.numbers(text)[0]
        return None if value is None else value / 100


def is_price(field: str) -> bool:
    """Whether a field's value is a price, behind which a currency may stand."""
    return field in PRICE_FIELDS
