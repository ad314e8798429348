"""Give every number of a message to the label before it.

1. A label opens its field; the numbers behind it on its line belong to it. Where none does, those of the next line do.
2. A list (entries, targets) goes on in the next line as long as lines begin with a number or a list index.
3. A number behind ``long``, ``short`` or the coin, or alone on its line before any target, may be an entry.
4. What is left over is remembered: it refuses the message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.channel.form import Form
from engine.channel.form_scan import Token
from engine.channel.names import FORM_LABELS

LISTS = frozenset({"entry", "entry long", "entry short", "target"})
MOST_WORDS_BEFORE = 2  # between a label and its first number
_JOINT = re.compile(r"[ \t$€₮]*+[-~\u2010-\u2015\u2212\u301c]++[ \t$€₮]*+")


@dataclass(slots=True)
class Number:
    """A number (or a percentage) and the field it was given to; ``joined`` by a dash to the number before it."""

    token: Token
    field: str
    joined: bool = False


@dataclass(slots=True)
class Claims:
    """What the walk over the tokens collected. ``heads`` are numbers without a label."""

    numbers: list[Number] = field(default_factory=list)
    markets: list[Token] = field(default_factory=list)
    leverages: list[Token] = field(default_factory=list)
    closes: list[Token] = field(default_factory=list)
    ways: list[tuple[str, Token]] = field(default_factory=list)  # above, below
    open_targets: list[Token] = field(default_factory=list)
    shares: list[Token] = field(default_factory=list)
    left: Token | None = None

    def of(self, *fields: str) -> list[Number]:
        """The numbers of some fields."""
        return [number for number in self.numbers if number.field in fields]


def walk(form: Form, text: str, tokens: Sequence[Token]) -> Claims:
    """The claims of all tokens of a folded text."""
    return _Walk(form, text, tokens).run()


class _Walk:
    """Step over the tokens once, from left to right."""

    def __init__(self, form: Form, text: str, tokens: Sequence[Token]) -> None:
        self.form, self.text, self.tokens = form, text, tokens
        self.claims = Claims()
        self.field = ""
        self.label: Token | None = None
        self.filled = False  # the field has a number
        self.words = 0  # between the label and its first number
        self.broken = False  # a word stands behind the field's numbers on this line
        self.at = -1  # the token in hand
        self.targets = 0

    def run(self) -> Claims:
        """The claims of all tokens."""
        line = -1
        skip_next = False
        for at, token in enumerate(self.tokens):
            self.at = at
            if token.line != line:
                self._new_line(token)
                line = token.line
            if skip_next:
                skip_next = False
                continue
            kind = token.kind
            if kind in FORM_LABELS:
                self._open(token)
                skip_next = self._is_numbered(at)
            elif kind in ("number", "percent"):
                self._number(token)
            elif kind == "market":
                if self.field in ("", "entry", "entry long", "entry short", "head", "market"):
                    self.claims.markets.append(token)
                    self.field, self.filled, self.words, self.broken = "market", False, 0, False
            elif kind in ("long", "short"):
                if self.field in ("", "head", "side", "symbol") or (self.filled and self.field != "market"):
                    self.field, self.filled, self.words, self.broken = "head", False, 0, False
            elif kind in ("pair", "tag", "alias", "coin"):
                if self.field in ("", "side", "symbol", "head"):
                    self.field, self.filled, self.words, self.broken = "head", False, 0, False
            elif kind == "leverage of":
                self.claims.leverages.append(token)
            elif kind in ("above", "below"):
                self.claims.ways.append((kind, token))
            elif kind == "close":
                self.claims.closes.append(token)
            elif kind == "open target" and self.field == "target":
                self.claims.open_targets.append(token)
            elif kind == "junk":
                self.claims.left = self.claims.left or (token if self.field != "skip" else None)
            elif kind == "plain" and self.field == "target" and self.text[token.end : token.end + 1] == ":":
                self.filled = self.broken = False
            elif kind == "share":
                self.claims.shares.append(token)
            elif kind in ("word", "no coin"):
                self._word()
        return self.claims

    def _new_line(self, token: Token) -> None:
        """What becomes of the open field where a line begins."""
        self.broken = False
        goes_on = token.kind in ("number", "percent", "index", "plain")
        if self.field == "skip":
            self.field = ""
        elif self.filled:
            if not (goes_on and self.field in LISTS):
                self.field = ""
        elif self.field == "head":
            if token.kind not in ("number", "index", "long", "short", "pair", "tag", "alias", "market"):
                self.field = ""
        elif self.field == "market" or (self.field and not goes_on and token.kind in ("word", "junk")):
            self.field = ""
        self.words = 0

    def _open(self, token: Token) -> None:
        if token.kind == "entry add" or not (self.field == "market" and not self.filled and token.kind == "entry"):
            self.field = "" if token.kind in ("side", "symbol") else token.kind
        else:
            self.field = "market"
        self.label, self.filled, self.words, self.broken = token, False, 0, False

    def _is_numbered(self, at: int) -> bool:
        """Whether the number behind a label counts it (TP1 -, Target 2 0.5): it is the next one, and more follows."""
        label = self.tokens[at]
        if label.kind not in ("target", "entry", "entry add") or label.index or at + 2 >= len(self.tokens):
            return False
        number, behind = self.tokens[at + 1], self.tokens[at + 2]
        if number.kind != "number" or not number.text.isdecimal() or len(number.text) > 2 or number.line != label.line:
            return False
        between = self.text[label.end : number.start]
        if between.strip(" \t#") or behind.kind not in ("number", "percent", "market", "open target", "about"):
            return False
        seen = sum(n.field == label.kind for n in self.claims.numbers)
        if behind.line != label.line and self.text[number.end : behind.start].strip(" \t\n-:") != "":
            return False
        return int(number.text) == seen + 1 or (int(number.text) <= seen + 1 and not between)

    def _number(self, token: Token) -> None:
        if self.field == "skip":
            return
        if self.field == "leverage":
            if not self.filled and token.kind == "number":
                self.claims.leverages.append(token)
                self.filled = True
            return
        if token.kind == "percent":
            if self.field == "stop" and re.search(r"\d\D+\d", re.sub("[.,]", "", token.text)):
                if not self.claims.of("stop"):
                    self.claims.left = self.claims.left or token  # which end of 5-10% is meant?
                return
            if self.field in ("stop", "target") and not self.filled and not self.broken:
                self._give(token, self.field)
            elif self.field == "target" and self.claims.numbers:
                last = self.claims.numbers[-1]
                if last.field == "target" and last.token.kind == "percent" and last.token.line == token.line:
                    self._give(token, "target")
                else:
                    self.claims.shares.append(token)
            return
        if not self.field or self.broken or self.words > MOST_WORDS_BEFORE:
            alone = not self.field and self._alone(token)
            if not alone:
                self.claims.left = self.claims.left or token
                return
            self._give(token, "head")
            return
        self._give(token, self.field)

    def _alone(self, token: Token) -> bool:
        """Whether a line holds nothing but numbers, before any target or stop was named."""
        if self.claims.of("target", "stop"):
            return False
        return all(
            other.kind in ("number", "index", "about", "range", "long sign", "short sign")
            for other in self.tokens
            if other.line == token.line
        )

    def _give(self, token: Token, name: str) -> None:
        """Give a number to a field."""
        last = self.claims.numbers[-1] if self.claims.numbers else None
        joined = False
        if last is not None and last.field == name and self.filled and last.token.line == token.line:
            joined = self._is_range(last.token, token)
        self.claims.numbers.append(Number(token, name, joined))
        self.filled = True

    def _is_range(self, first: Token, second: Token) -> bool:
        """Whether a dash or a word such as ``to`` joins two numbers."""
        between = [other for other in self.tokens[max(0, self.at - 5) : self.at] if other.start >= first.end]
        if any(other.kind == "range" for other in between):
            return True
        gap = self.text[first.end : second.start]
        for other in between:
            if other.kind == "about":
                gap = gap.replace(other.text, "")
        return _JOINT.fullmatch(gap) is not None

    def _word(self) -> None:
        if self.field and self.filled:
            self.broken = True
        elif self.field:
            self.words += 1
            if self.field == "head" and self.words > 2:
                self.field = ""
