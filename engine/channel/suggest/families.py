"""From many marked messages to a few templates: the same lines in many posts, what varies in them, what may be missing.

1. ``rows.py``: the lines of a message that matter, each as values with the words between them (a gap);
2. ``families``: messages whose lines hold the same values in the same order belong together, whatever their words;
3. ``Family.template``: one post of a family is the sample. A word that other posts leave out may be missing, one that
   they have besides is added as a part that may be missing, one that they write instead becomes a synonym.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from engine.channel.suggest.marks import Guess
from engine.channel.suggest.rows import Gap, Post, Row, Token
from engine.channel.suggest.words import RESULTS
from engine.channel.text.vocabulary import TOKEN

MOST_LINES_OF_A_RUN = 3
LEAST_SHARE = 0.01  # of a family: rarer spellings are left out
USUAL_SHARE = 0.95  # of a family: a line that more posts have belongs to the layout
MOST_EXTRAS = 4
BRACKETS = {"(": ")", "[": "]", "（": "）", "【": "】", "「": "」"}
LEAST_POSTS = 3  # of one kind, before anything is made of them
LEAST_WORDS_TO_IGNORE = 3  # a line of fewer is too common to be skipped wherever it stands


@dataclass(slots=True)
class Template:
    """A layout as text for a profile, and the synonyms it needs: base word -> other words."""

    text: str
    synonyms: dict[str, set[str]]


@dataclass(slots=True)
class Family:
    """Posts whose lines hold the same values in the same order."""

    posts: list[Post]
    synonyms: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def title(self) -> str:
        """The values in their order: ``side symbol, entry, stop, target``."""
        lines = [" ".join(run[0].key) for run in self.posts[0].core if run[0].values]
        return ", ".join(name for i, name in enumerate(lines) if i == 0 or name != lines[i - 1])

    @property
    def signed(self) -> bool:
        """Whether the posts write their symbol with a ``$`` or ``#`` before it, but for a few."""
        return sum(post.signed for post in self.posts) >= (1 - LEAST_SHARE) * len(self.posts)

    def template(self, samples: int = 0) -> Template:
        """The template of the family; ``samples`` skips that many of the posts that would be its best sample."""
        variants = [self._variants(place) for place in range(len(self.posts[0].core))]
        extras = self._extras()
        best = sorted(self.posts, key=lambda post: self._fitness(post, variants, extras), reverse=True)
        sample = best[min(samples, len(best) - 1)]
        self.synonyms = defaultdict(set)
        lines: list[str] = []
        for place in range(len(sample.core) + 1):
            lines += self._extra_lines(sample, place, extras)
            if place < len(sample.core):
                lines += [self._line(sample, row, variants[place]) for row in sample.core[place][:MOST_LINES_OF_A_RUN]]
        return Template("\n".join(lines), dict(self.synonyms))

    def _variants(self, place: int) -> list[Counter[Gap]]:
        """For each gap of a row, the words that posts have there; the last gap only where something in it matters."""
        width = len(self.posts[0].core[place][0].key) + 1
        found: list[Counter[Gap]] = [Counter() for _ in range(width)]
        for post in self.posts:
            for index, gap in enumerate(_folded_gaps(post.core[place][0])):
                found[index][tuple(token.key for token in gap)] += 1
        return found

    def _fitness(
        self, post: Post, variants: list[list[Counter[Gap]]], extras: list[tuple[int, Gap, int]]
    ) -> tuple[bool, int, int, int, int]:
        """How well a post serves as the sample."""
        usual = sum(
            found.most_common(1)[0][0] == tuple(token.key for token in gap)
            for place, run in enumerate(post.core)
            for found, gap in zip(variants[place], _folded_gaps(run[0]), strict=True)
        )
        known = {(place, row.words[0]) for place, row in post.extras}
        has_extras = sum((place, gap) in known for place, gap, _ in extras)
        is_signed = post.signed == self.signed
        several = sum(len(run) > 1 or len(run[0].values) > len(run[0].key) for run in post.core)
        return is_signed, several, usual, has_extras, -len(post.marked.text)

    def _extras(self) -> list[tuple[int, Gap, int]]:
        """The lines without a level that belong to the layout: (place, words, how many posts).

        Values that vary, and words that nearly every post has and that are too few to be listed under ``ignore``.
        """
        found: Counter[tuple[int, Gap]] = Counter()
        wordy: set[tuple[int, Gap]] = set()
        for post in self.posts:
            rows = [(place, row) for place, row in post.extras if not _tells_results(post, row)]
            found.update(list(dict.fromkeys((place, row.words[0]) for place, row in rows)))  # in order, each once
            wordy |= {(place, row.words[0]) for place, row in rows if may_be_ignored(post, row)}
        least = min(max(2, 2 * LEAST_SHARE * len(self.posts)), len(self.posts))
        kept = [(place, gap, count) for (place, gap), count in found.most_common(MOST_EXTRAS) if count >= least]
        has_entry = any({"entry", "entry market"} & set(run[0].key) for run in self.posts[0].core)
        usual = USUAL_SHARE * len(self.posts)
        return [
            (place, gap, count)
            for place, gap, count in kept
            if _is_harmless_line(gap, has_entry)
            or (all(map(str.isalpha, gap)) and count > usual and not (count >= LEAST_POSTS and (place, gap) in wordy))
        ]

    def _extra_lines(self, sample: Post, place: int, extras: list[tuple[int, Gap, int]]) -> list[str]:
        """The extra lines before a row, from the sample or from another post that has them, in the order they have."""
        lines: list[tuple[int, str]] = []
        for where, gap, count in extras:
            if where != place:
                continue
            for post in (sample, *self.posts):
                of_place = [row for at, row in post.extras if at == place]
                index = next((i for i, row in enumerate(of_place) if row.words[0] == gap), None)
                if index is not None:
                    line = _marked_up(post, of_place[index], {}, {})
                    lines.append((index, line if count > USUAL_SHARE * len(self.posts) else f"{{? {line} }}"))
                    break
        return [line for _, line in sorted(lines, key=lambda one: one[0])]

    def _line(self, sample: Post, row: Row, variants: list[Counter[Gap]]) -> str:
        """One line of the sample with its marks, and with the words of other posts worked in."""
        maybe: dict[int, int] = {}  # token start -> its end: may be missing
        added: dict[int, list[str]] = defaultdict(list)  # offset -> words that other posts have there
        least = max(2, LEAST_SHARE * len(self.posts))
        for gap, found in zip(_folded_gaps(row), variants, strict=True):
            own = [token.key for token in gap]
            for other, count in found.most_common(8):
                if count >= least and list(other) != own:
                    self._work_in(gap, own, list(other), maybe, added)
        return _marked_up(sample, row, maybe, added, self.signed)

    def _work_in(
        self, gap: Sequence[Token], own: list[str], other: list[str], maybe: dict[int, int], added: dict[int, list[str]]
    ) -> None:
        """Let a gap of the sample also fit the words of other posts."""
        behind = gap[-1].end if gap else None
        for kind, a, b, c, d in SequenceMatcher(None, own, other, autojunk=False).get_opcodes():
            mine, theirs = gap[a:b], other[c:d]
            if kind == "equal":
                continue
            if kind == "replace" and len(mine) == len(theirs) == 1 and mine[0].key.isalpha() and theirs[0].isalpha():
                self.synonyms[mine[0].key].add(theirs[0])
                continue
            for token in mine:
                maybe[token.start] = token.end
            if theirs:
                if any(key[0] in "<#" for key in theirs):
                    continue  # a value of another post cannot be added to this one
                at = gap[a].start if a < len(gap) else behind
                words = " ".join(theirs)
                if at is not None and words not in added[at]:
                    added[at].append(words)


