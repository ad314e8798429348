"""``cli.py channel coverage``: how much of a history a profile reads, how that drifts, and what it may be missing.

1. read every post with the profile; each ends as exactly one of signal, update, refused, unread or empty;
2. count them, by layout and by month;
3. show the unread and refused posts that look most like calls: a layout that changed shows here first.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.channel import Profile, read
from engine.channel.text.fold import fold
from engine.pipeline.channels import find_profile
from engine.pipeline.posts import Post, load_posts
from engine.pipeline.progress import Track
from engine.pipeline.workspace import Workspace
from engine.report.tables import clean
from engine.units import iso

KINDS = ("signals", "updates", "refused", "unread", "empty")
UNDATED = "no date"
LOOK_ALIKES = 15
LEAST_LIKENESS = 6
WIDTH = 100


@dataclass
class Coverage:
    """Counts of posts. ``setups`` counts calls (a post may hold several); ``months`` has one Counter for each."""

    counts: Counter[str] = field(default_factory=Counter)
    setups: int = 0
    layouts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    months: dict[str, Counter[str]] = field(default_factory=dict)
    used: dict[str, Counter[str]] = field(default_factory=dict)  # by month, the layouts that read
    look_alikes: list[tuple[int, str, str, str]] = field(default_factory=list)  # likeness, id, why, text

    def as_json(self) -> str:
        """The contract: signals, updates, refused and unread at the top."""
        shown: dict[str, Any] = {kind: self.counts[kind] for kind in KINDS}
        shown |= {
            "messages": self.counts.total(),
            "setups": self.setups,
            "layouts": dict(self.layouts.most_common()),
            "reasons": dict(self.reasons.most_common()),
            "months": {
                month: {kind: found[kind] for kind in KINDS}
                | {"layouts": dict(self.used.get(month, Counter()).most_common())}
                for month, found in sorted(self.months.items())
            },
            "look_alikes": [
                {"id": number, "likeness": score, "reason": why, "text": text}
                for score, number, why, text in self.look_alikes
            ],
        }
        return json.dumps(shown, ensure_ascii=False, indent=1)

    def as_text(self, by_month: bool) -> str:
        """Plain lines for people."""
        texts = self.counts.total() - self.counts["empty"]
        lines = [f"{self.counts.total():,} posts, {texts:,} with text: {_shares(self.counts)}; {self.setups:,} calls"]
        lines += [f"  {name}: {count:,}" for name, count in self.layouts.most_common()]
        lines += [f"  refused, {reason}: {count:,}" for reason, count in self.reasons.most_common()]
        if by_month:
            for month, found in sorted(self.months.items()):
                lines.append(f"{month}: {_shares(found)}")
                lines += [f"  {name}: {n:,}" for name, n in self.used.get(month, Counter()).most_common()]
        if self.look_alikes:
            lines.append("not read, but most like a call:")
            lines += [f"  {number} [{why}] {text}" for _, number, why, text in self.look_alikes]
        return "\n".join(lines)


def coverage(workspace: Workspace, name: str, source: Path, by: str | None, form: str, track: Track) -> str:
    """Read a source with a profile; the coverage as text or JSON."""
    profile = find_profile(workspace, name)
    found = Coverage()
    for post in track(load_posts(source, profile.id, workspace.settings.timezone), "reading messages"):
        _count(found, profile, post)
    found.look_alikes = sorted(found.look_alikes, key=lambda row: -row[0])[:LOOK_ALIKES]
    return found.as_json() if form == "json" else found.as_text(by == "month")


def _count(found: Coverage, profile: Profile, post: Post) -> None:
    """Read one post and count it."""
    month = iso(post.posted_ms)[:7] if post.posted_ms is not None else UNDATED
    reading = read(profile, post.text, post.posted_ms, post.sender)
    kind = "empty"
    if reading.setups:
        kind = "signals"
        found.setups += len(reading.setups)
        found.layouts[reading.setups[0].layout] += 1
        found.used.setdefault(month, Counter())[reading.setups[0].layout] += 1
    elif reading.actions:
        kind = "updates"
        found.layouts[reading.actions[0].layout] += 1
        found.used.setdefault(month, Counter())[reading.actions[0].layout] += 1
    elif post.text.strip() and reading.refusal is not None:
        code = reading.refusal.code
        kind = "unread" if code == "no-layout" else "refused"
        if kind == "refused":
            found.reasons[code] += 1
        if code != "never":
            score = likeness(profile, post.text)
            if score >= LEAST_LIKENESS:
                shown = clean(" / ".join(post.text.split("\n")))[:WIDTH]
                found.look_alikes.append((score, clean(post.id), code, shown))
    found.counts[kind] += 1
    found.months.setdefault(month, Counter())[kind] += 1


def likeness(profile: Profile, text: str) -> int:
    """How much a text looks like a call: its numbers (up to six) and twice its different trade words (up to four)."""
    hits = profile.unread.findall(fold(text).text[:4096])
    words = {hit for hit in hits if not hit[:1].isdigit()}
    return min(len(hits) - sum(hit in words for hit in hits), 6) + 2 * min(len(words), 4)


def _shares(counts: Counter[str]) -> str:
    """``signals 43% (1,306), updates ...`` of the posts with text."""
    texts = counts.total() - counts["empty"]
    return (
        ", ".join(f"{kind} {counts[kind] / texts:.0%} ({counts[kind]:,})" for kind in KINDS[:4]) if texts else "no text"
    )
