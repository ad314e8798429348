"""Where a run of targets or entries ends: at a word, and at an emoji that is a word of the profile."""

from __future__ import annotations

import pytest

from tests.channel.helpers import HEAD, concise, findings, profile, profile_text, reads, signal

WORDS = "\nwords\nstop = SL, 🛑\n\n"
ONE_LINE = "{side: LONG} {symbol: BTC} @ {entry: 100} 🎯 {target: 110} - {target: 120} 🛑 {stop: 90}"
LINES = "{side: LONG} {symbol: BTC} @ {entry: 100}\n🎯\n{target: 110}\n{target: 120}\n{? 🔥 hold }\n🛑 {stop: 90}"


@pytest.mark.parametrize(
    ("sample", "message", "targets"),
    [
        (ONE_LINE, "long ETH @ 100 🎯 110 🛑 90", "110"),
        (ONE_LINE, "long ETH @ 100 🎯 110 | 120, 130 🛑 90", "110, 120, 130"),
        (ONE_LINE, "long ETH @ 100 🎯 110 ✨ 120 SL 90", "110, 120"),
        (ONE_LINE.replace("🛑", "{? 🔥 hold } 🛑"), "long ETH @ 100 🎯 110 - 120 🛑 90", "110, 120"),
        (LINES, "long ETH @ 100\n🎯\n110\n🛑 90", "110"),
        (LINES, "long ETH @ 100\n🎯\n110\n120\n130\n🔥 hold\n🛑 90", "110, 120, 130"),
        (
            ONE_LINE.replace("{target: 110} - {target: 120}", "{target: 110 - 120}"),
            "long ETH @ 100 🎯 110 🛑 90",
            "110",
        ),
        (
            "{side: LONG} {symbol: BTC} @ {entry: 100} 🎯 {target: 110} {? {+ then {target: 120} } } 🛑 {stop: 90}",
            "long ETH @ 100 🎯 110 then 120 then 130 🛑 90",
            "110, 120, 130",
        ),
    ],
)
def test_an_emoji_of_the_words_ends_a_run(sample: str, message: str, targets: str) -> None:
    loaded = profile(WORDS + signal(sample))
    assert reads(loaded, message) == f"symbol ETHUSDT, side long, entry 100, targets {targets}, stop 90"


@pytest.mark.parametrize(
    ("sample", "says", "hint"),
    [
        (ONE_LINE, '"90", marked as stop, is taken as a target', "as stop = ..., or mark the list as one: {target: "),
        (
            LINES.replace("{? 🔥 hold }\n", ""),
            '"90", marked as stop, is taken as a target',
            "as stop = ..., or mark the list as one: {target: ",
        ),
        (
            "{side: LONG} {symbol: BTC} @ {entry: 100} - {entry: 99} 🛑 {stop: 90}",
            '"90", marked as stop, is taken as an entry',
            "put the sign before 90 under words, as stop = ...",
        ),
        (
            "{side: LONG} {symbol: BTC} {entry: 100} to {target: 110} SL {stop: 90}",
            '"110", marked as target, is taken into "100 to 110"',
            "prices with a dash or a word of range",
        ),
    ],
)
def test_a_value_that_a_run_takes_is_named_at_its_mark(sample: str, says: str, hint: str) -> None:
    text = profile_text(signal(sample), HEAD)
    (found,) = [one for one in findings(text) if one.severity == "error"]
    assert found.code == "D301"
    assert says in concise(found)
    assert hint in concise(found)
    value = says.split('"')[1]
    assert text.splitlines()[found.line - 1][found.column - 1 :].startswith(value)


def test_a_leverage_without_a_word_before_it_needs_its_x() -> None:
    loaded = profile(
        signal("{symbol: BTC} {side: LONG} {? {leverage: 5x} } {entry: 100} TP {target: 110} SL {stop: 90}")
    )
    assert reads(loaded, "ETH long 100 TP 110 SL 90") == "symbol ETHUSDT, side long, entry 100, targets 110, stop 90"
    for leverage in ("10x", "x10", "10 X"):
        assert reads(loaded, f"ETH long {leverage} 100 TP 110 SL 90").endswith("leverage 10")
