"""The settings of a profile: what its lines ``key: value`` may say, and what they mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.channel.profile import Settings, Source
from engine.channel.syntax import tree as t
from engine.channel.text.names import DEFAULT_SETTINGS, HEADER_SETTINGS
from engine.channel.text.numbers import NOTATIONS, UNDECLARED, Notation
from engine.config.diagnostics import Diagnostic, diagnose, did_you_mean, related
from engine.config.text import SourceText
from engine.domain import Side
from engine.units import fraction


@dataclass(frozen=True, slots=True)
class Header:
    """What the settings say."""

    source: Source | None
    notation: Notation
    other_notations: tuple[Notation, ...]
    authors: tuple[str, ...]
    footer: str
    settings: Settings


def read_settings(file: t.File, source: SourceText) -> tuple[Header, list[Diagnostic]]:
    """All settings of a file; a setting with a fault keeps its built-in value."""
    found: list[Diagnostic] = []
    values: dict[str, Any] = {}
    for settings, known, elsewhere, where in (
        (file.settings, HEADER_SETTINGS, DEFAULT_SETTINGS, 'under "defaults"'),
        (file.defaults, DEFAULT_SETTINGS, HEADER_SETTINGS, "below the channel line"),
    ):
        found += name_faults(settings, known, source, elsewhere, where)
        for setting in settings:
            if setting.key in known:
                try:
                    values.setdefault(setting.key, _READERS[setting.key](setting.value))
                except ValueError as error:
                    hint = did_you_mean(setting.value, _CHOICES.get(setting.key, ()))
                    hint = hint or f"{setting.key}: {known[setting.key]}"
                    found.append(diagnose(source, setting.value_span, "D203", str(error), hint))
    notations = values.get("numbers", (UNDECLARED,))
    header = Header(
        values.get("source"),
        notations[0],
        notations[1:],
        values.get("authors", ()),
        values.get("footer from", ""),
        Settings(
            unread=values.get("unread numbers", "refuse"),
            quote=values.get("quote", ""),
            market_entry="entry" in values,
            range=values.get("range", "zone"),
            whole_range_ends=values.get("range ends") == "expand",
            side=values.get("side"),
            stop_in_points=values.get("stop") == "price or points",
            distance_from=values.get("distance from", "middle"),
            largest_distance=values.get("largest distance", Settings().largest_distance),
            part=values.get("part"),
        ),
    )
    for setting in file.defaults:
        if (
            setting.key == "largest distance"
            and header.settings.stop_in_points
            and header.settings.largest_distance >= 0.5
        ):
            message = "with half the price or more, a price and a number of points cannot be told apart"
            hint = "with stop: price or points, the largest distance has to be below 50%"
            found.append(diagnose(source, setting.value_span, "D203", message, hint))
    return header, found


def name_faults(
    settings: Iterable[t.Setting],
    known: Mapping[str, object],
    source: SourceText,
    elsewhere: Mapping[str, object] | None = None,
    where: str = "",
) -> list[Diagnostic]:
    """Findings for keys that are unknown, in the wrong place, or there twice."""
    found = []
    first: dict[str, t.Setting] = {}
    for setting in settings:
        key = setting.key
        if key not in known:
            if elsewhere and key in elsewhere:
                hint = f"it belongs {where}"
            else:
                hint = did_you_mean(key, [*known, *(elsewhere or ())]) or "known here: " + ", ".join(known)
            found.append(diagnose(source, setting.key_span, "D201", f'unknown setting "{key}"', hint))
        elif key in first:
            also = (related(source, first[key].key_span, "set here first"),)
            found.append(diagnose(source, setting.key_span, "D202", f'"{key}" is set twice', "keep one", related=also))
        first.setdefault(key, setting)
    return found


# ------------------------------------------------------------------ values; each raises ValueError


def _choice(*allowed: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value.lower() not in allowed:
            raise ValueError(f'"{value}" is not one of: {", ".join(allowed)}')
        return value.lower()

    return read


def _source(value: str) -> Source:
    kind, _, address = value.partition(" ")
    if kind not in ("telegram", "export", "demo") or not address.strip():
        raise ValueError(f'"{value}" is no source')
    return Source(kind, address.strip())  # type: ignore[arg-type]


def _notations(value: str) -> tuple[Notation, ...]:
    """The notations in their order; the one behind ``else`` has ``fallback`` set."""
    value, _, last = value.partition(", else ")
    names = [name.strip() for name in value.split(" or ")]
    for name in names:
        if name not in NOTATIONS:
            raise ValueError(f'"{name}" is no notation of numbers')
    fallback = (replace(_notations(last)[0], fallback=True),) if last else ()
    return (*(NOTATIONS[name] for name in dict.fromkeys(names)), *fallback)


def _names(value: str) -> tuple[str, ...]:
    return tuple(name for part in value.split(",") if (name := part.strip()))


def _quote(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,6}", value):
        raise ValueError(f'"{value}" is no currency')
    return value.upper()


def _side(value: str) -> Any:
    chosen = _choice("from levels", "long", "short")(value)
    return chosen if chosen == "from levels" else Side(chosen)


def _distance(value: str) -> float:
    largest = fraction(value)
    if not 0 < largest <= 10:
        raise ValueError(f'"{value}" is no distance')
    return largest


def _part(value: str) -> float:
    part = fraction(value)
    if not 0 < part < 1:
        raise ValueError(f'"{value}" is no part of a position')
    return part


_READERS: dict[str, Callable[[str], Any]] = {
    "source": _source,
    "numbers": _notations,
    "unread numbers": _choice("refuse", "allow"),
    "footer from": str,
    "authors": _names,
    "quote": _quote,
    "entry": _choice("market"),
    "range": _choice("zone", "ladder"),
    "range ends": _choice("as written", "expand"),
    "side": _side,
    "stop": _choice("price", "price or points"),
    "distance from": _choice("near", "middle", "far"),
    "largest distance": _distance,
    "part": _part,
}
_CHOICES = {
    "unread numbers": ("refuse", "allow"),
    "entry": ("market",),
    "range": ("zone", "ladder"),
    "range ends": ("as written", "expand"),
    "side": ("from levels", "long", "short"),
    "stop": ("price", "price or points"),
    "distance from": ("near", "middle", "far"),
}
