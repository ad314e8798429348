"""``workspace.yaml``: the few settings that belong to no single strategy."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import available_timezones

from engine.config.diagnostics import Diagnostic, did_you_mean
from engine.config.document import read_document
from engine.config.text import SourceText


@dataclass(frozen=True, slots=True)
class Settings:
    """``timezone`` is the zone in which times are shown and days begin, ``language`` that of reports (en, tr)."""

    timezone: str = "Europe/Sofia"
    language: str = "en"


def load_settings(source: SourceText) -> tuple[Settings | None, list[Diagnostic]]:
    """The settings of a workspace file, None when it has errors. Never raises."""
    document = read_document(source, "workspace")
    zone = document.get("timezone", default=Settings().timezone)
    zones = available_timezones()
    if zone not in zones:
        hint = did_you_mean(zone, zones) or "write Area/City, such as Europe/Sofia, or UTC"
        document.report(("timezone",), "R111", f'no time zone is called "{zone}"', hint)
    language = document.get("language", default=Settings().language)
    return (None if document.failed else Settings(zone, language)), document.ordered
