"""What the values of marks mean, for one profile's words and notation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from engine.channel.text.names import CURRENCIES, QUOTES
from engine.channel.text.patterns import Patterns, remembered
from engine.channel.text.timeframes import timeframe_ms
from engine.channel.text.vocabulary import (
    alternatives,
    tokens_of,
)
from engine.domain import Distance, Side, Target

_LOOKALIKES = str.maketrans("авекмнорстухѕіј", "abekmhopctyxsij")
_MONEY = tuple(quote for quote in QUOTES if quote not in ("BTC", "ETH", "BNB"))
_IN_BITCOIN = re.compile(r"[A-Z]{3,}BTC")
_PERPETUAL = re.compile(r"\.P$|(?<=.)-?PERP$")
_JOINTS = str.maketrans("", "", "/|:-")


@dataclass(frozen=True)
class Fields(Patterns):
    """The fields of a profile: which text each takes (``patterns.py``), and what the text means."""

    @remembered
    def numbers(self, text: str, whole_ends: bool = False) -> tuple[float | None, ...]:
        """The numbers in a value, None for one that is none in the notation.

        ``whole_ends`` completes the second of two, where it is the cut-off end of a range.
        """
        found = [list(match) for match in self._counted.findall(text)]
        if whole_ends and len(found) == 2 and not any(word for _, word in found):
            found[1][0] = self.notation.whole_end(found[0][0], found[1][0])
        return tuple(self._multiplied(self.notation.parse(number), word.strip()) for number, word in found)

    @cached_property
    def _counted(self) -> re.Pattern[str]:
        return re.compile(rf"({self.notation.token})({self._thousand})?+")

    def _multiplied(self, number: float | None, word: str) -> float | None:
        if number is None or not word:
            return number
        times = 1000 if re.fullmatch(alternatives(self.words.words("thousand")), word) else 10_000
        return float(Decimal(repr(number)) * times)

    @remembered
    def side(self, text: str) -> Side | None:
        """The side a value says; None when it says both."""
        long, short = self._sides
        is_long = long.search(text) is not None
        if is_long == (short.search(text) is not None):
            return None
        return Side.LONG if is_long else Side.SHORT

    @cached_property
    def _sides(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        """What says long, and what says short."""
        return (
            re.compile(alternatives(self.words.phrases("long"))),
            re.compile(alternatives(self.words.phrases("short"))),
        )

    @remembered
    def symbol(self, text: str, quote: str) -> str | None:
        """The symbol with its quote currency; None when neither the text nor the profile names one."""
        alias = self.words.symbols.get(tokens_of(text)) if self.words.symbols else None
        bare = "".join(text.split()).lstrip("$#")
        if not bare.isascii() and re.search("[a-z0-9]", bare):
            bare = bare.translate(_LOOKALIKES)
        name = _PERPETUAL.sub("", alias or bare.upper())
        pair = name.translate(_JOINTS)
        if pair.endswith(_MONEY) and any(pair.endswith(money) and pair != money for money in _MONEY):
            return pair
        if pair != name or _IN_BITCOIN.fullmatch(pair):  # the pair was written out
            return pair
        return pair + quote if quote else None

    def is_pair(self, text: str) -> bool:
        """Whether a symbol names its quote currency, or is another name of one."""
        if tokens_of(text) in self.words.symbols or re.search(r"[/|:]", text):
            return True
        return any(text.endswith(quote) and len(text) > len(quote) for quote in CURRENCIES)

    @remembered
    def distance(self, text: str) -> Distance | None:
        """A level said relative to the entry; None when it is a price."""
        value = self.numbers(text)
        if not value or value[0] is None:
            return None
        if "%" in text:
            return Distance(value[0], "percent")
        rest = self._counted.sub("", text).strip()
        return Distance(value[0], "R" if rest == "r" else "points") if rest else None

    @remembered
    def targets_away(self, text: str) -> tuple[Target, ...]:
        """The targets at a distance in the value of a target, none when it holds prices."""
        ends = self._percent_range.fullmatch(text)
        if ends:  # 30-40%
            both = (*self.numbers(ends[1]), *self.numbers(ends[2]))
            return tuple(Target(None, distance=Distance(value, "percent")) for value in both if value is not None)
        found = self._target_distance.findall(text)
        return tuple(Target(None, distance=distance) for one in found if (distance := self.distance(one)))

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
