"""From channels to signals: the archive's messages (or the demo world's), read with their profiles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from engine.beside import beside
from engine.channel import Profile, read
from engine.collect.archive import Archive, ArchiveError
from engine.collect.reading import ArchiveReader, ReadResult, in_order, read_archive, speaks
from engine.pipeline.crossing import apart, is_demo
from engine.pipeline.errors import InputError
from engine.pipeline.progress import Track
from engine.pipeline.workspace import Workspace
from engine.problem import Problem

if TYPE_CHECKING:
    from engine.domain import Message, Reading
    from engine.market.synthetic import SyntheticMarket

BESIDE = 0.5  # of each channel's messages: to hand over what they say takes as long as to tell the others


def read_with(profile: Profile, messages: Iterable[Message]) -> ReadResult:
    """Read a channel's messages with its profile."""
    return read_archive(messages, partial(read_message, profile))


def read_message(profile: Profile, message: Message) -> Reading:
    """What a profile makes of a message."""
    return read(profile, message.text, message.known_ms, message.sender)


def channel_messages(
    workspace: Workspace, profiles: Sequence[Profile], world: SyntheticMarket | None, seed: int
) -> dict[str, list[Message]]:
    """Each channel's messages in the order of the archive, or of the demo world for profiles with a demo source.

    Raises InputError for a channel without messages, and for demo channels on real prices or the other way round:
    calls and prices have to come from one world.
    """
    found: dict[str, list[Message]] = {profile.id: [] for profile in profiles}
    archived = set(found)
    for profile in profiles:
        invented = is_demo(profile)
        if invented != (world is not None):
            text, hint = apart(profile.id, invented)
            raise InputError(Problem(text, profile.path, hint=hint))
        if invented and world is not None and profile.source is not None:
            from engine.collect.demo import DEMO_CHANNELS, demo_messages

            if profile.source.address not in DEMO_CHANNELS:
                known = ", ".join(DEMO_CHANNELS)
                raise InputError(
                    Problem(f"there is no demo channel {profile.source.address}", profile.path, hint=known)
                )
            found[profile.id] = demo_messages(profile.source.address, world, seed, profile.id)
            archived.discard(profile.id)
    if archived:
        for message in read_messages(Archive(workspace.archive_path)):
            if message.channel in archived:
                found[message.channel].append(message)
    for name in sorted(archived):
        if not found[name]:
            raise InputError(
                Problem(
                    f"the archive has no messages of {name}",
                    workspace.shown(workspace.archive_path),
                    hint=f"import its history: cli.py import result.json --channel {name}",
                )
            )
    return found


def read_messages(archive: Archive) -> Iterator[Message]:
    """All message versions of an archive. Raises InputError when it cannot be read."""
    try:
        yield from archive.read()
    except ArchiveError as error:
        raise InputError(error.problem) from None


def read_channels(
    profiles: Sequence[Profile], messages: dict[str, list[Message]], track: Track
) -> dict[str, ReadResult]:
    """Read every channel with its profile.

    A message is read without regard to any other, so a second core reads the later part of each channel; what is said
    is told in the order in which it became known.
    """
    known = {profile.id: in_order(messages[profile.id]) for profile in profiles}
    cut = {name: round(len(found) * (1 - BESIDE)) for name, found in known.items()}
    earlier = {name: found[: cut[name]] for name, found in known.items()}
    later = {name: found[cut[name] :] for name, found in known.items()}
    told = {profile.id: ArchiveReader(partial(read_message, profile)) for profile in profiles}

    def others() -> dict[str, list[Reading]]:
        return {profile.id: _said(profile, later[profile.id]) for profile in profiles}

    with beside(others, sum(map(len, known.values()))) as rest:
        for profile in track(profiles, "reading messages"):
            told[profile.id].hear(earlier[profile.id], _said(profile, earlier[profile.id]))
        answers = rest()
    for name, reader in told.items():
        reader.hear(later[name], answers[name])
    return {name: reader.result() for name, reader in told.items()}


def _said(profile: Profile, messages: Iterable[Message]) -> list[Reading]:
    """What those of the messages say that speak."""
    return [read(profile, one.text, one.known_ms, one.sender) for one in messages if speaks(one)]
