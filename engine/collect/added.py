"""What a later version of a call says beside the call: the pieces of its text that its post never had before.

Channels leave a call as it stands and write below it, above it, or behind one of its lines what becomes of it.

1. Lines are compared without blanks and ticks (``TP1: 145 ✅`` is ``TP1: 145``). A line that the post ever had is not
   new, however often it goes and comes back.
2. Where a line goes on one that it replaces (``SL: 139, moved to entry``), what stands behind that one is new.
3. What holds a value of the call is a part of the call, not beside it.
4. What stood beside the call in a version before is no part of the call either: it was heard, and is set aside.
5. All else is made blank, so that offsets in what was added count in the message.

All of it goes over the lines once; the only search is one of sorted lines.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from engine.channel.text.vocabulary import DENSE
from engine.collect.telling import Span

TICKS = "✅✔☑❌✖❎⛔🚫🎯🔥🥳🎉🤑💥😎💰💵🚀💯👏"
_BLANK = re.compile(rf"[\s{TICKS}\u200b-\u200f\u2060\ufe0e\ufe0f]+")
_LINE = re.compile(r"[^\n]+")
_GOES_ON = re.compile(r"\d|[.,'’]\d")  # behind a number: more of it
_FIGURE = re.compile(r"[\d.,'’]+")
_IN_WORD = re.compile(rf"[^\W\d_{DENSE}]{{2}}")


@dataclass(slots=True)
class Lines:
    """The lines of a post by their keys: those of its ``call``, those of its ``latest`` version, all ever ``seen``.

    ``aside`` are those that were added beside the call, ``tails`` what was added behind lines of it, by the shape of
    the whole line.
    """

    call: Counter[str]
    latest: Counter[str]
    seen: Counter[str]
    aside: Counter[str] = field(default_factory=Counter)
    tails: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> Lines:
        """Those of a call's first version."""
        keys = Counter(key for key, _ in _lines(text))
        return cls(keys, keys, Counter(keys))


@dataclass(slots=True)
class Added:
    """What a version says beside the call; see the module's docstring.

    ``pieces`` are the places of what is new. ``intact``: every line of the call stands there; ``whole``: or its figures
    are other ones. ``instead``: lines that were added before are gone, so that what is new may say again what they
    said. ``rest`` is the version without what is new. ``aside`` are the places of what was beside the call before;
    ``call`` is the version without that, ``bare`` without either. The keys tell what ``keep`` has to know.
    """

    text: str
    pieces: list[Span] = field(default_factory=list)
    intact: bool = True
    whole: bool = True
    instead: bool = False
    aside: list[Span] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    keys: Counter[str] = field(default_factory=Counter)
    longer: dict[str, str] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)

    @property
    def alone(self) -> str:
        """The text with all blank but what is new; "" where nothing is."""
        return _blanked(self.text, self.pieces) if self.pieces else ""

    @property
    def rest(self) -> str:
        """The text with what is new blank."""
        return _without(self.text, self.pieces)

    @property
    def call(self) -> str:
        """The text with what was beside the call before blank."""
        return _without(self.text, self.aside)

    @property
    def bare(self) -> str:
        """The text with what is new or was beside the call before blank."""
        return _without(self.text, sorted([*self.pieces, *self.aside]))


def added(lines: Lines, text: str, values: Iterable[Span] = ()) -> Added:
    """What a version of a post says beside its call; ``values`` are the places from which the call was read in it."""
    own = _lines(text)
    keys = Counter(key for key, _ in own)
    told = Added(text, keys=keys)
    gone, left = lines.call - keys, lines.latest - keys
    before = sorted({*gone, *left})
    other = Counter({_shape(key): count for key, count in gone.items()})
    spans = sorted(values)
    used = Counter[str]()
    for key, (start, end) in own:
        if _overlaps(spans, start, end):
            told.held.add(key)
        used[key] += 1
        if beside := _aside(lines, key, used[key], text, start, end):
            told.aside.append(beside)
        if used[key] <= lines.seen[key]:
            continue
        base = _goes_on(before, key)
        at = start
        if base and (cut := _behind(text, start, end, len(base))):
            at = cut
            told.longer[key] = base
            other[_shape(base)] -= gone.pop(base, 0)
            left.pop(base, None)
        elif other[_shape(key)] > 0:
            other[_shape(key)] -= 1
            told.held.add(key)
            continue
        if not _overlaps(spans, at, end):
            told.pieces.append((at, end))
            told.lines.append(key)
    told.intact = bool(lines.call) and not gone
    told.whole = bool(lines.call) and not +other
    told.instead = bool(left - lines.call)
    return told


