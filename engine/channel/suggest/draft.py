"""Draft a profile from a history: which layouts repeat, what varies in them, and how much each would read.

1. Guess the values of every post (``marks.py``); posts that tell of results are left out.
2. Put posts of the same lines together and make a template of each group (``families.py``).
3. Write a profile and load it as any profile: a layout that does not load takes another sample, or goes.
4. Read the whole history with what is left: layouts that read next to nothing go, the others get their share, the time
   in which they were used, and a test. What posts about results would be read as calls is put under ``never``.

What the posts do not prove (how numbers are written, whether calls without a stop count) is left to a person, with a
comment at the place.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.channel.load import load_profile
from engine.channel.prepared import LONGEST_MESSAGE, MOST_LINES
from engine.channel.profile import Profile
from engine.channel.reader import read
from engine.channel.suggest.families import LEAST_POSTS, families
from engine.channel.suggest.marks import LEVELS, guess, results_in
from engine.channel.suggest.numbers import decide_notation
from engine.channel.suggest.rows import Post, post_of
from engine.channel.suggest.writing import (
    BREAKS_A_SAMPLE,
    DraftedLayout,
    HistoryPost,
    Sketch,
    test_section,
)
from engine.channel.text.fold import fold
from engine.config.diagnostics import Diagnostic
from engine.config.text import SourceText
from engine.units import DAY_MS, iso

MOST_LAYOUTS = 12
MOST_TRIED = 40
MOST_SAMPLES_TRIED = 4
LEAST_POSTS_WITHOUT_LEVELS = 8
MOST_WORDS_OF_A_GAP = 6
IDLE_SHARE = 0.1  # a layout unused for this part of the history, at its beginning or end, is dated
LEAST_IDLE_MS = 14 * DAY_MS
ALWAYS_NEVER = ("{target} ✅", "hit", "reached", "closed", "cancelled", "% profit")


@dataclass(frozen=True, slots=True)
class Draft:
    """A drafted profile: its text, how many posts had text and looked like calls, and what each layout reads.

    ``asleep`` layouts stand in it as comments, until a person has said how numbers are written.
    """

    text: str
    posts: int
    calls: int
    layouts: tuple[tuple[str, int], ...]
    asleep: int

    @property
    def read(self) -> int:
        """How many posts the draft reads."""
        return sum(count for _, count in self.layouts)


def draft_profile(name: str, history: Sequence[HistoryPost], trusted: bool = False) -> Draft:
    """Draft a profile for a history; ``name`` is the channel's (and the name of its file).

    ``trusted``: a person says that these are calls, so that one of a kind is enough.
    """
    posts: list[Post] = []
    texts = 0
    for post in history:
        if not post.text.strip():
            continue
        texts += 1
        if len(post.text) > LONGEST_MESSAGE or post.text.count("\n") > MOST_LINES or BREAKS_A_SAMPLE.search(post.text):
            continue
        marked = guess(post.text)
        if marked.is_call and (trusted or not results_in(marked.folded.text)):
            made = post_of(post.id, marked)
            if trusted or _is_laid_out(made):
                posts.append(made)
    return _Drafting(name, history, posts, texts, trusted).draft()


def _is_laid_out(post: Post) -> bool:
    """Whether the values stand under labels rather than in sentences, and what makes a call is surely meant so."""
    rows = [row for run in post.core for row in run]
    if any(sum(token.key.isalpha() for token in gap) > MOST_WORDS_OF_A_GAP for row in rows for gap in row.gaps):
        return False
    fields = [value.field for row in rows for value in row.values]
    if fields.count("symbol") != 1 or len(rows) > 30:
        return False
    if "stop" in fields or "target" in fields:
        return True
    is_marked = post.signed or "usd" in post.marked.values("symbol")[0]
    labelled = any(token.key in ("entry", "вход", "enter") for row in rows for gap in row.gaps for token in gap)
    return labelled and is_marked


class _Drafting:
    """Makes the draft step by step."""

    def __init__(self, name: str, history: Sequence[HistoryPost], posts: list[Post], texts: int, trusted: bool) -> None:
        self.history = history
        levels = [value for post in posts for value in post.marked.values(*LEVELS)]
        numbers = [n for value in levels if "%" not in value for n in re.findall(r"[.]?\d[\d.,'’k]*", value)]
        notation = decide_notation(number.rstrip(".,'’") for number in numbers)
        signs = {sign for post in posts for sign in results_in(post.marked.folded.text)}
        never = [phrase for phrase in ALWAYS_NEVER if phrase not in signs]
        self.sketch = Sketch(name, posts, texts, trusted, numbers, notation, never)
        least = 1 if trusted else max(LEAST_POSTS, len(posts) // 300)
        names: Counter[str] = Counter()
        for family in families(posts, least)[:MOST_TRIED]:
            fields = {name for run in family.posts[0].core for name in run[0].key}
            least_here = least if trusted or fields & {"stop", "target"} else LEAST_POSTS_WITHOUT_LEVELS
            if len(family.posts) < least_here:
                continue
            names[family.title] += 1
            count = names[family.title]
            layout = DraftedLayout(family, family.title if count == 1 else f"{family.title} ({count})")
            layout.choose(0)
            self.sketch.layouts.append(layout)

    def draft(self) -> Draft:
        """Load, mend, read, and write the final text."""
        profile = self._load()
        if profile is not None:
            self._read(profile)
            self.sketch.layouts = self._worth_keeping()
            profile = self._load()
        if profile is not None:
            self._forbid_results(profile)
            profile = self._load()
        if profile is not None:
            self._read(profile)
            self.sketch.layouts = [layout for layout in self.sketch.layouts if layout.read]
            for layout in self.sketch.layouts:
                self._date(layout)
            self.sketch.tests = "" if self.sketch.trusted else self._tests(profile)
        return Draft(
            self.sketch.text(),
            self.sketch.texts,
            len(self.sketch.posts),
            tuple((one.name, len(one.read)) for one in self.sketch.layouts),
            len(self.sketch.asleep),
        )

    def _load(self) -> Profile | None:
        """The profile of the layouts that load; the others take another sample, or go."""
        while self.sketch.layouts:
            text = self.sketch.text()
            profile, found = load_profile(SourceText("draft", text), self.sketch.name)
            if profile is not None:
                return profile
            faulty = self._faulty(text, [one for one in found if one.severity == "error"])
            if not faulty:
                self.sketch.layouts.pop()
                continue
            for layout, fault in faulty:
                tries = layout.sample + 1
                if fault.code == "D303" or tries >= min(MOST_SAMPLES_TRIED, len(layout.family.posts)):
                    self.sketch.layouts.remove(layout)
                    if self.sketch.notation is None and fault.code == "D213":
                        self.sketch.asleep.append(layout)
                else:
                    layout.choose(tries)
        return None

    def _faulty(self, text: str, found: Iterable[Diagnostic]) -> list[tuple[DraftedLayout, Diagnostic]]:
        """The layouts in whose sections the findings stand, each once."""
        starts = [
            (number, layout)
            for number, line in enumerate(text.splitlines(), 1)
            for layout in self.sketch.layouts
            if line.startswith(f'signal "{layout.name}"')
        ]
        faulty: dict[str, tuple[DraftedLayout, Diagnostic]] = {}
        for fault in found:
            above = [layout for number, layout in starts if number <= fault.line]
            if above:
                faulty.setdefault(above[-1].name, (above[-1], fault))
        return list(faulty.values())

    def _read(self, profile: Profile) -> None:
        """Which posts each layout reads."""
        by_name = {layout.name: layout for layout in self.sketch.layouts}
        for layout in self.sketch.layouts:
            layout.read = []
        for post in self.history:
            reading = read(profile, post.text)
            if reading.setups:
                by_name[reading.setups[0].layout].read.append(post)

    def _worth_keeping(self) -> list[DraftedLayout]:
        least = 1 if self.sketch.trusted else max(LEAST_POSTS, self.sketch.texts // 1000)
        kept = [layout for layout in self.sketch.layouts if len(layout.read) >= least]
        return sorted(kept, key=lambda layout: -len(layout.read))[:MOST_LAYOUTS]

    def _forbid_results(self, profile: Profile) -> None:
        """Forbid what posts about results say that would be read as calls; what a person calls a call is none."""
        for post in self.history if not self.sketch.trusted else ():
            signs = results_in(fold(post.text).text)
            if signs and read(profile, post.text).setups:
                self.sketch.never += [sign for sign in signs[:1] if sign not in self.sketch.never]

    def _date(self, layout: DraftedLayout) -> None:
        """When the layout was used: as options where the history has dates, otherwise as a comment."""
        dates = [post.posted_ms for post in self.history if post.posted_ms is not None]
        used = [post.posted_ms for post in layout.read if post.posted_ms is not None]
        first, last = layout.read[0], layout.read[-1]
        if len(dates) < len(self.history) or not used:
            layout.notes.append(f"between post {first.id} and post {last.id}")
            return
        start, end = min(dates), max(dates)
        idle = max(IDLE_SHARE * (end - start), LEAST_IDLE_MS)
        if min(used) - start > idle:
            layout.options += f", since {iso(min(used))[:10]}"
        if end - max(used) > idle:
            layout.options += f", until {iso(max(used))[:10]}"
        if not layout.options:
            layout.notes.append(f"from {iso(min(used))[:10]} to {iso(max(used))[:10]}")

    def _tests(self, profile: Profile) -> str:
        """A test for each layout, from another post, and posts that must not be read."""
        tests = ["# What the draft reads from other posts: right?"]
        for layout in self.sketch.layouts:
            others = [post for post in layout.read if not BREAKS_A_SAMPLE.search(post.text)]
            if others:
                post = others[len(others) // 2]
                tests.append(test_section(f"{layout.name}, post {post.id}", post.text, read(profile, post.text)))
        tests.append("# And what it does not read: right?")
        quiet = [post for post in self.history if 15 < len(post.text) < 400 and not BREAKS_A_SAMPLE.search(post.text)]
        results = [post for post in quiet if results_in(fold(post.text).text) and guess(post.text).is_call]
        chat = [post for post in quiet if not re.search(r"\d", post.text)]
        for post in [*_spread(results, 3), *_spread(chat, 1)]:
            reading = read(profile, post.text)
            if reading.refusal is not None:
                tests.append(test_section(f"post {post.id}", post.text, reading))
        return "\n\n".join(tests)


def _spread(posts: Sequence[HistoryPost], count: int) -> list[HistoryPost]:
    """Some posts from all over a list."""
    return [posts[(2 * i + 1) * len(posts) // (2 * count)] for i in range(min(count, len(posts)))]
