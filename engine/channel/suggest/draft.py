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
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from engine.channel.cases import summary
from engine.channel.load import load_profile
from engine.channel.prepared import LONGEST_MESSAGE, MOST_LINES
from engine.channel.profile import Profile
from engine.channel.reader import read
from engine.channel.suggest.families import Family, Post, families, post_of
from engine.channel.suggest.marks import LEVELS, guess, results_in
from engine.channel.suggest.numbers import decide_notation
from engine.channel.suggest.words import LONG, MARKET, SHORT, SIGNS
from engine.channel.text.fold import fold
from engine.channel.text.names import SPECIAL_GROUPS
from engine.channel.text.numbers import NOTATIONS
from engine.channel.text.vocabulary import TOKEN, clean, tokens_of
from engine.config.diagnostics import Diagnostic
from engine.config.text import SourceText
from engine.domain import Reading
from engine.units import DAY_MS, iso

MOST_LAYOUTS = 12
MOST_TRIED = 40
MOST_SAMPLES_TRIED = 4
LEAST_POSTS = 3
LEAST_POSTS_WITHOUT_LEVELS = 8
MOST_WORDS_OF_A_GAP = 6
IDLE_SHARE = 0.1  # a layout unused for this part of the history, at its beginning or end, is dated
LEAST_IDLE_MS = 14 * DAY_MS
ALWAYS_NEVER = ("{target} ✅", "hit", "reached", "closed", "cancelled", "% profit")
BREAKS_A_SAMPLE = re.compile(r"^[ \t]*(<<<|>>>)|[\x00-\x08\x0b-\x1f\x7f]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class HistoryPost:
    """A post to learn from: ``posted_ms`` None where its time is unknown."""

    id: str
    text: str
    posted_ms: int | None = None


@dataclass(slots=True)
class _Layout:
    """A family on its way into the draft."""

    family: Family
    name: str
    sample: int = 0
    text: str = ""
    synonyms: dict[str, set[str]] = field(default_factory=dict)
    read: list[HistoryPost] = field(default_factory=list)
    options: str = ""
    notes: list[str] = field(default_factory=list)

    def choose(self, sample: int) -> None:
        """Take the template whose sample is the given one of the family's posts."""
        made = self.family.template(sample)
        self.sample, self.text, self.synonyms = sample, made.text, made.synonyms


@dataclass(frozen=True, slots=True)
class Draft:
    """A drafted profile: its text, how many posts had text and looked like calls, and what each layout reads."""

    text: str
    posts: int
    calls: int
    layouts: tuple[tuple[str, int], ...]

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
    return _Writer(name, history, posts, texts, trusted).draft()


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


class _Writer:
    """Makes the draft: the layouts, and what the sections around them say."""

    def __init__(self, name: str, history: Sequence[HistoryPost], posts: list[Post], texts: int, trusted: bool) -> None:
        self.name, self.history, self.posts, self.texts = name, history, posts, texts
        self.trusted = trusted
        levels = [value for post in posts for value in post.marked.values(*LEVELS)]
        self.numbers = [n for value in levels if "%" not in value for n in re.findall(r"[.]?\d[\d.,'’k]*", value)]
        self.notation = decide_notation(number.rstrip(".,'’") for number in self.numbers)
        least = 1 if trusted else max(LEAST_POSTS, len(posts) // 300)
        self.layouts: list[_Layout] = []
        names: Counter[str] = Counter()
        for family in families(posts, least)[:MOST_TRIED]:
            fields = {name for run in family.posts[0].core for name in run[0].key}
            least_here = least if trusted or fields & {"stop", "target"} else LEAST_POSTS_WITHOUT_LEVELS
            if len(family.posts) < least_here:
                continue
            names[family.title] += 1
            count = names[family.title]
            layout = _Layout(family, family.title if count == 1 else f"{family.title} ({count})")
            layout.choose(0)
            self.layouts.append(layout)
        signs = {sign for post in posts for sign in results_in(post.marked.folded.text)}
        self.never = [phrase for phrase in ALWAYS_NEVER if phrase not in signs]
        self.ignored = self._boilerplate()
        self.tests = ""
        self.asleep: list[_Layout] = []  # layouts that wait for the line "numbers:"

    # ------------------------------------------------------------------ steps

    def draft(self) -> Draft:
        """Load, mend, read, and write the final text."""
        profile = self._load()
        if profile is not None:
            self._read(profile)
            self.layouts = self._worth_keeping()
            profile = self._load()
        if profile is not None:
            self._forbid_results(profile)
            profile = self._load()
        if profile is not None:
            self._read(profile)
            for layout in self.layouts:
                self._date(layout)
            self.layouts = [layout for layout in self.layouts if layout.read]
            self.tests = "" if self.trusted else self._tests(profile)
        return Draft(
            self._text(), self.texts, len(self.posts), tuple((one.name, len(one.read)) for one in self.layouts)
        )

    def _load(self) -> Profile | None:
        """The profile of the layouts that load; the others take another sample, or go."""
        while self.layouts:
            text = self._text()
            profile, found = load_profile(SourceText("draft", text), self.name)
            if profile is not None:
                return profile
            faulty = self._faulty(text, [one for one in found if one.severity == "error"])
            if not faulty:
                self.layouts.pop()
                continue
            for layout, fault in faulty:
                tries = layout.sample + 1
                if fault.code == "D303" or tries >= min(MOST_SAMPLES_TRIED, len(layout.family.posts)):
                    self.layouts.remove(layout)
                    if self.notation is None and fault.code == "D213":
                        self.asleep.append(layout)
                else:
                    layout.choose(tries)
        return None

    def _faulty(self, text: str, found: Iterable[Diagnostic]) -> list[tuple[_Layout, Diagnostic]]:
        """The layouts in whose sections the findings stand, each once."""
        starts = [
            (number, layout)
            for number, line in enumerate(text.splitlines(), 1)
            for layout in self.layouts
            if line.startswith(f'signal "{layout.name}"')
        ]
        faulty: dict[str, tuple[_Layout, Diagnostic]] = {}
        for fault in found:
            above = [layout for number, layout in starts if number <= fault.line]
            if above:
                faulty.setdefault(above[-1].name, (above[-1], fault))
        return list(faulty.values())

    def _read(self, profile: Profile) -> None:
        """Which posts each layout reads."""
        by_name = {layout.name: layout for layout in self.layouts}
        for layout in self.layouts:
            layout.read = []
        for post in self.history:
            reading = read(profile, post.text)
            if reading.setups:
                by_name[reading.setups[0].layout].read.append(post)

    def _worth_keeping(self) -> list[_Layout]:
        least = 1 if self.trusted else max(LEAST_POSTS, self.texts // 1000)
        kept = [layout for layout in self.layouts if len(layout.read) >= least]
        return sorted(kept, key=lambda layout: -len(layout.read))[:MOST_LAYOUTS]

    def _forbid_results(self, profile: Profile) -> None:
        """Forbid what posts about results say that would be read as calls."""
        for post in self.history:
            signs = results_in(fold(post.text).text)
            if signs and read(profile, post.text).setups:
                self.never += [sign for sign in signs[:1] if sign not in self.never]

    def _date(self, layout: _Layout) -> None:
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

    # ------------------------------------------------------------------ text

    def _boilerplate(self) -> list[str]:
        """Lines of words that many calls carry and that the reader would not skip by itself."""
        found: Counter[str] = Counter()
        for post in self.posts:
            lines = {
                " ".join(post.marked.text[slice(*post.marked.folded.original(row.start, row.end))].split())
                for _, row in post.extras
                if all(token.key[0] not in "<#" for token in row.gaps[0])
            }
            found.update(line for line in lines if len(TOKEN.findall(line)) >= 3)
        least = max(LEAST_POSTS, len(self.posts) // 100)
        return [line.replace("{", "{{").replace("}", "}}") for line, n in found.most_common(10) if n >= least]

    def _words(self) -> list[str]:
        """The lines of the section ``words``."""
        groups: dict[str, list[str]] = defaultdict(list)
        texts = [post.marked.folded.text for post in self.posts]
        sides = Counter(value for post in self.posts for value in post.marked.values("side"))
        for name, words in (("long", (*LONG, *SIGNS["long"])), ("short", (*SHORT, *SIGNS["short"]))):
            for word in map(clean, words):
                if word in sides and word not in SPECIAL_GROUPS[name]:
                    groups[name].append(word)
        entries = Counter(value for post in self.posts for value in post.marked.values("entry"))
        groups["market"] = [w for w in MARKET if w in entries and w not in SPECIAL_GROUPS["market"]]
        if any("附近" in text for text in texts):
            groups["about"] = ["附近"]
        taken = {tokens_of(word) for words in SPECIAL_GROUPS.values() for word in words}
        taken |= {tokens_of(word) for words in groups.values() for word in words}
        for layout in self.layouts:
            for word, others in layout.synonyms.items():
                if tokens_of(word) in taken:
                    continue
                for other in sorted(others):
                    if tokens_of(other) not in taken:
                        taken.add(tokens_of(other))
                        groups[word].append(other)
                if word in groups:
                    taken.add(tokens_of(word))
                    groups[word].insert(0, word)
        lines = []
        for number, (name, members) in enumerate(groups.items(), 1):
            key = name if re.fullmatch("[a-z][a-z0-9 -]*", name) else f"word {number}"
            if members:
                lines.append(f"{key} = {', '.join(members)}")
        return lines

    def _head(self) -> list[str]:
        fields = [{name for run in one.family.posts[0].core for name in run[0].key} for one in self.layouts]
        about = (
            f"{self.texts:,} posts, of which {len(self.posts):,} look like calls" if not self.trusted else "one message"
        )
        lines = [
            f"# Drafted from {about}. Look over every mark; docs/channel-language.md explains them.",
            f'channel "{self.name}"',
            f"source: export {self.name}",
            self._numbers_line(),
            "",
            "defaults",
            f"quote: USDT{self._quote_note()}",
        ]
        if any(not found & {"entry", "entry market"} for found in fields):
            lines.append(
                "entry: market                    # a call that names no entry means: at the market. Is it so?"
            )
        if any("side" not in found for found in fields):
            lines.append("side: from levels                # a call that names no side: stop and targets tell it")
        return lines

    def _numbers_line(self) -> str:
        shown = ", ".join(sorted(set(self.numbers), key=lambda n: (n.isdecimal(), -len(n)))[:3])
        if self.notation is not None:
            return f"numbers: {self.notation:<24} # as in {shown}" if shown else f"numbers: {self.notation}"
        return (
            f"# numbers:                       # how are {shown} meant? Write one of these and take the # away:\n"
            f"#                                  {'  '.join(NOTATIONS)}"
        )

    def _quote_note(self) -> str:
        named = any("usd" in value for post in self.posts for value in post.marked.values("symbol"))
        return "" if named else "                      # the symbols name no quote currency: is it this one?"

    def _text(self) -> str:
        """The whole profile."""
        sections = ["\n".join(self._head())]
        words = self._words()
        if words:
            sections.append("\n".join(["words", *words]))
        sections.append("\n".join(["# A post with one of these phrases is no call.", "never",
                                   *(f"- {phrase}" for phrase in self.never)]))  # fmt: skip
        ignored = [line for line in self.ignored if not results_in(fold(line).text)]
        if ignored:
            sections.append("\n".join(["# The same in many calls, and of no matter.", "ignore",
                                       *(f"- {line}" for line in ignored)]))  # fmt: skip
        sections += [self._section(layout) for layout in self.layouts]
        if self.tests:
            sections.append(self.tests)
        if not self.tests:
            sections.append('test "chat is no call"\n<<<\ngm, BTC looks strong\n>>>\nexpect nothing')
        for layout in self.asleep:
            lines = self._section(layout).splitlines()
            sections.append("\n".join(f"# {line}" for line in lines))
        return "\n\n".join(sections) + "\n"

    def _section(self, layout: _Layout) -> str:
        count = len(layout.read)
        share = f"{count / self.texts:.1%}" if self.texts else "0%"
        lines = []
        if count and not self.trusted:
            lines.append(
                f"# reads {count:,} posts, {share} of those with text" + "".join(f", {n}" for n in layout.notes)
            )
        return "\n".join([*lines, f'signal "{layout.name}"{layout.options}', "<<<", layout.text, ">>>"])

    def _tests(self, profile: Profile) -> str:
        """A test for each layout, from another post, and posts that must not be read."""
        tests = ["# What the draft reads from other posts: right?"]
        for layout in self.layouts:
            others = [post for post in layout.read if not BREAKS_A_SAMPLE.search(post.text)]
            if others:
                post = others[len(others) // 2]
                tests.append(_test(f"{layout.name}, post {post.id}", post.text, read(profile, post.text)))
        tests.append("# And what it does not read: right?")
        quiet = [post for post in self.history if 15 < len(post.text) < 400 and not BREAKS_A_SAMPLE.search(post.text)]
        results = [post for post in quiet if results_in(fold(post.text).text) and guess(post.text).is_call]
        chat = [post for post in quiet if not re.search(r"\d", post.text)]
        for post in [*_spread(results, 3), *_spread(chat, 1)]:
            reading = read(profile, post.text)
            if reading.refusal is not None:
                tests.append(_test(f"post {post.id}", post.text, reading))
        return "\n\n".join(tests)


def _spread(posts: Sequence[HistoryPost], count: int) -> list[HistoryPost]:
    """Some posts from all over a list."""
    return [posts[(2 * i + 1) * len(posts) // (2 * count)] for i in range(min(count, len(posts)))]


def _test(name: str, text: str, reading: Reading) -> str:
    """A test section that expects what was read."""
    shown = "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
    lines = [f'test "{name}"', "<<<", shown, ">>>"]
    if not reading.setups:
        return "\n".join([*lines, "expect nothing"])
    for setup in reading.setups:
        lines += ["expect", *(f"{key}: {value}" for key, value in summary(setup).items() if key != "signal")]
    return "\n".join(lines)
