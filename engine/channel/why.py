"""Why a message was read as it was, or how far each layout got with it: for people, one message at a time."""

from __future__ import annotations

from dataclasses import dataclass

from wcwidth import wcswidth

from engine.channel.cases import describe
from engine.channel.layout.match import expectation, match_layout, progress
from engine.channel.prepared import prepare
from engine.channel.profile import Profile
from engine.channel.reader import read, unread_part
from engine.config.text import SourceText
from engine.domain import Action, Reading, Refusal, Setup


@dataclass(frozen=True, slots=True)
class Attempt:
    """How far one layout got: the lines of the message it took, and where (offset, line and column from 1) it stopped.

    ``expected`` is "" for the layout that read the message.
    """

    layout: str
    lines: int
    position: int
    line: int
    column: int
    expected: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A message with its reading, and every layout's attempt, the one that got farthest first."""

    text: str
    reading: Reading
    attempts: tuple[Attempt, ...]


def explain(profile: Profile, text: str, posted_ms: int | None = None, sender: str | None = None) -> Explanation:
    """Read a message and keep account of every layout."""
    reading = read(profile, text, posted_ms, sender)
    prepared = prepare(profile, text, sender)
    if isinstance(prepared, Refusal):
        return Explanation(text, reading, ())
    source = SourceText("message", text)
    attempts = []
    for layout in profile.layouts:
        if not layout.valid_at(posted_ms):
            continue
        match = match_layout(layout, prepared.text, prepared.lines)
        if match.setups:
            unread = unread_part(profile, match, prepared)
            position = unread.position if unread and unread.position is not None else len(text)
            expected = "nothing more" if unread else ""
            rank = (1 << 20, 0)
        else:
            folded, expected = expectation(match, prepared.text)
            position = prepared.folded.origin(max(folded, 0)) if match.position >= 0 else 0
            rank = progress(match)
        place = source.place(position)
        attempts.append((rank, Attempt(layout.name, match.lines, position, place.line, place.column, expected)))
    attempts.sort(key=lambda ranked: ranked[0], reverse=True)
    return Explanation(text, reading, tuple(attempt for _, attempt in attempts))


def render(explanation: Explanation) -> str:
    """An explanation as text: what was read with carets under its characters, or how far the layouts got."""
    source = SourceText("message", explanation.text)
    reading = explanation.reading
    made: tuple[Setup | Action, ...] = (*reading.setups, *reading.actions)
    lines: list[str] = []
    for one in made:
        lines.append(f'layout "{one.layout}" read: {describe(one)}')
        for value in one.values:
            lines += _pointed(source, value.start, value.end, value.field)
    refusal = reading.refusal
    if refusal is not None:
        place = "" if refusal.position is None else _place(source, refusal.position)
        lines.append(f"nothing was read [{refusal.code}]: {place}{refusal.text}")
        if refusal.position is not None:
            lines += _pointed(source, refusal.position, refusal.position + 1, "")
        for attempt in explanation.attempts[1:]:
            if attempt.expected and (attempt.lines or attempt.position):
                where = _place(source, attempt.position)
                lines.append(f'{where}layout "{attempt.layout}" expected {attempt.expected} here')
    return "\n".join(lines)


def _place(source: SourceText, offset: int) -> str:
    at = source.place(offset)
    return f"message line {at.line}, column {at.column}: "


def _pointed(source: SourceText, start: int, end: int, label: str) -> list[str]:
    """A line of the message with carets under some characters, in display columns."""
    at = source.place(start)
    line = source.line(at.line)
    before = line[: at.column - 1]
    marked = line[at.column - 1 : at.column - 1 + end - start]
    pad = " " * _width(before)
    return [f"  {line.expandtabs(1)}", f"  {pad}{'^' * max(1, _width(marked))} {label}".rstrip()]


def _width(text: str) -> int:
    """Display columns; characters without a known width count as one."""
    width = wcswidth(text.expandtabs(1))
    return width if width >= 0 else len(text)
