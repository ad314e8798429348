"""``cli.py paper reset`` and ``restore``: the files of the ledger, while no account runs on them.

``reset`` puts the ledger and its daily copy aside, so that the next run begins anew. ``restore`` mends a damaged ledger
from what can be read of it and of its copy. Neither deletes anything.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from engine.paper.ledger import Ledger, LedgerError
from engine.paper.mending import Mended, mend, put_aside
from engine.paper.witness import path_of
from engine.pipeline.alone import alone
from engine.pipeline.errors import InputError
from engine.problem import Problem
from engine.report.show import count
from engine.units import show_time

if TYPE_CHECKING:
    from pathlib import Path

    from engine.pipeline.workspace import Workspace


def _files(workspace: Workspace) -> tuple[Path, Path]:
    """Where the ledger and its copy are. Raises InputError where there is nothing of it."""
    path, copy = workspace.ledger_path, workspace.ledger_copy_path
    if not any(one.is_file() for one in (path, copy, path_of(path))):
        raise InputError(Problem("there is no ledger", workspace.shown(path)))
    return path, copy


def reset(workspace: Workspace, sure: Callable[[str], bool]) -> str:
    """Put the ledger and its copy aside, so that the next run begins anew; nothing is deleted.

    A kill at any moment leaves each of them whole, under one of its names. Raises InputError while it runs.
    """
    path, copy = _files(workspace)
    with alone(path, "the account is running", "stop it first"):
        aside = path.with_name(f"paper-{datetime.now(UTC):%Y%m%d-%H%M%S}.db")
        copy_aside = aside.with_suffix(".backup.db")
        if not sure(f"put {path.as_posix()} aside as {aside.name} and begin anew?"):
            return "nothing was changed"
        said = f"the old ledger is {aside.as_posix()}" if path.is_file() else "there was no ledger"
        if copy.is_file():  # before the ledger: a new one makes a new copy in its place
            copy.rename(copy_aside)
            said += f", its daily copy {copy_aside.as_posix()}"
        put_aside(path, aside)
        journal = workspace.testnet_path
        if journal.is_file():  # it says what is open at the test exchange, whatever the ledger
            said += f"; {journal.as_posix()} stays as it is"
        return f"{said}; the next run begins anew"


def restore(workspace: Workspace, sure: Callable[[str], bool]) -> str:
    """Mend the ledger where it is damaged; what was done, in words. The damaged one is kept under another name.

    Raises InputError while the account runs, where the ledger cannot be used for another reason than damage, and where
    nothing can be read.
    """
    path, copy = _files(workspace)
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
