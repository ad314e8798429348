"""One line of a template as a chain of anchored patterns, and the walk along it.

Literals are joined with the mark behind them into one anchored expression with possessive loops. A chain is walked
once from left to right and never goes back, so reading is linear in the length of the line. One expression for the
whole line would be as fast, but it would keep only the last of several targets and could not say how far it got.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from engine.channel.layout.items import Count, Index, Item, Literal, Maybe, Run, Skip, Slot, Synonym
from engine.channel.syntax import tree as t
from engine.channel.text.fields import Fields
from engine.channel.text.fold import INDEX, fold
from engine.channel.text.names import LIST_FIELDS
from engine.channel.text.vocabulary import GAP, NO_LETTER_BEHIND, alternatives, token_pattern

_LIST_INDEX = r"(?:\d{1,2}+[ \t]*+[):\]}]|\d{1,2}+\.(?!\d))?"
_GAP_OF_LINE = re.compile(r"[^\w\n]*+")
_COUNT = rf"(?:\d{{1,2}}+(?![.,]?\d)|{INDEX})"


@lru_cache(maxsize=20_000)  # profiles that take over the same library share its patterns
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern, compiled once."""
    return re.compile(pattern)


@dataclass(frozen=True)
class Step:
    """One anchored expression: text before a mark and the mark (group 1), or text alone.

    ``texts`` are the pieces of text in it, each as pattern and as shown to people. It is compiled when a message first
    comes so far: a profile holds more phrases than its messages do.
    """

    pattern: str
    slot: t.Mark | None
    texts: tuple[tuple[str, str], ...]

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The expression, compiled."""
        return compiled(self.pattern)

    def stopped(self, text: str, at: int, end: int) -> tuple[int, int, str]:
        """Where this step did not fit in ``text[at:end]``: (pieces of its text found, offset, what it wanted there)."""
        for count, (pattern, shown) in enumerate(self.texts):
            match = compiled(pattern).match(text, at, end)
            if match is None:
                return count, behind_gap(text, at, end), shown
            at = match.end()
        return len(self.texts), behind_gap(text, at, end), field_name(self.slot.field) if self.slot else "text"


def behind_gap(text: str, at: int, end: int) -> int:
    """The offset of the next word before ``end``."""
    match = _GAP_OF_LINE.match(text, at, end)
    return match.end() if match else at


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a chain that may be missing, or that repeats."""

    steps: tuple[Link, ...]
    repeats: bool


Link = Step | Part
Found = tuple[t.Mark, int, int]


def chain(
    items: Sequence[Item], fields: Fields, opening: bool = True, phrase: bool = False, ends: str = ""
) -> tuple[Link, ...]:
    """Items as links. ``opening``: these items begin a line, so that a list index may stand before a bare value.

    In a ``phrase`` a value is of the kind that its sample is, and no list index stands before it. ``ends`` are the
    signs behind a part that repeats: its next value is not looked for beyond them, as it is not beyond a word.
    """
    links: list[Link] = []
    texts: list[tuple[str, str]] = []
    skipping = False

    def close(value: str = "", slot: t.Mark | None = None) -> None:
        if value or texts:
            regex = "".join(pattern for pattern, _ in texts) + value
            links.append(Step(regex, slot, tuple(texts)))
            texts.clear()

    for position, item in enumerate(items):
        lead = r"[^\n]*?" + _guard(item) if skipping else GAP
        was_skipping, skipping = skipping, isinstance(item, Skip)
        if isinstance(item, Maybe | Run):
            close()
            behind = opening_signs(items[position + 1 :], fields) if isinstance(item, Run) else ""
            behind += ends if position == 0 else ""
            inner = chain(item.items, fields, opening and position == 0, phrase, behind)
            links.append(Part(inner, isinstance(item, Run)))
        elif isinstance(item, Slot):
            field = item.mark.field
            body = fields.pattern(field, item.mark.sample, item.single, strict=phrase)
            if field == "leverage" and position == 0 and not phrase:
                body = _sign_ahead(item.mark.sample) + body
            if not was_skipping:
                may_be_numbered = opening and position == 0 and field in LIST_FIELDS | {"stop"} and not phrase
                gap = fields.lead(field, ends if position == 0 else "")
                lead = gap + _LIST_INDEX + gap if may_be_numbered else gap
            close(lead + body, item.mark)
        elif isinstance(item, Index):
            texts.append((GAP + _LIST_INDEX, "a number"))
        elif isinstance(item, Count):
            texts.append(((lead if was_skipping else rf"[^\w{INDEX}]*+") + _COUNT, "a number"))
        elif isinstance(item, Synonym):
            phrases = fields.words.phrases(item.group)
            signs = "".join(sorted({re.escape(sign[0]) for sign in fields.words.signs(item.group)}))
            stop = rf"[^\w{signs}]*+" if signs and not was_skipping else lead
            texts.append((stop + _synonym(fields, item.group), f'"{phrases[0]}"'))
        elif isinstance(item, Literal):
            texts.append((lead + token_pattern(item.token), f'"{item.spelled or item.token}"'))
    if skipping:
        texts.append((r"[^\n]*+", "anything"))
    close()
    return tuple(links)


