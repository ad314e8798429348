"""The ids of calls that ``explain trade`` can tell of: those of a run, of a replay, of the ledger.

The shell asks for them at each press of a key, so nothing is loaded here that only a story needs.
"""

from __future__ import annotations

from pathlib import Path

from engine.paper.ledger import Ledger, LedgerError
from engine.pipeline.errors import InputError
from engine.pipeline.report import LEDGER_FILE, find_run, replay_folder
from engine.pipeline.workspace import Workspace
from engine.report.tables import CALLS_FILE, UnreadableRunError, read_calls

LAST = "last"
HEARD = ("call", "refused", "unread")  # the events of a ledger that name a call for the first time


def heard_ids(path: Path) -> list[str]:
    """The ids of all calls that the accounts of a ledger heard, in their order; none where it cannot be read."""
    if not path.is_file():
        return []
    try:
        return list(dict.fromkeys(str(event.data["signal"]) for event in Ledger(path).events(None, 0, *HEARD)))
    except LedgerError:
        return []


def known_ids(root: Path, given: str | None, paper: bool) -> list[str]:
    """The ids of the calls of a run, of the ledger (``paper``), or of both; none where nothing can be read."""
    workspace = Workspace(root)
    try:
        replayed = None if given is None else replay_folder(workspace, given)
        if replayed is not None:
            return heard_ids(replayed / LEDGER_FILE)
        heard = [] if given is not None else heard_ids(workspace.ledger_path)
        if paper:
            return heard
        calls = find_run(workspace, LAST if given is None else given) / CALLS_FILE
        return list(dict.fromkeys([*heard, *(row.signal_id for row in read_calls(calls))]))
    except (InputError, UnreadableRunError):
        return heard if given is None else []
