"""Read a call by its labels: what the walk over a message collected, judged and handed on as values.

A number that nothing claimed refuses the message, and so does a word of doubt, a question, or a sign of completion
beside a value. The values go to ``setups.py``, which holds their order and distances like those of a layout.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from engine.channel import tree as t
from engine.channel.form import Form
from engine.channel.form_claims import Claims, Lines, Number
from engine.channel.form_head import Head, find_head
from engine.channel.form_scan import Token, scan
from engine.channel.form_walk import walk
from engine.channel.pattern import Found
from engine.domain import Refusal

ENTRIES = ("entry", "entry long", "entry short", "entry add", "market", "head", "price")
_QUESTION = re.compile("[?؟]")
_QUOTE = re.compile('[ \\t]*["“„«]')


def read_form(form: Form, text: str, spelled: Callable[[int, int], str]) -> tuple[list[Found], Refusal | None] | None:
    """The values of the call in a folded text, or why it is none; None where nothing looks like a call.

    ``spelled`` gives the original characters of a range. The position of a refusal counts in ``text``.
    """
    if not form.quick.search(text):
        return None
    tokens = scan(form, text)
    claims = walk(form, text, tokens, Lines(tokens))
    if not claims.of("target", "stop"):
        return None
    head = find_head(form, tokens, claims, spelled)
    refusal = _refused(form, text, tokens, claims, head)
    if refusal is not None:
        return [], refusal
    return _found(claims, head), None


def _refused(form: Form, text: str, tokens: Sequence[Token], claims: Claims, head: Head) -> Refusal | None:
    """Why these values make no call."""
    if head.refusal is not None:
        return head.refusal
    if claims.left:
        left = claims.left[0]
        return Refusal("unread", f'form "{form.name}" leaves "{left.text}" unread', left.start)
    lines = {number.token.line for number in claims.numbers} | head.lines
    for token in tokens:
        if token.kind == "doubt" and token.line in lines:
            return Refusal("doubt", f'"{token.text}" makes this a thought, no call', token.start)
    if quoted := next((line for line in sorted(lines) if _QUOTE.match(text, _start_of(text, line))), None):
        return Refusal("doubt", "a quoted call is somebody else's", _start_of(text, quoted))
    for match in _QUESTION.finditer(text):
        if text.count("\n", 0, match.start()) in lines:
            return Refusal("doubt", "a question is no call", match.start())
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
    return _entry_fault(form, claims, head) or _scale_fault(form, claims, head)


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
            and (behind.start in levels or behind.kind in ("target", "stop"))
        ):
            return token
    return None


def _entry_fault(form: Form, claims: Claims, head: Head) -> Refusal | None:
    """A call needs more than a coin: its price with a target or a stop, or at the market both and a side."""
    if not claims.of(*ENTRIES) and not (head.side and claims.of("stop") and (claims.of("target"))):
        if claims.markets and head.side and claims.of("stop", "target"):
            return None
        return Refusal("no-entry", f'form "{form.name}" found no entry, and not side, target and stop either')
    return None


def _found(claims: Claims, head: Head) -> list[Found]:
    """The values as a layout would give them."""
    found: list[Found] = [(_mark("symbol"), head.symbol.start, head.symbol.end)] if head.symbol else []
    if head.side is not None:
        found.append((_mark("side"), head.side.start, head.side.end))
    entries, targets = _entries_and_targets(claims, head)
    found += _entry_values(claims, entries)
    found += [(_mark("target"), number.token.start, number.token.end) for number in targets]
    found += [(_mark("stop"), number.token.start, number.token.end) for number in claims.of("stop")]
    if claims.leverages:
        found.append((_mark("leverage"), claims.leverages[0].start, claims.leverages[0].end))
    return found


def _entries_and_targets(claims: Claims, head: Head) -> tuple[list[Number], list[Number]]:
    """Which numbers are entries: labelled ones, else those of the headline, else a price.

    Where no target is named, the other verb is it: a long that buys at one price sells at the other.
    """
    targets = claims.of("target")
    labelled = claims.of("entry", "entry add", "market")
    buys, sells, heads = claims.of("entry long"), claims.of("entry short"), claims.of("head")
    if not targets and labelled and bool(buys) != bool(sells):  # entries have a label of their own
        return labelled, [*buys, *sells]
    if not targets and head.says:
        ours, theirs = (sells, buys) if head.says == "short" else (buys, sells)
        if theirs and (ours or labelled or heads):
            return [*labelled, *ours] or heads, theirs
    return [*labelled, *buys, *sells] or heads or claims.of("price"), targets


def _entry_values(claims: Claims, entries: Sequence[Number]) -> list[Found]:
    """Entry marks: a range as one, a market word with its price, else price by price."""
    found: list[Found] = []
    tokens = [number.token for number in entries]
    added = [number for number in entries if number.field == "entry add"]
    market = claims.markets[0] if claims.markets else None
    ranged = len(entries) == 2 and entries[1].joined
    if ranged and tokens[0].text == tokens[1].text:  # a zone without width
        ranged, entries = False, entries[:1]
    at_market = [number for number in entries if number.field == "market"]
    if ranged and not added:
        return [(_mark("entry"), tokens[0].start, tokens[1].end)]
    if market is not None and (not entries or at_market or added):
        found.append((_mark("entry"), market.start, market.end))
    for number in entries:
        if number.field == "market" and len(at_market) == 1:
            found.append((_mark("entry market"), number.token.start, number.token.end))
        else:
            found.append((_mark("entry"), number.token.start, number.token.end))
    return found


_MARKS: dict[str, t.Mark] = {}


def _mark(name: str) -> t.Mark:
    """A mark without a place in a file: forms have no sample."""
    return _MARKS.setdefault(name, t.Mark(name, t.NOWHERE, "", t.NOWHERE, t.NOWHERE))
