"""Give every number of a message to the label before it.

1. A label opens its field; the numbers behind it on its line belong to it. Where none does, those of the next line do.
2. A list (entries, targets) goes on in the next line as long as lines begin with a number or a list index.
3. In a line that begins with its numbers and ends with its one label, the label behind them counts.
4. A number behind ``long``, ``short`` or the coin, or alone on its line before any target, may be an entry.
5. What is left over is remembered: it refuses the message.
"""

from __future__ import annotations

import re
from dataclasses import replace

from engine.channel.form.claims import QUIET, Claims, Lines, Number
from engine.channel.form.form import Form
from engine.channel.form.labels import LISTS, MOST_ITEMS, NUMBERS, label_behind, numbering
from engine.channel.form.scan import Token
from engine.channel.text.names import FORM_LABELS, VALUE_WORDS

MOST_WORDS_BEFORE = 2  # between a label and its first number
MOST_NUMBERS = 60  # no call has so many
_COINS = frozenset({"pair", "tag", "alias", "coin"})
_BEGINS_HEAD = frozenset({"number", "index", "long", "short", "market"}) | _COINS
_HEADLINE = frozenset({"number", "long", "short", "entry", "entry long", "entry short", "ticker"}) | _COINS
_ARROW = re.compile("[\u2190-\u21ff\u2794-\u27bf]|[-=]>")
_JOINT = re.compile(r"[ \t$€₮]*+(?:[-~\u2010-\u2015\u2212\u301c\u2192]|->|=>)++[ \t$€₮]*+")


def walk(form: Form, text: str, lines: Lines) -> Claims:
    """The claims of all tokens of some lines of a folded text."""
    return _Walk(form, text, lines).run()


