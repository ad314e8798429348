"""A layout: the lines of a template and the order in which they may come.

The order is a small automaton over lines: ``first`` lines may begin a block, ``follow`` says which lines may come
after a line, ``last`` lines may end it. A layout is one block; with ``blocks in any order`` it is several, each a
heading with its value lines, or a single line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from engine.channel.layout.pattern import Line, compiled, first_wanted
from engine.channel.syntax import tree as t
from engine.config.text import Span


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that keep together: where it may begin and end, and whether it may be missing."""

    lines: range
    first: tuple[int, ...]
    last: frozenset[int]
    optional: bool


# The template line matched last (-1: none yet), and the blocks met, as bits.
State = tuple[int, int]
START: State = (-1, 0)

# What a line does to the setup being read: goes on with it, or begins the next one, with or without the lines shared
# by the setups of a message.
Turn = Literal["same", "next", "new"]


@dataclass(frozen=True)
class Layout:
    """A ``signal`` or ``update`` section, compiled.

    ``action`` is "" for a signal, for an update what it does, several actions with " and " between. ``phrases``: each
    line is a phrase by itself (``updates/``). ``every``: the update is meant for all trades of the channel.
    ``part``: a close that says no more than that it closes a part. ``talk``: unknown words may stand beside its
    phrases. ``alone``: nothing that trades may stand in the sentence of its phrases.
    ``changes``: a signal with this layout changes the levels of one that was posted before.

    ``calls`` are the lines of a repeated group with its own symbol or stop: each round is a setup, which shares
    the lines above the group; ``rounds`` are the steps from its end to its beginning.
    ``since_ms`` and ``until_ms`` bound the time of posting (UTC, half-open).
    """

    name: str
    name_span: Span
    action: str
    sample: t.Sample
    lines: tuple[Line, ...]
    blocks: tuple[Block, ...]
    follow: tuple[tuple[int, ...], ...]
    calls: frozenset[int] = frozenset()
    rounds: frozenset[tuple[int, int]] = frozenset()
    many: bool = False
    since_ms: int | None = None
    until_ms: int | None = None
    phrases: bool = False
    every: bool = False
    part: bool = False
    talk: bool = False
    alone: bool = False
    changes: bool = False
    _next: dict[State, tuple[tuple[int, State, Turn], ...]] = field(default_factory=dict, repr=False, compare=False)
    _complete: dict[State, bool] = field(default_factory=dict, repr=False, compare=False)
    _missing: dict[State, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def kinds(self) -> tuple[str, ...]:
        """What an update does; nothing for a signal."""
        return tuple(self.action.split(" and ")) if self.action else ()

    def valid_at(self, posted_ms: int | None) -> bool:
        """Whether a message of that time may have this layout (an unknown time may)."""
        return posted_ms is None or (
            (self.since_ms is None or posted_ms >= self.since_ms)
            and (self.until_ms is None or posted_ms < self.until_ms)
        )

    def next_lines(self, state: State) -> tuple[tuple[int, State, Turn], ...]:
        """The template lines that may take the next line of a message: (line, state then, what it does)."""
        known = self._next.get(state)
        if known is None:
            known = self._next[state] = tuple(self._successors(state))
        return known

    def _successors(self, state: State) -> Iterator[tuple[int, State, Turn]]:
        line, used = state
        here = self._block_of(line)
        for other in self.follow[line] if line >= 0 else ():
            yield other, (other, used), "next" if (line, other) in self.rounds else "same"
        if line < 0 or line in self.blocks[here].last:
            for index, block in enumerate(self.blocks):
                if not used >> index & 1:
                    yield from ((first, (first, used | 1 << index), "same") for first in block.first)
        if self.many and self.complete(state):
            for index, block in enumerate(self.blocks):
                yield from ((first, (first, 1 << index), "new") for first in block.first)

    def _block_of(self, line: int) -> int:
        return next((i for i, block in enumerate(self.blocks) if line in block.lines), 0)

    def complete(self, state: State) -> bool:
        """Whether a message may end here."""
        known = self._complete.get(state)
        if known is None:
            known = self._complete[state] = self._is_complete(state)
        return known

    def _is_complete(self, state: State) -> bool:
        line, used = state
        return (
            line >= 0
            and line in self.blocks[self._block_of(line)].last
            and all(block.optional or used >> index & 1 for index, block in enumerate(self.blocks))
        )

    @cached_property
    def begins(self) -> re.Pattern[str]:
        """What a line of a message looks like with which this layout may begin."""
        return compiled("|".join(self.lines[line].beginning for line, _, _ in self.next_lines(START)))

    @property
    def opening(self) -> str:
        """What the layout begins with."""
        return first_wanted(self.lines[self.blocks[0].first[-1]].links)

    def missing(self, state: State) -> str:
        """What an incomplete message lacks next."""
        known = self._missing.get(state)
        if known is None:
            known = self._missing[state] = self._what_is_missing(state)
        return known

    def _what_is_missing(self, state: State) -> str:
        line, used = state
        here = self.blocks[self._block_of(line)]
        if line not in here.last:
            return first_wanted(self.lines[self.follow[line][-1]].links)
        lacking = (b for i, b in enumerate(self.blocks) if not (b.optional or used >> i & 1))
        return first_wanted(self.lines[next(lacking).first[-1]].links)
