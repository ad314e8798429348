"""When somebody traded: a ``started`` event at each start of an account, a ``stopped`` one at its end.

A ``stopped`` one says the fault that ended it, if one did, and the log that has the details. After a kill there is no
``stopped``. What tells the end then is the file that a live process touches (``alive.py``): its time goes into the next
``started``, as ``alive_ms``. The page of the account shows the stretches between.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine import __version__
from engine.paper.ledger import LedgerError
from engine.pipeline.logs import DailyFile
from engine.pipeline.paper.book import alive_said

if TYPE_CHECKING:
    from engine.paper.desk import Desk
    from engine.pipeline.paper.book import Book
    from engine.pipeline.workspace import Workspace


@contextmanager
def presence(desk: Desk, alive: Path, now_ms: Callable[[], int]) -> Iterator[None]:
    """Write down when trading starts and ends. Raises LedgerError where that cannot be written at the start."""
    now, said = now_ms(), dict[str, str]()
    seen = _touched_ms(alive)
    desk.note("started", now, {"version": __version__, "alive_ms": seen if seen is not None and seen < now else None})
    try:
        yield
    except Exception as error:
        said = {"fault": fault_of(error), "log": _log()}
        raise
    finally:
        with suppress(LedgerError):  # whatever ended it is told already
            desk.note("stopped", now_ms(), said)


def fault_of(error: Exception) -> str:
    """What ended a run: a problem that somebody can mend in its own words, a fault of the program with its kind."""
    told = hasattr(error, "problem") or hasattr(error, "problems")
    return str(error) if told else f"a fault of the program, {type(error).__name__}: {error}"


def _log() -> str:
    """The day's log, by its place in the workspace; "" where nothing is logged."""
    found = (handler for handler in logging.getLogger("engine").handlers if isinstance(handler, DailyFile))
    return next((f"{handler.folder.name}/{handler.path_of_today().name}" for handler in found), "")


def _touched_ms(alive: Path) -> int | None:
    with suppress(OSError):
        return round(alive.stat().st_mtime * 1000)
    return None


@dataclass(frozen=True, slots=True)
class Ended:
    """How an account came to its end that nobody asked for: by a ``fault`` ("": without a word), told in a ``log``."""

    at_ms: int
    fault: str
    log: str


def ended_line(fault: str, log: str, at: str) -> str:
    """Such an end at a moment as a sentence."""
    if not fault:
        return f"it ended without a word, last seen {at}: killed, or the power went"
    return f"it ended by a fault at {at}: {fault_line(fault, log)}"


def fault_line(fault: str, log: str) -> str:
    """A fault, and where its details are."""
    return f"{fault}; the details are in {log}" if log else fault


def ended(workspace: Workspace, book: Book) -> Ended | None:
    """How an account ended that does not run now; None where it was stopped by somebody."""
    events = list(book.ledger.events(book.account, 0, "started", "stopped"))
    last = events[-1] if events else None
    if last is None or (last.kind == "stopped" and not last.data.get("fault")):
        return None
    if last.kind == "stopped":
        return Ended(last.at_ms, str(last.data["fault"]), str(last.data.get("log", "")))
    touched = _touched_ms(workspace.alive_path) if alive_said(workspace).get("account") == book.account else None
    return Ended(max(book.last_ms, last.at_ms, touched or 0), "", "")
