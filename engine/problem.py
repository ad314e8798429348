"""Input that cannot be used: one line that says what, where and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an input file as a whole, or with one place in it (``line`` and ``column`` from 1)."""

    text: str
    path: str = ""
    line: int | None = None
    column: int | None = None
    hint: str = ""

    def __str__(self) -> str:
        """``path:line:column: text; hint``."""
        place = ":".join(str(part) for part in (self.path or None, self.line, self.column) if part is not None)
        return (f"{place}: " if place else "") + self.text + (f"; {self.hint}" if self.hint else "")
