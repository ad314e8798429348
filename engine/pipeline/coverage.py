"""``cli.py channel coverage``: how much of a history a profile reads, how that drifts, and what it may be missing.

1. read every post with the profile; each ends as exactly one of signal, update, refused, unread or empty;
2. count them, by layout and by month;
3. of an archive, count the later versions of calls that are not followed;
4. show the posts that look like calls and were not read, those of one shape together: a layout that changed shows
   here first.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.channel import Profile, read
from engine.channel.text.fold import fold
from engine.collect.archive import Archive
from engine.collect.edits import counted, hints, why
from engine.domain import Refusal
from engine.pipeline.channels import find_profile
from engine.pipeline.errors import InputError
from engine.pipeline.posts import Post, load_posts
from engine.pipeline.progress import Track
from engine.pipeline.readings import read_messages, read_with
from engine.pipeline.workspace import Workspace
from engine.problem import Problem
from engine.report.tables import clean
from engine.units import iso

if TYPE_CHECKING:
    from engine.channel.suggest.marks import Marked
    from engine.domain import Message

KINDS = ("signals", "updates", "refused", "unread", "empty")
UNDATED = "no date"
MOST_GROUPS = {"text": 20, "json": 200}
LEAST_LIKENESS = 6  # of a text that names no coin, side and levels where a call has them
LEAST_OF_A_CALL = 2
MOST_IDS = 10
OFTEN = 5
LONGEST = 4096
WIDTH = 100


@dataclass
class LookAlikes:
    """Posts of one shape that were not read for one reason; the most like a call is the sample.

    ``grade``: 2 with coin, side and a price, or with all kinds of levels; 1 without a price (``_grade``); 0 for numbers
    and trade words alone.
    """

    shape: str
    reason: str
    grade: int
    ids: list[str] = field(default_factory=list)
    likeness: int = 0
    id: str = ""
    why: str = ""
    text: str = ""

    def add(self, post: Post, likeness: int, why: str) -> None:
        """Count a post."""
        self.ids.append(clean(post.id))
        if likeness > self.likeness:
            self.likeness, self.id, self.why = likeness, clean(post.id), clean(why)
            self.text = clean(" / ".join(post.text.split("\n")))[:WIDTH]

    @property
    def rank(self) -> tuple[bool, int, int]:
        """What looks like a call stands first, then what is frequent."""
        return self.grade == 2 or (self.grade == 1 and len(self.ids) >= OFTEN), len(self.ids), self.likeness


@dataclass
class Coverage:
    """Counts of posts. ``setups`` counts calls (a post may hold several); ``months`` has one Counter for each."""

    counts: Counter[str] = field(default_factory=Counter)
    setups: int = 0
    layouts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    months: dict[str, Counter[str]] = field(default_factory=dict)
    used: dict[str, Counter[str]] = field(default_factory=dict)  # by month, the layouts that read
    look_alikes: dict[tuple[str, str, int], LookAlikes] = field(default_factory=dict)
    unfollowed: dict[str, list[str]] = field(default_factory=dict)  # by code, the posts of the later versions

    def ranked(self, form: str) -> list[LookAlikes]:
        """The groups of look-alikes that are worth showing, the most telling first."""
        return sorted(self.look_alikes.values(), key=lambda group: group.rank, reverse=True)[: MOST_GROUPS[form]]

    def as_json(self) -> str:
        """The contract: signals, updates, refused and unread at the top."""
        shown: dict[str, Any] = {kind: self.counts[kind] for kind in KINDS}
        shown |= {
            "messages": self.counts.total(),
            "setups": self.setups,
            "layouts": dict(self.layouts.most_common()),
            "reasons": dict(self.reasons.most_common()),
            "unfollowed": {
                code: {"count": len(ids), "ids": [*dict.fromkeys(ids)][:MOST_IDS]}
                for code, ids in sorted(self.unfollowed.items())
            },
            "months": {
                month: {kind: found[kind] for kind in KINDS}
                | {"layouts": dict(self.used.get(month, Counter()).most_common())}
                for month, found in sorted(self.months.items())
            },
            "look_alikes": [
                {
                    "count": len(group.ids),
                    "reason": group.reason,
                    "looks_like_a_call": group.grade > 0,
                    "likeness": group.likeness,
                    "shape": group.shape,
                    "id": group.id,
                    "why": group.why,
                    "text": group.text,
                    "ids": group.ids[:MOST_IDS],
                }
                for group in self.ranked("json")
            ],
        }
        return json.dumps(shown, ensure_ascii=False, indent=1)

    def as_text(self, by_month: bool) -> str:
        """Plain lines for people."""
        texts = self.counts.total() - self.counts["empty"]
        lines = [f"{self.counts.total():,} posts, {texts:,} with text: {_shares(self.counts)}; {self.setups:,} calls"]
        lines += [f"  {name}: {count:,}" for name, count in self.layouts.most_common()]
        lines += [f"  refused, {reason}: {count:,}" for reason, count in self.reasons.most_common()]
        if self.unfollowed:
            lines.append(counted({code: len(ids) for code, ids in self.unfollowed.items()}))
            kinds = sorted(self.unfollowed.items(), key=lambda kind: -len(kind[1]))
            lines += [f"  {why(code)}: {', '.join([*dict.fromkeys(ids)][:MOST_IDS])}" for code, ids in kinds]
            lines += [f"  hint: {advice}" for advice in hints(self.unfollowed)]
        if by_month:
            for month, found in sorted(self.months.items()):
                lines.append(f"{month}: {_shares(found)}")
                lines += [f"  {name}: {n:,}" for name, n in self.used.get(month, Counter()).most_common()]
        if self.look_alikes:
            lines.append("not read, but most like a call (of one shape together):")
            for group in self.ranked("text"):
                lines.append(f"  {len(group.ids):,} x {group.id} [{group.reason}] {group.text}")
                lines.append(f"      {group.why}")
        return "\n".join(lines)


def coverage(workspace: Workspace, name: str, source: Path | None, by: str | None, form: str, track: Track) -> str:
    """Read a source (None: the workspace's archive) with a profile; the coverage as text or JSON.

    Raises InputError for a source that cannot be read, and where the archive is not there.
    """
    profile = find_profile(workspace, name)
    found = Coverage()
    if source is None and not workspace.archive_path.exists():
        hint = "name a source, such as an export: result.json"
        raise InputError(Problem("there are no messages", workspace.shown(workspace.archive_path), hint=hint))
    for post in track(
        load_posts(source or workspace.archive_path, profile.id, workspace.settings.timezone), "reading messages"
    ):
        _count(found, profile, post)
    if source is None or source.resolve() == workspace.archive_path.resolve():
        _edited(found, profile, workspace)
    return found.as_json() if form == "json" else found.as_text(by == "month")


def _edited(found: Coverage, profile: Profile, workspace: Workspace) -> None:
    """Note the later versions of calls in the archive that are not followed."""
    versions: dict[int, list[Message]] = {}
    for message in read_messages(Archive(workspace.archive_path)):
        if message.channel == profile.id and message.kind != "deletion":
            versions.setdefault(message.message_id, []).append(message)
    several = (message for one in versions.values() if len(one) > 1 for message in one)
    for left in read_with(profile, several).unfollowed:
        found.unfollowed.setdefault(left.refusal.code, []).append(str(left.message.message_id))


def _count(found: Coverage, profile: Profile, post: Post) -> None:
    """Read one post and count it."""
    month = iso(post.posted_ms)[:7] if post.posted_ms is not None else UNDATED
    reading = read(profile, post.text, post.posted_ms, post.sender)
    kind = "empty"
    if made := reading.setups or reading.actions:
        kind = "signals" if reading.setups else "updates"
        found.setups += len(reading.setups)
        found.layouts[made[0].layout] += 1
        found.used.setdefault(month, Counter())[made[0].layout] += 1
    elif post.text.strip() and reading.refusal is not None:
        code = reading.refusal.code
        kind = "unread" if code == "no-layout" else "refused"
        if kind == "refused":
            found.reasons[code] += 1
        if code != "never":
            _compare(found, profile, post, reading.refusal)
    found.counts[kind] += 1
    found.months.setdefault(month, Counter())[kind] += 1


def _compare(found: Coverage, profile: Profile, post: Post, refusal: Refusal) -> None:
    """Put a post that was not read with those of its shape, when it looks like a call."""
    score = likeness(profile, post.text)
    if score < LEAST_OF_A_CALL:
        return
    marked = _marked(post.text)
    grade = _grade(marked, refusal)
    if grade or score >= LEAST_LIKENESS:
        key = shape(profile, marked.folded.text), refusal.code, grade
        found.look_alikes.setdefault(key, LookAlikes(*key)).add(post, score, refusal.text)


def looks_like_a_call(profile: Profile, text: str, refusal: Refusal) -> bool:
    """Whether a post that was refused so names what a call names, or begins as a layout of the profile does."""
    return likeness(profile, text) >= LEAST_OF_A_CALL and _grade(_marked(text), refusal) > 0


def _marked(text: str) -> Marked:
    """What a post says, as a draft of a profile would read it."""
    from engine.channel.suggest.marks import guess  # compiles many words: only for who needs them

    return guess(text[:LONGEST])


def _grade(marked: Marked, refusal: Refusal) -> int:
    """How much of a call is in a post: 2 with a price; 1 where coin and side come without one; 0 is none.

    Without a price, a coin written as one and the side stand beside a word for a level or for the market ("now, target
    1%"), or at the beginning of a layout that stops only after them.
    """
    from engine.channel.suggest.marks import LEVELS, results_in

    if results_in(marked.folded.text):
        return 0
    if marked.is_call and any(any(map(str.isdigit, value)) for value in marked.values(*LEVELS)):
        return 2
    found = {guess.field: guess for _, _, line in marked.lines for guess in line if guess.field in ("symbol", "side")}
    if len(found) < 2:
        return 0
    origin, coin = marked.folded.origin, found["symbol"]
    written = marked.text[origin(coin.start) : origin(coin.end - 1) + 1]
    if written != written.upper() and written[0] not in "$#" and "usd" not in written.lower():
        return 0
    stopped = refusal.position if refusal.code == "no-layout" else None
    begun = stopped is not None and all(origin(guess.end - 1) < stopped for guess in found.values())
    return int(begun or marked.names_a_level)


def shape(profile: Profile, folded: str) -> str:
    """What a text is made of: the trade words of each line with # for numbers, what comes again once."""
    lines: list[str] = []
    for line in folded.split("\n"):
        hits = ["#" if hit[0].isdigit() or not hit[0].isalpha() else hit for hit in profile.unread.findall(line)]
        made = " ".join(hit for at, hit in enumerate(hits) if hits[at - 1 : at] != [hit])
        if made and lines[-1:] != [made]:
            lines.append(made)
    return " / ".join(lines)


def likeness(profile: Profile, text: str) -> int:
    """How much a text looks like a call: its numbers (up to six) and twice its different trade words (up to four)."""
    hits = profile.unread.findall(fold(text).text[:LONGEST])
    words = {hit for hit in hits if not hit[:1].isdigit()}
    return min(len(hits) - sum(hit in words for hit in hits), 6) + 2 * min(len(words), 4)


def _shares(counts: Counter[str]) -> str:
    """``signals 43% (1,306), updates ...`` of the posts with text."""
    texts = counts.total() - counts["empty"]
    return (
        ", ".join(f"{kind} {counts[kind] / texts:.0%} ({counts[kind]:,})" for kind in KINDS[:4]) if texts else "no text"
    )
