"""Diagnostics for people and for machines: text, concise, json, github (workflow commands) and sarif (2.1.0)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from urllib.parse import quote

from wcwidth import wcswidth

from engine.config.diagnostics import Diagnostic, explain_code
from engine.config.text import SourceText

Sources = Mapping[str, SourceText]
TAB = "    "
WIDEST = 120
BEFORE = 60  # how much of a long line is shown before the place


def render(found: Sequence[Diagnostic], sources: Sources, form: str) -> str:
    """Diagnostics in one of the ``FORMS``, in the order given, without a line end at the end.

    ``sources`` maps the paths of diagnostics to their texts; the text form quotes the line of those that are there.
    """
    return FORMS[form](found, sources)


def _text(found: Sequence[Diagnostic], sources: Sources) -> str:
    """Each finding with its source line, a caret under the place, the second places and the hint."""
    return "\n\n".join(_block(each, sources.get(each.path)) for each in found)


def _concise(found: Sequence[Diagnostic], _sources: Sources) -> str:
    """One line each: ``path:line:column: severity[CODE] message (hint)``."""
    return "\n".join(_headline(each) + (f" ({each.hint})" if each.hint else "") for each in found)


def _json(found: Sequence[Diagnostic], _sources: Sources) -> str:
    """``{"version": 1, "diagnostics": [...]}`` with the fields of ``Diagnostic``."""
    return json.dumps({"version": 1, "diagnostics": [asdict(each) for each in found]}, ensure_ascii=False, indent=1)


def _github(found: Sequence[Diagnostic], _sources: Sources) -> str:
    """Workflow commands, which GitHub shows beside the lines of a pull request."""
    lines = []
    for each in found:
        place = {"file": each.path, "line": each.line, "col": each.column, "endColumn": each.end_column}
        fields = ",".join(f"{key}={_escape(str(value), ':,')}" for key, value in place.items())
        message = _escape(each.message + (f" ({each.hint})" if each.hint else ""))
        lines.append(_visible(f"::{each.severity} {fields},title={each.code}::{message}"))
    return "\n".join(lines)


def _sarif(found: Sequence[Diagnostic], _sources: Sources) -> str:
    """SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0), one run."""
    rules = [{"id": code, "shortDescription": {"text": _title(code)}} for code in sorted({d.code for d in found})]
    results = [
        {
            "ruleId": each.code,
            "level": each.severity,
            "message": {"text": each.message + (f" ({each.hint})" if each.hint else "")},
            "locations": [_location(each.path, each.line, each.column, each.end_column)],
            "relatedLocations": [
                {**_location(other.path, other.line, other.column), "message": {"text": other.message}}
                for other in each.related
            ],
        }
        for each in found
    ]
    driver = {"name": "signalproof", "rules": rules}
    run = {"columnKind": "unicodeCodePoints", "tool": {"driver": driver}, "results": results}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1)


FORMS: dict[str, Callable[[Sequence[Diagnostic], Sources], str]] = {
    "text": _text,
    "concise": _concise,
    "json": _json,
    "github": _github,
    "sarif": _sarif,
}


def _headline(each: Diagnostic) -> str:
    """Where, how bad, and what."""
    return f"{each.path}:{each.line}:{each.column}: {each.severity}[{each.code}] {_visible(each.message)}"


def _block(each: Diagnostic, source: SourceText | None) -> str:
    """One finding of the text form."""
    lines = [_headline(each)]
    gutter = " " * len(str(each.line))
    if source is not None and each.line <= source.line_count:
        shown, left, width = _excerpt(source.line(each.line), each.column - 1, each.end_column - 1)
        lines.append(f" {each.line} | {shown}")
        lines.append(f" {gutter} | {' ' * left}{'^' * width}")
    lines += [f" {gutter} = {other.path}:{other.line}:{other.column}: {other.message}" for other in each.related]
    if each.hint:
        lines.append(f" {gutter} = hint: {_visible(each.hint)}")
    return "\n".join(lines)


def _excerpt(line: str, start: int, end: int) -> tuple[str, int, int]:
    """What is shown of a line (the part around the place when it is long), and the caret's indent and width.

    Widths are those of a terminal: two cells for wide characters, none for combining ones.
    """
    first = max(0, start - BEFORE) if len(line) > WIDEST else 0
    last = min(len(line), first + WIDEST)
    ahead = "…" if first else ""
    before, marked = _visible(line[first:start]), _visible(line[start : min(end, last)])
    shown = f"{ahead}{_visible(line[first:last])}{'…' if last < len(line) else ''}"
    return shown.rstrip(), _width(ahead + before), max(1, _width(marked))


def _width(text: str) -> int:
    """The cells that a text takes on a terminal."""
    return max(0, int(wcswidth(text)))


def _visible(text: str) -> str:
    """Text that cannot steer a terminal: tabs become spaces, other control characters a question mark."""
    return re.sub(
        r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]", "\ufffd", text.replace("\t", TAB)
    )


def _escape(text: str, more: str = "") -> str:
    """Percent-encode what has a meaning in a workflow command: % and line ends, in a field also ``more``."""
    return re.sub(f"[%\r\n{more}]", lambda match: f"%{ord(match[0]):02X}", text)


def _title(code: str) -> str:
    """The title on a code's page."""
    return (explain_code(code) or code).splitlines()[0].lstrip("# ")


def _location(path: str, line: int, column: int, end_column: int | None = None) -> dict[str, object]:
    """A place as SARIF has it."""
    region = {"startLine": line, "startColumn": column} | ({"endColumn": end_column} if end_column else {})
    return {"physicalLocation": {"artifactLocation": {"uri": quote(path)}, "region": region}}
