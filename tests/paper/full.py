"""A disk that is full: work is done by a process of its own whose files may not grow beyond a size.

That is the limit of the system for files (``ulimit -f``): a write that would cross it is cut, the next one refused, as
on a disk without room. Rights are those of a person, also where the tests run as root.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from typing import Any

import pytest

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="limits and rights are those of POSIX")
NOBODY = 65534


def beside(work: Callable[[], Any], largest: int | None = None, *, mortal: bool = False) -> Any:
    """What a forked process that does this work returns or raises; ``largest`` is the size its files may reach.

    ``mortal``: without the rights of root.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            _limit(largest, mortal)
            try:
                found = work()
            except Exception as error:
                found = error
            with os.fdopen(writing, "wb") as out:
                pickle.dump(found, out)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        text = said.read()
    os.waitpid(child, 0)
    assert text, "the process died"
    return pickle.loads(text)


def _limit(largest: int | None, mortal: bool) -> None:
    import resource

    if largest is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    if mortal and os.geteuid() == 0:
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