def keep(lines: Lines, told: Added, reads: bool) -> None:
    """Remember a version; ``reads``: as a whole it reads as the call, which may have other lines now."""
    if reads and told.held:
        call = Counter({key: max(1, n - lines.aside[key]) for key, n in told.keys.items() if key in told.held})
        lines.call = call | (lines.call & told.keys)
    elif reads:
        lines.call = told.keys
    for longer, base in told.longer.items() if told.intact else ():
        if base in lines.call:
            lines.call[longer] = lines.call.pop(base)
    lines.latest = told.keys
    for key, count in told.keys.items():
        lines.seen[key] = max(count, lines.seen[key])


def set_aside(lines: Lines, told: Added) -> None:
    """Remember what a version says beside the call as what was heard; before ``keep``."""
    for key in told.lines:
        base = told.longer.get(key, "")
        if not base or base in lines.aside:
            lines.aside[key] += 1
        else:
            before = lines.tails.get(_shape(base), "")
            tail = before if base.endswith(before) else ""
            lines.tails[_shape(key)] = tail + key[len(base) :]


def _aside(lines: Lines, key: str, count: int, text: str, start: int, end: int) -> Span | None:
    """The place of what was beside the call before in a line, the ``count``-th with its key; None where nothing is."""
    if lines.call[key] < count <= lines.call[key] + lines.aside[key]:
        return start, end
    tail = lines.tails.get(_shape(key), "") if lines.tails else ""
    if tail and key.endswith(tail) and (cut := _behind(text, start, end, len(key) - len(tail))):
        return cut, end
    return None


def _lines(text: str) -> list[tuple[str, Span]]:
    """The key and the place of each line that has more than blanks and ticks."""
    found = ((_BLANK.sub("", line[0]), line.span()) for line in _LINE.finditer(text))
    return [(key, span) for key, span in found if key]


def _shape(key: str) -> str:
    """A line without its figures."""
    return _FIGURE.sub("", key)


def _goes_on(before: Sequence[str], key: str) -> str:
    """The one of some sorted lines that a line begins with; "" where there is none."""
    at = bisect_right(before, key) - 1
    return before[at] if at >= 0 and key.startswith(before[at]) else ""


def _behind(text: str, start: int, end: int, count: int) -> int:
    """Where a line goes on behind so many characters that count; 0 where that is within a word or a number."""
    at = start
    for blank in (*(_BLANK.finditer(text, start, end)), None):
        stop = end if blank is None else blank.start()
        if count <= stop - at:
            cut = at + count
            within = text[cut - 1].isdigit() and _GOES_ON.match(text, cut, end)
            return 0 if within or _IN_WORD.match(text, cut - 1, end) else cut
        count -= stop - at
        at = stop if blank is None else blank.end()
    return 0


def _overlaps(spans: Sequence[Span], start: int, end: int) -> bool:
    """Whether one of some sorted places lies within a range."""
    at = bisect_left(spans, (start, 0))
    return (at < len(spans) and spans[at][0] < end) or (at > 0 and spans[at - 1][1] > start)


def _without(text: str, left: Sequence[Span]) -> str:
    """A text in which some ranges are blank, which are sorted and may overlap."""
    kept, at = [], 0
    for start, end in (*left, (len(text), len(text))):
        kept += [(at, start)] if at < start else []
        at = max(at, end)
    return _blanked(text, kept)


def _blanked(text: str, kept: Sequence[Span]) -> str:
    """A text in which only some ranges are left; lines stay lines."""
    made, at = [], 0
    for start, end in (*kept, (len(text), len(text))):
        made += [re.sub(r"[^\n]", " ", text[at:start]), text[start:end]]
        at = end
    return "".join(made)
