"""Many small things at once, and Python's search for cycles among them."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


@contextmanager
def uncollected() -> Iterator[None]:
    """Without Python's search for cycles: for work that makes many small things which stay, and no cycles among them.

    Afterwards they count as old (frozen and thawed): else the first thing made would have all of them looked through.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.freeze()
            gc.unfreeze()
            gc.enable()


def picking(column: NDArray[Any]) -> Sequence[Any]:
    """The numbers of an array (n,), to be picked one by one in any order: quicker than from the array itself.

    A list of them would be as quick, but takes four times the room, and to look at one of its objects is to write to
    it: pages that two processes share would be copied.
    """
    return memoryview(column)  # type: ignore[arg-type]  # an array is a buffer
