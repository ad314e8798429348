"""Cut a message that holds several calls at the lines that name their coins.

A line that begins with a coin and says little else heads a call; a message is cut where two such lines name different
coins and each has a target or a stop below it. All pieces must read, or the message is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.channel.form.claims import Lines
from engine.channel.form.form import Form
from engine.channel.form.head import is_coin
from engine.channel.form.scan import Token, scan

MOST_WORDS = 4  # beside the coin in a headline
_LEVELS = frozenset({"target", "stop"})
_BEFORE_COIN = frozenset({"index", "long", "short", "long sign", "short sign", "symbol", "no coin", "side"})


def pieces_of(form: Form, text: str, spelled: Callable[[int, int], str]) -> list[str]:
    """The calls of a folded text, each with all other lines blanked so that offsets stay; one piece where it is one."""
    if not form.quick.search(text):
        return [text]
    lines = Lines(scan(form, text)).by_number
    heads = {line: coin for line, tokens in lines.items() if (coin := _heading(form, tokens, spelled))}
    if len(set(heads.values())) < 2:
        return [text]
    starts = sorted(heads)
    ends = [*starts[1:], text.count("\n") + 1]
    ranges = [(start if at else 0, end) for at, (start, end) in enumerate(zip(starts, ends, strict=True))]
    whole = all(
        any(token.kind in _LEVELS for line in range(start, end) for token in lines.get(line, ()))
        for start, end in ranges
    )
    return [_only(text, start, end) for start, end in ranges] if whole else [text]


def _heading(form: Form, tokens: Sequence[Token], spelled: Callable[[int, int], str]) -> str:
    """The symbol that a line begins with; "" where the line is no headline of a call."""
    first = next((token for token in tokens if token.kind not in _BEFORE_COIN), None)
    words = sum(token.kind == "word" and token.text.isascii() for token in tokens)
    if first is None or words > MOST_WORDS or not is_coin(form, first, spelled):
        return ""
    return form.fields.symbol(first.text, "USDT") or ""


def _only(text: str, start: int, end: int) -> str:
    """The text with all but some lines turned into blanks."""
    lines = text.split("\n")
    return "\n".join(line if start <= at < end else " " * len(line) for at, line in enumerate(lines))
