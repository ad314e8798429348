"""Guess which pieces of a message are its symbol, side, entries, targets and stop.

1. Links and names are blanked, the rest is scanned line by line for labels, words and numbers (``words.py``).
2. A number belongs to the label before it on its line; bare numbers on the lines below a heading belong to the heading.
   A number without a label is an entry when it stands beside symbol and side and nothing else is one.
3. The symbol is written like one (``$BTC``, ``BTC/USDT``), or it is the word beside the side.

Numbers that nothing claims become ``any``. All offsets count in the folded text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from engine.channel.suggest.words import (
    BARE_COIN,
    COINS,
    HARMLESS,
    JOINT,
    LABELS,
    MARKET,
    NEVER_COINS,
    NUMBER,
    RESULTS,
    SCAN,
    SIGNS,
)
from engine.channel.text.fold import Folded, fold
from engine.channel.text.vocabulary import DENSE, NO_LETTER_AHEAD, NO_LETTER_BEHIND, alternatives, clean

LEVELS = ("entry", "entry market", "target", "stop")
_LINE = re.compile(r"\S[^\n]*")
_ITEM = re.compile(r"\W*\d{1,2}[ \t]*(?:[):\]]|[.-][ \t])[ \t]*(?=[^\w\n]*\d)")
_INLINE_ITEM = re.compile(r"(?<![(:])\d{1,2}[ \t]*\)")
_NUMBER = re.compile(NUMBER)
_LETTERS = re.compile(rf"[^\W\d_{DENSE}]+")
_CURRENCY = re.compile(rf"[ \t]*(?:[$€₮]|(?:usdt?|usdc){NO_LETTER_AHEAD})")
_ANY_LABEL = re.compile(rf"{NO_LETTER_BEHIND}{alternatives(word for words in LABELS.values() for word in words)}")


_ANY_LEVEL = re.compile(
    rf"{NO_LETTER_BEHIND}{alternatives(word for words in (LABELS['stop'], LABELS['target'], MARKET) for word in words)}"
)


@dataclass(frozen=True, slots=True)
class Guess:
    """One value: its field, and where it stands in the folded text (half-open)."""

    field: str
    start: int
    end: int


@dataclass(slots=True)
class Marked:
    """A message with the values guessed in it, line by line: (start, end, the line's guesses in their order)."""

    text: str
    folded: Folded
    lines: list[tuple[int, int, list[Guess]]] = field(default_factory=list)

    def values(self, *fields: str) -> list[str]:
        """The folded values of some fields."""
        return [self.folded.text[g.start : g.end] for _, _, line in self.lines for g in line if g.field in fields]

    @property
    def is_call(self) -> bool:
        """Whether it has what every call has: a symbol, a side and a level; without a side, all kinds of levels."""
        found = {guess.field for _, _, line in self.lines for guess in line}
        if "symbol" not in found:
            return False
        if "side" in found:
            return bool(found & {"entry", *LEVELS})
        return {"target", "stop"} <= found and bool(found & {"entry", "entry market"})

    @property
    def names_a_level(self) -> bool:
        """Whether it has a word for a level or for the market, whatever stands beside it."""
        return bool(_ANY_LEVEL.search(self.folded.text))


def results_in(folded: str) -> list[str]:
    """The signs in a folded text that it tells of the past or changes a call, as phrases for ``never``."""
    return [phrase for phrase, pattern in RESULTS if pattern.search(folded)]


def guess(text: str) -> Marked:
    """Guess the values of a message."""
    folded = fold(text)
    marked = Marked(text, folded)
    work = HARMLESS.sub(lambda match: " " * (match.end() - match.start()), folded.text)
    has_entry_label = False
    carried = ""
    for span in _LINE.finditer(work):
        start, end = span.span()
        guesses, carried, labels = _levels(work, start, end, carried)
        has_entry_label |= "entry" in labels
        marked.lines.append((start, end, guesses))
    coin = _coin(marked, work)
    if coin is not None:
        _claim(marked, coin)
    _one_side(marked, work, coin)
    if coin is not None and not has_entry_label:
        _loose_entry(marked, coin)
    _market_price(marked)
    return marked


def _levels(work: str, start: int, end: int, carried: str) -> tuple[list[Guess], str, set[str]]:
    """The guesses of one line, the label that the next line goes on with, and the labels of this one."""
    guesses: list[Guess] = []
    labels: set[str] = set()
    item = _ITEM.match(work, start, end)
    events = list(SCAN.finditer(work, item.end() if item else start, end))
    has_label = any((event.lastgroup or "").removesuffix("_n") in LABELS for event in events)
    label = "" if has_label else carried
    market = False
    skip_to = start
    for event in events:
        kind = event.lastgroup or ""
        if event.start() < skip_to:
            continue
        if kind.removesuffix("_n") in ("stop", "target", "entry"):
            name = kind.removesuffix("_n")
            label, market = name, name == "entry" and "market" in event[0]
            labels.add(name)
        elif kind == "gear":
            label = ""
        elif kind in ("leverage", "level"):
            guesses.append(Guess("leverage", event.start(), event.end()))
        elif kind == "percent":
            last = next((g for g in reversed(guesses) if g.field in LEVELS), None)
            if label == "stop" and last is None:
                guesses.append(Guess("stop", event.start(), event.end()))
            else:
                number = re.search(r"\d+(?:[.,]\d+)?", event[0])
                assert number is not None
                name = "share" if label in ("target", "entry") and last is not None and "%" in event[0][1:] else "any"
                at = event.start() + number.start()
                guesses.append(Guess("share", event.start(), event.end()) if name == "share" else
                               Guess("any", at, at + len(number[0])))  # fmt: skip
        elif kind == "part":
            guesses.append(Guess("share", event.start(), event.end()))
        elif kind == "market":
            market = True
            guesses.append(Guess("market", event.start(), event.end()))
        elif kind in ("long", "short"):
            guesses.append(Guess("side", event.start(), event.end()))
        elif _INLINE_ITEM.match(work, event.start(), end):
            continue
        else:
            given = any(g.field in LEVELS for g in guesses)
            made = _number(work, event.span(), (start, end), label, market, given)
            guesses.append(made)
            skip_to = made.end
    guesses = _market_entries(guesses, labels)
    levels = [g for g in guesses if g.field in LEVELS]
    if has_label or levels:
        last_label = label if label in LEVELS else ""
        carried = last_label if not levels or last_label == "target" else ""
        if not has_label and levels:
            carried = label
    elif guesses:
        carried = ""
    return guesses, carried, labels


def _number(work: str, span: tuple[int, int], line: tuple[int, int], label: str, market: bool, given: bool) -> Guess:
    """What one number is: a level under a label (with the second end of an entry's range), or nothing known.

    ``given``: the line has a level already, so that a number in brackets is a remark.
    """
    (start, stop), (line_start, end) = span, line
    letters = _LETTERS.match(work, stop, end)
    if letters and not _CURRENCY.match(work, stop, end):
        return Guess("any", start, letters.end())
    in_remark = work.count("(", line_start, start) > work.count(")", line_start, start) and given
    if label not in LEVELS or work[start - 1 : start] in ("#", "№") or in_remark:
        return Guess("any", start, stop)
    if label == "entry" and not market:
        joint = JOINT.match(work, stop, end)
        second = re.compile(r"\d+(?:[.,]\d+)*k?|\.\d+").match(work, joint.end()) if joint else None
        third = JOINT.match(work, second.end(), end) if second else None
        is_share = second is not None and work[second.end() : end].lstrip().startswith("%")
        if second and not is_share and not (third and work[third.end() : third.end() + 1].isdigit()):
            return Guess("entry", start, second.end())
    return Guess("entry market" if label == "entry" and market else label, start, stop)


def _market_entries(guesses: list[Guess], labels: set[str]) -> list[Guess]:
    """Words for the market: an entry where no price follows them, otherwise plain text before a market price."""
    has_price = any(g.field in ("entry", "entry market") for g in guesses)
    made: list[Guess] = []
    for found in guesses:
        if found.field != "market":
            made.append(found)
        elif not has_price and (labels <= {"entry"} or not labels):
            made.append(Guess("entry", found.start, found.end))
            has_price = True
    return made


def _coin(marked: Marked, work: str) -> Guess | None:
    """The symbol: the first word written like one, or the word beside the side."""
    for pattern in COINS:
        for match in pattern.finditer(work):
            if re.sub(r"[^a-z0-9]", "", match[0]) not in NEVER_COINS:
                return Guess("symbol", match.start(), match.end())
    for start, end, line in marked.lines:
        sides = [g for g in line if g.field == "side"]
        if not sides:
            continue
        words = [
            match
            for match in BARE_COIN.finditer(work, start, end)
            if match[0] not in NEVER_COINS
            and not _ANY_LABEL.fullmatch(match[0])
            and all(match.end() <= g.start or match.start() >= g.end for g in line)
        ]
        near = sorted(words, key=lambda m: min(abs(m.start() - sides[0].end), abs(sides[0].start - m.end())))
        for match in near[:1]:
            between = work[min(match.end(), sides[0].end) : max(match.start(), sides[0].start)]
            if len(_LETTERS.findall(between)) <= 1:
                return Guess("symbol", match.start(), match.end())
    return None


def _claim(marked: Marked, coin: Guess) -> None:
    """Put the symbol among the guesses of its line, in place of those that it covers."""
    for _, _, line in marked.lines:
        line[:] = [g for g in line if g.end <= coin.start or g.start >= coin.end]
    for start, end, line in marked.lines:
        if start <= coin.start < end:
            line.append(coin)
            line.sort(key=lambda g: g.start)


def _one_side(marked: Marked, work: str, coin: Guess | None) -> None:
    """Keep the side nearest to the symbol and those that say the same; without a word, a sign that says it."""
    sides = [g for _, _, line in marked.lines for g in line if g.field == "side"]
    if not sides and coin is not None:
        signs = [sign for group in SIGNS.values() for sign in map(clean, group)]
        hits = [(work.find(sign), sign) for sign in signs if sign in work]
        if hits:
            at, sign = min(hits, key=lambda hit: abs(hit[0] - coin.start))
            for start, end, line in marked.lines:
                if start <= at < end:
                    line.append(Guess("side", at, at + len(sign)))
                    line.sort(key=lambda g: g.start)
        return
    if not sides:
        return
    centre = coin.start if coin is not None else 0
    text = marked.folded.text
    sides = [g for g in sides if not text.startswith(" term", g.end)] or sides  # "short term" says no side
    best = min(sides, key=lambda g: min(abs(g.start - centre), abs(g.end - centre)))
    for _, _, line in marked.lines:
        line[:] = [g for g in line if g.field != "side" or g == best]


def _market_price(marked: Marked) -> None:
    """A word for the market and one price under the plain label of an entry: the price that the market call names."""
    text = marked.folded.text
    entries = [(line, g) for _, _, line in marked.lines for g in line if g.field in ("entry", "entry market")]
    words = [(line, g) for line, g in entries if not any(char.isdigit() for char in text[g.start : g.end])]
    prices = [(line, g) for line, g in entries if (line, g) not in words]
    if len(words) != 1 or len(prices) != 1 or prices[0][1].field != "entry":
        return
    (word_line, word), (line, price) = words[0], prices[0]
    start = text.rfind("\n", 0, price.start) + 1
    if re.search("dca|limit|лимит|补|補", text[start : price.start]) or not _NUMBER.fullmatch(
        text, price.start, price.end
    ):
        return
    word_line.remove(word)
    line[line.index(price)] = Guess("entry market", price.start, price.end)


def _loose_entry(marked: Marked, coin: Guess) -> None:
    """A number without a label beside the symbol is the entry, where no label names another."""
    if any(g.field in ("entry", "entry market") for _, _, line in marked.lines for g in line):
        return
    for start, end, line in marked.lines:
        if not (start <= coin.start < end) or not any(g.field == "side" for g in line):
            continue
        for index, found in enumerate(line):
            text = marked.folded.text
            if found.field != "any" or found.start < coin.end or not text[found.start : found.end][-1].isdigit():
                continue
            if text[found.end : found.end + 1] == "%" or text[found.start - 1] == "#":
                continue
            after = line[index + 1] if index + 1 < len(line) else None
            if after is not None and after.field == "any" and JOINT.fullmatch(text, found.end, after.start):
                line[index : index + 2] = [Guess("entry", found.start, after.end)]
            else:
                line[index] = Guess("entry", found.start, found.end)
            return
