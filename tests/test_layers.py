"""Imports run one way through the house."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ENGINE = Path(__file__).parent.parent / "engine"
LAYERS = [
    {"records"},
    {"beside", "domain", "files", "memory", "problem", "tasks", "units"},
    {"config"},
    {"channel", "market", "notify"},
    {"collect", "simulate"},
    {"risk", "verdict"},
    {"paper", "testnet"},
    {"report"},
    {"pipeline"},
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}


def rooms(path: Path) -> set[str]:
    """The engine packages that a module imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("engine.")}
    return found & RANK.keys()


# Inside the channel language too, from the characters of a message to drafts of profiles.
CHAMBERS = ["text", "syntax", "layout", "form", "meaning", "updates", "suggest"]


@pytest.mark.parametrize("chamber", CHAMBERS)
def test_a_chamber_of_the_channel_language_imports_only_those_on_its_left(chamber: str) -> None:
    allowed = CHAMBERS[: CHAMBERS.index(chamber) + 1]
    for path in (ENGINE / "channel" / chamber).glob("*.py"):
        for other in CHAMBERS:
            imports = f"engine.channel.{other}" in path.read_text(encoding="utf-8")
            assert not imports or other in allowed, f"{path.name} ({chamber}) imports {other}"


@pytest.mark.parametrize("path", sorted(ENGINE.rglob("*.py")), ids=lambda p: p.relative_to(ENGINE).as_posix())
def test_a_module_imports_only_what_lies_on_its_left(path: Path) -> None:
    room = path.relative_to(ENGINE).parts[0].removesuffix(".py")
    if room == "__init__":
        assert rooms(path) == set()
        return
    for other in rooms(path) - {room}:
        assert RANK[other] < RANK[room], f"{path.name} ({room}) imports {other}"
