"""Numbers in the notation that the profile declares, and in no other."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.channel.text.numbers import NOTATIONS, UNDECLARED, Notation, show


@pytest.mark.parametrize(
    ("notation", "text", "value"),
    [
        ("1,234.56", "1,234.56", 1234.56), ("1,234.56", "1234.56", 1234.56), ("1,234.56", ".405", 0.405),
        ("1,234.56", "3,45", None), ("1,234.56", "029.06", None), ("1,234.56", "0,583", None),
        ("1,234.56", "1.234,56", None), ("1,234.56", "1,2345", None), ("1,234.56", "1.2.3", None),
        ("1,234.56", "12,345,678.9", 12345678.9),
        ("1.234,56", "1.234,56", 1234.56), ("1.234,56", "112.191", 112191.0), ("1.234,56", "0,5828", 0.5828),
        ("1.234,56", "1.5", None), ("1.234,56", "0.583", None), ("1.234,56", "1,234.56", None),
        ("1 234.56", "1 977.63", 1977.63), ("1 234.56", "1977.63", 1977.63), ("1 234.56", "1,977", None),
        ("1 234,56", "1 977,63", 1977.63), ("1 234,56", "1 977.63", None),
        ("1234.56", "1234.56", 1234.56), ("1234.56", "1,234", None), ("1234,56", "1234,56", 1234.56),
        ("1234,56", "1234.56", None),
    ],
)  # fmt: skip
def test_a_number_in_its_notation(notation: str, text: str, value: float | None) -> None:
    assert NOTATIONS[notation].parse(text) == value


@pytest.mark.parametrize(
    ("notation", "text", "value"),
    [
        ("1,234.56", "64.8k", 64800.0), ("1,234.56", "38k", 38000.0), ("1,234.56", "96k1", 96100.0),
        ("1,234.56", "2.01k", 2010.0), ("1,234.56", "101k25", 101250.0), ("1.234,56", "64,8k", 64800.0),
        ("1,234.56", "64,8k", None), ("1,234.56", "64.8k1", None), ("1234.56", "0k5", 500.0),
    ],
)  # fmt: skip
def test_k_means_thousands(notation: str, text: str, value: float | None) -> None:
    assert re.fullmatch(NOTATIONS[notation].token, text)
    assert NOTATIONS[notation].parse(text) == value


@pytest.mark.parametrize("text", ["3k9-4k", "3k-4", "1k2k", "k", "5k ", "5k.1"])
def test_several_numbers_are_no_number(text: str) -> None:
    assert NOTATIONS["1,234.56"].parse(text) is None


@settings(deadline=None, max_examples=300)
@given(st.text("0123456789.,k-'’ %", max_size=12), st.sampled_from(list(NOTATIONS.values())))
def test_whatever_stands_there_is_a_number_or_none(text: str, notation: Notation) -> None:
    number = notation.parse(text)
    assert number is None or number >= 0


@pytest.mark.parametrize("text", ["64.8kg", "38k5a", "96k1234"])
def test_a_k_that_is_part_of_a_word_belongs_to_no_number(text: str) -> None:
    match = re.match(NOTATIONS["1,234.56"].token, text)
    assert match is not None
    assert "k" not in match[0]


@pytest.mark.parametrize(
    ("first", "end", "whole"),
    [
        ("0.0000860", "890", "0.0000890"), ("2.55", "53", "2.53"), ("87800", "900", "87900"), ("3450", "480", "3480"),
        ("100", "98", "98"), ("60500", "61000", "61000"), ("950", "1000", "1000"), ("1.2", "1.3", "1.3"),
        ("64.8k", "900", "900"), ("1,234.5", "6", "1,234.6"), ("x", "5", "5"),
    ],
)  # fmt: skip
def test_the_end_of_a_range_is_made_whole(first: str, end: str, whole: str) -> None:
    assert NOTATIONS["1,234.56"].whole_end(first, end) == whole


@pytest.mark.parametrize(("text", "value"), [("64800", 64800.0), ("3.450", None), ("3,450", None), (".5", None)])
def test_without_a_notation_only_whole_numbers_are_sure(text: str, value: float | None) -> None:
    assert UNDECLARED.parse(text) == value


@settings(deadline=None)
@given(st.integers(0, 10**9), st.integers(0, 999_999), st.sampled_from(sorted(NOTATIONS)))
def test_what_is_written_in_a_notation_is_read_in_it(whole: int, part: int, name: str) -> None:
    notation = NOTATIONS[name]
    grouped = f"{whole:,}".replace(",", notation.thousands)
    text = f"{grouped}{notation.decimal}{part:06}"
    assert re.fullmatch(notation.token, text)
    assert notation.parse(text) == float(f"{whole}.{part:06}")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (64800.0, "64800"),
        (0.00001234, "0.00001234"),
        (3.5, "3.5"),
        (1e16, "1e+16"),
        (0.1 + 0.2, "0.3"),
        (58310.4, "58310.4"),
    ],
)
def test_numbers_are_shown_plainly(number: float, text: str) -> None:
    assert show(number) == text
