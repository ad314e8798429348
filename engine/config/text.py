"""Source text with positions: offsets in, lines and columns out."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple


class Span(NamedTuple):
    """Half-open range of code point offsets into a SourceText."""

    start: int
    end: int


class Place(NamedTuple):
    """A position as people count it: line and column from 1, in code points."""

    line: int
    column: int


@dataclass(frozen=True)
class SourceText:
    """A file that a user wrote. ``path`` is shown to the user (relative to the workspace, with forward slashes)."""

    path: str
    text: str
    _starts: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the starts of the lines."""
        starts = [0]
        starts.extend(i + 1 for i, c in enumerate(self.text) if c == "\n")
        object.__setattr__(self, "_starts", starts)

    def place(self, offset: int) -> Place:
        """Line and column of an offset; offsets outside the text are clipped to it."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self._starts, offset) - 1
        return Place(line + 1, offset - self._starts[line] + 1)

    def offset(self, line: int, column: int) -> int:
        """The offset of a line and column (both from 1)."""
        return min(self._starts[line - 1] + column - 1, len(self.text))

    def line(self, number: int) -> str:
        """The text of a line (from 1) without its line end."""
        start = self._starts[number - 1]
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    @property
    def line_count(self) -> int:
        """How many lines there are (at least 1)."""
        return len(self._starts)
