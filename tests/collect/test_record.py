"""Lines of the archive: what orjson reads quickly is what the standard library reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.collect.record import decode, decode_slowly, encode
from engine.domain import Entity, Message

LINE = encode(Message("a", -100, 7, 1, "post", 1_700_000_000_000, None, 1_700_000_000_500, "BUY BTC 🚀 64800", 3))
NUMBERS = st.integers() | st.sampled_from([2**53 + 1, 2**62, 2**63, 2**64, 10**30, -(2**63) - 1])
VALUES = (
    st.none() | st.booleans() | NUMBERS | st.floats() | st.text() | st.sampled_from(["post", "edit", "live", "demo"])
)
ENTITIES = st.lists(st.tuples(st.text(), NUMBERS, NUMBERS, st.none() | st.text()) | VALUES, max_size=2)


def told(line: bytes, how: Any) -> object:
    """A message, or what is said of the line."""
    try:
        return how(line)
    except ValueError as error:
        return type(error), str(error)


@given(st.dictionaries(st.sampled_from(sorted(json.loads(LINE))), VALUES | ENTITIES, max_size=4), st.booleans())
@example({"reply_to": 10**30}, False)
@example({"source": "half \ud83d of a pair"}, True)
@example({"text": "half \ud83d of a pair"}, True)
@example({"entities": [["bold", 0, 10**30, None]]}, False)
@example({"edited_at": float("inf")}, False)
def test_a_record_says_the_same_to_both(changes: dict[str, Any], escaped: bool) -> None:
    line = json.dumps(json.loads(LINE) | changes, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    assert repr(told(line, decode)) == repr(told(line, decode_slowly))


@given(st.integers(0, len(LINE.encode())), st.integers(0, len(LINE.encode())), st.binary(max_size=4))
@example(0, 0, b"\xef\xbb\xbf")
def test_a_damaged_line_says_the_same_to_both(start: int, end: int, put: bytes) -> None:
    whole = LINE.encode()
    line = whole[: min(start, end)] + put + whole[max(start, end) :]
    assert repr(told(line, decode)) == repr(told(line, decode_slowly))


@pytest.mark.parametrize("line", [b"[1]", b'"text"', b"7", b"null", b"{}", b"", b"[" * 100_000, b'{"format": 1}'])
def test_what_is_no_record_says_the_same_to_both(line: bytes) -> None:
    found = told(line, decode)
    assert found == told(line, decode_slowly)
    assert isinstance(found, tuple)


def test_a_message_comes_back_whole() -> None:
    message = Message("a", -100, 7, 2, "edit", 1, 2, 3, "x\ud83dy", 5, "s", "f", 6, "photo", "export",
                      (Entity("url", 0, 1, "u"),))  # fmt: skip
    assert decode(encode(message).encode()) == message
