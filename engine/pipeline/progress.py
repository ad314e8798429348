"""Progress of long work, without knowing who watches: a terminal draws a bar, a pipe sees nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")


class Track(Protocol):
    """Hands the items through while telling how far it got."""

    def __call__(self, items: Sequence[T], text: str) -> Iterable[T]:
        """Iterate over ``items``; ``text`` names the work for the person who waits."""
        ...


def silent(items: Sequence[T], text: str) -> Iterable[T]:  # noqa: ARG001 - the name belongs to the protocol
    """Hand the items through and show nothing."""
    return items
