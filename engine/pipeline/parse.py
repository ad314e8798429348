"""``cli.py parse``: what is new in the archive into data/signals_parsed.csv.

1. go on where the last parse ended (``collect/parsed.py``), or begin anew when a profile or the program has changed;
2. read some thousand lines; the posts they are about are read again with all their versions;
3. write the table from what all posts gave.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import engine
from engine.collect.archive import Archive, ArchiveError
from engine.collect.edits import counted, hints
from engine.collect.parsed import Key, Outcome, Parsed
from engine.collect.segments import START, Place
from engine.collect.table import COLUMNS, row_of, write_signals
from engine.memory import uncollected
from engine.pipeline.errors import InputError
from engine.pipeline.progress import Track
from engine.pipeline.readings import read_with
from engine.pipeline.shipped import shipped, shipped_names
from engine.pipeline.workspace import Workspace
from engine.problem import Problem
from engine.units import show_count

if TYPE_CHECKING:
    from engine.channel import Profile
    from engine.domain import Message

LOG = logging.getLogger(__name__)
LINES = 20_000
CODE = ("domain", "channel", "collect")


def parse_archive(workspace: Workspace, track: Track) -> str:
    """Read what is new with all profiles, write data/signals_parsed.csv; a line for each channel."""
    archive = Archive(workspace.archive_path)
    if not any(True for _ in islice(_messages(archive, START), 1)):
        hint = "import a history: cli.py import result.json --channel NAME"
        raise InputError(Problem("there are no messages", workspace.shown(workspace.archive_path), hint=hint))
    digests = _digests(workspace)
    stamp = hashlib.sha256(repr((_code_stamp(), COLUMNS, sorted(digests.items()))).encode()).hexdigest()
    reader = _Reader(workspace, digests)
    with Parsed(workspace.signals_path.with_suffix(".index"), stamp) as parsed:
        place, seen = parsed.place
        if archive.print_of(place) != seen:
            parsed.start_over()
            place = START
        with uncollected():
            while found := list(islice(_messages(archive, place), LINES)):
                reader.take(archive, parsed, place, found, track)
                place = found[-1][1]
                parsed.set_place(place, archive.print_of(place))
            rows = write_signals(workspace.signals_path, parsed.rows())
        counts, left = parsed.counts(), parsed.unfollowed()
    lines = []
    for name, count in counts.items():
        lines.append(_line(name, count, workspace.profile(name) is not None))
        if name in left:
            lines += [f"  {counted(left[name])}", *(f"  hint: {advice}" for advice in hints(left[name]))]
    lines.append(f"{workspace.signals_path.as_posix()}: {show_count(rows, 'signal')}")
    LOG.info("parse: %s", "; ".join(lines))
    return "\n".join(lines + [f"note: {problem}" for problem in archive.problems])


class _Reader:
    """Reads posts with their channels' profiles."""

    def __init__(self, workspace: Workspace, digests: dict[str, str]) -> None:
        self._workspace = workspace
        self._digests = digests

    def take(
        self, archive: Archive, parsed: Parsed, before: Place, found: list[tuple[Message, Place]], track: Track
    ) -> None:
        """Read the posts that new lines are about. Raises InputError when a profile of theirs has errors."""
        posts: dict[Key, list[Message]] = {_key(message): [] for message, _ in found}
        for message in archive.read_lines(parsed.earlier(posts)):
            posts[_key(message)].append(message)
        lines = []
        for message, after in found:
            posts[_key(message)].append(message)
            lines.append((_key(message), before if before.segment == after.segment else Place(after.segment, 0, 0)))
            before = after
        parsed.add_lines(lines)
        channels = list(dict.fromkeys(key[0] for key in posts))
        profiles = {name: self._workspace.profile(name) for name in channels}
        self._workspace.check()
        for name in track(channels, "reading messages"):
            mine = {key: versions for key, versions in posts.items() if key[0] == name}
            parsed.add(self._outcomes(mine, profiles[name]))

    def _outcomes(self, posts: dict[Key, list[Message]], profile: Profile | None) -> Iterator[Outcome]:
        """What each post gave."""
        if profile is None:
            yield from (Outcome(key, "unread", 0, 0, []) for key in posts)
            return
        result = read_with(profile, (message for versions in posts.values() for message in versions))
        named = f"{profile.id}@{self._digests.get(profile.id, '')[:8]}"
        rows: dict[Key, list[list[object]]] = {}
        known: dict[Key, int] = {}
        for signal in result.signals:
            if signal.again is not None:
                continue  # what it enters again stands in another post, which may not be among these
            key = _key(signal.message)
            texts = sum(message.kind != "deletion" for message in posts[key])
            rows.setdefault(key, []).append(row_of(signal, texts, named))
            known[key] = signal.message.known_ms
        updates: dict[Key, int] = {}
        for update in result.updates:
            key = _key(update.message)
            updates[key] = updates.get(key, 0) + 1
        left: dict[Key, list[str]] = {}
        for one in result.unfollowed:
            left.setdefault(_key(one.message), []).append(one.refusal.code)
        refused = {name for name, _ in result.refusals}
        for key in posts:
            fate = "called" if key in rows else "updated" if key in updates else "unread"
            if fate == "unread" and f"{key[0]}/{key[2]}" in refused:
                fate = "refused"
            unfollowed = tuple(left.get(key, ()))
            yield Outcome(key, fate, updates.get(key, 0), known.get(key, 0), rows.get(key, []), unfollowed)


def _messages(archive: Archive, place: Place) -> Iterator[tuple[Message, Place]]:
    """The messages behind a place. Raises InputError."""
    try:
        yield from archive.read_since(place)
    except ArchiveError as error:
        raise InputError(error.problem) from None


def _key(message: Message) -> Key:
    return message.channel, message.chat_id, message.message_id


def _digests(workspace: Workspace) -> dict[str, str]:
    """The hash of each profile's text, by name, those of the program's library included."""
    base = workspace.root / "channels"
    texts = {name: source.text.encode() for name in shipped_names() if (source := shipped(name))}
    texts |= {name: (base / f"{name}.channel").read_bytes() for name in workspace.names("channels", ".channel")}
    return {name: hashlib.sha256(text).hexdigest() for name, text in texts.items()}


def _code_stamp() -> list[tuple[str, int, int]]:
    """What tells one state of the program's reading from another: its files' sizes and times."""
    root = Path(engine.__file__).parent
    files = [path for room in CODE for path in (root / room).rglob("*.*")]
    found = ((path, path.stat()) for path in files if path.suffix in (".py", ".lark"))
    return sorted((path.relative_to(root).as_posix(), stat.st_size, stat.st_mtime_ns) for path, stat in found)


def _line(name: str, found: dict[str, int], is_read: bool) -> str:
    """What a profile made of a channel's posts: each is counted once, and what stands in them apart from that."""
    posts = show_count(found["posts"], "post")
    if not is_read:
        return f"{name}: {posts}, not read: there is no channels/{name}.channel"
    called, updated = found.get("called", 0), found.get("updated", 0)
    line = (
        f"{name}: {posts}: {show_count(called, 'signal')}, {show_count(updated, 'update')}, "
        f"{found.get('refused', 0):,} refused, {found.get('unread', 0):,} unread"
    )
    more = [f"{found['signals']:,} signals in {called:,}"] if found["signals"] != called else []
    more += [f"with edits {show_count(found['updates'], 'change')} of calls"] if found["updates"] != updated else []
    return "; ".join([line, *more])
