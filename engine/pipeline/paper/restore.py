"""``cli.py paper restore``: a damaged ledger is mended from what can be read of it and of its daily copy."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from engine.paper.ledger import Ledger, LedgerError
from engine.paper.mending import Mended, mend
from engine.paper.witness import path_of
from engine.pipeline.alone import alone
from engine.pipeline.errors import InputError
from engine.problem import Problem
from engine.report.show import count
from engine.units import show_time

if TYPE_CHECKING:
    from engine.pipeline.workspace import Workspace


def restore(workspace: Workspace, sure: Callable[[str], bool]) -> str:
    """Mend the ledger where it is damaged; what was done, in words. The damaged one is kept under another name.

    Raises InputError while the account runs, where the ledger cannot be used for another reason than damage, and where
    nothing can be read.
    """
    path = workspace.ledger_path
    copy = path.with_suffix(".backup.db")
    if not any(one.is_file() for one in (path, copy, path_of(path))):
        raise InputError(Problem("there is no ledger", workspace.shown(path)))
    with alone(path, "the account is running", "stop it first"):
        damage = _damage(workspace)
        if damage is None:
            return "the ledger is sound; nothing was changed"
        aside = path.with_name(f"paper-{datetime.now(UTC):%Y%m%d-%H%M%S}.damaged.db")

        def asked(found: Mended) -> bool:
            if not found.kept:
                hint = "begin anew with: cli.py paper reset"
                raise InputError(Problem(f"nothing of it can be read: {damage.text}", damage.path, hint=hint))
            return sure(f"{damage}\n{_said(found, workspace.settings.timezone)}\nput it aside as {aside.name}, go on?")

        try:
            if not mend(path, copy, aside, asked):
                return "nothing was changed"
        except sqlite3.Error as error:
            raise InputError(Problem(f"the ledger cannot be mended: {error}", workspace.shown(path))) from None
    return (
        f"the ledger is whole again, the damaged one is {aside.as_posix()}; the next run goes on from there: posts and "
        "candles since then are taken as after a downtime, so calls that are too old by then are stale"
    )


def _damage(workspace: Workspace) -> Problem | None:
    """What is wrong with the ledger. Raises InputError where that is no damage."""
    try:
        with closing(Ledger(workspace.ledger_path)) as ledger:
            ledger.check()
    except LedgerError as error:
        if not error.damaged:
            raise InputError(error.problem) from None
        return Problem(error.problem.text, workspace.shown(workspace.ledger_path))
    return None


def _said(found: Mended, zone: str) -> str:
    """What can be kept, in words."""
    kept = f"{count(found.kept, 'event')} can be kept, the last of {show_time(found.last_ms, zone)}"
    kept += f"; {found.from_copy} of them only the daily copy has" * bool(found.from_copy)
    return kept + f"; at least {count(found.lost, 'newer one')} cannot be read" * bool(found.lost)
