"""Hear what is said in a message: phrases, one behind the other, and what stands beside them.

1. fillers are blanked; each line of the message is gone through from left to right: the longest phrase that fits there,
   else a coin by itself, else a word that nothing knows;
2. a line, or a clause of it, that holds a word nothing knows is no part of the update when no phrase stands in it, and
   refuses the message when one does, unless all of them are reports, which never trade, and may stand ``beside talk``;
3. wherever something is unknown, a number, a trade word, a word of doubt or a question mark refuses the message;
4. so does a phrase that has to stand ``by itself`` (``TP3``) in the sentence of one that trades (``cancel``).

At every word only the phrases are tried that may begin with it, together as a tree (``branches.py``), and an update is
short: a long message is none.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from engine.channel.layout.layout import Layout
from engine.channel.layout.pattern import Found, walk
from engine.channel.prepared import Prepared, blanks
from engine.channel.profile import Profile
from engine.channel.syntax.tree import NOWHERE, Mark
from engine.channel.text.names import PERCENT_WORDS
from engine.channel.text.vocabulary import ADDRESS, DENSE, alternatives
from engine.channel.updates.alone import crowded
from engine.channel.updates.branches import Branch, End, ends_along
from engine.channel.updates.links import Link, links_in
from engine.channel.updates.phrasebook import Phrasebook
from engine.domain import Refusal

MOST_WORDS = 250  # an update has a few
MOST_PHRASES = 30
LONGEST_BARE_COIN = 10
LONGEST_GAP = 100  # a sign farther behind the words before it begins no phrase
COIN = Mark("symbol", NOWHERE, "BTC", NOWHERE, NOWHERE)
# A quoted line, and what stands in brackets: [In reply to Alice], (by the admin), unless it holds a word that tells.
_ASIDE = re.compile(r"(?m)^[ \t]*>[^\n]*+|[(\[](?![^)\]\n]{0,60}(?:\d{3}|\d[.,]\d))[^)\]\n]{0,60}[)\]]")
_WORD = re.compile(rf"\W*+([{DENSE}]|\d[^\W{DENSE}]*+|[^\W\d{DENSE}]++)?")
_GAP = re.compile(r"\W*+")
_CLAUSE = re.compile(r"[,.;!…—–](?!\d)|[ \t]-[ \t]")  # behind it another clause begins
_PERCENT = re.compile(rf"\d[ \t]*(?:%|{alternatives(PERCENT_WORDS)})|%[ \t]*\d")
_BRACKETS = re.compile(r"[(\[][^)\]\n]{0,60}[)\]]")
_SETS = frozenset({"change", "add-targets"})  # a percentage in brackets behind a target may be its share
_SHARED = _SETS | {"close"}  # beside these it says something
# Addresses, names and results (+12.5%, +2R, -0.3R) say nothing.
_NOTHING = re.compile(
    ADDRESS
    + r"|\+ ?\d{1,7}(?:[.,]\d{1,8})?[ \t]{0,3}(?:%|r(?!\w)|pips(?!\w))"
    + r"|(?<![\w.])[-\u2212] ?\d{1,4}(?:[.,]\d{1,8})?[ \t]{0,3}r(?!\w)"
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A phrase in a message, or a coin by itself (``layout`` None): its values, half-open offsets."""

    layout: Layout | None
    found: list[Found]
    start: int
    end: int


@dataclass(slots=True)
class Talk:
    """A message on its way: what was spoken, the posts it links to with their places, the unknown words beside phrases.

    ``working`` is the folded text in which fillers and what else says nothing are blank. ``asides`` are the brackets
    with a percentage in them and no word that tells: the share of a target, or nothing.
    """

    profile: Profile
    book: Phrasebook
    prepared: Prepared
    working: str
    posted_ms: int | None
    links: Sequence[tuple[int, Link]] = ()
    asides: Sequence[tuple[int, int]] = ()
    spoken: list[Spoken] = field(default_factory=list)
    unknown: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Blank the fillers."""
        self.working = self.book.filler.sub(lambda found: found[1] or blanks(found), self.working)

    def is_coin(self, start: int, end: int) -> bool:
        """Whether a word is surely a coin: with ``$`` or ``#``, a quote currency, in capitals, or a known name."""
        word = self.working[start:end]
        sign = self.working[max(start - 2, 0) : start].rstrip(" \t")[-1:]
        if sign == "$" or (sign == "#" and not word.isdigit()) or self.profile.update_fields.is_pair(word):
            return True
        begin, stop = self.prepared.folded.original(start, end)
        if not self.prepared.original[begin:stop].isupper() or not 1 < len(word) <= LONGEST_BARE_COIN:
            return False
        if self.book.telling_words.fullmatch(word):
            return False
        return not self.book.reserved.fullmatch(word.rstrip("0123456789"))  # TP1

    def longest(self, branches: Iterable[Branch], at: int, end: int) -> Spoken | None:
        """The longest of some phrases that begins at an offset; of equally long ones the first."""
        ends: list[End] = []
        ends_along(branches, self.working, at, end, ends)
        for behind, _, (layout, line) in sorted(ends, key=lambda one: (-one[0], one[1])):
            whole = not _SETS.isdisjoint(layout.kinds) or not any(at < begins < behind for begins, _ in self.asides)
            if behind > at and whole and layout.valid_at(self.posted_ms):
                found: list[Found] = []
                walk(line.links, self.working, at, end, found)
                if all(mark.field != "symbol" or self.is_coin(start, stop) for mark, start, stop in found):
                    return Spoken(layout, found, at, behind)
        return None

    def line(self, start: int, end: int) -> tuple[list[Spoken], list[tuple[int, int]]]:
        """What is spoken in one line, and the words that nothing knows."""
        spoken: list[Spoken] = []
        unknown: list[tuple[int, int]] = []
        at = start
        while at < end:
            word = _WORD.match(self.working, at, end)
            assert word is not None
            begins = word.start(1) if word[1] else word.end()
            if aside := next(((first, last) for first, last in self.asides if first <= begins < last), None):
                shared = spoken and spoken[-1].layout and not _SHARED.isdisjoint(spoken[-1].layout.kinds)
                if shared or not _ASIDE.fullmatch(self.working, *aside):
                    unknown.append((at, aside[1]))
                at = aside[1]
                continue
            coin = self.book.coin.match(self.working, at, end)
            if coin is not None and not self.is_coin(*coin.span(1)):
                coin = None
            gap = self.working[at : min(begins, at + LONGEST_GAP)]
            phrases = self.book.beginning_with(gap, word[1] or "", coin is not None)
            if phrase := self.longest(phrases, at, end):
                spoken.append(phrase)
                at = phrase.end
            elif coin is not None:
                spoken.append(Spoken(None, [(COIN, *coin.span(1))], at, coin.end()))
                at = coin.end()
            else:
                behind = max(word.end(), at + 1)
                if word[1] or "?" in self.working[at:behind]:
                    unknown.append((at, behind))
                at = behind
        return spoken, unknown


