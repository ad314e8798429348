"""The text of a drafted profile, with a comment wherever the posts do not prove what is meant."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.channel.cases import summary
from engine.channel.suggest.families import LEAST_POSTS, Family, escaped, may_be_ignored
from engine.channel.suggest.marks import Marked, results_in
from engine.channel.suggest.rows import Post
from engine.channel.suggest.words import LONG, MARKET, NAMES_QUOTE, SHORT, SIGNS
from engine.channel.text.fold import fold
from engine.channel.text.names import FIELDS, SPECIAL_GROUPS
from engine.channel.text.numbers import NOTATIONS
from engine.channel.text.vocabulary import clean, tokens_of
from engine.domain import Reading

BREAKS_A_SAMPLE = re.compile(r"^[ \t]*(<<<|>>>)|[\x00-\x08\x0b-\x1f\x7f]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class HistoryPost:
    """A post to learn from: ``posted_ms`` None where its time is unknown."""

    id: str
    text: str
    posted_ms: int | None = None


@dataclass(slots=True)
class DraftedLayout:
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


@dataclass(slots=True)
class Sketch:
    """A draft on its way: its layouts, and what the sections around them say.

    ``texts`` counts the posts with text, ``posts`` are those that look like calls, ``numbers`` their levels as written;
    ``asleep`` are layouts that wait for the line ``numbers:``. ``trusted``: a person says that these are calls.
    ``message`` is one message that no layout was made of, ``lacking`` what a person still has to mark in it.
    """

    name: str
    posts: Sequence[Post]
    texts: int
    trusted: bool
    numbers: list[str]
    notation: str | None
    never: list[str]
    layouts: list[DraftedLayout] = field(default_factory=list)
    asleep: list[DraftedLayout] = field(default_factory=list)
    tests: str = ""
    message: Marked | None = None
    lacking: Sequence[str] = ()

    def text(self) -> str:
        """The whole profile."""
        sections = ["\n".join(self._head())]
        words = self._words()
        if words:
            sections.append("\n".join(["words", *words]))
        sections.append("\n".join(["# A post with one of these phrases is no call.", "never",
                                   *(f"- {phrase}" for phrase in self.never)]))  # fmt: skip
        ignored = [line for line in self._boilerplate() if not results_in(fold(line).text)]
        if ignored:
            sections.append("\n".join(["# The same in many calls, and of no matter.", "ignore",
                                       *(f"- {line}" for line in ignored)]))  # fmt: skip
        sections += [self._section(layout) for layout in self.layouts]
        if self.message is not None:
            sections.append(_message_section(self.message, self.lacking))
        if self.tests:
            sections.append(self.tests)
        if not self.tests:
            sections.append('test "chat is no call"\n<<<\ngm, BTC looks strong\n>>>\nexpect nothing')
        for layout in self.asleep:
            lines = self._section(layout).splitlines()
            sections.append("\n".join(f"# {line}" for line in lines))
        return "\n\n".join(sections) + "\n"

    def _head(self) -> list[str]:
        fields = [{name for run in one.family.posts[0].core for name in run[0].key} for one in self.layouts]
        if self.message is not None and not self.lacking:
            fields.append({guess.field for _, _, line in self.message.lines for guess in line})
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
        shown = ", ".join(sorted(dict.fromkeys(self.numbers), key=lambda n: (n.isdecimal(), -len(n)))[:3])
        if self.notation is not None:
            return f"numbers: {self.notation:<24} # as in {shown}" if shown else f"numbers: {self.notation}"
        return (
            f"# numbers:                       # how are {shown} meant? Write one of these and take the # away:\n"
            f"#                                  {'  '.join(NOTATIONS)}"
        )

    def _quote_note(self) -> str:
        named = any(NAMES_QUOTE.search(value) for post in self.posts for value in post.marked.values("symbol"))
        return "" if named else "                      # the symbols name no quote currency: is it this one?"

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

    def _boilerplate(self) -> list[str]:
        """Lines of words that many calls carry and that the reader would not skip by itself."""
        found: Counter[str] = Counter()
        for post in self.posts:
            lines = {
                " ".join(post.marked.text[slice(*post.marked.folded.original(row.start, row.end))].split())
                for _, row in post.extras
                if may_be_ignored(post, row)
            }
            found.update(lines)
        least = max(LEAST_POSTS, len(self.posts) // 100)
        return [escaped(line) for line, n in found.most_common(10) if n >= least]

    def _section(self, layout: DraftedLayout) -> str:
        count = len(layout.read)
        share = f"{count / self.texts:.1%}" if self.texts else "0%"
        lines = []
        if count and not self.trusted:
            lines.append(
                f"# reads {count:,} posts, {share} of those with text" + "".join(f", {n}" for n in layout.notes)
            )
        return "\n".join([*lines, f'signal "{layout.name}"{layout.options}', "<<<", layout.text, ">>>"])


def _message_section(marked: Marked, lacking: Sequence[str]) -> str:
    """A message just as it stands as a layout, with the marks that were found; what it is ``lacking`` as a comment."""
    text, at, lines = marked.text, 0, []
    for one in sorted((g for _, _, line in marked.lines for g in line if g.field in FIELDS), key=lambda g: g.start):
        start, end = marked.folded.original(one.start, one.end)
        if one.field != "any" and start >= at:
            lines += [escaped(text[at:start]), f"{{{one.field}: {escaped(text[start:end])}}}"]
            at = end
    sample = "".join([*lines, escaped(text[at:])])
    section = ['signal "first"', "<<<", sample, ">>>"]
    if lacking:
        section = [
            f"# Not finished. Not found here: {', '.join(lacking)}.",
            "# Mark by hand what the message has of it, as in {stop: 64500}; the channel's own word for long or short",
            "# goes under words (long = ...). Then: cli.py validate",
            *section,
        ]
    return "\n".join(section)


def test_section(name: str, text: str, reading: Reading) -> str:
    """A test section that expects what was read."""
    shown = "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
    lines = [f'test "{name}"', "<<<", shown, ">>>"]
    if not reading.setups:
        return "\n".join([*lines, "expect nothing"])
    for setup in reading.setups:
        lines += ["expect", *(f"{key}: {value}" for key, value in summary(setup).items() if key != "signal")]
    return "\n".join(lines)
