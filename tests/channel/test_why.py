"""An explanation shows what was read from which characters, or how far each layout got."""

from __future__ import annotations

from wcwidth import wcswidth

from engine.channel import explain, render
from tests.channel.helpers import HEAD, profile, reads

LOADED = profile(
    """
words
symbol BTC = 大餅
long = BUY, 多

signal "one line"
<<<
{side: BUY} {symbol: BTCUSDT} @ {entry: 64800}, SL {stop: 64500}
>>>

signal "block"
<<<
{symbol: BTC} {side: BUY}
Targets:
{target: 65000}
Stop {stop: 64500} Entry {entry: 64800}
>>>
"""
)


def test_what_was_read_has_carets_under_its_characters() -> None:
    assert render(explain(LOADED, "🔥 BUY 大餅 @ 64800, SL 64500")) == (
        'layout "one line" read: symbol BTCUSDT, side long, entry 64800, stop 64500\n'
        "  🔥 BUY 大餅 @ 64800, SL 64500\n"
        "     ^^^ side\n"
        "  🔥 BUY 大餅 @ 64800, SL 64500\n"
        "         ^^^^ symbol\n"
        "  🔥 BUY 大餅 @ 64800, SL 64500\n"
        "                ^^^^^ entry\n"
        "  🔥 BUY 大餅 @ 64800, SL 64500\n"
        "                          ^^^^^ stop"
    )


def test_a_message_that_was_not_read_says_how_far_it_got() -> None:
    explanation = explain(LOADED, "gm\n大餅\tBUY\nTargets:\nsoon, BUY BTC @ x")
    assert [(a.layout, a.lines, a.line, a.column, a.expected) for a in explanation.attempts] == [
        ("block", 2, 4, 1, "a target"),
        ("one line", 0, 1, 1, "a side"),
    ]
    assert render(explanation) == (
        'nothing was read [no-layout]: message line 4, column 1: layout "block" expected a target here\n'
        "  soon, BUY BTC @ x\n"
        "  ^"
    )


def test_carets_stand_right_behind_tabs_wide_signs_and_combining_marks() -> None:
    signs = "\u2b50\ufe0f\t\U0001f469\u200d\U0001f680\u0301 \U0001f525"
    text = render(explain(LOADED, signs + " BUY BTC @ 64800, SL 64500"))
    shown, carets = text.splitlines()[1:3]
    assert carets.endswith(" side")
    assert wcswidth(shown[: shown.index("BUY")]) == carets.index("^")


def test_every_layout_that_began_is_named() -> None:
    explanation = explain(LOADED, "BUY BTC @ market or so\nBTC BUY\nTargets:")
    assert render(explanation) == (
        'nothing was read [no-layout]: message line 3, column 9: layout "block" expected a target here\n'
        "  Targets:\n"
        "          ^\n"
        'message line 1, column 18: layout "one line" expected "sl" here'
    )


def test_the_layout_that_leaves_something_unread_is_named() -> None:
    explanation = explain(LOADED, "BUY BTC @ 64800, SL 64500, TP 66000")
    assert explanation.reading.refusal is not None
    assert explanation.attempts[0].expected == "nothing more"
    assert render(explanation).splitlines()[0] == (
        'nothing was read [unread]: message line 1, column 28: layout "one line" leaves "tp 66000" unread'
    )


def test_a_word_of_the_sample_is_shown_as_it_is_spelled() -> None:
    loaded = profile(
        'signal "a"\n<<<\n{side: BUY} {symbol: BTC} {entry: 100} altında TP {target: 110} SL {stop: 90}\n>>>'
    )
    assert 'expected "altında" here' in render(explain(loaded, "BUY ETH 100 TP 110 SL 90"))
    assert reads(loaded, "BUY ETH 100 altinda TP 110 SL 90").startswith("symbol ETHUSDT")


def test_refusals_without_a_place_are_one_line() -> None:
    assert render(explain(LOADED, "gm")) == (
        "nothing was read [no-layout]: no layout begins like any line of this message"
    )
    assert render(explain(LOADED, "x" * 5000)).startswith("nothing was read [too-long]: 5,000 characters")


def test_layouts_out_of_their_time_are_left_out() -> None:
    loaded = profile(
        'signal "old", until 2025-02-28\n<<<\n{side: Long} {symbol: BTC} {entry: 64800} sl {stop: 63000}\n>>>\n', HEAD
    )
    assert explain(loaded, "Long", posted_ms=1_800_000_000_000).attempts == ()
    assert len(explain(loaded, "Long", posted_ms=1_700_000_000_000).attempts) == 1
