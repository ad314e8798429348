"""The files that come with the program have no findings, and no slip in them ever makes a loader raise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config.diagnostics import has_errors
from engine.config.render import FORMS, render
from engine.config.text import SourceText
from tests.config.examples import LOADERS, ROOT, findings

SHIPPED = sorted([*(ROOT / "strategies").glob("*.yaml"), *(ROOT / "rules").glob("*.yaml")])
KINDS = {"strategies": "strategy", "rules": "rules"}
TEXTS = [(KINDS[path.parent.name], path.read_text(encoding="utf-8")) for path in SHIPPED]
WORDS = '| |\n|\t|  - |: |, |{|}|[|]|"|#|&a |*a|!|%|0|-1|1e9|null|true|all: []|name|📈|9999999999|5s|1%|100 EUR|spot'
MORE = "when: {not: {no stop: true}}|200%|ladder 0|short|XRPUSDT|1e-9|2025-02-30|0 USDT|history|after target 3"
PIECES = st.sampled_from([*WORDS.split("|"), *MORE.split("|")])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_shipped_file_has_no_findings(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    kind = KINDS[path.parent.name]
    assert findings(kind, text) == []
    schema = f"../engine/config/schemas/{kind}.schema.json"
    assert text.splitlines()[0] == f"# yaml-language-server: $schema={schema}"
    assert (path.parent / schema).is_file()


def test_the_strategies_name_rules_that_are_there() -> None:
    for kind, text in TEXTS:
        if kind == "strategy":
            loaded, _ = LOADERS[kind](SourceText("x", text))
            assert all((ROOT / "rules" / f"{name}.yaml").is_file() for name in loaded.strategy.rules)


@st.composite
def slips(draw: st.DrawFn) -> tuple[str, str]:
    """A shipped file with one to four slips: something deleted, doubled, put in, or a value exchanged."""
    kind, text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            start, end = draw(st.sampled_from([match.span() for match in re.finditer(r"(?<=: )[^,{}\n]+", text)]))
        else:
            start = draw(st.integers(0, len(text)))
            end = min(len(text), start + draw(st.integers(0, 20)))
        text = text[:start] + draw(PIECES | st.just(text[start:end] * 2)) + text[end:]
    return kind, text


@settings(max_examples=10000, deadline=None)
@given(slips())
def test_slips_never_raise_and_every_finding_lies_in_the_file(slip: tuple[str, str]) -> None:
    kind, text = slip
    source = SourceText("x.yaml", text)
    loaded, found = LOADERS[kind](source)
    assert (loaded is None) == has_errors(found)
    assert found == sorted(set(found))
    for finding in found:
        assert 1 <= finding.line <= source.line_count
        assert 1 <= finding.column <= len(source.line(finding.line)) + 1
        assert finding.column < finding.end_column <= max(len(source.line(finding.line)) + 1, finding.column + 1)
        assert finding.hint
    for form in FORMS:
        assert bool(render(found, {"x.yaml": source}, form)) or not found
