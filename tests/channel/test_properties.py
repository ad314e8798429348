"""Whatever people write, nothing is raised, and every value stands where it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.channel import explain, load_profile, read, render
from engine.channel.cases import describe
from engine.config.text import SourceText
from tests.channel.helpers import ROOT, profile, shipped, signal

SHIPPED = sorted((ROOT / "channels").rglob("*.channel"))
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in SHIPPED}
BAD = [path.read_text(encoding="utf-8") for path in sorted(Path(__file__).with_name("bad").glob("*.channel"))]
PIECES = ["{", "}", "{{", "}}", "{?", "{+", "{...}", '"', "<<<\n", ">>>\n", "\n", "\r\n", "#", " = ", ": ", "- "]
PIECES += [
    "signal ",
    "expect\n",
    "{side: BUY}",
    "{entry: 5}",
    "many",
    "1)",
    "🔥",
    "\t",
    "\u200b",
    "İ",
    "\x00",
    "\u2028",
]

PIECES += [
    "words of updates\n",
    "number 2 = b\n",
    "never signal\n",
    "update close and move-stop",
    ", phrases",
    ", a part",
]
PIECES += [
    "{stop when: 4h}",
    "{number: 2}",
    "{id: 4}",
    "{entry above: 5}",
    "{target: 2R}",
    "{share: half}",
    ", beside talk",
    ", by itself",
]


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A profile with some of its text gone, moved or strewn with the language's own signs."""
    text = draw(st.sampled_from([*TEXTS.values(), *BAD]))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        if draw(st.booleans()):
            text = text[:at] + text[at + draw(st.integers(1, 30)) :]
        else:
            text = text[:at] + draw(st.sampled_from(PIECES)) + text[at:]
    return text


@given(mutated() | st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
@settings(deadline=None, max_examples=200)
def test_loading_never_raises_and_every_finding_lies_in_the_file(text: str) -> None:
    source = SourceText("x.channel", text)
    loaded, found = load_profile(source, "x")
    assert loaded is not None or found
    for one in found:
        assert 1 <= one.line <= source.line_count
        assert 1 <= one.column <= len(source.line(one.line)) + 1
        assert one.column < one.end_column
        assert one.message
        assert one.code.startswith("D")


PROFILES = {stem: load_profile(SourceText(stem, text), stem, shipped)[0] for stem, text in TEXTS.items()}
WORDS = ["BUY", "SELL", "LONG", "BTC", "ETH/USDT", "64800", "64,800.5", "3.", "-", "~", "1)", "①", "TP", "SL", "@", "%"]
WORDS += [
    "Entry Zone:",
    "Stop Targets:",
    "多",
    "空",
    "附近",
    "止損",
    "目標",
    "大餅",
    "(",
    ")",
    "✅",
    "\u200b",
    "**",
    "now",
    "\n",
]

WORDS += [
    "close",
    "half",
    "SL to",
    "BE",
    "TP1",
    "hit",
    "entry",
    "стоп",
    "в бу",
    "平倉",
    "減倉",
    "stop girişe",
    "not",
    "?",
]
WORDS += [
    ">",
    "[a]",
    "t.me/c/1/2",
    "#ID 7",
    "move",
    "$SOL",
    "all trades",
    "+5%",
    "استاپ",
    "32.5",
    "2nd",
    "part",
    "4h close",
]


@given(st.sampled_from(sorted(PROFILES)), st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join) | st.text())
@settings(deadline=None, max_examples=300)
def test_reading_never_raises_and_fills_one_of_the_three(stem: str, message: str) -> None:
    loaded = PROFILES[stem]
    assert loaded is not None
    reading = read(loaded, message, posted_ms=0, sender="x")
    assert sum(map(bool, (reading.setups, reading.actions, reading.refusal))) == 1
    assert render(explain(loaded, message, posted_ms=0, sender="x"))
    if reading.refusal is not None and reading.refusal.position is not None:
        assert 0 <= reading.refusal.position <= len(message)


NOISE = st.text(alphabet="\u200b\ufe0f🔥 *`", max_size=3)
CALL = profile(
    signal("{side: BUY} {symbol: BTCUSDT} @ {entry: 64800} TP {target: 65000} SL {stop: 64500} {leverage: 5x}")
)


@settings(deadline=None)
@given(st.lists(NOISE, min_size=12, max_size=12), st.integers(1, 9))
def test_a_value_is_the_characters_it_was_read_from(noise: list[str], leverage: int) -> None:
    tokens = ["BUY", "BTC/USDT", "@", "64,800.5", "TP", "65100", "SL", "64500", f"{leverage}x"]
    message = "".join(f"{gap} {token}" for gap, token in zip(noise, tokens, strict=False))
    reading = read(CALL, message)
    assert reading.refusal is None, message
    (setup,) = reading.setups
    assert [value.field for value in setup.values] == ["side", "symbol", "entry", "target", "stop", "leverage"]
    for value, token in zip(
        setup.values, ["BUY", "BTC/USDT", "64,800.5", "65100", "64500", f"{leverage}x"], strict=True
    ):
        assert message[value.start : value.end] == value.text == token


@pytest.mark.parametrize("stem", sorted(PROFILES))
def test_a_reading_shows_its_characters_for_every_shipped_sample(stem: str) -> None:
    loaded = PROFILES[stem]
    assert loaded is not None
    samples = [
        (layout, text)
        for layout in loaded.layouts
        if layout.kinds != ("context",)
        for text in (layout.sample.text.splitlines() if layout.phrases else [layout.sample.text])
    ]
    for layout, text in samples:
        reading = read(loaded, text, layout.since_ms)
        made = (*reading.setups, *reading.actions)
        assert made
        assert all(describe(one) for one in made)
        for value in (value for one in made for value in one.values):
            assert text[value.start : value.end] == value.text
