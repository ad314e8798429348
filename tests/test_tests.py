"""A test that asserts nothing proves nothing."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CHECKS = {"raises", "fail", "assert_array_equal", "assert_allclose", "warns"}


def checks(node: ast.AST, helpers: set[str]) -> bool:
    """Whether code asserts something itself or calls a helper of its module that does."""
    for part in ast.walk(node):
        if isinstance(part, ast.Assert):
            return True
        if isinstance(part, ast.Call):
            name = part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", "")
            if name in CHECKS | helpers:
                return True
    return False


@pytest.mark.parametrize("path", sorted(HERE.rglob("test_*.py")), ids=lambda p: p.relative_to(HERE).as_posix())
def test_every_test_asserts_something(path: Path) -> None:
    functions = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.FunctionDef)]
    helpers = {f.name for f in functions if not f.name.startswith("test") and checks(f, set())}
    silent = [f.name for f in functions if f.name.startswith("test") and not checks(f, helpers)]
    assert silent == []
