"""A progress bar that counts rows: how many came, how many are to come, how long that will take."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engine.market.gathering import RowProgress


class Silent:
    """Shows nothing; keeps the counts."""

    def __init__(self) -> None:
        self.expected = self.done = 0

    def expect(self, rows: int) -> None:
        """See ``RowProgress``."""
        self.expected += rows

    def advance(self, rows: int) -> None:
        """See ``RowProgress``."""
        self.done += rows


class _Bar(Silent):
    """Moves a bar of rich."""

    def __init__(self, bar: Any, task: Any) -> None:
        super().__init__()
        self._bar, self._task = bar, task

    def expect(self, rows: int) -> None:
        """See ``RowProgress``."""
        super().expect(rows)
        self._bar.update(self._task, total=self.expected)

    def advance(self, rows: int) -> None:
        """See ``RowProgress``."""
        super().advance(rows)
        self._bar.update(self._task, completed=self.done)


@contextmanager
def row_bar(text: str) -> Iterator[RowProgress]:
    """A bar on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield Silent()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} rows"),
        TextColumn("time left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar, bar.add_task(text, total=0))
