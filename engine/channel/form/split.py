"""Cut a message that holds several calls at the lines that name their coins.

A line that begins with a coin and says little else heads a call; a message is cut where two such lines name different
coins and each has a target or a stop below it. All pieces must read, or the message is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from engine.channel.form.claims import Lines
from engine.channel.form.form import Form
from engine.channel.form.head import is_coin
from engine.channel.form.scan import Token, scan

MOST_NUMBERS = 200  # a message with more is a table
MOST_WORDS = 4  # beside the coin in a headline
_DIGITS = re.compile(r"\d++")
_LEVELS = frozenset({"target", "stop"})
_BEFORE_COIN = frozenset({"index", "long", "short", "long sign", "short sign", "symbol", "no coin", "side"})


def calls_of(form: Form, text: str, spelled: Callable[[int, int], str]) -> list[Lines]:
    """The lines of each call of a folded text; none where nothing looks like one."""
    if not 0 < len(_DIGITS.findall(text)) <= MOST_NUMBERS or not form.quick.search(text):
        return []  # without a number nothing is a level
    whole = Lines(scan(form, text))
    lines = whole.by_number
    heads = {line: coin for line, found in lines.items() if (coin := _heading(form, found, spelled))}
    if len(set(heads.values())) < 2:
        return [whole]
    starts = sorted(heads)
    ends = [*starts[1:], text.count("\n") + 1]
    ranges = [(start if at else 0, end) for at, (start, end) in enumerate(zip(starts, ends, strict=True))]
    calls = [Lines([token for token in whole.tokens if start <= token.line < end]) for start, end in ranges]
    return calls if all(any(token.kind in _LEVELS for token in call.tokens) for call in calls) else [whole]


def _heading(form: Form, tokens: Sequence[Token], spelled: Callable[[int, int], str]) -> str:
    """The symbol that a line begins with; "" where the line is no headline of a call."""
    first = next((token for token in tokens if token.kind not in _BEFORE_COIN), None)
    words = sum(token.kind == "word" and token.text.isascii() for token in tokens)
    if first is None or words > MOST_WORDS or not is_coin(form, first, spelled):
        return ""
    return form.fields.symbol(first.text, "USDT") or ""
