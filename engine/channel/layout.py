"""A layout: the lines of a template and the order in which they may come.

The order is a small automaton over lines: ``first`` lines may begin a block, ``follow`` says which lines may come
after a line, ``last`` lines may end it. A layout is one block; with ``blocks in any order`` it is several, each a
heading with its value lines, or a single line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal as OneOf

from engine.channel import tree as t
from engine.channel.pattern import (
    Index,
    Item,
    Line,
    Maybe,
    Run,
    Slot,
    first_wanted,
    has_list_field,
    items_of,
    line_of,
    merge,
    shape,
)
from engine.channel.values import Fields
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


@dataclass(frozen=True)
class Layout:
    """A ``signal`` or ``update`` section, compiled.

    ``action`` is "" for a signal. ``since_ms`` and ``until_ms`` bound the time of posting (UTC, half-open).
    """

    name: str
    name_span: Span
    action: OneOf["", "close", "cancel", "move-stop"]
    sample: t.Sample
    lines: tuple[Line, ...]
    blocks: tuple[Block, ...]
    follow: tuple[tuple[int, ...], ...]
    many: bool = False
    since_ms: int | None = None
    until_ms: int | None = None
    _next: dict[State, tuple[tuple[int, State, bool], ...]] = field(default_factory=dict, repr=False, compare=False)

    def valid_at(self, posted_ms: int | None) -> bool:
        """Whether a message of that time may have this layout (an unknown time may)."""
        return posted_ms is None or (
            (self.since_ms is None or posted_ms >= self.since_ms)
            and (self.until_ms is None or posted_ms < self.until_ms)
        )

    def next_lines(self, state: State) -> tuple[tuple[int, State, bool], ...]:
        """The template lines that may take the next line of a message: (line, state then, begins a new setup)."""
        known = self._next.get(state)
        if known is None:
            known = self._next[state] = tuple(self._successors(state))
        return known

    def _successors(self, state: State) -> Iterator[tuple[int, State, bool]]:
        line, used = state
        here = self._block_of(line)
        for other in self.follow[line] if line >= 0 else ():
            yield other, (other, used), False
        if line < 0 or line in self.blocks[here].last:
            for index, block in enumerate(self.blocks):
                if not used >> index & 1:
                    yield from ((first, (first, used | 1 << index), False) for first in block.first)
        if self.many and self.complete(state):
            for index, block in enumerate(self.blocks):
                yield from ((first, (first, 1 << index), True) for first in block.first)

    def _block_of(self, line: int) -> int:
        return next((i for i, block in enumerate(self.blocks) if line in block.lines), 0)

    def complete(self, state: State) -> bool:
        """Whether a message may end here."""
        line, used = state
        return (
            line >= 0
            and line in self.blocks[self._block_of(line)].last
            and all(block.optional or used >> index & 1 for index, block in enumerate(self.blocks))
        )

    @property
    def opening(self) -> str:
        """What the layout begins with."""
        return first_wanted(self.lines[self.blocks[0].first[-1]].links)

    def missing(self, state: State) -> str:
        """What an incomplete message lacks next."""
        line, used = state
        here = self.blocks[self._block_of(line)]
        if line not in here.last:
            return first_wanted(self.lines[self.follow[line][-1]].links)
        lacking = (b for i, b in enumerate(self.blocks) if not (b.optional or used >> i & 1))
        return first_wanted(self.lines[next(lacking).first[-1]].links)


# ------------------------------------------------------------------ from pieces to lines


@dataclass(frozen=True, slots=True)
class _Line:
    items: tuple[Item, ...]
    optional: bool = False
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class _Lines:
    """A group over several lines."""

    nodes: tuple[_Node, ...]
    optional: bool
    repeats: bool


_Node = _Line | _Lines


def _lines(pieces: Sequence[t.Piece], fields: Fields) -> list[_Node]:
    """Cut pieces at their line ends; a group that holds line ends becomes a node with lines of its own."""
    nodes: list[_Node] = []
    line: list[t.Piece] = []

    def close() -> None:
        items = items_of(line, fields)
        line.clear()
        if len(items) == 1 and isinstance(items[0], Maybe):
            nodes.append(_Line(items[0].items, optional=True))
        elif len(items) == 1 and isinstance(items[0], Run):
            nodes.append(_Line(items, repeats=True))
        elif any(not isinstance(item, Index) for item in items):
            nodes.append(_Line(items, repeats=_numbered(items)))

    for piece in pieces:
        if isinstance(piece, t.Break):
            close()
        elif isinstance(piece, t.Group) and holds_break(piece):
            close()
            inner = tuple(_lines(piece.pieces, fields))
            if inner:
                nodes.append(_Lines(inner, piece.kind == "maybe", piece.kind == "many"))
        else:
            line.append(piece)
    close()
    return _fold_lines(nodes)


def holds_break(group: t.Group) -> bool:
    """Whether a group goes over a line end."""
    return any(
        isinstance(piece, t.Break) or (isinstance(piece, t.Group) and holds_break(piece)) for piece in group.pieces
    )


def _numbered(items: tuple[Item, ...]) -> bool:
    """Whether a line is an item of a numbered list: it stands for one item or several."""
    return isinstance(items[0], Index) and has_list_field(items)


def _fold_lines(nodes: list[_Node]) -> list[_Node]:
    """Make lines of the same shape that follow each other and mark a list field one repeated line."""
    folded: list[_Node] = []
    at = 0
    while at < len(nodes):
        node = nodes[at]
        run = [node]
        if isinstance(node, _Line) and has_list_field(node.items):
            while at + len(run) < len(nodes):
                other = nodes[at + len(run)]
                if not isinstance(other, _Line) or shape(other.items) != shape(node.items):
                    break
                run.append(other)
        if len(run) > 1:
            lines = [line for line in run if isinstance(line, _Line)]
            folded.append(_Line(merge([line.items for line in lines]), all(line.optional for line in lines), True))
        else:
            folded.append(node)
        at += len(run)
    return folded


# ------------------------------------------------------------------ from lines to the automaton


@dataclass(slots=True)
class _Automaton:
    """Collects lines and what may follow them."""

    fields: Fields
    lines: list[Line] = field(default_factory=list)
    follow: list[list[int]] = field(default_factory=list)

    def add(self, nodes: Sequence[_Node]) -> tuple[list[int], list[int], bool]:
        """Add a sequence of nodes: (lines that may begin it, lines that may end it, whether it may be missing)."""
        first: list[int] = []
        last: list[int] = []
        empty = True
        for node in nodes:
            optional = node.optional
            if isinstance(node, _Line):
                begin = end = [len(self.lines)]
                self.lines.append(line_of(node.items, self.fields))
                self.follow.append([])
            else:
                begin, end, may_be_empty = self.add(node.nodes)
                optional = optional or may_be_empty
            if node.repeats:
                self._connect(end, begin)
            self._connect(last, begin)
            if empty:
                first += begin
            last = last + end if optional else end
            empty = empty and optional
        return first, last, empty

    def _connect(self, sources: Sequence[int], to: Sequence[int]) -> None:
        for source in sources:
            self.follow[source] += [line for line in to if line not in self.follow[source]]


def _blocks(nodes: Sequence[_Node]) -> list[list[_Node]]:
    """Cut the nodes into blocks: a heading (a line without marks) takes the bare value lines below it."""
    blocks: list[list[_Node]] = []
    below_heading = False
    for node in nodes:
        if below_heading and isinstance(node, _Line) and _is_bare(node.items):
            blocks[-1].append(node)
        else:
            blocks.append([node])
            below_heading = isinstance(node, _Line) and not any(isinstance(i, Slot | Maybe | Run) for i in node.items)
    return blocks


def _is_bare(items: Sequence[Item]) -> bool:
    """Whether a line begins with its value, no label before it."""
    head = next((item for item in items if not isinstance(item, Index)), None)
    return _is_bare(head.items) if isinstance(head, Maybe | Run) else isinstance(head, Slot)


def build(
    node: t.LayoutNode,
    fields: Fields,
    *,
    any_order: bool,
    many: bool,
    since_ms: int | None,
    until_ms: int | None,
) -> Layout:
    """Compile a layout whose names and samples have been checked."""
    lines = _lines(node.pieces, fields)
    automaton = _Automaton(fields)
    blocks = []
    for nodes in _blocks(lines) if any_order else [lines]:
        before = len(automaton.lines)
        first, last, empty = automaton.add(nodes)
        blocks.append(Block(range(before, len(automaton.lines)), tuple(first), frozenset(last), empty))
    return Layout(
        name=node.name,
        name_span=node.name_span,
        action=node.action,  # type: ignore[arg-type]
        sample=t.sample_of(node.pieces),
        lines=tuple(automaton.lines),
        blocks=tuple(blocks),
        follow=tuple(map(tuple, automaton.follow)),
        many=many,
        since_ms=since_ms,
        until_ms=until_ms,
    )
