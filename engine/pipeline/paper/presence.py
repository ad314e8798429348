"""When somebody traded: a ``started`` event at each start of an account, a ``stopped`` one at its end.

After a kill there is no ``stopped``. What tells the end then is the file that a live process touches (``alive.py``):
its time goes into the next ``started``, as ``alive_ms``. The page of the account shows the stretches between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from engine import __version__
from engine.paper.ledger import LedgerError

if TYPE_CHECKING:
    from engine.paper.desk import Desk


@contextmanager
def presence(desk: Desk, alive: Path, now_ms: Callable[[], int]) -> Iterator[None]:
    """Write down when trading starts and ends. Raises LedgerError where that cannot be written at the start."""
    now, seen = now_ms(), None
    with suppress(OSError):
        seen = round(alive.stat().st_mtime * 1000)
    desk.note("started", now, {"version": __version__, "alive_ms": seen if seen is not None and seen < now else None})
    try:
        yield
    finally:
        with suppress(LedgerError):  # whatever ended it is told already
            desk.note("stopped", now_ms(), {})
