"""Check one file of a workspace by itself: its findings, and the names that it uses of other files.

What a check gives is small and plain, so it can be kept (``memory.py``): compiling a profile takes a second, knowing
that it had no findings takes nothing. What is kept is only what ``validate`` shows; whoever trades loads the files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.config.diagnostics import Diagnostic
from engine.config.text import SourceText, Span
from engine.pipeline.crossing import is_demo, unknown_demo, unknown_fees

if TYPE_CHECKING:
    from engine.pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Checked:
    """What one file tells.

    ``channels`` and ``rules`` are the names it uses of other files and where each stands first; ``currency`` that of
    its amounts or its account; ``invented`` says whether a channel's calls or a strategy's prices are those of the demo
    world (None: not known); ``needs`` the profiles it takes over, by name, with the hash of their text (None: there is
    none of that name).
    """

    findings: tuple[Diagnostic, ...] = ()
    channels: dict[str, Span] = field(default_factory=dict)
    rules: dict[str, Span] = field(default_factory=dict)
    currency: str | None = None
    invented: bool | None = None
    needs: dict[str, str | None] = field(default_factory=dict)


def check_channel(workspace: Workspace, source: SourceText, name: str) -> Checked:
    """A channel profile, with its own tests, and with what is wrong in the profiles it takes over."""
    from engine.channel import load_profile
    from engine.channel.library import within

    needs: dict[str, str | None] = {}

    def library(other: str) -> SourceText | None:
        found = workspace.channel_source(other)
        needs[other] = None if found is None else hash_of(found.text)
        return found

    profile, found = load_profile(source, name, library, workspace.likes, workspace.library)
    for other in sorted(within(needs, workspace.library) - needs.keys()):  # loaded before, for another profile
        library(other)
    if profile is None:
        return Checked(tuple(found), needs=needs)
    found = [*found, *unknown_demo(profile, source)]
    return Checked(tuple(found), invented=is_demo(profile), needs=needs)


def check_rules(workspace: Workspace, source: SourceText, _name: str) -> Checked:
    """A rule file, with its own tests."""
    from engine.risk import load_rules

    rules, found = load_rules(source, workspace.settings.groups)
    return Checked(tuple(found), rules.channel_spans, currency=rules.currency) if rules else Checked(tuple(found))


def check_strategy(_workspace: Workspace, source: SourceText, _name: str) -> Checked:
    """A strategy, with its own tests."""
    from engine.config.strategies import load_strategy, references

    loaded, found = load_strategy(source)
    named = references(source)
    if "tests" in source.text:
        from engine.pipeline.trying import try_strategy

        found = [*found, *try_strategy(source)]
    if loaded is None:
        return Checked(tuple(found), named.channels, named.rules)
    found = [*found, *unknown_fees(loaded)]
    currency, invented = loaded.strategy.currency, loaded.strategy.market.source == "synthetic"
    return Checked(tuple(found), named.channels, named.rules, currency, invented)


def check_settings(_workspace: Workspace, source: SourceText, _name: str) -> Checked:
    """The workspace's own settings."""
    from engine.config.document import read_document
    from engine.config.workspace import load_settings
    from engine.risk.spelling import check_symbols

    document = read_document(source, "workspace")
    document.findings.clear()  # load_settings tells them
    check_symbols(document)
    return Checked((*load_settings(source)[1], *document.ordered))


Check = Callable[["Workspace", SourceText, str], Checked]
CHECKS: dict[str, Check] = {
    "channels": check_channel,
    "rules": check_rules,
    "strategies": check_strategy,
    "workspace": check_settings,
}


def hash_of(*texts: str) -> str:
    """The SHA-256 of some texts."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()
