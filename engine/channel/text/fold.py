"""Fold a message: the many spellings of one text become one, and every character still knows where it came from.

- compatibility forms become plain ones (full-width and mathematical letters, NBSP), all digits become 0-9, letters
  lower case with the Turkish dotted and dotless i made one;
- Markdown emphasis turns into blanks, an underscore into a dash (``BTC_USDT`` is ``BTC-USDT``);
- keycaps, circled and superscript digits are list indexes, never numbers: each becomes one INDEX character;
- zero-width characters and variation selectors go.

All changes but the last two keep the length, so the map back is a short list of the places where characters went.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass

from engine.records import quick

INDEX = "\u20e3"  # combining enclosing keycap
_CIRCLED = (
    *range(0x2460, 0x249C),  # circled, parenthesised and dotted numbers
    *range(0x24EA, 0x2500),
    *range(0x2776, 0x2794),
    *(0xB9, 0xB2, 0xB3, 0x2070, *range(0x2074, 0x207A), *range(0x2080, 0x208A)),
)
_LISTS = "，、､﹐"  # commas that never group thousands
_OWN = {
    **dict.fromkeys(map(chr, _CIRCLED), INDEX),
    **dict.fromkeys(_LISTS, ";"),
    **{"\u0131": "i", "ё": "е", "_": "-", "*": " ", "`": " ", "\u066b": ".", "\u066c": ","},
}


def _table() -> dict[str, str]:
    """Every character that one other stands for."""
    table: dict[str, str] = {}
    for code in (*range(0xA0, 0xAC00), *range(0xF900, 0x10000), *range(0x1D400, 0x1D800), *range(0x1F100, 0x1F1E6)):
        char = chr(code)
        plain = unicodedata.normalize("NFKC", char)
        if unicodedata.category(char) == "Nd":
            plain = str(unicodedata.digit(char))
        if plain != char and len(plain) == 1:
            plain = plain.lower()
            table[char] = " " if plain.isspace() else plain
    return {**table, **_OWN}


_PLAIN = _table()
# Two patterns: re looks a set up in one step only when it holds no character beyond the basic plane.
_CHANGED = re.compile("[" + re.escape("".join(char for char in _PLAIN if char <= "\uffff")) + "]")
_CHANGED_BEYOND = re.compile("[\U0001d400-\U0001d7ff\U0001f100-\U0001f1e5]")
_ASCII = {ord(char): to for char, to in _PLAIN.items() if char.isascii()}
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufe00-\ufe0f\ufeff"
)
_GONE = re.compile(f"[0-9](?=[\ufe00-\ufe0f]?{INDEX})|[{_INVISIBLE}]+")
_MAY_GO = re.compile(f"[{_INVISIBLE}{INDEX}]")


@quick
@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text. ``cuts[i]`` is the offset in ``text`` from which on ``lost[i]`` characters went missing."""

    text: str
    cuts: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()

    def origin(self, offset: int) -> int:
        """The offset in the original of a character of ``text``."""
        if not self.cuts:
            return offset
        at = bisect_right(self.cuts, offset)
        return offset + (self.lost[at - 1] if at else 0)

    def original(self, start: int, end: int) -> tuple[int, int]:
        """A half-open range of ``text`` in the original, what was lost at its ends left out."""
        return (self.origin(start), self.origin(end - 1) + 1) if self.cuts else (start, end)


def _plain(match: re.Match[str]) -> str:
    """What a character stands for."""
    return _PLAIN.get(match[0], match[0])


def fold(text: str) -> Folded:
    """Fold a text; see the module's docstring."""
    if text.isascii():
        text = text.lower()
        return Folded(text.translate(_ASCII) if "*" in text or "_" in text or "`" in text else text)
    if "\u0130" in text:  # the one letter whose lower case is longer
        text = text.replace("\u0130", "i")
    text = _CHANGED.sub(_plain, text.lower())
    if _CHANGED_BEYOND.search(text):
        text = _CHANGED_BEYOND.sub(_plain, text)
    if not _MAY_GO.search(text):
        return Folded(text)
    cuts: list[int] = []
    lost: list[int] = []
    total = 0
    for match in _GONE.finditer(text):
        cuts.append(match.start() - total)
        total += match.end() - match.start()
        lost.append(total)
    return Folded(_GONE.sub("", text), tuple(cuts), tuple(lost))


def index_number(text: str, at: int) -> int | None:
    """The number that the keycap, circled or superscript digit at an offset of an original text shows."""
    if text[at] == INDEX:
        digits = re.search(r"(\d)[\ufe00-\ufe0f]?$", text[max(at - 2, 0) : at])
        return int(digits[1]) if digits else None
    value = unicodedata.numeric(text[at], None)
    return int(value) if value else None
