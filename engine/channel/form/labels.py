"""Labels in odd places: behind their numbers, and with numbers that only count them."""

from __future__ import annotations

from collections.abc import Sequence

from engine.channel.form.claims import QUIET, Claims
from engine.channel.form.scan import Token

LISTS = frozenset({"entry", "entry long", "entry short", "target"})
NUMBERS = frozenset({"number", "percent"})
MOST_ITEMS = 20  # a list index is not larger
_COUNTED = frozenset({"target", "entry", "entry add"})
_VALUES = frozenset({"number", "percent", "market", "open target", "about"})


def label_behind(line: Sequence[Token]) -> Token | None:
    """The one label of a line that stands behind its numbers: ``0.1655 stop``."""
    tokens = [token for token in line if token.kind not in QUIET]
    labels = [token for token in tokens if token.kind in LISTS or token.kind in ("stop", "entry add")]
    if len(labels) != 1 or not tokens or tokens[0].kind != "number" or labels[0].text[-1:].isdigit():
        return None
    at = tokens.index(labels[0])
    calm = all(token.kind in ("number", "word", "no coin", "range") for token in tokens[:at])
    return labels[0] if calm and not any(token.kind in NUMBERS for token in tokens[at:]) else None


def numbering(text: str, tokens: Sequence[Token], at: int, claims: Claims) -> tuple[bool, bool]:
    """What the number behind a label is: (it counts the label, as in TP1 - 0.5; it is a mention, as in TP1'de).

    It counts where it is the next one and more follows; glued to the label with nothing behind, it is a mention.
    """
    label = tokens[at]
    number = tokens[at + 1] if at + 1 < len(tokens) else None
    if number is None or not _may_count(text, label, number):
        return False, False
    glued = number.start == label.end
    behind = tokens[at + 2] if at + 2 < len(tokens) else None
    if behind is None or behind.kind not in _VALUES:
        return False, glued and len(number.text) == 1
    between = text[number.end : behind.start]
    if behind.line != label.line and between.strip(" \t\n-:"):
        return False, glued and len(number.text) == 1
    if behind.kind == "percent" and between.isspace():
        return False, glued
    due = len(claims.of(label.kind)) + 1
    return int(number.text) == due or (int(number.text) <= due and glued), False


def _may_count(text: str, label: Token, number: Token) -> bool:
    """Whether a small whole number stands right behind a label that comes several times."""
    return (
        label.kind in _COUNTED
        and not label.index
        and number.kind == "number"
        and number.text.isdecimal()
        and int(number.text) <= MOST_ITEMS
        and number.line == label.line
        and not text[label.end : number.start].strip(" \t#")
    )
