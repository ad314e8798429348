"""The manual is true: every block in it loads without findings, and it names everything there is."""

from __future__ import annotations

import ast
import re

import pytest

from engine.channel.text.names import (
    DEFAULT_SETTINGS,
    EXPECT_KEYS,
    FIELDS,
    HEADER_SETTINGS,
    OPTIONS,
    SPECIAL_GROUPS,
    UPDATES,
)
from engine.channel.text.numbers import NOTATIONS
from tests.channel.helpers import ROOT, findings

MANUAL = (ROOT / "docs" / "channel-language.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```channel\n(.*?)```", MANUAL, re.DOTALL)
WHOLE = 'channel "Manual"\nnumbers: 1,234.56\n\ndefaults\nquote: USDT\n\n'


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0])
def test_every_block_of_the_manual_runs(block: str) -> None:
    found = findings(block if block.startswith("channel") else WHOLE + block)
    assert [one for one in found if one.code != "D501"] == []


def refusal_codes() -> set[str]:
    """Every code that the package can refuse with, from its source."""
    codes = set()
    for path in (ROOT / "engine" / "channel").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refusal":
                head = node.args[0]
            elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
                head = node.value.elts[0]
            else:
                continue
            if isinstance(head, ast.Constant) and re.fullmatch(r"[a-z]+(-[a-z]+)*", str(head.value)):
                codes.add(head.value)
    return codes


def test_every_refusal_is_in_the_table() -> None:
    table = MANUAL.split("## Why was a message not read?")[1].split("\n## ")[0]
    rows = {
        code for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for code in re.findall(r"`([a-z-]+)`", row)
    }
    assert rows == refusal_codes() | {"symbol", "id"}


@pytest.mark.parametrize(
    "name",
    [*FIELDS, *HEADER_SETTINGS, *DEFAULT_SETTINGS, *OPTIONS, *UPDATES, *SPECIAL_GROUPS, *NOTATIONS, *EXPECT_KEYS],
)
def test_every_name_of_the_language_is_in_the_manual(name: str) -> None:
    assert re.search(rf"[`{{]{re.escape(name)}(?![a-z])", MANUAL), name
