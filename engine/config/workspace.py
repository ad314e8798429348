"""``workspace.yaml``: the few settings that belong to no single strategy."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import available_timezones

from engine.config.diagnostics import Diagnostic, did_you_mean
from engine.config.document import Document, read_document
from engine.config.text import SourceText
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS, duration_ms

Groups = tuple[tuple[str, frozenset[str]], ...]
"""Symbols that move together: the groups by name, each with its symbols."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """How often the collector does what, in milliseconds; see the schema."""

    reconcile_ms: int = 3 * MINUTE_MS
    look_back_ms: int = 7 * DAY_MS
    sign_of_life_ms: int = 30_000
    retry_ms: int = 10 * MINUTE_MS


# by the key in the file: the field, the least, the most, and how the file shows them
INTERVALS = {
    "reconcile every": ("reconcile_ms", 30_000, HOUR_MS, "30s to 1h", "3m"),
    "look back": ("look_back_ms", HOUR_MS, 90 * DAY_MS, "1h to 90d", "7d"),
    "sign of life every": ("sign_of_life_ms", 5_000, 10 * MINUTE_MS, "5s to 10m", "30s"),
    "retry after": ("retry_ms", MINUTE_MS, DAY_MS, "1m to 1d", "10m"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """``timezone`` is the zone in which times are shown and days begin, ``language`` that of reports (en, tr).

    ``groups`` are the symbols that move together, ``notify`` the kinds of notices that are sent (None: all),
    ``collect`` how often the collector does what.
    """

    timezone: str = "Europe/Sofia"
    language: str = "en"
    groups: Groups = ()
    notify: tuple[str, ...] | None = None
    collect: Intervals = Intervals()


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
    collect = _read_intervals(document)
    return (None if document.failed else Settings(zone, language, groups, notify, collect)), document.ordered


def _read_intervals(document: Document) -> Intervals:
    """The ``collect`` of a file; what is out of range is reported."""
    found = {}
    for key, (name, least, most, allowed, example) in INTERVALS.items():
        text = document.get("collect", key)
        if text is None:
            continue
        found[name] = duration_ms(text)
        if not least <= found[name] <= most:
            document.report(("collect", key), "R104", f'"{text}" is out of range: {allowed}', f"write {key}: {example}")
    return Intervals(**found)


def read_groups(document: Document) -> dict[str, frozenset[str]]:
    """The ``groups`` of a file; a symbol that stands twice in one is reported."""
    found = {}
    for name in document.keys("groups"):
        count = document.count("groups", name)
        document.refuse_repeats("symbol", [("groups", name, i) for i in range(count)])
        if document.sound("groups", name):
            found[name] = frozenset(document.get("groups", name))
    return found
