"""Folding: many spellings become one, and every character knows where it came from."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.channel.text.fold import INDEX, fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("BUY Btc", "buy btc"),
        ("ＢＵＹ　１２３", "buy 123"),
        ("𝗕𝗧𝗖 𝟭𝟮", "btc 12"),
        ("٣٫٥ ۱۲٬۳۴", "3.5 12,34"),
        ("İSTANBUL ıI", "istanbul ii"),
        ("64\u200b800\u00a0x\ufe0f", "64800 x"),
        ("**bold** `code` a_b", "  bold    code  a-b"),
        ("1️⃣ 2⃣ ① ⑩ ➊ TP¹", f"{INDEX} {INDEX} {INDEX} {INDEX} {INDEX} tp{INDEX}"),
        ("大餅：1，2、3", "大餅:1;2;3"),
        ("\u202b\u200fخرید\u202c", "خرید"),
        ("☕ ß ﬁ", "☕ ß ﬁ"),
    ],
)
def test_spellings_become_one(text: str, folded: str) -> None:
    assert fold(text).text == folded


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("aB1İı\u200b\ufe0f\u20e3①𝗕*_ ，大\u0301ﬁ٣\n") | st.characters()))
def test_every_character_comes_from_one_like_it(text: str) -> None:
    folded = fold(text)
    origins = [folded.origin(i) for i in range(len(folded.text))]
    assert origins == sorted(set(origins))
    assert all(0 <= origin < len(text) for origin in origins)
    for char, origin in zip(folded.text, origins, strict=True):
        assert fold(text[origin]).text in (char, "")


@settings(deadline=None)
@given(st.text(alphabet="ab\u200b\ufe0f1", min_size=1), st.data())
def test_a_range_of_the_folded_text_is_found_in_the_original(text: str, data: st.DataObject) -> None:
    folded = fold(text)
    if folded.text:
        start = data.draw(st.integers(0, len(folded.text) - 1))
        end = data.draw(st.integers(start + 1, len(folded.text)))
        begin, stop = folded.original(start, end)
        assert fold(text[begin:stop]).text == folded.text[start:end]