def _folded_gaps(row: Row) -> list[tuple[Token, ...]]:
    """The gaps of a row where a run of one field counts once, numbers behind the last word of a label included."""
    gaps = [row.gaps[0]]
    for index, value in enumerate(row.values):
        if index == 0 or value.field != row.values[index - 1].field:
            gaps.append(row.gaps[index + 1])
        else:
            gaps[-1] = row.gaps[index + 1]
    return gaps


def _is_harmless_line(gap: Gap, has_entry: bool) -> bool:
    """Whether a line without a level may be skipped as one that varies: words alone may not (they go under ignore).

    Neither may a line that could be the entry under a label nobody knows: bare numbers, two numbers, or one number
    where nothing else is an entry, unless it is counted with a ``#`` or an id.
    """
    numbers = gap.count("<any>")
    if not any(key[0] == "<" for key in gap):
        return False
    if numbers == 0:
        return True
    return numbers == 1 and any(key.isalpha() for key in gap) and (has_entry or "id" in gap)


def may_be_ignored(post: Post, row: Row) -> bool:
    """Whether a line of words has enough of them to be listed under ``ignore``."""
    text = post.marked.folded.text[row.start : row.end]
    return all(token.key[0] not in "<#" for token in row.gaps[0]) and len(TOKEN.findall(text)) >= LEAST_WORDS_TO_IGNORE


