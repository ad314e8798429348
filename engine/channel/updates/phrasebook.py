"""Read an update that is made of phrases: ``close half``, ``move the stop to entry``, one behind the other.

1. fillers are blanked; each line of the message is gone through from left to right: the longest phrase that fits there,
   else a coin by itself, else a word that nothing knows;
2. a line that holds a word nothing knows is no part of the update when no phrase stands in it, and refuses the message
   when one does, unless all of them are reports, which never trade, and may stand ``beside talk``;
3. wherever something is unknown, a number, a trade word, a word of doubt or a question mark refuses the message;
4. what one phrase names (coin, side, id, link) holds for the phrases behind it, or else for those before it.

Every word of a message begins one try of each phrase, and a phrase has few words: reading stays linear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from engine.channel.layout.layout import Layout
from engine.channel.layout.pattern import Found, Line, walk
from engine.channel.layout.phrases import unread_regex
from engine.channel.meaning.actions import actions_of
from engine.channel.meaning.values import read_values
from engine.channel.profile import Profile
from engine.channel.syntax.tree import NOWHERE, Mark
from engine.channel.text.fields import Fields
from engine.channel.text.fold import Folded
from engine.channel.text.names import SPECIAL_GROUPS
from engine.channel.text.vocabulary import DENSE, NO_LETTER_BEHIND, Vocabulary, alternatives, tokens_of
from engine.domain import Action, Refusal, Side

T = TypeVar("T")

MOST_PHRASES = 30  # an update has a few
LONGEST_BARE_COIN = 10
# A quoted line, and what stands in brackets: [In reply to Alice], (by the admin), unless it holds a word that tells.
_ASIDE = re.compile(r"(?m)^[ \t]*>[^\n]*+|[(\[](?![^)\]\n]*(?:\d{3}|\d[.,]\d))[^)\]\n]{0,60}[)\]]")
Link = tuple[int, int]  # chat (0 where it names none), message
COIN = Mark("symbol", NOWHERE, "BTC", NOWHERE, NOWHERE)
_WORD = re.compile(rf"\W*+(?:[{DENSE}]|\d[^\W{DENSE}]*+|[^\W\d{DENSE}]++)?")
_LINK = re.compile(r"(?<![\w.])t\.me/(c/)?([a-z0-9-]{1,40})/(?:\d{1,12}/)?(\d{1,12})(?!\w)")
# Addresses, names and results (+12.5%, +2R) say nothing.
_NOTHING = re.compile(
    r"(?:https?://|www\.|t\.me/)\S++|@[a-z][\w-]*+|\+ ?\d{1,7}(?:[.,]\d{1,8})?[ \t]{0,3}(?:%|r(?!\w)|pips(?!\w))"
)


@dataclass(frozen=True)
class Phrasebook:
    """The phrases of a profile, by what they begin with, and how to go through a line.

    ``filler`` finds the words that say nothing, and those that look so but are part of another phrase (group 1).
    ``telling`` finds what must not stay unknown, ``telling_words`` the same without numbers.
    """

    openings: tuple[tuple[re.Pattern[str], tuple[tuple[Layout, Line], ...]], ...]
    anywhere: re.Pattern[str]
    filler: re.Pattern[str]
    coin: re.Pattern[str]
    reserved: re.Pattern[str]
    telling: re.Pattern[str]
    telling_words: re.Pattern[str]


def phrasebook(layouts: Sequence[Layout], fields: Fields) -> Phrasebook | None:
    """The phrasebook of a profile, None when it has no phrases."""
    openings: dict[str, list[tuple[Layout, Line]]] = {}
    for layout in layouts:
        for line in layout.lines if layout.phrases else ():
            for opening in dict.fromkeys(line.openings()):
                openings.setdefault(opening, []).append((layout, line))
    if not openings:
        return None
    words = fields.words
    telling = alternatives(words.telling_words())
    return Phrasebook(
        tuple((re.compile(opening), tuple(phrases)) for opening, phrases in openings.items()),
        re.compile("|".join(f"(?:{opening})" for opening in openings)),
        _filler(words),
        re.compile(fields.lead("symbol") + fields.pattern("symbol", strict=True)),
        re.compile(alternatives(words.reserved_words())),
        re.compile(rf"{unread_regex(words.telling_words()).pattern}|\?"),
        re.compile(rf"{NO_LETTER_BEHIND}{telling}|\?"),
    )


def _filler(words: Vocabulary) -> re.Pattern[str]:
    """Fillers, and before them (group 1) the phrases of other groups that hold one."""
    fillers = {tokens_of(phrase) for phrase in words.words("filler")}
    groups = [group for group in (*SPECIAL_GROUPS, *words.declared) if group != "filler"]
    others = [phrase for group in groups for phrase in words.words(group)]
    others += [*words.number_words, *words.share_words, *map(" ".join, words.symbols)]
    kept = [phrase for phrase in others if _holds(tokens_of(phrase), fillers)]
    either = rf"({alternatives(kept)})|{alternatives(words.words('filler'))}"
    return re.compile(rf"{NO_LETTER_BEHIND}(?<![$#])(?:{either})")


def _holds(tokens: tuple[str, ...], fillers: set[tuple[str, ...]]) -> bool:
    """Whether a phrase of several words has a filler among them."""
    return len(tokens) > 1 and any((token,) in fillers for token in tokens)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A phrase in a message, or a coin by itself (``layout`` None): its values, half-open offsets."""

    layout: Layout | None
    found: list[Found]
    start: int
    end: int


