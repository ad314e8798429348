"""Diagnostics: what is wrong with a file, where exactly, and how to mend it.

Codes are stable and come in families: D channel profiles, Y YAML, S schema, R rules and strategies, X across files.
Each code has a page, ``codes/<CODE>.md``, which ``cli.py validate --explain CODE`` prints.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.config.text import SourceText, Span

Severity = Literal["error", "warning"]
CODES = Path(__file__).with_name("codes")


@dataclass(frozen=True, slots=True, order=True)
class Related:
    """A second place that belongs to a diagnostic, such as where a name is defined."""

    path: str
    line: int
    column: int
    message: str


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One finding. Lines and columns count from 1 in code points; ``end_column`` is exclusive, on the same line."""

    path: str
    line: int
    column: int
    end_column: int
    code: str
    severity: Severity
    message: str
    hint: str = ""
    related: tuple[Related, ...] = ()


def diagnose(
    source: SourceText,
    span: Span,
    code: str,
    message: str,
    hint: str = "",
    severity: Severity = "error",
    related: tuple[Related, ...] = (),
) -> Diagnostic:
    """A diagnostic for a span of a source; a span over several lines is cut at the end of its first."""
    start = source.place(span.start)
    end = source.place(span.end)
    last = len(source.line(start.line)) + 1
    end_column = min(end.column, last) if end.line == start.line else last
    column = min(start.column, last)  # a place within a line end is shown at the end of its line
    return Diagnostic(
        source.path, start.line, column, max(end_column, column + 1), code, severity, message, hint, related
    )


def related(source: SourceText, span: Span, message: str) -> Related:
    """A second place for a diagnostic."""
    at = source.place(span.start)
    return Related(source.path, at.line, at.column, message)


def has_errors(found: Iterable[Diagnostic]) -> bool:
    """Whether any finding is an error (warnings do not stop a run)."""
    return any(d.severity == "error" for d in found)


def did_you_mean(word: str, options: Iterable[str], cutoff: float = 0.6) -> str:
    """``did you mean "x"?`` for the nearest option, or "" when none is near enough."""
    close = difflib.get_close_matches(word, [str(o) for o in options], 1, cutoff)
    return f'did you mean "{close[0]}"?' if close else ""


def explain_code(code: str) -> str | None:
    """The page of a code, or None when there is no such code."""
    page = CODES / f"{code.upper()}.md"
    return page.read_text(encoding="utf-8") if page.parent == CODES and page.is_file() else None
