"""One writer at a time, across processes: an advisory lock on a file of its own beside the file that is written.

The system frees the lock when the process ends, however it ends. The lock file itself stays; it is empty.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

POLL_SECONDS = 0.05

if sys.platform == "win32":
    import msvcrt

    def take(handle: int) -> None:
        """Lock the first byte. Raises OSError when another process has it."""
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def take(handle: int) -> None:
        """Lock the file. Raises OSError when another process has it."""
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def locked(path: Path, wait_s: float) -> Iterator[None]:
    """Hold the lock ``<path>.lock`` within the block. Raises TimeoutError when another holds it for ``wait_s``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + wait_s
    with path.with_name(path.name + ".lock").open("ab") as file:
        while True:
            try:
                take(file.fileno())
                break
            except OSError:
                if time.monotonic() >= deadline:
                    raise TimeoutError(f"{path.name} is being written by another process") from None
                time.sleep(POLL_SECONDS)
        yield