def hear(profile: Profile, prepared: Prepared, posted_ms: int | None) -> Talk | Refusal | None:
    """What is said in a message that is made of phrases; None when no phrase stands in it, or when it is too long."""
    book = profile.phrasebook
    if book is None or _has_many_words(prepared.text):
        return None
    links = list(links_in(prepared.text, profile))
    working = _NOTHING.sub(blanks, prepared.text)
    working = _ASIDE.sub(lambda match: _aside(match, book), working)
    asides = [
        match.span()
        for match in _BRACKETS.finditer(working)
        if _PERCENT.search(match[0]) and not book.telling_words.search(match[0])
    ]
    talk = Talk(profile, book, prepared, working, posted_ms, links, asides)
    beside: list[tuple[int, int]] = []
    for start, end in prepared.lines:
        spoken, unknown = talk.line(start, end)
        if any(one.layout for one in spoken):
            talk.spoken += spoken
            apart = _apart(talk.working, start, end, spoken, unknown) if unknown else []
            beside += apart
            talk.unknown += [one for one in unknown if one not in apart]
        elif unknown:
            beside.append((start, end))
        else:
            talk.spoken += spoken
    phrases = [one for one in talk.spoken if one.layout]
    if all(one.layout is None or one.layout.kinds == ("context",) for one in talk.spoken):
        return None
    if len(phrases) > MOST_PHRASES:
        return Refusal("too-long", f"more than {MOST_PHRASES} phrases")
    if refusal := _telling(talk, sorted([*talk.unknown, *beside])):
        return refusal
    if talk.unknown and not all(one.layout.talk or one.layout.kinds == ("context",) for one in phrases if one.layout):
        return _unknown(talk, *talk.unknown[0])
    place = crowded(talk)
    return _unknown(talk, *place) if place else talk


def _apart(
    text: str, start: int, end: int, spoken: Sequence[Spoken], unknown: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """The unknown words of a line that stand in clauses of their own: ``exit PYTH, momentum is fading``."""
    cuts = [start, *(cut.end() for cut in _CLAUSE.finditer(text, start, end)), end]
    held: set[int] = set()
    for one in spoken:
        begins = _GAP.match(text, one.start, one.end)
        held |= {*range(bisect_right(cuts, begins.end() if begins else one.start), bisect_right(cuts, one.end - 1) + 1)}
    return [(at, behind) for at, behind in unknown if bisect_right(cuts, behind - 1) not in held]


def _has_many_words(text: str) -> bool:
    """Whether a text has more words than any update."""
    return len(text) > MOST_WORDS and sum(1 for _ in _WORD.finditer(text)) > MOST_WORDS


def _aside(match: re.Match[str], book: Phrasebook) -> str:
    """A quoted line blanked, and so are brackets without a word that tells or a percentage."""
    quoted = match[0].lstrip().startswith(">")
    tells = book.telling_words.search(match[0]) or _PERCENT.search(match[0])
    return match[0] if not quoted and tells else blanks(match)


def _telling(talk: Talk, unknown: Sequence[tuple[int, int]]) -> Refusal | None:
    """The refusal for something unknown that may turn the meaning."""
    joined: list[tuple[int, int]] = []
    for start, end in unknown:
        together = bool(joined) and joined[-1][1] == start
        joined[-1:] = [(joined[-1][0], end)] if together else [*joined[-1:], (start, end)]
    for start, end in joined:
        if hit := talk.book.telling.search(talk.working, start, end):
            return _unknown(talk, hit.start(), end)
    return None


def _unknown(talk: Talk, start: int, end: int) -> Refusal:
    piece = talk.working[start:end]
    start += len(piece) - len(piece.lstrip())
    shown = piece.strip().split("\n")[0][:40]
    layout = next(one.layout for one in talk.spoken if one.layout)
    return Refusal("unread", f'layout "{layout.name}" leaves "{shown}" unread', talk.prepared.folded.origin(start))
