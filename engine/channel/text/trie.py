"""Many phrases as one pattern that looks at each character once: a tree of their beginnings.

An alternation of a thousand phrases is tried phrase by phrase at every place of a text; a tree of beginnings decides
by the next character. It prefers the longest phrase, and gives a shorter one back where the longer does not end well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_END = ""  # a phrase may end here


def trie_pattern(phrases: Iterable[Sequence[str]], gap: str) -> str:
    """The pattern (no groups) of phrases given as tokens; ``gap`` is the pattern of what stands between two tokens."""
    root: dict[str, dict] = {}  # type: ignore[type-arg]
    for tokens in phrases:
        node = root
        for number, token in enumerate(tokens):
            for step in ([gap] if number else []) + [re.escape(char) for char in token]:
                node = node.setdefault(step, {})
        node[_END] = {}
    return _pattern(root) if root else r"(?!)"


def _pattern(node: dict[str, dict]) -> str:  # type: ignore[type-arg]
    """The pattern of what may follow; chains of single steps are written without groups."""
    chain = ""
    while len(node) == 1 and _END not in node:
        ((step, node),) = node.items()
        chain += step
    if node.keys() == {_END}:
        return chain
    branches = [step + _pattern(below) for step, below in node.items() if step != _END]
    body = branches[0] if len(branches) == 1 and _END not in node else f"(?:{'|'.join(branches)})"
    return chain + body + ("?" if _END in node else "")
