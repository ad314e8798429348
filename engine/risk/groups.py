"""Symbols that move together, as the user grouped them."""

from __future__ import annotations

from collections.abc import Iterator

from engine.config.workspace import Groups

__all__ = ["Groups", "groups_of"]


def groups_of(groups: Groups, symbol: str) -> Iterator[tuple[str, frozenset[str]]]:
    """The groups that a symbol belongs to, with what they are called in a sentence; a symbol of none goes alone."""
    alone = True
    for name, symbols in groups:
        if symbol in symbols:
            alone = False
            yield f"the group {name}", symbols
    if alone:
        yield symbol, frozenset((symbol,))
