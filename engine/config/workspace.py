"""``workspace.yaml``: the few settings that belong to no single strategy."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import available_timezones

from engine.config.diagnostics import Diagnostic, did_you_mean
from engine.config.document import Document, read_document
from engine.config.text import SourceText

Groups = tuple[tuple[str, frozenset[str]], ...]
"""Symbols that move together: the groups by name, each with its symbols."""


@dataclass(frozen=True, slots=True)
class Settings:
    """``timezone`` is the zone in which times are shown and days begin, ``language`` that of reports (en, tr).

    ``groups`` are the symbols that move together, ``notify`` the kinds of notices that are sent (None: all).
    """

    timezone: str = "Europe/Sofia"
    language: str = "en"
    groups: Groups = ()
    notify: tuple[str, ...] | None = None


def load_settings(source: SourceText) -> tuple[Settings | None, list[Diagnostic]]:
    """The settings of a workspace file, None when it has errors. Never raises."""
    document = read_document(source, "workspace")
    zone = document.get("timezone", default=Settings().timezone)
    zones = available_timezones()
    if zone not in zones:
        hint = did_you_mean(zone, zones) or "write Area/City, such as Europe/Sofia, or UTC"
        document.report(("timezone",), "R111", f'no time zone is called "{zone}"', hint)
    language = document.get("language", default=Settings().language)
    groups = tuple(read_groups(document).items())
    kinds = document.get("notify", default=None)
    notify = None if kinds is None else tuple(kinds)
    return (None if document.failed else Settings(zone, language, groups, notify)), document.ordered


def read_groups(document: Document) -> dict[str, frozenset[str]]:
    """The ``groups`` of a file; a symbol that stands twice in one is reported."""
    found = {}
    for name in document.keys("groups"):
        count = document.count("groups", name)
        document.refuse_repeats("symbol", [("groups", name, i) for i in range(count)])
        if document.sound("groups", name):
            found[name] = frozenset(document.get("groups", name))
    return found
