"""What the values of marks mean, for one profile's words and notation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Literal

from engine.channel.text.names import CURRENCIES, QUOTES
from engine.channel.text.patterns import Patterns, remembered
from engine.channel.text.timeframes import timeframe_ms
from engine.channel.text.vocabulary import (
    alternatives,
    tokens_of,
)
from engine.domain import Base, Distance, Side, Target

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

    @remembered
    def is_pair(self, text: str) -> bool:
        """Whether a symbol names its quote currency, or is another name of one."""
        if tokens_of(text) in self.words.symbols or re.search(r"[/|:]", text):
            return True
        return any(text.endswith(quote) and len(text) > len(quote) for quote in CURRENCIES)

    def prices(self, text: str, whole_ends: bool = False) -> Sequence[float] | None:
        """The prices in a value, as ``numbers`` finds them; None where one is none in the notation."""
        price = self.notation.parse(text)
        if price is not None:  # nearly always
            return [price]
        numbers = self.numbers(text, whole_ends)
        prices = [number for number in numbers if number is not None]
        return prices if len(prices) == len(numbers) else None

    @remembered
    def stop(self, text: str, base: Base) -> float | Distance | Literal["breakeven"] | None:
        """The level of a stop, a distance counting from ``base``; None when its number is none in the notation."""
        prices = self.prices(text)
        if prices is None:
            return None
        return self._distance_of(text, base) or (prices[0] if prices else "breakeven")

    @remembered
    def targets(self, text: str, sample: str, base: Base) -> tuple[Target, ...] | None:
        """The targets in a value, distances where its sample is one; None when a number is none in the notation."""
        prices = self.prices(text)
        if prices is None:
            return None
        away = self._targets_away(text, base) if self.is_distance(sample) else ()
        return away or tuple(Target(price) for price in prices) or (Target(None),)

    def _distance_of(self, text: str, base: Base) -> Distance | None:
        """A level said relative to the entry; None when it is a price."""
        value = self.numbers(text)
        if not value or value[0] is None:
            return None
        if "%" in text:
            return Distance(value[0], "percent", base)
        rest = self._counted.sub("", text).strip()
        return Distance(value[0], "R" if rest == "r" else "points", base) if rest else None

    def _targets_away(self, text: str, base: Base) -> tuple[Target, ...]:
        """The targets at a distance in the value of a target, none when it holds prices."""
        ends = self._percent_range.fullmatch(text)
        if ends:  # 30-40%
            both = (*self.numbers(ends[1]), *self.numbers(ends[2]))
            return tuple(Target(None, distance=Distance(value, "percent", base)) for value in both if value is not None)
        found = self._target_distance.findall(text)
        return tuple(Target(None, distance=away) for one in found if (away := self._distance_of(one, base)))

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
        if not re.search(r"\d", text):
            return None
        if "/" in text:
            part, whole = text.split("/")
            return int(part) / int(whole) if int(whole) else None
        value = self.numbers(text)[0]
        return None if value is None else value / 100
