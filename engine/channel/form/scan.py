"""Cut a message into the tokens that a form knows: labels, numbers, coins, sides, and what numbers say nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.channel.form.form import Form
from engine.channel.text.names import FORM_LABELS


@dataclass(slots=True, eq=False)  # made by the thousand
class Token:
    """A piece of a message: its kind, half-open offsets, and the number of its line from 0.

    ``kind`` is a group of the form (``entry``, ``target`` ...) or of the profile's words (``long``, ``market``,
    ``about``, ``range`` ...), ``long sign`` or ``short sign``, ``alias``, ``pair``, ``tag``, ``number``, ``percent``,
    ``leverage of``, ``index``, ``share``, ``time``, ``nothing`` (a number that says nothing here), ``junk`` (a number
    that nobody understands) or ``word``.
    ``text`` is the folded text; ``index`` is the number behind a label (``TP2:``), 0 where there is none.
    """

    kind: str
    start: int
    end: int
    line: int
    text: str
    index: int = 0


_TAGGED = FORM_LABELS | {"long", "short", "market"}
_LISTED = re.compile(r"\d++\.\d++(?:,\d++\.\d++)++")  # 1.27,1.22 is a number in no notation
_DIGITS = re.compile(r"\d++")
_INDEX_BEHIND = re.compile(r"[ \t]*+[#№]?[ \t]*+(\d{1,2}+)(?=[ \t]*+[:)]|[ \t]*+=)|[ \t]*+#(\d{1,2}+)(?![\w.,])")


def scan(form: Form, text: str) -> list[Token]:
    """The tokens of a folded message, punctuation left out."""
    tokens: list[Token] = []
    line = seen = at = 0
    search = form.pattern.search
    while match := search(text, at):
        start, end = match.span()
        line += text.count("\n", seen, start)
        seen = start
        kind, index = match.lastgroup or "", 0
        if kind in ("phrase", "sign"):
            phrase = match[0]
            kind = form.means(phrase) or _side_sign(form, phrase)
            if kind == "no coin" and text[end : end + 1].isdigit():  # EMA200
                kind, end = "word", _DIGITS.match(text, end).end()  # type: ignore[union-attr]
            behind = _INDEX_BEHIND.match(text, end) if kind in FORM_LABELS else None
            if behind:
                index, end = int(behind[1] or behind[2]), behind.end()
        elif kind == "tag" and form.means(match[0]) in _TAGGED:
            kind = form.means(match[0])  # #LONG, #SL
        elif kind == "leverage":
            kind = "leverage of"
        elif kind == "number" and _LISTED.fullmatch(match[0]):
            for part in re.finditer(r"[^,]++", match[0]):
                tokens.append(Token(kind, start + part.start(), start + part.end(), line, part[0]))
            at = end
            continue
        tokens.append(Token(kind, start, end, line, match[0], index))
        at = max(end, start + 1)
    return tokens


def _side_sign(form: Form, phrase: str) -> str:
    """The side that a sign such as an emoji stands for: weaker than a word, since channels decorate with them."""
    return "long sign" if phrase in form.fields.words.signs("long") else "short sign"
