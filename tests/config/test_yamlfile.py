"""YAML is read as YAML 1.2 says, every value knows its place, and nothing that is in a file makes the reader raise."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config.text import SourceText, Span
from engine.config.yamlfile import LARGEST_CHARACTERS, load_yaml

# What stands in the file, and what it is. YAML 1.1 readers get the marked ones wrong.
SCALARS: list[tuple[str, Any]] = [
    ("12:30", "12:30"),  # 750 in YAML 1.1
    ("no", "no"),  # false
    ("NO", "NO"),
    ("on", "on"),  # true
    ("y", "y"),
    ("2025-01-01", "2025-01-01"),  # a date
    ("2025-05-04 16:00", "2025-05-04 16:00"),
    ("1e3", 1000.0),  # text
    ("1E-2", 0.01),
    ("1_000", "1_000"),  # 1000
    ("010", 10),  # 8
    ("0o10", 8),
    ("0x1F", 31),
    ("0b11", "0b11"),  # 3
    ("<<", "<<"),
    ("5", 5),
    ("-5", -5),
    ("+5", 5),
    (".5", 0.5),
    ("5.", 5.0),
    ("1%", "1%"),
    ("1.5.2", "1.5.2"),
    ("true", True),
    ("False", False),
    ("tRUE", "tRUE"),
    ("null", None),
    ("~", None),
    ("", None),
    ('"5"', "5"),
    ("'true'", "true"),
    ("=", "="),
    ("1,000", "1,000"),
]


@pytest.mark.parametrize(("text", "value"), SCALARS)
def test_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    file, found = load_yaml(SourceText("x", f"key: {text}\n"))
    assert found == []
    assert file.data == {"key": value}
    assert type(file.data["key"]) is type(value)


def test_keys_are_always_text() -> None:
    assert load_yaml(SourceText("x", "{1: a, true: b, null: c}"))[0].data == {"1": "a", "true": "b", "null": "c"}


def test_values_and_keys_know_their_places() -> None:
    text = "a: 📈 up\nb:\n  - one\n  - {c: two}\n"
    file, _ = load_yaml(SourceText("x", text))

    def cut(span: Span) -> str:
        return text[span.start : span.end]

    assert cut(file.values["a",]) == "📈 up"
    assert cut(file.values["b", 0]) == "one"
    assert cut(file.values["b", 1, "c"]) == "two"
    assert cut(file.keys["b",]) == "b"
    assert cut(file.keys["b", 1, "c"]) == "c"


def test_a_place_that_is_not_there_is_that_of_its_nearest_parent() -> None:
    text = "size: {risk: 1%}\nexit:\n  stop:\n"
    file, _ = load_yaml(SourceText("x", text))
    assert file.span(("size", "fixed", 3)) == file.values["size",]
    assert file.span(("exit",)) == file.keys["exit",], "a block on the lines below is marked at its key"
    assert file.span(("exit", "stop")) == file.keys["exit", "stop"], "so is an empty value"


def test_a_few_aliases_are_fine() -> None:
    file, found = load_yaml(SourceText("x", "a: &fast {latency: 1s}\nb: *fast\n"))
    assert found == []
    assert file.data == {"a": {"latency": "1s"}, "b": {"latency": "1s"}}


def test_of_a_repeated_key_the_first_value_counts() -> None:
    file, found = load_yaml(SourceText("x", "a: 1\nb: 2\na: 3\n"))
    assert file.data == {"a": 1, "b": 2}
    assert [(d.code, d.line, d.related[0].line) for d in found] == [("Y002", 3, 1)]


def test_a_file_may_not_be_larger_than_the_limit() -> None:
    exact = "a: " + "x" * (LARGEST_CHARACTERS - 3)
    assert load_yaml(SourceText("x", exact))[1] == []
    file, found = load_yaml(SourceText("x", exact + "x"))
    assert file.data is None
    assert [d.code for d in found] == ["Y003"]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_nesting_without_end_is_refused_at_once(opening: str) -> None:
    found = load_yaml(SourceText("x", opening * 20_000))[1]
    assert [d.code for d in found] == ["Y003"]


def test_aliases_may_not_nest_without_end_either() -> None:
    chain = "- &a0 [x]\n" + "".join(f"- &a{i} [*a{i - 1}]\n" for i in range(1, 40))
    assert [d.code for d in load_yaml(SourceText("x", chain))[1]] == ["Y003"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: \x07", "a control character"),
        ('a: "\\q"', "an unknown escape"),
        ("a: - b", "a list item"),
        ("a: | text", "text stands behind | or >"),
        ("a: 1\n...\nb: 2", "text after the end of the data"),
        ("a: &\n", "a name is expected after &"),
        ("a: * b\n", "a name is expected after *"),
        ("%YAML 3.0\n---\na: 1", "found incompatible YAML document"),
    ],
)
def test_broken_yaml_is_told_in_words(text: str, message: str) -> None:
    (found,) = load_yaml(SourceText("x", text))[1]
    assert found.code == "Y001"
    assert found.message.startswith(f"not YAML: {message}")


@given(st.text(st.sampled_from("ab:-?!&*|>%@`'\"[]{},#~ \n\t\r\x00\x85\u2028\ufeff📈0.1e<=!"), max_size=80))
def test_nothing_makes_the_reader_raise_and_every_finding_lies_in_the_file(text: str) -> None:
    source = SourceText("x", text)
    file, found = load_yaml(source)
    assert (file.data is None) == any(d.code != "Y002" for d in found)
    for finding in found:
        assert 1 <= finding.line <= source.line_count
        assert 1 <= finding.column <= len(source.line(finding.line)) + 1
        assert finding.column < finding.end_column
    for start, end in [*file.values.values(), *file.keys.values()]:
        assert 0 <= start <= end <= len(text)
