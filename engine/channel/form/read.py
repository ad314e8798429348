"""Read a call by its labels: what the walk over a message collected, judged and handed on as values.

A number that nothing claimed refuses the message, and so does a word of doubt, a question, or a sign of completion
beside a value. The values go to ``meaning/setups.py``, which holds their order and distances like those of a layout.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

from engine.channel.form.claims import Claims, Lines
from engine.channel.form.form import Form
from engine.channel.form.head import Head, find_head
from engine.channel.form.scan import Token
from engine.channel.form.values import close_stop, values_of
from engine.channel.form.walk import walk
from engine.channel.layout.pattern import Found
from engine.channel.text.names import FORM_LABELS
from engine.domain import Refusal

LABELLED = ("entry", "entry long", "entry short", "entry add", "market")
ENTRIES = (*LABELLED, "head", "price")
_QUESTION = re.compile(r"[^\n?؟]*+[?؟]")
_QUOTE = re.compile('[ \\t]*["“„«]')


@dataclass(frozen=True, slots=True)
class Seen:
    """A call that a form sees in a message, whatever its numbers mean."""

    claims: Claims
    head: Head

    def values(self, form: Form, text: str) -> list[Found]:
        """Its values, the numbers read in the notation of a form."""
        return values_of(form, text, self.claims, self.head)


def see(form: Form, text: str, lines: Lines, spelled: Callable[[int, int], str]) -> Seen | Refusal | None:
    """The call that some lines of a folded text make, or why they make none; None where nothing looks like a call.

    ``spelled`` gives the original characters of a range. The position of a refusal counts in ``text``.
    """
    tokens = lines.tokens
    claims = walk(form, text, lines)
    if not claims.of("target", "stop"):
        return None
    head = find_head(form, lines, claims, spelled)
    return _refused(form, text, tokens, claims, head) or Seen(claims, head)


def _refused(form: Form, text: str, tokens: Sequence[Token], claims: Claims, head: Head) -> Refusal | None:
    """Why these values make no call."""
    if head.refusal is not None:
        return head.refusal
    if claims.left:
        left = claims.left[0]
        return Refusal("unread", f'form "{form.name}" leaves "{left.text}" unread', left.start)
    lines = {number.token.line for number in claims.numbers} | head.lines
    if doubt := _doubt(form, text, tokens, claims, lines):
        return Refusal("doubt", f'"{doubt.text}" makes this a thought, no call', doubt.start)
    for line in sorted(lines):
        start = _start_of(text, line)
        if _QUOTE.match(text, start):
            return Refusal("doubt", "a quoted call is somebody else's", start)
        if match := _QUESTION.match(text, start):
            return Refusal("doubt", "a question is no call", match.end() - 1)
    if done := _done(tokens, claims):
        return Refusal("done", f'"{done.text}" says that a price was reached', done.start)
    for kind in ("stop", "target"):
        label = next((token for token in tokens if token.kind == kind and token.text[0].isalnum()), None)
        if label is not None and not claims.of(kind) and not (kind == "target" and claims.open_targets):
            return Refusal("unread", f'form "{form.name}" reads no price behind "{label.text}"', label.start)
    for token in tokens:
        gained = token.kind == "percent" and "+" in text[max(0, token.start - 1) : token.start + 1]
        if gained and token.line not in lines:
            return Refusal("done", f'"{token.text}" is a result', token.start)
    return _entry_fault(form, claims, head) or _stop_fault(form, text, claims) or _scale_fault(form, claims, head)


def _doubt(form: Form, text: str, tokens: Sequence[Token], claims: Claims, lines: Set[int]) -> Token | None:
    """A word of doubt in a line of the call, unless it belongs to a stop that waits: ``stop if 4h closes below``."""
    stops = {stop.token.line for stop in claims.of("stop")}
    waiting = {line for line in stops if close_stop(form, text, claims, line) is not None}
    label: Token | None = None
    for token in tokens:
        if token.kind in FORM_LABELS:
            label = token
        elif token.kind == "doubt" and token.line in lines:
            of_stop = label is not None and label.kind == "stop" and label.line == token.line
            if not (of_stop and token.line in waiting):
                return token
    return None


def _stop_fault(form: Form, text: str, claims: Claims) -> Refusal | None:
    """A stop that waits for a candle's close has to say which candle; a second stop is the hard one behind it."""
    stops = claims.of("stop")
    waits = close_stop(form, text, claims, stops[0].token.line) if stops else None
    for close in claims.closes:
        if waits is None and any(stop.token.line == close.line for stop in stops):
            return Refusal("stop", f'"{close.text}" of which candle does this stop wait for?', close.start)
    if waits is None and claims.times:
        time = claims.times[0]
        return Refusal("stop", f'"{time.text}" beside the stop: does it wait for the close of a candle?', time.start)
    if len(stops) > (1 if waits is None else 2):
        return Refusal("stop", "more than one stop", stops[1].token.start)
    return None


