"""What is checked beside a faulty section is told as if that section were sound: one fault has no echo elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.channel import load_profile
from engine.config.text import SourceText
from tests.channel.helpers import CHAT, HEAD, ROOT, concise, shipped, signal

SECTION = re.compile(r"^(signal|update|form|test)\b", re.MULTILINE)
NAMES = sorted(
    path.relative_to(ROOT / "channels").with_suffix("").as_posix() for path in (ROOT / "channels").rglob("*.channel")
)
MOST_OF_A_PROFILE = 6


def found_in(text: str, name: str = "x") -> list[str]:
    return [concise(one) for one in load_profile(SourceText("x", text), name, shipped)[1]]


@pytest.mark.parametrize("name", NAMES)
def test_a_fault_in_one_section_has_no_echo_in_the_others(name: str) -> None:
    """A mark of a sound profile is mistyped: every finding lies within its section."""
    text = (Path(ROOT) / "channels" / f"{name}.channel").read_text(encoding="utf-8")
    starts = [match.start() for match in SECTION.finditer(text)]
    marks = [re.compile(r"\{(?=[a-z])").search(text, start) for start in starts if not text.startswith("test", start)]
    places = sorted({mark.end() for mark in marks if mark})
    for place in places[:: max(1, len(places) // MOST_OF_A_PROFILE)]:
        broken = f"{text[:place]}zz{text[place:]}"
        first = max(start for start in starts if start < place)
        last = min((start for start in starts if start > place), default=len(text)) + 2
        lines = range(broken.count("\n", 0, first) + 1, broken.count("\n", 0, last) + 2)
        found = load_profile(SourceText("x", broken), name, shipped)[1]
        errors = [one for one in found if one.severity == "error"]
        assert errors
        assert [concise(one) for one in errors if one.line not in lines] == []


CALL = "{side: BUY} {symbol: BTC} @ {entry: 64800} SL {stop: 64500}"
WRONG = 'test "wrong"\n<<<\nBUY ETH @ 3500 SL 3400\n>>>\nexpect\nstop: 3300\n'


@pytest.mark.parametrize(
    ("layouts", "told"),
    [
        (signal(CALL), True),
        (signal(CALL) + signal("{sid: BUY} {symbol: BTC}", "faulty"), True),
        (signal("{sid: BUY} {symbol: BTC}", "faulty") + signal(CALL), False),
        (signal(CALL) + signal("{side: BUY} {symbol: BTC} 12 {entry: 5} SL {stop: 6}", "its sample"), True),
        ("never\n- {targt} ✅\n" + signal(CALL), False),
    ],
    ids=["sound", "faulty behind it", "faulty before it", "a faulty sample behind it", "a faulty phrase"],
)
def test_a_wrong_test_is_told_where_no_faulty_section_could_have_changed_it(layouts: str, told: bool) -> None:
    found = found_in(f"{HEAD}\n{layouts}\n{WRONG}{CHAT}")
    assert any("stop is 3400, expected 3300" in one for one in found) == told


def test_a_mistyped_word_of_a_test_is_told_beside_any_fault() -> None:
    text = f"{HEAD}quot: USDT\n{signal(CALL)}\n{WRONG.replace('stop: 3300', 'side: shrt')}"
    told = found_in(text)
    assert any('unknown setting "quot"' in one for one in told)
    assert any('"shrt" is not one of: long, short\n    hint: did you mean "short"?' in one for one in told)
