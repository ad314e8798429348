"""``cli.py channel suggest`` and ``channel new``: a draft profile from a history, or from one message.

Both print a whole commented profile that ``validate`` accepts, or write it; nothing that exists is overwritten.
"""

from __future__ import annotations

import re
from pathlib import Path

from engine.channel.suggest.draft import Draft, draft_profile
from engine.channel.suggest.single import profile_from_message
from engine.channel.suggest.writing import HistoryPost
from engine.files import write_text
from engine.pipeline.channels import message_text
from engine.pipeline.errors import InputError
from engine.pipeline.posts import load_posts
from engine.pipeline.progress import Track
from engine.pipeline.scaffold import new_path
from engine.pipeline.workspace import Workspace
from engine.problem import Problem
from engine.units import show_count


def suggest_profile(
    workspace: Workspace, source: Path, name: str | None, write: bool, track: Track
) -> tuple[str, str, bool]:
    """The draft from a history (or where it was written), a sentence about it, and whether it reads any post.

    Raises InputError.
    """
    if write and name is None:
        raise InputError(Problem("which channel is it?", hint="with --write, name it: --channel my_channel"))
    channel = name or re.sub(r"[^a-z0-9_-]+", "_", source.stem.lower()).strip("_-") or "drafted"
    path = new_path(workspace, "channel", channel) if write else None
    found = load_posts(source, channel, workspace.settings.timezone)
    if not found:
        raise InputError(
            Problem("holds no messages", str(source), hint="of the archive, name the channel: --channel NAME")
        )
    history = [HistoryPost(post.id, post.text, post.posted_ms) for post in track(found, "reading messages")]
    draft = draft_profile(channel, history)
    return _placed(workspace, draft.text, path), _sentence(draft), draft.read > 0


def _sentence(draft: Draft) -> str:
    """What the draft reads, and what to do next."""
    alike = "looks like a call" if draft.calls == 1 else "look like calls"
    told = (
        f"{show_count(draft.posts, 'post')} with text, {draft.calls:,} {alike}; the draft reads "
        f"{show_count(draft.read, 'post')} with {show_count(len(draft.layouts), 'layout')}. "
    )
    if draft.asleep:
        return told + "How the numbers are written is not clear: fill in the line numbers: and uncomment the layouts"
    if not draft.layouts:
        return told + "This profile is not finished: begin with one call, channel new"
    return told + "Look over its marks, then see what it misses: channel coverage"


def new_from_message(workspace: Workspace, name: str | None, message: Path) -> tuple[str, str, bool]:
    """A profile with the marks proposed for one message, or where it was written; what to look at; whether it is whole.

    A message in which only a part of a call is found makes a profile that a person has to finish. Raises InputError
    when the message cannot be read, or when nothing in it looks like a call.
    """
    path = new_path(workspace, "channel", name) if name else None
    draft = profile_from_message(name or "my_channel", message_text(message).strip("\n"))
    lacking = ", ".join(draft.lacking)
    if not draft.text:
        hint = "mark the values by hand: cli.py new channel NAME makes a profile to change"
        raise InputError(Problem(f"found no call in this message; missing: {lacking}", hint=hint))
    if not draft.finished:
        note = f"this profile is not finished. Not found in the message: {lacking}. Mark them by hand, then validate"
        return _placed(workspace, draft.text, path), note, False
    note = f"not found in the message: {lacking}" if lacking else "every kind of value was found"
    if draft.asks_numbers:
        note += "; how its numbers are written is not clear: fill in the line numbers:"
    return _placed(workspace, draft.text, path), f"{note}. Look over the marks", True


def _placed(workspace: Workspace, text: str, path: Path | None) -> str:
    """The text itself, or where it was written."""
    if path is None:
        return text.rstrip("\n")
    write_text(path, text)
    return workspace.shown(path)