def _sign_ahead(sample: str) -> str:
    """No word stands before this leverage: where its sample has the ``x``, a number without one is a price."""
    return r"(?=[\d., \t/~\u2010-\u2015-]{0,12}[x×х])" if re.search("[x×х]", fold(sample).text) else ""


def opening_signs(items: Sequence[Item], fields: Fields) -> str:
    """The characters with which a sign of the profile's words, such as an emoji, may begin these items."""
    signs = ""
    for item in items:
        if isinstance(item, Maybe):
            signs += opening_signs(item.items, fields)
        elif isinstance(item, Synonym):
            return signs + "".join(sign[0] for sign in fields.words.signs(item.group))
        else:
            break
    return signs


def _synonym(fields: Fields, group: str) -> str:
    """Any word of a group; a sign of the group, such as an emoji, may stand for it or before it."""
    words = alternatives(fields.words.words(group))
    signs = fields.words.signs(group)
    return rf"(?:(?:{alternatives(signs)}\W{{0,4}})?{words}|{alternatives(signs)})" if signs else words


@dataclass(frozen=True)
class Line:
    """A line of a template. ``beginning`` is what stands up to its second mark: a quick no ("" fits anything).

    A message's line that it matches has been walked along its first links, ``begun`` of them.
    """

    items: tuple[Item, ...]
    links: tuple[Link, ...]
    beginning: str
    begun: int

    @cached_property
    def head(self) -> re.Pattern[str]:
        """What it begins with, compiled."""
        return compiled(self.beginning)

    @cached_property
    def _slots(self) -> tuple[t.Mark, ...]:
        """The marks in the head, each with a group of its own."""
        return tuple(link.slot for link in self.links[: self.begun] if isinstance(link, Step) and link.slot is not None)

    @cached_property
    def _rest(self) -> tuple[Link, ...]:
        """The links behind the head."""
        return self.links[self.begun :]

    def walk(self, head: re.Match[str], text: str, end: int, found: list[Found]) -> tuple[int, int, Step | None]:
        """What ``walk`` gives for the whole line, of which ``head`` has been matched."""
        for number, slot in enumerate(self._slots, 1):
            found.append((slot, *head.span(number)))
        return walk(self._rest, text, head.end() if self.begun else head.start(), end, found)

    @cached_property
    def first_step(self) -> Step:
        """The step that the line begins with."""
        return next(_steps(self.links))


def line_of(items: tuple[Item, ...], fields: Fields, phrase: bool = False, ends: str = "") -> Line:
    """A line's chain with its head. ``ends``: the signs that may begin the line behind one that repeats."""
    if phrase:  # the fillers of a message are blanked before its phrases are looked for
        items = tuple(item for item in items if item != Maybe((Synonym("filler"),)))
    links = chain(items, fields, phrase=phrase, ends=ends)
    first = links
    while isinstance(first[0], Part) and first[0].repeats:
        first = first[0].steps
    steps: list[Step] = []
    for link in first[:2]:
        if isinstance(link, Part):
            break
        steps.append(link)
    # what a step has taken it does not give back
    head = "".join(f"(?>{step.pattern})" for step in steps[:-1]) + "".join(step.pattern for step in steps[-1:])
    return Line(items, links, head, len(steps) if first is links else 0)


def _guard(item: Item) -> str:
    """Where a search for an item behind ``{...}`` may stop: at the start of a number or word, never inside one."""
    if isinstance(item, Slot):
        numeric = item.mark.field not in ("side", "symbol", "any")
    else:
        numeric = isinstance(item, Count) or (isinstance(item, Literal) and item.token.isdigit())
    return r"(?<![\d.,])" if numeric else NO_LETTER_BEHIND


def field_name(field: str) -> str:
    """A field with its article."""
    special = {"any": "a word", "entry market": "the market price"}
    return special.get(field, ("an " if field[0] in "aeiou" else "a ") + field)


def first_wanted(links: Sequence[Link]) -> str:
    """What a line is there for: its first mark, or else its first text."""
    steps = list(_steps(links))
    for step in steps:
        if step.slot is not None:
            return field_name(step.slot.field)
    return steps[0].texts[0][1]


def _steps(links: Sequence[Link]) -> Iterator[Step]:
    for link in links:
        if isinstance(link, Step):
            yield link
        else:
            yield from _steps(link.steps)


def walk(links: Sequence[Link], text: str, at: int, end: int, found: list[Found]) -> tuple[int, int, Step | None]:
    """Walk a chain along ``text[at:end]`` and add the values to ``found``.

    Gives (offset behind what was taken, farthest offset reached, None), or (-1, farthest offset, the step that
    failed). A part that may be missing or that repeats is taken whole or not at all.
    """
    far = at
    for link in links:
        if isinstance(link, Step):
            match = link.regex.match(text, at, end)
            if match is None:
                return -1, far if far > at else at, link
            if link.slot is not None:
                found.append((link.slot, *match.span(1)))
            at = match.end()
            continue
        times = 0
        while True:
            kept = len(found)
            behind, reached, failed = walk(link.steps, text, at, end, found)
            if reached > far:
                far = reached
            if behind <= at:
                del found[kept:]
                if link.repeats and times == 0:
                    return -1, far, failed
                break
            at = behind
            times += 1
            if not link.repeats:
                break
    return at, far if far > at else at, None
