"""The library of profiles that comes with the program, for workspaces that have no copy of it.

A workspace's own ``channels/library/NAME.channel`` comes first; it is how a user keeps one state of a profile.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import engine
from engine.config.text import SourceText

CHANNELS = Path(engine.__file__).parent.parent / "channels"


@cache
def shipped_names() -> tuple[str, ...]:
    """The names of the library's profiles, ``library/updates`` for instance, sorted."""
    found = (path.relative_to(CHANNELS).with_suffix("") for path in CHANNELS.glob("library/*.channel"))
    return tuple(sorted(path.as_posix() for path in found))


@cache
def shipped(name: str) -> SourceText | None:
    """The text of a profile of the library under the path that a workspace's copy would have; None for another name."""
    if name not in shipped_names():
        return None
    text = (CHANNELS / f"{name}.channel").read_bytes().decode("utf-8-sig")
    return SourceText(f"channels/{name}.channel", text)
