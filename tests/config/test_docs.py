"""Every YAML block of the manual loads, and the manual names every key and every condition."""

from __future__ import annotations

import re

import pytest

from engine.config.schema import load_schema
from tests.config.examples import ROOT, blocks, findings, strategy
from tests.config.test_schemas import subschemas

PAGES = {name: (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in ("strategy", "rules")}
BLOCKS = [(name, kind, text) for name, page in PAGES.items() for kind, text in blocks(page)]


@pytest.mark.parametrize(("page", "kind", "text"), BLOCKS)
def test_a_block_of_the_manual_loads_without_findings(page: str, kind: str, text: str) -> None:
    assert findings(kind, strategy(text) if kind == "strategy" else text) == []


@pytest.mark.parametrize("page", PAGES)
def test_no_yaml_block_escapes_the_test(page: str) -> None:
    assert PAGES[page].count("```yaml") == sum(name == page for name, _, _ in BLOCKS) > 0


@pytest.mark.parametrize("page", PAGES)
def test_the_manual_names_every_key(page: str) -> None:
    schema = load_schema(page)
    keys = {key for _, sub in subschemas(schema, page) for key in sub.get("properties", {})}
    words = re.sub(r"after target [0-9]", "after target N", PAGES[page])
    missing = {key for key in keys if re.sub(r"[0-9]$", "N", key) not in words}
    assert missing == set()