class _Walk:
    """Step over the tokens once, from left to right."""

    def __init__(self, form: Form, text: str, lines: Lines) -> None:
        self.form, self.text, self.tokens, self.lines = form, text, lines.tokens, lines
        self.claims = Claims()
        self.field = ""
        self.opened_on = -1  # the line of the label
        self.filled = False  # the field has a number
        self.below = False  # ... which stands below its label, as those of a list do
        self.heads_on = -1  # the line that holds nothing but the numbers of an entry
        self.words = 0  # between the label and its first number
        self.broken = False  # a word stands behind the field's numbers on this line
        self.behind: Token | None = None  # a label that the numbers before it belong to
        self.at = -1  # the token in hand
        self.named = False  # something that may be the coin stands before it
        self.names_targets = any(token.kind == "target" for token in self.tokens)

    def run(self) -> Claims:
        """The claims of all tokens."""
        line = -1
        skip_next = False
        for at, token in enumerate(self.tokens):
            self.at = at
            if len(self.claims.numbers) > MOST_NUMBERS:
                self.claims.left.append(token)
                break
            if token.line != line:
                self._new_line(token)
                line = token.line
            if skip_next or token.line in self.lines.talk:
                skip_next = False
            elif token.kind in FORM_LABELS:
                skip_next = self._label(token)
            elif token.kind in NUMBERS:
                self._number(token)
            else:
                self._other(token)
            self.named = self.named or token.kind in _COINS or token.kind == "word"
        return self.claims

    def _other(self, token: Token) -> None:
        """A token that is neither a label nor a number."""
        kind, claims = token.kind, self.claims
        if kind == "market":
            if self.field in ("", "entry", "entry long", "entry short", "head", "market"):
                claims.markets.append(token)
                claims.at_once = claims.at_once or self._stands_beside(token)
                claims.own_order = claims.own_order or (self.field in LISTS and not self.filled)
                self._open("market", token)
        elif kind == "close" and self._closes_at(token):
            self._open("target", token)
        elif self.field == "stop" and (kind == "time" or token.text in self.form.frames):
            claims.times.append(token)
        elif kind in ("long", "short"):
            if self.field in ("", "head", "side", "symbol") or (self.filled and self.field != "market"):
                self._open("head", token)
        elif kind in _COINS:
            if self.field in ("", "side", "symbol", "head"):
                self._open("head", token)
        elif kind in ("word", "no coin", "ticker"):
            if token.text in VALUE_WORDS:
                claims.left.append(token)
            self._word()
        elif kind == "junk":
            if self.field != "skip":
                claims.left.append(token)
        elif kind == "plain":
            if self.field == "target" and self.text[token.end : token.end + 1] == ":":
                self.filled = self.broken = False
        elif kind in ("above", "below"):
            claims.ways.append(token)
        elif kind == "points":
            self._points(token)
        elif kind == "open target" and self.field == "target":
            claims.open_targets.append(token)
        else:
            for name, found in (
                ("leverage of", claims.leverages), ("close", claims.closes), ("share", claims.shares),
            ):  # fmt: skip
                if kind == name:
                    found.append(token)

    def _closes_at(self, close: Token) -> bool:
        """Whether ``Close 33660 31500`` names the targets: it begins its line, prices follow, no target has a label."""
        line = self.lines.by_number[close.line]
        behind = self.tokens[self.at + 1 : self.at + 2]
        return (
            not self.names_targets
            and line[0] is close
            and bool(behind)
            and behind[0].line == close.line
            and all(token.kind == "number" or token.kind in QUIET for token in line[1:])
        )

    def _stands_beside(self, market: Token) -> bool:
        """Whether a word of the market stands right beside the side, the coin, the label or the price of the entry."""
        around = (*self.tokens[max(0, self.at - 1) : self.at], *self.tokens[self.at + 1 : self.at + 2])
        return any(token.line == market.line and token.kind in _HEADLINE for token in around)

    # ------------------------------------------------------------------ lines and labels

    def _new_line(self, token: Token) -> None:
        """What becomes of the open field where a line begins."""
        self.broken = False
        self.words = 0
        goes_on = token.kind in NUMBERS or token.kind in ("index", "plain")
        if self._is_bare_target(token):
            self._open("target", token)
        listing = self.field in LISTS and self.behind is None and (not self.filled or self.field == "target")
        self.behind = label_behind(self.lines.by_number[token.line])
        if listing and self.behind is not None and self.behind.kind != "stop":
            self.behind = None  # the line goes on with the list, unless it says: 0.06 can be the stop
        if self.behind is not None:
            self._open(self.behind.kind, self.behind)
        elif self.field == "skip" or self.field == "market":
            self.field = ""
        elif self.filled:
            if not (goes_on and self.field in LISTS and (self.field == "target" or self.below)):
                self.field = ""
        elif self.field == "head":
            if token.kind not in _BEGINS_HEAD:
                self.field = ""
        elif self.field and not goes_on and token.kind in ("word", "junk"):
            self.field = ""

    def _is_bare_target(self, token: Token) -> bool:
        """Whether a numbered line behind the entry is a target: no list is open, and no target was named."""
        if token.kind != "index" or (self.field and (not self.filled or self.below or self.field == "target")):
            return False
        entered = self.claims.of("entry", "entry long", "entry short", "head", "market")
        return bool(entered) and not self.names_targets and not self.claims.of("stop")

    def _open(self, field: str, token: Token) -> None:
        self.field, self.opened_on, self.filled, self.words, self.broken = field, token.line, False, 0, False
        self.below = False

    def _label(self, token: Token) -> bool:
        """Open the field of a label; whether the token behind it only numbers it."""
        if token is self.behind:
            return False
        if not any(char.isalnum() for char in token.text) and not self._sign_counts(token):
            return False
        if self.field == "market" and not self.filled and token.kind == "entry":
            return False  # "market entry: 0.52"
        numbered, mention = numbering(self.text, self.tokens, self.at, self.claims)
        if not mention:
            self._open("" if token.kind in ("side", "symbol") else token.kind, token)
        return numbered or mention

    def _sign_counts(self, sign: Token) -> bool:
        """Whether a sign such as 🎯 is a label here: its number follows, and no label of words waits for it."""
        after = self.tokens[self.at + 1 : self.at + 2]
        if not after or after[0].line != sign.line or after[0].kind not in ("number", "index"):
            return False
        return not (self.field in FORM_LABELS and not self.filled and self.opened_on == sign.line)

    # ------------------------------------------------------------------ numbers

    def _number(self, token: Token) -> None:
        if self.field == "skip" or self._is_item(token):
            return
        if self._runs_into_index(token):
            self.claims.left.append(token)
            return
        if self.field == "leverage":
            if not self.filled and token.kind == "number":
                self.claims.leverages.append(token)
                self.filled = True
        elif token.kind == "percent":
            self._percent(token)
        elif self.field and not self.broken and self.words <= MOST_WORDS_BEFORE:
            self._give(token, self.field)
        elif not self.field and (self._alone(token) or self._before_side(token)):
            self._give(token, "head")
        else:
            self.claims.left.append(token)

    def _is_item(self, token: Token) -> bool:
        """Whether a number at the head of a line only counts it: ``1.Entry``."""
        if not token.text.isdecimal() or int(token.text) > MOST_ITEMS or self.text[token.end : token.end + 1] != ".":
            return False
        line = self.lines.by_number[token.line]
        first = next(other for other in line if other.kind not in ("long sign", "short sign"))
        return token is first and line[-1] is not token

    def _runs_into_index(self, token: Token) -> bool:
        """Whether the number of a list item hangs at a price: ``1) 0.23692) 0.2318``, its line ends lost."""
        if self.text[token.end : token.end + 1] != ")":
            return False
        line = self.text.rfind("\n", 0, token.start) + 1
        return self.text.rfind("(", line, token.start) <= self.text.rfind(")", line, token.start)

    def _percent(self, token: Token) -> None:
        """A percentage: a distance where it is the first value of a target or a stop, else it says no price."""
        if self.field == "stop" and re.search(r"\d\D+\d", re.sub("[.,]", "", token.text)):
            if not self.claims.of("stop"):
                self.claims.left.append(token)  # which end of 5-10% is meant?
        elif self.field in ("stop", "target") and not self.filled and not self.broken:
            self._give(token, self.field)
        elif self.field in LISTS and self.field != "target":
            self.claims.shares.append(token)
        elif self.field == "target":
            last = self.claims.numbers[-1].token
            if last.kind == "percent" and last.line == token.line and self.filled:
                self._give(token, "target")
            else:
                self.claims.shares.append(token)

    def _points(self, unit: Token) -> None:
        """A unit of points behind a number makes it a distance."""
        last = self.claims.numbers[-1] if self.claims.numbers else None
        if last is not None and last.field in ("stop", "target") and not self.text[last.token.end : unit.start].strip():
            text = self.text[last.token.start : unit.end]
            last.token = replace(last.token, kind="percent", end=unit.end, text=text)

    def _alone(self, token: Token) -> bool:
        """Whether a line holds nothing but numbers, before any target or stop was named."""
        if self.claims.of("target", "stop") or self.heads_on not in (-1, token.line):
            return False
        if token.line in self.lines.of_numbers:
            self.heads_on = token.line
            return True
        return False

    def _before_side(self, token: Token) -> bool:
        """Whether the side follows in a few words, the coin stands before (``SOL 146 dan long``)."""
        if self.claims.numbers or not self.named:
            return False
        behind = [t.kind for t in self.tokens[self.at + 1 : self.at + 4] if t.line == token.line]
        return "long" in behind or "short" in behind

    def _give(self, token: Token, name: str) -> None:
        """Give a number to a field."""
        last = self.claims.numbers[-1] if self.claims.numbers else None
        if name == "head" and self.filled and last and _ARROW.search(self.text, last.token.end, token.start):
            self.claims.left.append(token)  # 3.20 → 3.45 is a result
            return
        joined = (
            last is not None and last.field == name and self.filled and last.token.line == token.line
            and self._is_range(last.token, token)
        )  # fmt: skip
        self.claims.numbers.append(Number(token, name, joined))
        self.below = self.below or (not self.filled and token.line > self.opened_on)
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
            if self.field == "head" and self.words > MOST_WORDS_BEFORE:
                self.field = ""
