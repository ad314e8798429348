"""Comments that suppress warnings: where they count, what they need, and what is said about those that do nothing."""

from __future__ import annotations

import pytest

from engine.channel import load_profile
from engine.config.diagnostics import CODES, Diagnostic
from engine.config.suppress import suppress
from engine.config.text import SourceText
from engine.risk import load_rules
from tests.channel.helpers import HEAD, signal
from tests.config.examples import blocks

RULE = "rules:\n  - name: a{first}\n    when: {{no stop: true}}\n    then: reject\n"
ALONE = "rules:\n  {first}\n  - name: a\n    when: {{no stop: true}}\n    then: reject\n"
WHY = "because it is so simple"


def left(text: str) -> list[str]:
    """``code line`` of what is found in a rule file after its comments were heard."""
    source = SourceText("rules/x.yaml", text)
    return [f"{d.code} {d.line}" for d in suppress(load_rules(source)[1], {source.path: source})]


def test_without_a_comment_there_is_a_warning() -> None:
    assert left(RULE.format(first="")) == ["R202 2"]


@pytest.mark.parametrize(
    "text",
    [
        RULE.format(first=f"    # signalproof: ignore R202 {WHY}"),
        RULE.format(first=f" #signalproof:ignore R202  {WHY}"),
        ALONE.format(first=f"# signalproof: ignore R202 {WHY}"),
        ALONE.format(first=f"# signalproof: ignore R202 {WHY}\n\n  # another comment"),
    ],
)
def test_a_comment_on_the_line_or_alone_above_it_suppresses(text: str) -> None:
    assert left(text) == []


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ("# signalproof: ignore R202", ["R202 2", "X004 2"]),
        ("# signalproof: ignore R202 because", ["R202 2", "X004 2"]),
        ("# signalproof: ignore because I say so", ["R202 2", "X004 2"]),
        ("# signalproof: disable R202 because I say so", ["R202 2", "X004 2"]),
        ("# signalproof:", ["R202 2", "X004 2"]),
        ("# signalproof: ignore R999 because I say so", ["R202 2", "X004 2"]),
        ("# signalproof: ignore R201 because I say so", ["R202 2", "X003 2"]),
        ("# signalproof: ignore R202, R201 because I say so", ["X003 2"]),
        ("# signalproof ignore R202 because the colon is missing", ["R202 2"]),
    ],
)
def test_what_is_said_of_a_comment_that_is_not_as_it_should_be(comment: str, found: list[str]) -> None:
    assert left(RULE.format(first=f"  {comment}")) == found


def test_an_error_stays() -> None:
    text = f"rules:\n  - name: a\n    when: {{no stop: yes}}  # signalproof: ignore S103 {WHY}\n    then: reject\n"
    assert left(text) == ["S103 3", "X004 3"]


def test_in_a_profile_a_pasted_message_is_no_comment() -> None:
    message = "{side: BUY} {symbol: BTCUSDT} @ {entry: 64800}"
    inside = signal(f"{message} # signalproof: ignore D502 {WHY}")
    above = f"# signalproof: ignore D502 {WHY}\n{signal(message)}"
    for text, found in ((inside, ["D501", "D502"]), (above, ["D501"])):
        source = SourceText("channels/x.channel", f"{HEAD}\n{text}")
        _, all_found = load_profile(source, "x")
        assert [d.code for d in suppress(all_found, {source.path: source})] == found


@pytest.mark.parametrize("code", ["X003", "X004"])
def test_the_pages_say_the_truth(code: str) -> None:
    (_, bad), (_, good) = blocks((CODES / f"{code}.md").read_text(encoding="utf-8"))
    assert code in {line.split()[0] for line in left(bad)}
    assert left(good) == []


def test_a_comment_hides_nothing_in_other_files() -> None:
    finding = Diagnostic("other.yaml", 1, 1, 2, "R202", "warning", "x")
    source = SourceText("x.yaml", f"a: 1  # signalproof: ignore R202 {WHY}")
    assert [d.code for d in suppress([finding], {"x.yaml": source})] == ["R202", "X003"]
