"""Every code that the engine uses has a page, every page is used, and the examples on the pages do what they say."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from engine.config.diagnostics import CODES, Related, explain_code
from engine.config.strategies import load_strategy, references, unknown_reference
from engine.config.text import SourceText
from tests.config.examples import ROOT, blocks, findings, strategy

FAMILIES = re.compile(r"[DMRSXY][0-9]{3}")
PAGES = sorted(CODES.glob("*.md"))
MINE = [path for path in PAGES if path.stem[0] in "RSY"]


def used_codes() -> set[str]:
    """The codes that stand as text constants anywhere in the engine."""
    found = set()
    for path in (ROOT / "engine").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and FAMILIES.fullmatch(node.value):
                found.add(node.value)
    return found


def test_every_code_has_a_page_and_every_page_is_used() -> None:
    assert used_codes() == {path.stem for path in PAGES}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_begins_with_its_code_and_title(path: Path) -> None:
    page = explain_code(path.stem.lower())
    assert page is not None
    first, second, *_ = page.splitlines()
    assert re.fullmatch(rf"# {path.stem}: \S.*[^.]", first)
    assert second == ""


@pytest.mark.parametrize("path", MINE, ids=lambda path: path.stem)
def test_the_first_example_of_a_page_fails_and_the_second_is_mended(path: Path) -> None:
    (kind, bad), (_, good) = blocks(path.read_text(encoding="utf-8"))
    complete = strategy if kind == "strategy" else str
    assert path.stem in {d.code for d in findings(kind, complete(bad))}
    assert findings(kind, complete(good)) == []


@pytest.mark.parametrize(("code", "kind"), [("X001", "channel"), ("X002", "rules")])
def test_the_examples_of_unknown_names(code: str, kind: str) -> None:
    (_, bad), (_, good) = blocks((CODES / f"{code}.md").read_text(encoding="utf-8"))
    files = []
    for example in (bad, good):
        loaded, found = load_strategy(SourceText("strategies/x.yaml", strategy(example)))
        assert found == []
        assert loaded is not None
        files.append(loaded)
    named = [references(file.source) for file in files]
    spans = [each.channels if kind == "channel" else each.rules for each in named]
    ((wrong, span),), (right,) = spans[0].items(), spans[1]
    place = Related("somewhere", 1, 1, "defined here")
    finding = unknown_reference(kind, wrong, span, files[0].source, {right: place, "zzz": place})
    assert finding.code == code
    assert finding.hint == f'did you mean "{right}"?'
    assert finding.related == (place,)
    assert files[0].source.line(finding.line)[finding.column - 1 : finding.end_column - 1] == wrong


def test_an_unknown_name_without_a_near_one_lists_what_there_is() -> None:
    loaded, _ = load_strategy(SourceText("strategies/x.yaml", strategy("")))
    assert loaded is not None
    span = references(loaded.source).channels["fast_scalps"]
    place = Related("somewhere", 1, 1, "defined here")
    listed = unknown_reference("channel", "fast_scalps", span, loaded.source, {"zzz": place, "aaa": place})
    assert (listed.message, listed.hint) == ("there is no channels/fast_scalps.channel", "channel files here: aaa, zzz")
    assert unknown_reference("rules", "default", span, loaded.source, {}).hint == "create rules/default.yaml"
