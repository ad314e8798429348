"""Paper trading cannot trade: nothing that it imports, by however many steps, can speak to an exchange."""

from __future__ import annotations

import ast
from pathlib import Path

ENGINE = Path(__file__).parent.parent.parent / "engine"
FORBIDDEN = {"ccxt", "aiohttp", "requests", "urllib", "http", "httpx", "socket", "websockets"}


def imports(path: Path) -> set[str]:
    """Every module that a file imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def file_of(name: str) -> Path | None:
    """The file of a module of the engine."""
    path = ENGINE.parent / Path(*name.split("."))
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


def reach(start: list[Path]) -> tuple[set[Path], set[str]]:
    """All files of the engine that these import, and all packages outside of it."""
    seen, outside, todo = set(), set(), list(start)
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        for name in imports(path):
            if name.split(".")[0] != "engine":
                outside.add(name.split(".")[0])
            elif (found := file_of(name)) is not None:
                todo.append(found)
    return seen, outside


def test_no_exchange_client_is_in_reach() -> None:
    files, outside = reach(sorted((ENGINE / "paper").glob("*.py")))
    assert len(files) > 40
    assert outside & FORBIDDEN == set()
    assert not {file.relative_to(ENGINE).parts[0] for file in files} & {"testnet", "pipeline"}
    assert "venue.py" not in {file.name for file in files}


def test_the_check_can_fail() -> None:
    _, outside = reach([ENGINE / "market" / "venue.py"])
    assert "ccxt" in outside
