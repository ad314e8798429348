"""Drafts: the values guessed in a message, the layouts found in a history, and what is left to a person."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.channel import load_profile, read
from engine.channel.suggest.draft import Draft, HistoryPost, draft_profile
from engine.channel.suggest.marks import guess, results_in
from engine.channel.suggest.numbers import decide_notation
from engine.channel.suggest.single import profile_from_message
from engine.config.diagnostics import has_errors
from engine.config.text import SourceText
from engine.units import DAY_MS
from tests.channel.helpers import said

COINS = ("SOL", "ARB", "OP", "INJ", "SEI", "TIA", "LTC", "DOT", "APT", "NEAR", "SUI", "FIL")


def marked(text: str) -> str:
    """A message with the guesses in place."""
    found = guess(text)
    lines = []
    for start, end, guesses in found.lines:
        at, line = start, ""
        for one in guesses:
            line += found.folded.text[at : one.start] + f"{{{one.field}: {found.folded.text[one.start : one.end]}}}"
            at = one.end
        lines.append(line + found.folded.text[at:end])
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("BUY #SOL at 140.5\nTP1: 145 TP2: 150\nSL 133",
         "{side: buy} {symbol: #sol} at {entry: 140.5}\ntp1: {target: 145} tp2: {target: 150}\nsl {stop: 133}"),
        ("ARB/USDT (Short)\nEntry zone: 1.21 - 1.24\nTargets:\n1) 1.15 - 40%\n2) 1.10 - 60%\nStop Targets:\n1) 1.30",
         "{symbol: arb/usdt} ({side: short})\nentry zone: {entry: 1.21 - 1.24}\ntargets:\n"
         "1) {target: 1.15} - {share: 40%}\n2) {target: 1.10} - {share: 60%}\nstop targets:\n1) {stop: 1.30}"),
        ("No. 81\n$OP LONG x12\nEntry now\nStop 5%",
         "no. {any: 81}\n{symbol: $op} {side: long} {leverage: x12}\nentry {entry: now}\nstop {stop: 5%}"),
        ("LONG ORDER - MARKET - $OP\nEntry: 1.51\nSL: 1.42",
         "{side: long} order - market - {symbol: $op}\nentry: {entry market: 1.51}\nsl: {stop: 1.42}"),
        ("Sui шорт\nвход 3,21\nстоп 3,40\nтп1 3,05", "{symbol: sui} {side: шорт}\nвход {entry: 3,21}\n"
         "стоп {stop: 3,40}\nтп1 {target: 3,05}"),
        ("sol 140-141附近多\n目標: 145-150\n止損: 136", "{symbol: sol} {entry: 140-141}附近{side: 多}\n"
         "目標: {target: 145}-{target: 150}\n止損: {stop: 136}"),
        ("LONG $OP\nTP1: 1.60 (R:R = 1:2)\nSL 1.42",
         "{side: long} {symbol: $op}\ntp1: {target: 1.60} (r:r = {any: 1}:{any: 2})\nsl {stop: 1.42}"),
    ],
)  # fmt: skip
def test_values_are_guessed_by_their_labels(message: str, expected: str) -> None:
    assert marked(message) == expected


@pytest.mark.parametrize("text", ["TP1 65000 ✅", "BTC target 2 hit", "+12% profit", "closed at 64800", "ARB +3.1R"])
def test_results_are_known(text: str) -> None:
    assert results_in(text.lower())


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (["64800", "65000"], "1234.56"),
        (["0.0562", "12.5"], "1234.56"),
        (["64,800.5", "3,480"], "1,234.56"),
        (["0,0562", "12,5"], "1234,56"),
        (["3.480,5"], "1.234,56"),
        (["1.234.567"], "1.234,56"),
        (["64.800", "65.000"], None),
        (["0.5", "0,5"], None),
        ([*["0.512"] * 99, "1,5"], "1,234.56"),
    ],
)
def test_a_notation_is_decided_only_where_numbers_prove_it(numbers: list[str], expected: str | None) -> None:
    assert decide_notation(numbers) == expected


def history(dated: bool = True) -> list[HistoryPost]:
    """Two layouts in turn, with results in the layout of calls and talk between them."""
    texts = []
    for n in range(60):
        coin, price = COINS[n % len(COINS)], 10 + n / 4
        up = (f"{price:.2f}", f"{price * 0.95:.2f}", f"{price * 1.04:.2f}", f"{price * 1.08:.2f}")
        if n < 30:
            extra = "Leverage: 5x\n" if n % 3 else ""
            texts.append(f"🚀 LONG ${coin}\n{extra}Entry: {up[0]}\nSL: {up[1]}\nTP1: {up[2]}\nTP2: {up[3]}")
        else:
            word = "Target" if n % 4 else "Goal"
            texts.append(
                f"#{coin}/USDT long setup\nStop {up[1]}\nBuy zone {up[0]} - {float(up[0]) + 0.1:.2f}\n{word} {up[2]}"
            )
        texts += [
            f"🚀 LONG ${coin}\nTP1: {up[2]} ✅\nTP2: {up[3]} ✅\n+{n}% profit",
            f"gm, day {n}, ${coin} looks strong",
        ]
    return [HistoryPost(str(n + 1), text, n * DAY_MS if dated else None) for n, text in enumerate(texts)]


def checked(draft: Draft) -> None:
    profile, found = load_profile(SourceText("draft", draft.text), "draft")
    assert profile is not None
    assert not has_errors(found)


def test_a_draft_finds_the_layouts_and_dates_them() -> None:
    posts = history()
    draft = draft_profile("two", posts)
    checked(draft)
    assert draft.read == 60
    assert "until 1970-03-29" in draft.text
    assert "since 1970-04-01" in draft.text
    assert "{? Leverage: {leverage: 5x} }" in draft.text
    assert "# reads 30 posts, 16.7% of those with text" in draft.text
    assert "numbers: 1234.56" in draft.text
    profile, _ = load_profile(SourceText("draft", draft.text), "draft")
    assert profile is not None
    for post in posts:
        is_call = "Entry:" in post.text or "zone" in post.text
        assert bool(read(profile, post.text).setups) == is_call, post.text


def test_words_that_stand_for_each_other_become_a_group() -> None:
    text = draft_profile("two", history()).text
    assert "target = target, goal" in text


def test_without_dates_a_comment_says_where_in_the_history_a_layout_was_used() -> None:
    draft = draft_profile("two", history(dated=False))
    checked(draft)
    assert ", between post 1 and post 88" in draft.text
    assert "since" not in draft.text


def test_what_the_numbers_do_not_prove_is_left_to_be_filled() -> None:
    draft = draft_profile("x", [HistoryPost("1", "BUY BTC 64.800 tp 65.000 sl 64.500")], trusted=True)
    checked(draft)
    assert draft.read == 0
    assert "# numbers: " in draft.text
    assert "# {side: BUY} {symbol: BTC} {entry: 64.800} tp {target: 65.000} sl {stop: 64.500}" in draft.text


def test_the_draft_of_one_message_reads_it() -> None:
    message = "⚡ SHORT #INJ/USDT\nLeverage: Cross 10x\nEntry: 22.4\nTargets: 21.0 - 20.2\nStop: 23.9"
    draft = draft_profile("x", [HistoryPost("1", message)], trusted=True)
    checked(draft)
    profile, _ = load_profile(SourceText("draft", draft.text), "draft")
    assert profile is not None
    assert said(read(profile, message)).startswith("symbol INJUSDT, side short, entry 22.4")


HEADED = """⚡ LONG #INJ/USDT
Entry zone: 21.90 - 22.40
Targets:
TP1: 23.10 (50%)
TP2: 24.00 (30%)
TP3: 25.00 (20%)
Stop loss: 20.80"""
HEADS = [
    HEADED,
    HEADED.replace("Targets:", "TP:"),
    HEADED.replace("Targets:", "🎯 Take profit targets 👇"),
    HEADED.replace("Targets:", "Profit:"),  # a trade word, and no label
    HEADED.replace("Entry zone: 21.90 - 22.40", "Entry:\nEntry 1: 22.40 (60%)\nEntry 2: 21.90 (40%)"),
    HEADED.replace("Stop loss:", "Stop:\nSL"),
    HEADED.replace("Entry zone", "Entry signal\n\nEntry zone"),
    f"New Entry\n{HEADED}\nLeverage\nCross 5x",
]


@pytest.mark.parametrize("message", HEADS)
def test_a_heading_above_labelled_lines_belongs_to_the_layout(message: str) -> None:
    """``Targets:`` above ``TP1: 23.10 (50%)``: one message is drafted whole, and so is a history of them."""
    one = profile_from_message("x", message)
    assert (one.finished, one.lacking) == (True, ())
    profile, found = load_profile(SourceText("draft", one.text), "x")
    assert profile is not None, found
    assert "targets 23.1 (50%), 24 (30%), 25 (20%), stop 20.8" in said(read(profile, message))
    posts = [HistoryPost(str(n), message.replace("INJ", coin)) for n, coin in enumerate(COINS)]
    draft = draft_profile("x", posts)
    checked(draft)
    assert draft.read == len(posts)


def test_a_layout_keeps_its_brackets_and_its_headings() -> None:
    text = draft_profile("x", [HistoryPost("1", HEADED)], trusted=True).text
    assert "\nTargets:\nTP1: {target: 23.10} ({share: 50%})\nTP2: {target: 24.00} ({share: 30%})\n" in text
    remark = HEADED.replace("(50%)", "(50% of it, then wait)").replace("(30%)", "[30% 👌]")
    text = draft_profile("x", [HistoryPost("1", remark)], trusted=True).text
    assert "TP1: {target: 23.10} ({share: 50%})\nTP2: {target: 24.00} [{share: 30%}]" in text


def test_lines_before_a_value_stay_in_their_order() -> None:
    """``Leverage`` above ``Cross 5x``: both stand in all posts, at the same place."""
    text = draft_profile("x", [HistoryPost("1", f"{HEADED}\nLeverage\nCross 5x\nProfit\nRisk 2%")], trusted=True).text
    assert "\nLeverage\nCross {leverage: 5x}\nProfit\nRisk {any: 2}" in text


@pytest.mark.parametrize(
    ("symbol", "names_it"),
    [("#INJ/USDT", True), ("INJUSDT.P", True), ("ETH/BTC", True), ("$BTC", False), ("#WBTC", False)],
)
def test_a_draft_asks_for_the_quote_currency_only_where_no_symbol_names_it(symbol: str, names_it: bool) -> None:
    wordy = f"{HEADED}\nClose half at the first target".replace("#INJ/USDT", symbol)
    for message in (HEADED.replace("#INJ/USDT", symbol), wordy):
        assert ("the symbols name no quote currency" not in profile_from_message("x", message).text) == names_it


def test_a_message_that_no_template_fits_is_drafted_as_it_stands() -> None:
    message = f"{HEADED}\nClose half at the first target, and move the stop".replace("LONG", "做多")
    assert draft_profile("x", [HistoryPost("1", message)], trusted=True).layouts == ()
    one = profile_from_message("x", message)
    assert one.finished
    profile, found = load_profile(SourceText("draft", one.text), "x")
    assert profile is not None, found
    assert "\nClose half at the first target, and move the stop\n>>>" in one.text
    assert "Not finished" not in one.text
    assert "side long, entry 21.9 - 22.4, targets 23.1 (50%)" in said(read(profile, message))
    numbers = profile_from_message("x", f"{HEADED}\nClose half in 21 hours")
    assert not numbers.finished
    assert "# Not finished. Not found here: what 21 is." in numbers.text


def test_a_call_by_a_persons_word_is_not_forbidden_by_its_own_words() -> None:
    """``update`` in a history is a sign of a result; in the one message that a person gives it is a word."""
    one = profile_from_message("x", HEADED.replace("#INJ/USDT", "#INJ/USDT (update)"))
    assert one.finished
    assert "\n- update" not in one.text


def test_a_line_that_may_be_an_entry_is_never_skipped() -> None:
    call = "{coin} LONG\n{n}-{high}\nniveau {n} {high}\nTP {target}\nSL {stop}"
    texts = [
        call.format(coin=coin, n=140 + n, high=141 + n, target=150 + n, stop=130 + n) for n, coin in enumerate(COINS)
    ]
    draft = draft_profile("x", [HistoryPost(str(n), text) for n, text in enumerate(texts)])
    checked(draft)
    assert "{any: 1" not in draft.text
    assert draft.read == 0


def test_a_history_without_calls_gives_a_profile_without_layouts() -> None:
    draft = draft_profile("quiet", [HistoryPost(str(n), f"gm {n}") for n in range(50)])
    checked(draft)
    assert (draft.calls, draft.layouts) == (0, ())


PIECES = [
    "LONG",
    "$SOL",
    "entry",
    "tp1:",
    "SL",
    "64,800",
    "0.5",
    "{",
    "}",
    "<<<",
    ">>>",
    "\n",
    "#",
    "①",
    "✅",
    "x10",
    "\u200b",
    "%",
]


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=24).map(" ".join), min_size=1, max_size=6))
def test_no_text_breaks_a_draft(texts: list[str]) -> None:
    draft = draft_profile("any", [HistoryPost(str(n), text) for n, text in enumerate(texts)], trusted=True)
    checked(draft)
