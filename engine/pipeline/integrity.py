"""``cli.py channel integrity``: what a channel did to its calls after posting them.

1. read every version of every post with the profile; a call is a post of which a version gives a setup;
2. an edit is compared with the version before it: which levels moved, and which way;
3. deletions, and how long after posting they came;
4. ids that no message has, between the first and the last that are known.

Only what was seen can be told: an export holds last versions, so without live collection most edits and all deletions
are missing here. Ids are also taken by service messages (joined, pinned), so a missing id is no proof.
"""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from engine.channel import Profile
from engine.collect.added import Lines, added, keep
from engine.collect.archive import Archive
from engine.collect.reading import QUICK_EDIT_MS
from engine.domain import Message, Reading, Setup
from engine.pipeline.channels import find_profile
from engine.pipeline.errors import InputError
from engine.pipeline.progress import Track
from engine.pipeline.readings import read_message, read_messages
from engine.pipeline.workspace import Workspace
from engine.problem import Problem
from engine.units import show_duration

MOVES = (
    "entry to a better price", "entry to a worse price", "stop farther away", "stop nearer", "stop removed",
    "stop added", "target nearer", "target farther away", "targets fewer", "targets more", "other side or symbol",
    "no longer a call", "became a call", "same levels",
)  # fmt: skip


@dataclass
class Integrity:
    """What happened to one channel's posts. Times are milliseconds after posting; deletions: when it was noticed."""

    channel: str
    posts: int = 0
    calls: int = 0
    edited: int = 0
    edited_quickly: int = 0
    unknown_time: int = 0
    deleted: int = 0
    deleted_posts: int = 0
    edit_after_ms: list[int] = field(default_factory=list)
    delete_after_ms: list[int] = field(default_factory=list)
    moves: Counter[str] = field(default_factory=Counter)
    missing_ids: int = 0
    id_range: int = 0

    def as_row(self) -> dict[str, object]:
        """The figures, in the order of the columns."""
        return {
            "channel": self.channel,
            "posts": self.posts,
            "calls": self.calls,
            "calls edited": self.edited,
            "within a minute": self.edited_quickly,
            "at an unknown time": self.unknown_time,
            "edited after (median)": _median(self.edit_after_ms),
            "calls deleted": self.deleted,
            "deleted after (median)": _median(self.delete_after_ms),
            "posts deleted": self.deleted_posts,
            "ids missing": self.missing_ids,
            "ids": self.id_range,
        }

    def as_json(self) -> dict[str, object]:
        """All figures; times in milliseconds."""
        row = {key.replace(" ", "_"): value for key, value in self.as_row().items() if "median" not in key}
        return row | {
            "edited_after_ms": sorted(self.edit_after_ms),
            "deleted_after_ms": sorted(self.delete_after_ms),
            "moves": {move: self.moves[move] for move in MOVES},
        }


def integrity(workspace: Workspace, names: Sequence[str], track: Track) -> list[Integrity]:
    """The figures of channels (default: all that the archive and the profiles know). Raises InputError."""
    by_channel: dict[str, list[Message]] = {}
    for message in read_messages(Archive(workspace.archive_path)):
        if not names or message.channel in names:
            by_channel.setdefault(message.channel, []).append(message)
    known = set(workspace.names("channels", ".channel"))
    profiles = {name: find_profile(workspace, name) for name in names or [n for n in by_channel if n in known]}
    missing = [name for name in profiles if name not in by_channel]
    if missing or not by_channel:
        what = f"the archive has no messages of {missing[0]}" if missing else "there are no messages"
        hint = "collect them (cli.py collect) or import a history (cli.py import)"
        raise InputError(Problem(what, workspace.shown(workspace.archive_path), hint=hint))
    return [examine(name, by_channel[name], profile) for name, profile in track(list(profiles.items()), "reading")]


def examine(channel: str, messages: Iterable[Message], profile: Profile) -> Integrity:
    """What happened to the posts of one channel."""
    posts: dict[tuple[int, int], list[Message]] = {}
    for message in messages:
        posts.setdefault((message.chat_id, message.message_id), []).append(message)
    found = Integrity(channel, posts=len(posts))
    for versions in posts.values():
        _examine_post(found, versions, profile)
    for chat in {chat for chat, _ in posts}:
        ids = [number for other, number in posts if other == chat]
        found.id_range += max(ids) - min(ids) + 1
        found.missing_ids += max(ids) - min(ids) + 1 - len(ids)
    return found


