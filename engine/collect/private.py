"""Files for their owner's eyes alone: a session is a whole login, the archive holds private channels.

Permissions wider than 0600 are narrowed, and that is said; a file of somebody else is refused. Where the system knows
no such permissions (Windows) the folder's rights decide and nothing happens here.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from engine.problem import Problem

PRIVATE = 0o600
OTHERS = 0o077


class NotPrivateError(Exception):
    """A file that cannot be made private; ``problem`` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def keep_private(path: Path, what: str) -> Problem | None:
    """Narrow a file that others may read or write; a note when that was needed.

    ``what`` names it for the note, such as "the session file". A file that is not there is fine. Raises NotPrivateError
    for a file of another user, for something that is no file, and when its permissions cannot be changed.
    """
    if sys.platform == "win32" or not path.exists():
        return None
    found = path.stat()
    if not path.is_file():
        raise NotPrivateError(Problem(f"{what} cannot be used: not a file", str(path), hint="move it away"))
    if found.st_uid != os.geteuid():
        raise NotPrivateError(Problem(f"{what} belongs to another user", str(path), hint="move it away or chown it"))
    mode = found.st_mode & 0o777
    if not mode & OTHERS:
        return None
    try:
        path.chmod(mode & ~OTHERS)
    except OSError as error:
        hint = f"chmod 600 {path}"
        raise NotPrivateError(Problem(f"others can read {what}: {error.strerror}", str(path), hint=hint)) from None
    return Problem(f"{what} was open to others ({mode:o}); narrowed to {mode & ~OTHERS:o}", str(path))


def make_private(path: Path) -> None:
    """Make an empty private file where there is none, so that nobody can read what is written to it next."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, PRIVATE))
