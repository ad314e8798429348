"""The values of a form's call, marked as a layout would, so that ``meaning/setups.py`` makes their meaning."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from engine.channel.form.claims import Claims, Number
from engine.channel.form.form import Form
from engine.channel.form.head import Head
from engine.channel.form.scan import Token
from engine.channel.layout.pattern import Found
from engine.channel.syntax import tree as t

WHOLE = 1e-6  # shares that make up the whole may be off by rounding


def values_of(form: Form, text: str, claims: Claims, head: Head) -> list[Found]:
    """The marks of one call with their half-open offsets in the folded text."""
    found: list[Found] = [_marked("symbol", head.symbol)] if head.symbol else []
    if head.side is not None:
        found.append(_marked("side", head.side))
    entries, targets = _entries_and_targets(claims, head)
    shares = _Shares(form, claims, entries)
    for number in _entry_values(text, claims, head, entries):
        found += [number, *shares.behind(number)]
    shares = _Shares(form, claims, targets)
    for target in targets:
        mark = _marked("target", target.token, "5%" if target.token.kind == "percent" else "")
        found += [mark, *shares.behind(mark)]
    found += _stops(form, text, claims)
    if claims.leverages:
        found.append(_marked("leverage", claims.leverages[0]))
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


def _entry_values(text: str, claims: Claims, head: Head, entries: Sequence[Number]) -> list[Found]:
    """Entry marks: a range as one, a market word with its price, a breakout, else price by price."""
    tokens = [number.token for number in entries]
    added = any(number.field == "entry add" for number in entries)
    at_market = [number for number in entries if number.field == "market"]
    if len(entries) == 2 and entries[1].joined and not added and not _lists_market(text, claims, at_market):
        if tokens[0].text == tokens[1].text:  # a zone without width
            return [_marked("entry", tokens[0])]
        return [(_mark("entry"), tokens[0].start, tokens[1].end)]
    found: list[Found] = []
    apart = bool(entries) and not at_market and claims.own_order and claims.markets[0].line != tokens[0].line
    if claims.at_once and len(entries) == 1 and not at_market and not added and not apart:  # now, at about this price
        return [_marked("entry", claims.markets[0], "market"), _marked("entry market", tokens[0])]
    if claims.markets and (not entries or at_market or added or (apart and claims.at_once)):
        found.append(_marked("entry", claims.markets[0], "market"))
    for number in entries:
        if number.field == "market" and len(at_market) == 1:
            found.append(_marked("entry market", number.token))
        else:
            found.append(_marked(_way(claims, head, entries), number.token))
    return found


def _lists_market(text: str, claims: Claims, at_market: Sequence[Number]) -> bool:
    """Whether a word of the market is the first of several orders: ``now - 0.5 - 0.64``."""
    between = text[claims.markets[0].end : at_market[0].token.start] if len(at_market) > 1 else ""
    return bool(between) and not between.strip(" \t-\u2013\u2014") and bool(between.strip())


def _way(claims: Claims, head: Head, entries: Sequence[Number]) -> str:
    """The mark of a lone entry: a breakout where the call says above for a long or below for a short."""
    if len(entries) == 1 and not claims.markets:
        token = entries[0].token
        ways = {way.kind for way in claims.ways if way.line == token.line}
        breakout = {"long": "above", "short": "below"}.get(head.says, "above")
        if ways == {breakout}:
            return f"entry {breakout}"
    return "entry"


def close_stop(form: Form, text: str, claims: Claims, line: int) -> Token | None:
    """The time frame of the candle whose close the stop of a line waits for."""
    stops = [stop.token for stop in claims.of("stop") if stop.token.line == line]
    closes = [close for close in claims.closes if close.line == line]
    if not stops or not closes:
        return None
    start = text.rfind("\n", 0, stops[0].start) + 1
    end = text.find("\n", stops[0].start)
    frame = form.candle.search(text, start, end if end >= 0 else len(text))
    return Token("time", *frame.span(1), line, frame[1]) if frame else None


def _stops(form: Form, text: str, claims: Claims) -> list[Found]:
    """The stop, and where it waits for a close, of which candle and which hard stop stands behind it."""
    stops = claims.of("stop")
    found = [_marked("stop", stop.token) for stop in stops[:1]]
    waits = close_stop(form, text, claims, stops[0].token.line) if stops else None
    if waits is not None:
        found.append(_marked("stop when", waits))
        found += [_marked("stop hard", stop.token) for stop in stops[1:]]
    return found


class _Shares:
    """The shares behind entries and targets; they count only where every one has its share and all make the whole."""

    def __init__(self, form: Form, claims: Claims, numbers: Sequence[Number]) -> None:
        ends = [number.token.end for number in numbers]
        found: dict[int, Token] = {}
        for share in claims.shares:
            before = [n.token for n in claims.numbers if n.token.end <= share.start and n.token.line == share.line]
            if before and before[-1].end in ends:
                found.setdefault(before[-1].end, share)
        parts = [form.fields.share(share.text) or 0.0 for share in found.values()]
        self._by_end = found if len(parts) == len(numbers) and abs(sum(parts) - 1) < WHOLE else {}

    def behind(self, mark: Found) -> list[Found]:
        """The share of the price that a mark ends with."""
        token = self._by_end.get(mark[2])
        return [_marked("share", token)] if token is not None else []


def _marked(name: str, token: Token, sample: str = "") -> Found:
    return _mark(name, sample), token.start, token.end


@cache
def _mark(name: str, sample: str = "") -> t.Mark:
    """A mark without a place in a file: forms have no sample but what tells kinds of values apart."""
    return t.Mark(name, t.NOWHERE, sample, t.NOWHERE, t.NOWHERE)
