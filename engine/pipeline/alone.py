"""One process at a time on a file that commands share: a login, a ledger, a journal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from engine.collect.lock import locked
from engine.pipeline.errors import InputError
from engine.problem import Problem


@contextmanager
def alone(path: Path, text: str, hint: str, shown: str = "") -> Iterator[None]:
    """Hold a file's lock within the block. Raises InputError at once when another process has it.

    ``text`` and ``hint`` are what is told then, of ``shown`` (default: the file's name).
    """
    with ExitStack() as held:  # a TimeoutError of the block itself is none of the lock's
        try:
            held.enter_context(locked(path, 0))
        except TimeoutError:
            raise InputError(Problem(text, shown or path.name, hint=hint)) from None
        yield
