"""Numbers in the notation that the profile declares, and in no other."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.channel.numbers import NOTATIONS, UNDECLARED, show


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
    [(64800.0, "64800"), (0.00001234, "0.00001234"), (3.5, "3.5"), (1e16, "1e+16"), (0.1 + 0.2, "0.3")],
)
def test_numbers_are_shown_plainly(number: float, text: str) -> None:
    assert show(number) == text