def _scale_fault(form: Form, claims: Claims, head: Head) -> Refusal | None:
    """Whole numbers for a cheap coin without its quote: they may be satoshi."""
    symbol = head.symbol
    if symbol is None or symbol.kind == "pair" or not form.whole or symbol.text in form.whole:
        return None
    prices = [number.token for number in claims.numbers if number.token.kind == "number"]
    if symbol.kind != "alias" and all(price.text.isdecimal() for price in prices):
        return Refusal(
            "scale", f'whole numbers for "{symbol.text}" may be satoshi', prices[0].start if prices else None
        )
    return None


def _start_of(text: str, line: int) -> int:
    """Where a line begins."""
    at = 0
    for _ in range(line):
        at = text.index("\n", at) + 1
    return at


def _done(tokens: Sequence[Token], claims: Claims) -> Token | None:
    """A sign that a target, a stop or an entry was reached: beside its number or before the label of a target."""
    levels = {number.token.start for number in claims.numbers}
    signs = [token for token in tokens if token.kind == "done"]
    bullet = len(signs) == 1 and len(claims.of("target")) > 1  # ✅ Targets: heads the list
    for at, token in enumerate(tokens):
        if token.kind != "done":
            continue
        before = tokens[at - 1] if at else None
        behind = tokens[at + 1] if at + 1 < len(tokens) else None
        if before is not None and before.line == token.line and before.start in levels:
            return token
        if (
            behind is not None
            and behind.line == token.line
            and (
                behind.start in levels
                or (behind.kind in ("target", "stop") and not (bullet and _heads(tokens, at + 1)))
            )
        ):
            return token
    return None


def _heads(tokens: Sequence[Token], at: int) -> bool:
    """Whether a label heads a list: no number counts it."""
    label, behind = tokens[at], tokens[at + 1] if at + 1 < len(tokens) else None
    return not label.index and (behind is None or behind.start > label.end)


def _entry_fault(form: Form, claims: Claims, head: Head) -> Refusal | None:
    """A call needs more than a coin: its price with a target or a stop, or at the market both and a side."""
    if not claims.of(*ENTRIES) and not (head.side and claims.of("stop") and (claims.of("target"))):
        if claims.at_once and head.side and claims.of("stop", "target"):
            return None
        return Refusal("no-entry", f'form "{form.name}" found no entry, and not side, target and stop either')
    lines = {token.line for token in (*(number.token for number in claims.numbers), head.symbol) if token is not None}
    if not claims.of("target") and not claims.open_targets and len(lines) == 1:
        return Refusal("no-target", f'form "{form.name}" found no target in a call of one line')
    labelled = {number.token.text for number in claims.of(*LABELLED)}
    other = next((number.token for number in claims.of("head") if number.token.text not in labelled), None)
    if labelled and other is not None:
        return Refusal("unread", f'form "{form.name}" leaves "{other.text}" unread', other.start)
    return None
