"""Findings that a writer has looked at and wants to keep: suppressed by a comment that says why.

    numbers: 1,234.56     # signalproof: ignore D503 because the channel only posts longs for now

A comment concerns the findings of its own line; one that stands alone concerns those of the next line that is neither
empty nor a comment. Only warnings can be suppressed: a file with an error cannot be used, whatever a comment says. A
comment that names no known code, gives no reason or suppresses nothing is a finding itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.config.diagnostics import CODES, Diagnostic, diagnose, did_you_mean
from engine.config.text import SourceText, Span

_COMMENT = re.compile(r"(?:^|(?<=\s))#[ \t]*signalproof:[ \t]*(\S[^\n]*)?")
_FORM = re.compile(r"ignore[ \t]+([A-Za-z0-9, \t]*?[A-Za-z0-9])[ \t]+because[ \t]+\S")
_EXAMPLE = "write # signalproof: ignore R202 because ... with a reason"


@dataclass(frozen=True, slots=True)
class Suppression:
    """One code that a comment suppresses: where the code stands, and on which line its findings are."""

    code: str
    span: Span
    line: int


def suppress(found: Iterable[Diagnostic], sources: Mapping[str, SourceText]) -> list[Diagnostic]:
    """The findings without the suppressed ones, and with what is wrong with the comments themselves; sorted."""
    kept = set(found)
    for source in sources.values():
        if "signalproof:" not in source.text:
            continue
        suppressions, faults = read_suppressions(source)
        kept.update(faults)
        for each in suppressions:
            here = {d for d in kept if (d.path, d.line, d.code) == (source.path, each.line, each.code)}
            warnings = {d for d in here if d.severity == "warning"}
            kept -= warnings
            if here - warnings:
                message, hint = f"{each.code} is an error here, and errors cannot be suppressed", "mend it"
                kept.add(diagnose(source, each.span, "X004", message, hint, "warning"))
            elif not here:
                message = f"this comment suppresses nothing: there is no {each.code} on line {each.line}"
                kept.add(diagnose(source, each.span, "X003", message, "delete it", "warning"))
    return sorted(kept)


def read_suppressions(source: SourceText) -> tuple[list[Suppression], list[Diagnostic]]:
    """The suppressions of a file, and the comments that are none because something is missing in them."""
    known = {page.stem for page in CODES.glob("*.md")}
    made: list[Suppression] = []
    found: list[Diagnostic] = []
    for comment in _comments(source):
        whole = Span(*comment.span())
        form = _FORM.match(comment[1] or "")
        if form is None:
            what = "says nothing" if not comment[1] else "has the wrong form or no reason"
            found.append(diagnose(source, whole, "X004", f"this comment {what}", _EXAMPLE, "warning"))
            continue
        at = comment.start(1) + form.start(1)
        for code in re.finditer(r"[A-Za-z0-9]+", form[1]):
            span = Span(at + code.start(), at + code.end())
            if code[0] not in known:
                hint = did_you_mean(code[0].upper(), known) or "every finding of cli.py validate shows its code"
                found.append(diagnose(source, span, "X004", f"there is no code {code[0]}", hint, "warning"))
            else:
                made.append(Suppression(code[0], span, _line_of(source, comment.start())))
    return made, found


def _comments(source: SourceText) -> Iterator[re.Match[str]]:
    """The comments for this program; what stands inside a pasted message (between <<< and >>>) is none."""
    message = False
    start = 0
    for line in source.text.split("\n"):
        stripped = line.strip()
        if source.path.endswith(".channel") and stripped in ("<<<", ">>>"):
            message = stripped == "<<<"
        elif not message and (comment := _COMMENT.search(source.text, start, start + len(line))):
            yield comment
        start += len(line) + 1


def _line_of(source: SourceText, offset: int) -> int:
    """The line that a comment is about."""
    number = source.place(offset).line
    if source.line(number).lstrip().startswith("#"):
        for later in range(number + 1, source.line_count + 1):
            text = source.line(later).strip()
            if text and not text.startswith("#"):
                return later
    return number
