"""Numbers in a declared notation. Nothing is guessed: what the notation does not cover is no number.

``TOKEN`` takes everything that somebody might mean as one number; ``parse`` then says what it is in the notation, or
that it is none, and the message is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property


@dataclass(frozen=True)
class Notation:
    """How a channel writes numbers: the sign of thousands ("" for none) and the sign of decimals."""

    name: str
    thousands: str
    decimal: str
    declared: bool = True
    fallback: bool = False  # counts only where a message makes no sense in the others

    @property
    def token(self) -> str:
        """A pattern (no groups, linear) for one number as it stands in a folded text."""
        # behind a letter a digit counts (TP1 612), it begins no group
        grouped = r"(?<![^\W\d])\d{1,3}+(?: \d{3})++(?!\d)(?:[.,'’]\d++)*+|" if self.thousands == " " else ""
        return rf"(?:{grouped}\d++(?:[.,'’]\d++)*+(?:k\d{{0,3}}+(?![a-z0-9]))?+|[.]\d++(?![.,]\d))"

    def parse(self, text: str) -> float | None:
        """The number, or None when the text is none (or not surely one) in this notation.

        ``64.8k`` is 64,800; a digit behind the k goes on where the thousands end: ``96k1`` is 96,100.
        """
        if "k" in text:
            thousands, _, hundreds = text.partition("k")
            whole = self.parse(thousands)
            if whole is None or (hundreds and not (thousands.isdecimal() and hundreds.isdecimal())):
                return None
            return float((Decimal(repr(whole)) + Decimal(f"0.{hundreds or 0}")) * 1000)
        if not self._shape.fullmatch(text):
            return None
        return float(text.replace(self.thousands, "").replace(self.decimal, "."))

    @cached_property
    def _shape(self) -> re.Pattern[str]:
        """What a number looks like: no needless zero in front, groups of three wherever there are groups."""
        whole, thousands, point = r"0|[1-9]\d*", re.escape(self.thousands), re.escape(self.decimal)
        if not self.declared:
            return re.compile(whole)
        if thousands:
            whole += rf"|[1-9]\d{{0,2}}(?:{thousands}\d{{3}})+"
        return re.compile(rf"(?:{whole})(?:{point}\d+)?|{point}\d+")

    def whole_end(self, first: str, end: str) -> str:
        """The end of a range that was cut off: ``0.0860 - 890`` ends at 0.0890, ``87800-900`` at 87900.

        An end that is a price by itself (between half and twice the first) stays, and so does one that is more than
        digits.
        """
        start = self.parse(first)
        if not start or "k" in first or not end.isdecimal() or len(end) >= sum(c.isdecimal() for c in first):
            return end
        if 0.5 <= float(end) / start <= 2:
            return end
        left = list(end)
        return "".join(left.pop() if c.isdecimal() and left else c for c in reversed(first))[::-1]


NOTATIONS = {
    n.name: n
    for n in (
        Notation("1,234.56", ",", "."),
        Notation("1.234,56", ".", ","),
        Notation("1 234.56", " ", "."),
        Notation("1 234,56", " ", ","),
        Notation("1234.56", "", "."),
        Notation("1234,56", "", ","),
    )
}
# Without a declaration only whole numbers can be read: 3.450 may be three and a half or three thousand.
UNDECLARED = Notation("", "", ".", declared=False)


def show(number: float) -> str:
    """A number the way it is written in an ``expect``: no grouping, a point, no needless zeros."""
    if abs(number) >= 1e15:
        return repr(number)
    plain = (
        f"{Decimal(repr(float(number))):.12f}"  # of the shortest digits that name it: 58310.4, not 58310.400000000001
    )
    return plain.rstrip("0").rstrip(".")
