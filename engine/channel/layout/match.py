"""Match the lines of a message against the lines of a layout, and say how far a layout got."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.channel.layout.layout import START, Layout, State
from engine.channel.layout.pattern import Found, Step, behind_gap, walk

_NEXT_WORD = re.compile(r"\W*+")
Beginning = tuple[int, re.Match[str]]  # the number of a line, and what fits of it


@dataclass(slots=True)
class Match:
    """How a layout fared with a message.

    ``setups`` holds the values of each setup found, empty when the layout does not fit. ``unclaimed`` are the pieces
    of the message that no line of the template took. ``lines`` of the message matched, up to ``state``; where the
    layout does not fit, ``failed`` is the step that stopped it at ``position`` (None: nothing like the next line came
    after it; position -1: the layout did not even begin), and ``found`` the values of the lines that did match.
    """

    layout: Layout
    setups: list[list[Found]] = field(default_factory=list)
    unclaimed: list[tuple[int, int]] = field(default_factory=list)
    lines: int = 0
    position: int = -1
    failed: Step | None = None
    state: State = START
    found: list[Found] = field(default_factory=list)


def beginning(layout: Layout, text: str, lines: Sequence[tuple[int, int]]) -> Beginning | None:
    """The first line of a message with which a layout may begin, and how it does; most layouts begin in none."""
    begins = layout.begins.match
    for number, (start, end) in enumerate(lines):
        if head := begins(text, start, end):
            return number, head
    return None


def match_layout(layout: Layout, text: str, lines: Sequence[tuple[int, int]], begun: Beginning | None = None) -> Match:
    """Walk the lines of a message through a layout: each line is taken by the first template line that may come next.

    A line that none takes is skipped and stays unclaimed. ``begun``: what ``beginning`` found.
    """
    result = Match(layout)
    begun = begun or beginning(layout, text, lines)
    if begun is None:
        return result
    first, opening = begun
    template = layout.lines
    unclaimed = result.unclaimed
    unclaimed += lines[:first]
    candidates = layout.next_lines(START)
    state = START
    found: list[Found] = []
    shared: list[Found] = []
    claimed = 0
    known = opening if len(candidates) == 1 else None  # with one line to begin with, it is that line's head
    for start, end in lines[first:]:
        for candidate in candidates:
            line = candidate[0]
            head = known or template[line].head.match(text, start, end)
            known = None
            if head is None:
                continue
            kept = len(found)
            behind, reached, failed = template[line].walk(head, text, end, found)
            if failed is None and behind > start:
                break
            del found[kept:]
            if failed is not None and start < reached > result.position:
                result.position, result.failed = reached, failed
        else:
            unclaimed.append((start, end))
            continue
        _, state, turn = candidate
        if turn != "same":
            result.setups.append(found[:kept])
            found = (shared if turn == "next" else []) + found[kept:]
        if layout.calls and line not in layout.calls:
            shared = found[:]
        candidates = layout.next_lines(state)
        result.lines += 1
        result.position, result.failed, claimed = -1, None, behind
        if behind < end:
            unclaimed.append((behind, end))
    if layout.complete(state):
        result.setups.append(found)
        return result
    result.setups.clear()
    result.state, result.found = state, found
    if result.lines and result.position < 0:
        result.position = claimed
    return result


def progress(match: Match) -> tuple[int, int]:
    """How far a layout got with a message: lines matched, then characters."""
    return match.lines, match.position


def taken(match: Match, text: str, lines: Sequence[tuple[int, int]]) -> list[Found]:
    """The values that a layout which does not fit had taken before it stopped, also on the line that stopped it."""
    for start, end in lines:
        if match.failed is not None and start <= match.position <= end:
            for line, _, _ in match.layout.next_lines(match.state):
                found: list[Found] = []
                _, reached, failed = walk(match.layout.lines[line].links, text, start, end, found)
                if failed is match.failed and reached == match.position:
                    return [*match.found, *found]
    return match.found


def expectation(match: Match, text: str) -> tuple[int, str]:
    """Where a layout stopped (an offset in the folded text), and what it wanted there."""
    if match.position < 0:
        return 0, match.layout.opening
    if match.failed is not None:
        end = text.find("\n", match.position)
        return match.failed.stopped(text, match.position, end if end >= 0 else len(text))[1:]
    there = _NEXT_WORD.match(text, match.position)  # the word that stands there instead, on whatever line
    at = there.end() if there and there.end() < len(text) else behind_gap(text, match.position, len(text))
    farthest = 0, at, match.layout.missing(match.state)
    for start, end in match.unclaimed:
        if start >= match.position:
            for line, _, _ in match.layout.next_lines(match.state):
                stopped = match.layout.lines[line].first_step.stopped(text, start, end)
                farthest = max(farthest, stopped, key=lambda one: one[0])
    return farthest[1:]