@dataclass(slots=True)
class Talk:
    """A message on its way: folded, as posted; what was spoken, and the unknown words beside phrases."""

    profile: Profile
    book: Phrasebook
    working: str
    folded: Folded
    text: str
    posted_ms: int | None
    spoken: list[Spoken] = field(default_factory=list)
    unknown: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Blank the fillers."""
        self.working = self.book.filler.sub(lambda found: found[1] or _blank(found), self.working)

    def is_coin(self, start: int, end: int) -> bool:
        """Whether a word is surely a coin: with ``$`` or ``#``, a quote currency, in capitals, or a known name."""
        word = self.working[start:end]
        sign = self.working[max(start - 2, 0) : start].rstrip(" \t")[-1:]
        if sign == "$" or (sign == "#" and not word.isdigit()) or self.profile.update_fields.is_pair(word):
            return True
        if not 1 < len(word) <= LONGEST_BARE_COIN or self.book.reserved.fullmatch(word):
            return False
        begin, stop = self.folded.original(start, end)
        return self.text[begin:stop].isupper()

    def longest(self, at: int, end: int) -> Spoken | None:
        """The longest phrase that begins at an offset."""
        best: Spoken | None = None
        for opening, phrases in self.book.openings:
            if opening.match(self.working, at, end) is None:
                continue
            for layout, line in phrases:
                if line.head.match(self.working, at, end) is None or not layout.valid_at(self.posted_ms):
                    continue
                found: list[Found] = []
                behind, _, failed = walk(line.links, self.working, at, end, found)
                longer = failed is None and behind > (best.end if best else at)
                if longer and all(mark.field != "symbol" or self.is_coin(start, stop) for mark, start, stop in found):
                    best = Spoken(layout, found, at, behind)
        return best

    def line(self, start: int, end: int) -> tuple[list[Spoken], list[tuple[int, int]]]:
        """What is spoken in one line, and the words that nothing knows."""
        spoken: list[Spoken] = []
        unknown: list[tuple[int, int]] = []
        at = start
        while at < end:
            if phrase := self.longest(at, end):
                spoken.append(phrase)
                at = phrase.end
            elif (coin := self.book.coin.match(self.working, at, end)) and self.is_coin(*coin.span(1)):
                spoken.append(Spoken(None, [(COIN, *coin.span(1))], at, coin.end()))
                at = coin.end()
            else:
                word = _WORD.match(self.working, at, end)
                behind = max(word.end() if word else at, at + 1)
                if re.search(r"\w", self.working[at:behind]) or "?" in self.working[at:behind]:
                    unknown.append((at, behind))
                at = behind
        return spoken, unknown


def read_phrases(
    profile: Profile,
    working: str,
    lines: Sequence[tuple[int, int]],
    folded: Folded,
    text: str,
    posted_ms: int | None = None,
) -> tuple[Action, ...] | Refusal | None:
    """The actions of a message that is made of phrases; None when no phrase stands in it.

    ``working`` is the folded text with what is ignored blanked, ``lines`` are half-open offsets in it.
    """
    book = profile.phrasebook
    if book is None or book.anywhere.search(working) is None:
        return None
    links = list(_links(working, profile))
    working = _NOTHING.sub(_blank, working)
    working = _ASIDE.sub(lambda match: _aside(match, book), working)
    talk = Talk(profile, book, working, folded, text, posted_ms)
    beside: list[tuple[int, int]] = []
    for start, end in lines:
        spoken, unknown = talk.line(start, end)
        if any(one.layout for one in spoken):
            talk.spoken += spoken
            talk.unknown += unknown
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
    made = _actions(talk, links)
    if isinstance(made, tuple) and (plan := _plan(made)):
        return plan
    return made