def _tells_results(post: Post, row: Row) -> bool:
    """Whether a line says that something has happened to the call."""
    text = post.marked.folded.text[row.start : row.end]
    return any(pattern.search(text) for _, pattern in RESULTS)


def _marked_up(post: Post, row: Row, maybe: dict[int, int], added: dict[int, list[str]], signed: bool = True) -> str:
    """A line of a post as it was written, with its marks and groups; ``signed``: the symbol's sign in its mark."""
    folded, text = post.marked.folded, post.marked.text
    marks: list[Guess | Token] = [*row.values, *(token for gap in row.gaps for token in gap if token.key[0] == "<")]
    spans: list[tuple[int, int, str]] = []
    for mark in marks:
        name = mark.field if isinstance(mark, Guess) else mark.key[1:-1]
        start, end = folded.original(mark.start, mark.end)
        shown = text[start:end].strip()
        sign = shown[: len(shown) - len(shown.lstrip("$# "))] if name == "symbol" and not signed else ""
        value = f"{sign}{{{name}: {shown.removeprefix(sign)}}}"
        spans.append((mark.start, mark.end, f"{{? {value} }}" if mark.start in maybe else value))
    marked = {start for start, _, _ in spans}
    for start, end in maybe.items():
        if start not in marked:
            begin, stop = folded.original(start, end)
            spans.append((start, end, f"{{? {_literal(text[begin:stop])} }}"))
    last = max([end for _, end, _ in spans] + [token.end for gap in row.gaps for token in gap], default=row.end)
    spans += [(at, at, "".join(f"{{? {words} }}" for words in several)) for at, several in added.items()]
    spans.sort(key=lambda span: (span[0], span[1]))
    out: list[str] = []
    at = row.start
    for start, end, shown in spans:
        out.append(_literal(text[folded.origin(at) : folded.origin(start)]) if start > at else "")
        out.append(shown)
        at = max(at, end)
    out.append(_literal(text[folded.origin(at) : folded.origin(last - 1) + 1]) if last > at else "")
    kept = text[folded.origin(row.start) : folded.origin(last - 1) + 1]
    colon = ":" if not row.values and folded.text[last : last + 1] == ":" else ""  # a heading looks like one
    return "".join([*out, colon, *_closed(kept)]).strip()


def _closed(text: str) -> list[str]:
    """The brackets that a piece of a line leaves open, closed: what stood behind its last value is not kept."""
    still_open: list[str] = []
    for char in text:
        if char in BRACKETS:
            still_open.append(BRACKETS[char])
        elif still_open and char == still_open[-1]:
            still_open.pop()
    return still_open[::-1]


def escaped(text: str) -> str:
    """Text of a message the way a sample or a phrase holds it: its braces doubled."""
    return text.replace("{", "{{").replace("}", "}}")


def _literal(text: str) -> str:
    return escaped(text).replace("\n", " ")


def families(posts: Sequence[Post], least: int) -> list[Family]:
    """Posts put together by what their lines hold, the largest family first."""
    found: dict[tuple[object, ...], list[Post]] = defaultdict(list)
    for post in posts:
        found[post.key].append(post)
    return sorted((Family(group) for group in found.values() if len(group) >= least), key=lambda f: -len(f.posts))
