"""Folders that are being written, each with a lock beside it.

The lock falls with its process, however that ends, and no other process can come by it by chance, as by a number: so
what a kill has left is told from a run that is under way. A folder without such a lock was not begun here, and is left
alone.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from engine.collect.lock import take
from engine.pipeline.errors import InputError
from engine.problem import Problem
from engine.report.runfile import UNFINISHED

LOG = logging.getLogger(__name__)
LOCK = ".lock"
PATIENCE_S = 1.0  # whoever looks whether a lock is still held has it himself for a moment
POLL_S = 0.01
HELD = (errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)  # Windows says the last two


def unfinished_of(place: Path, name: str) -> Path:
    """The folder in which something of a name is written, in a place."""
    return place / f".{name}{UNFINISHED}"


@contextmanager
def unfinished(place: Path, name: str) -> Iterator[Path]:
    """An empty folder in a place, which is gone after the block unless it was renamed.

    What killed processes have left there is removed first. Raises InputError where a living one writes the same.
    """
    for left in place.glob(f".*{UNFINISHED}{LOCK}"):
        _remove(left)
    begun = unfinished_of(place, name)
    lock = begun.with_name(begun.name + LOCK)
    with _held(lock, PATIENCE_S) as mine:
        if mine is False:
            hint = "wait until it is done, or give another folder: --out DIR"
            raise InputError(Problem("another process is writing this run", str(place / name), hint=hint))
        shutil.rmtree(begun, ignore_errors=True)
        begun.mkdir()
        try:
            yield begun
        finally:
            shutil.rmtree(begun, ignore_errors=True)
            _unlocked(lock, begun)


def _remove(lock: Path) -> None:
    """Remove the folder of a lock that nobody holds any more, and the lock."""
    left = lock.with_name(lock.name.removesuffix(LOCK))
    try:
        with _held(lock) as mine:
            if mine:
                if left.is_dir() and not left.is_symlink():
                    shutil.rmtree(left, ignore_errors=True)
                    LOG.info("removed %s, which a run that was killed had left", left)
                _unlocked(lock, left)
    except OSError as error:  # somebody else's, or on a disk that cannot be written: no reason to stop
        LOG.info("%s is left: %s", left, error)


def _unlocked(lock: Path, folder: Path) -> None:
    """Take a lock away that is held, unless its folder could not be removed."""
    if not folder.is_dir():
        with suppress(OSError):  # Windows keeps a file that is open
            lock.unlink()


@contextmanager
def _held(lock: Path, wait_s: float = 0.0) -> Iterator[bool | None]:
    """Whether this process has the lock, for the block, after so many seconds at most; None where the disk knows no
    locks.
    """
    deadline = time.monotonic() + wait_s
    while True:
        with lock.open("ab") as file:
            try:
                take(file.fileno())
            except OSError as error:
                if error.errno not in HELD or time.monotonic() >= deadline:
                    yield False if error.errno in HELD else None
                    return
            else:
                if _is_there(lock, file):  # else its last holder has taken it away in between
                    yield True
                    return
                continue
        time.sleep(POLL_S)


def _is_there(path: Path, file: BinaryIO) -> bool:
    """Whether an open file still stands under its name."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
