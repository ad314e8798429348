"""Compile a layout's template: its pieces as lines, and the order of the lines as an automaton (``layout.py``).

1. ``_lines``: cut the pieces at their line ends; lines of the same shape become one that repeats;
2. ``_blocks``: one block, or with ``blocks in any order`` each heading with its value lines;
3. ``_Automaton``: number the lines, and collect which may begin, follow and end (Glushkov's construction).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.channel.layout.items import Index, Item, Maybe, Run, Slot, has_list_field, items_of, merge, shape
from engine.channel.layout.layout import Block, Layout
from engine.channel.layout.pattern import Line, line_of, opening_signs
from engine.channel.syntax import tree as t
from engine.channel.text.fields import Fields
from engine.channel.text.names import CALL_FIELDS


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


def _lines(pieces: Sequence[t.Piece], fields: Fields, together: bool = True) -> list[_Node]:
    """Cut pieces at their line ends; a group that holds line ends becomes a node with lines of its own.

    ``together``: lines of the same shape that follow each other become one that repeats.
    """
    nodes: list[_Node] = []
    line: list[t.Piece] = []

    def close() -> None:
        items = items_of(line, fields)
        line.clear()
        if len(items) == 1 and isinstance(items[0], Maybe):
            nodes.append(_Line(items[0].items, optional=True))
        elif items and all(isinstance(item, Maybe) for item in items):
            nodes.append(_Line(items, optional=True))
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
    return _fold_lines(nodes) if together else nodes


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


@dataclass(slots=True)
class _Automaton:
    """Collects lines and what may follow them."""

    fields: Fields
    phrases: bool = False
    lines: list[Line] = field(default_factory=list)
    follow: list[list[int]] = field(default_factory=list)
    calls: set[int] = field(default_factory=set)
    rounds: set[tuple[int, int]] = field(default_factory=set)

    def add(self, nodes: Sequence[_Node]) -> tuple[list[int], list[int], bool]:
        """Add a sequence of nodes: (lines that may begin it, lines that may end it, whether it may be missing)."""
        first: list[int] = []
        last: list[int] = []
        empty = True
        for place, node in enumerate(nodes):
            optional = node.optional
            if isinstance(node, _Line):
                ends = self._opening_signs(nodes[place + 1 :]) if node.repeats else ""
                begin = end = [len(self.lines)]
                self.lines.append(line_of(node.items, self.fields, self.phrases, ends))
                self.follow.append([])
            else:
                size = len(self.lines)
                begin, end, may_be_empty = self.add(node.nodes)
                optional = optional or may_be_empty
                if node.repeats and _is_call(node):
                    self.calls |= set(range(size, len(self.lines)))
                    self.rounds |= {(last_line, line) for last_line in end for line in begin}
            if node.repeats:
                self._connect(end, begin)
            self._connect(last, begin)
            if empty:
                first += begin
            last = last + end if optional else end
            empty = empty and optional
        return first, last, empty

    def _opening_signs(self, nodes: Sequence[_Node]) -> str:
        """The signs with which the next of these lines may begin."""
        signs = ""
        for node in nodes:
            if isinstance(node, _Line):
                signs += opening_signs(node.items, self.fields)
            else:
                signs += self._opening_signs(node.nodes)
            if not node.optional:
                break
        return signs

    def _connect(self, sources: Sequence[int], to: Sequence[int]) -> None:
        for source in sources:
            self.follow[source] += [line for line in to if line not in self.follow[source]]


def _is_call(node: _Node) -> bool:
    """Whether a repeated group is a call each time: it has a coin or a stop of its own, and a call has one of each."""
    if isinstance(node, _Lines):
        return any(map(_is_call, node.nodes))
    return any(isinstance(item, Slot) and item.mark.field in CALL_FIELDS for item in node.items)


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
    phrases: bool = False,
    every: bool = False,
    part: bool = False,
    talk: bool = False,
    alone: bool = False,
    changes: bool = False,
) -> Layout:
    """Compile a layout whose names and samples have been checked."""
    lines = _lines(node.pieces, fields, together=not phrases)
    automaton = _Automaton(fields, phrases)
    blocks = []
    for nodes in _blocks(lines) if any_order else [lines]:
        before = len(automaton.lines)
        first, last, empty = automaton.add(nodes)
        blocks.append(Block(range(before, len(automaton.lines)), tuple(first), frozenset(last), empty))
    return Layout(
        name=node.name,
        name_span=node.name_span,
        action=node.action,
        sample=t.sample_of(node.pieces),
        lines=tuple(automaton.lines),
        blocks=tuple(blocks),
        follow=tuple(map(tuple, automaton.follow)),
        calls=frozenset(automaton.calls),
        rounds=frozenset(automaton.rounds),
        many=many,
        since_ms=since_ms,
        until_ms=until_ms,
        phrases=phrases,
        every=every,
        part=part,
        talk=talk,
        alone=alone,
        changes=changes,
    )
