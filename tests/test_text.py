"""Offsets become the lines and columns that people count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config.diagnostics import Related, diagnose, did_you_mean, explain_code, has_errors, related
from engine.config.text import Place, SourceText, Span


@given(st.text(st.sampled_from("ab\n 📈é"), max_size=60))
def test_place_and_offset_undo_each_other(text: str) -> None:
    source = SourceText("x", text)
    for offset in range(len(text) + 1):
        line, column = source.place(offset)
        assert source.offset(line, column) == offset
        assert 1 <= line <= source.line_count
        assert 1 <= column <= len(source.line(line)) + 1


def test_lines_come_without_their_ends() -> None:
    source = SourceText("x", "one\r\ntwo\n")
    assert [source.line(n) for n in range(1, source.line_count + 1)] == ["one", "two", ""]


def test_offsets_outside_the_text_are_clipped() -> None:
    assert SourceText("x", "ab").place(99) == Place(1, 3)
    assert SourceText("x", "ab").place(-5) == Place(1, 1)


def test_a_diagnostic_stays_on_the_line_where_it_starts() -> None:
    source = SourceText("f", "abc\ndef\n")
    found = diagnose(source, Span(1, 6), "Y001", "broken")
    assert (found.line, found.column, found.end_column) == (1, 2, 4)
    assert has_errors([found])
    assert not has_errors([diagnose(source, Span(0, 0), "Y001", "only a warning", severity="warning")])


def test_an_empty_span_still_marks_one_character() -> None:
    assert diagnose(SourceText("f", "abc"), Span(1, 1), "Y001", "here").end_column == 3


def test_a_related_place_is_counted_the_same_way() -> None:
    assert related(SourceText("f", "a\nbc"), Span(3, 4), "first set here") == Related("f", 2, 2, "first set here")


@pytest.mark.parametrize(("word", "hint"), [("whale_allerts", 'did you mean "whale_alerts"?'), ("zzz", ""), ("", "")])
def test_did_you_mean_has_a_cutoff(word: str, hint: str) -> None:
    assert did_you_mean(word, ["whale_alerts", "fast_scalps"]) == hint


@pytest.mark.parametrize("code", ["nothing", "../schemas/rules", "", "Y9999"])
def test_an_unknown_code_has_no_page(code: str) -> None:
    assert explain_code(code) is None