def _calls_of(texts: Sequence[Message], profile: Profile) -> list[tuple[Setup, ...]]:
    """The calls of each version of a post; what is written below or above a call takes none of it away."""
    setups: list[tuple[Setup, ...]] = []
    lines: Lines | None = None
    for message in texts:
        said = read_message(profile, message) if message.text.strip() else Reading()
        called = said.setups or (said.running if any(setups) else ())
        if lines is None:
            lines = Lines.of(message.text) if called else None
        else:
            told = added(lines, message.text, ((value.start, value.end) for one in called for value in one.values))
            keep(lines, told, bool(called))
            called = called or (next(filter(None, reversed(setups)), ()) if told.intact else ())
        setups.append(called)
    return setups


def _examine_post(found: Integrity, versions: list[Message], profile: Profile) -> None:
    """Count what happened to one post."""
    texts = sorted((m for m in versions if m.kind != "deletion"), key=lambda m: (m.known_ms or 1 << 60, m.version))
    gone = next((m for m in versions if m.kind == "deletion"), None)
    found.deleted_posts += gone is not None
    setups = _calls_of(texts, profile)
    if not any(setups):
        return
    found.calls += 1
    if gone is not None:
        found.deleted += 1
        found.delete_after_ms.append(max((gone.edited_ms or gone.received_ms) - gone.posted_ms, 0))
    later = [m for m in texts if m.kind == "edit"]
    if later:
        found.edited += 1
        after = [m.edited_ms - m.posted_ms for m in later if m.edited_ms is not None and m.posted_ms]
        found.unknown_time += not after
        found.edited_quickly += bool(after) and max(after) <= QUICK_EDIT_MS
        found.edit_after_ms += after
    for before, now in pairwise(setups):
        found.moves.update(moves(before, now))


def moves(before: Sequence[Setup], now: Sequence[Setup]) -> list[str]:
    """What an edit did to a call, in words of ``MOVES``. Better and worse are meant for who takes the call."""
    if not before or not now:
        return ["became a call"] if now else ["no longer a call"] if before else []
    found: list[str] = []
    for old, new in zip(before, now, strict=False):
        if (old.symbol, old.side) != (new.symbol, new.side):
            found.append("other side or symbol")
            continue
        sign = old.side.sign
        if old.entries and new.entries and old.entries != new.entries:
            shift = sign * (sum(new.entries) / len(new.entries) - sum(old.entries) / len(old.entries))
            found.append("entry to a better price" if shift < 0 else "entry to a worse price")
        if (old.stop is None) != (new.stop is None):
            found.append("stop removed" if new.stop is None else "stop added")
        elif isinstance(old.stop, float) and isinstance(new.stop, float) and old.stop != new.stop:
            found.append("stop farther away" if sign * (new.stop - old.stop) < 0 else "stop nearer")
        found += _target_moves(old, new, sign)
    return found or ["same levels"]


def _target_moves(old: Setup, new: Setup, sign: int) -> list[str]:
    """What became of the targets."""
    found = []
    if len(old.targets) != len(new.targets):
        found.append("targets fewer" if len(new.targets) < len(old.targets) else "targets more")
    pairs = [
        (a.price, b.price)
        for a, b in zip(old.targets, new.targets, strict=False)
        if a.price is not None and b.price is not None and a.price != b.price
    ]
    if pairs:
        shift = sum(sign * (b - a) for a, b in pairs)
        found.append("target nearer" if shift < 0 else "target farther away")
    return found


def _median(times_ms: Sequence[int]) -> str:
    """The median of times, for people."""
    return show_duration(statistics.median(times_ms)) if times_ms else ""


def render(found: Sequence[Integrity], form: str) -> str:
    """Plain lines (one for each channel, tabs between the figures, then its moves), or JSON."""
    if form == "json":
        return json.dumps([one.as_json() for one in found], ensure_ascii=False, indent=1)
    lines = ["\t".join(found[0].as_row())] if found else []
    lines += ["\t".join(str(value) for value in one.as_row().values()) for one in found]
    lines += [f"{one.channel}\t{move}\t{one.moves[move]}" for one in found for move in MOVES if one.moves[move]]
    return "\n".join(lines)


def print_tables(found: Sequence[Integrity]) -> None:
    """A table for each channel on a terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    for one in found:
        table = Table(title=Text(one.channel, "bold"), show_header=False, title_justify="left")
        for key, value in list(one.as_row().items())[1:]:
            table.add_row(key, Text(str(value)))
        for move in MOVES:
            if one.moves[move]:
                table.add_row(f"edits: {move}", str(one.moves[move]))
        console.print(table)
    console.print("ids are also taken by service messages; an export shows no deletions and last versions only")
