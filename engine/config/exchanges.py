"""The names of the exchanges that prices can be asked of, looked up without loading ccxt."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

NOT_AN_EXCHANGE = ("imported", "synthetic")  # where prices come from instead


@cache
def exchange_names() -> frozenset[str]:
    """The exchanges by ccxt's names, such as ``mexc``: each is a module of its own there.

    Loading ccxt takes half a second, which is too long for a look at a file.
    """
    spec = find_spec("ccxt")
    folder = Path(spec.origin).parent if spec is not None and spec.origin is not None else None
    return frozenset() if folder is None else frozenset(path.stem for path in folder.glob("[a-z]*.py"))