def _plan(actions: Sequence[Action]) -> Refusal | None:
    """The refusal of several closes of one trade: that says what will be closed where."""
    closed = [
        (action.symbol, action.side, action.signal_ref, action.links) for action in actions if action.kind == "close"
    ]
    if len(set(closed)) < len(closed):
        return Refusal("share", "closes one trade twice: a plan, not an order")
    return None


def _aside(match: re.Match[str], book: Phrasebook) -> str:
    """A quoted line blanked, and so are brackets without a word that tells."""
    quoted = match[0].lstrip().startswith(">")
    return match[0] if not quoted and book.telling_words.search(match[0]) else _blank(match)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def links_of(working: str, profile: Profile) -> tuple[Link, ...]:
    """The posts of this channel that a folded text links to: chat (0 where the link names none), message."""
    return tuple(link for _, link in _links(working, profile))


def _links(working: str, profile: Profile) -> Iterator[tuple[int, Link]]:
    """The same with their offsets. A link to another public chat is none."""
    source = profile.source
    own = source.address.lstrip("@").lower() if source and source.kind == "telegram" else None
    for match in _LINK.finditer(working):
        private, chat, message = match.groups()
        if private or own in (None, chat.replace("-", "_")):
            yield match.start(), (int(chat) if private and chat.isdecimal() else 0, int(message))


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
    return Refusal("unread", f'layout "{layout.name}" leaves "{shown}" unread', talk.folded.origin(start))


def _actions(talk: Talk, links: Sequence[tuple[int, Link]]) -> tuple[Action, ...] | Refusal:
    """The actions of all phrases, each with the coin, side, id and links that hold for it."""
    made: list[tuple[int, tuple[Action, ...]]] = []
    symbols: list[tuple[int, str]] = []
    sides: list[tuple[int, Side]] = []
    refs: list[tuple[int, str]] = []
    for one in talk.spoken:
        layout = one.layout or talk.book.openings[0][1][0][0]
        read = read_values(talk.profile, layout, one.found, talk.working, talk.folded, talk.text)
        if isinstance(read, Refusal):
            return read
        symbols += [(one.start, symbol) for symbol in read.symbols]
        sides += [(one.start, side) for side in read.sides]
        refs += [(one.start, ref) for ref in read.refs]
        if one.layout:
            actions = actions_of(talk.profile, one.layout, read)
            if isinstance(actions, Refusal):
                return actions
            if actions:
                made.append((one.start, actions))
    places = [place for place, _ in made]
    result: list[Action] = []
    for index, (_, actions) in enumerate(made):
        for action in actions:
            symbol = _holding(symbols, places, index) if action.symbol is None else {action.symbol}
            ref = _holding(refs, places, index) if action.signal_ref is None else {action.signal_ref}
            side = _holding(sides, places, index) if action.side is None else {action.side}
            if max(len(symbol), len(ref), len(side)) > 1:
                return Refusal("symbol", "several coins, sides or ids, and nothing says which one is meant")
            result.append(
                replace(
                    action,
                    symbol=next(iter(symbol), None),
                    signal_ref=next(iter(ref), None),
                    side=next(iter(side), None),
                    links=tuple(sorted(_holding(links, places, index))),
                )
            )
    return tuple(dict.fromkeys(result))


def _holding(values: Sequence[tuple[int, T]], places: Sequence[int], index: int) -> set[T]:
    """The values that hold for the phrase at ``places[index]``.

    Those between the phrase before and this one, else those that stand last before it, else those that stand next.
    """
    here = places[index]
    bounds = [-1, *places]
    for at in range(index, -1, -1):
        low, high = bounds[at], bounds[at + 1]
        if group := {value for place, value in values if low < place <= high or (at == index and place == here)}:
            return group
    bounds = [*places, 1 << 30]
    for at in range(index, len(places)):
        if group := {value for place, value in values if bounds[at] < place < bounds[at + 1]}:
            return group
    return set()
