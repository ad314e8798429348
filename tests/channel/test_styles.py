"""A profile of its own for each of the largest styles of a collection of labelled messages.

Each profile was written from messages made up in the layout of its style. The collection stands outside the project;
without it the profiles still have to load without a finding and pass the tests inside them.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.channel import Profile, load_profile, read
from engine.config.text import SourceText
from engine.domain import Distance, Setup
from tests.channel.helpers import ROOT, concise, shipped

FOLDER = Path(__file__).parent / "styles"
CORPUS = ROOT.parent / "shared" / "corpus" / "messages.jsonl"
STYLES = {  # the ten largest and those that are as large as the tenth
    "ninjas-C-bullets": "ninjas_c_bullets",
    "altsignals-squashed": "altsignals_squashed",
    "zh-altcoin-topic": "zh_altcoin_topic",
    "ru-trader-d": "ru_trader_d",
    "altsignals": "altsignals",
    "binance-killers": "binance_killers",
    "ninjas-0-alert": "ninjas_0_alert",
    "ninjas-A-signalid": "ninjas_a_signalid",
    "ru-trader-a": "ru_trader_a",
    "sats-2019": "sats_2019",
    "tr-authored": "tr_authored",
    "tt-BUSA": "tt_busa",
    "tt-JPC": "tt_jpc",
    "zh-btc-eth": "zh_btc_eth",
}
needs_corpus = pytest.mark.skipif(not CORPUS.is_file(), reason="the labelled messages are not here")


@cache
def loaded(stem: str) -> Profile:
    source = SourceText(f"{stem}.channel", (FOLDER / f"{stem}.channel").read_text(encoding="utf-8"))
    profile, found = load_profile(source, stem, shipped)
    assert profile is not None, "\n".join(map(concise, found))
    assert not found, "\n".join(map(concise, found))
    return profile


def records() -> list[dict[str, Any]]:
    return [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]


def level(value: float | Distance | None) -> float | str | None:
    """A level as the labels write it: a number, ``5%`` or ``600pt``."""
    if not isinstance(value, Distance):
        return value
    return f"{value.value:g}" + {"percent": "%", "points": "pt", "R": "R"}[value.unit]


def same(got: Sequence[Any], wanted: Sequence[Any]) -> bool:
    """Whether two lists of levels are alike, numbers to the ninth digit."""
    return len(got) == len(wanted) and all(
        math.isclose(a, b, rel_tol=1e-9)
        if isinstance(a, int | float) and isinstance(b, int | float)
        else str(a).lower() == str(b).lower()
        for a, b in zip(got, wanted, strict=True)
    )


def is_right(setup: Setup, wanted: dict[str, Any]) -> bool:
    """Whether symbol, side, entries, targets and stop are what the label says."""
    entries = {*setup.entries, *([setup.reference] if setup.reference is not None else [])}
    if not entries and wanted["entry_kind"] == "market":
        wanted = {**wanted, "entries": []}
    targets = [level(target.distance or target.price) for target in setup.targets]
    return (
        setup.symbol == wanted["symbol"].replace("/", "")
        and ("BUY" if setup.side.sign > 0 else "SELL") == wanted["side"]
        and same(sorted(entries), sorted(set(wanted["entries"])))
        and same([target for target in targets if target is not None], wanted["targets"])
        and same([level(setup.stop)], [wanted["stop"]])
    )


@pytest.mark.parametrize("stem", STYLES.values())
def test_the_profile_of_a_style_passes_its_own_tests(stem: str) -> None:
    profile = loaded(stem)
    assert any(case.expected for case in profile.tests)
    assert any(not case.expected for case in profile.tests)


@needs_corpus
def test_the_styles_are_the_largest_of_the_collection() -> None:
    sizes = Counter(r["style"] for r in records() if r["kind"] == "signal" and not r.get("accept_reject"))
    tenth = sorted(sizes.values(), reverse=True)[9]
    assert {style for style, size in sizes.items() if size >= tenth} <= {*STYLES}


@needs_corpus
def test_nearly_every_signal_of_the_styles_is_wholly_right() -> None:
    right: dict[str, list[bool]] = {style: [] for style in STYLES}
    for record in records():
        if record["style"] in STYLES and record["kind"] == "signal" and not record.get("accept_reject"):
            setups = read(loaded(STYLES[record["style"]]), record["text"]).setups
            wanted = record.get("expect_all") or [record["expect"]]
            whole = len(setups) == len(wanted) and all(map(is_right, setups, wanted))
            right[record["style"]].append(whole)
    largest = sorted(right.values(), key=lambda found: (len(found), -sum(found)), reverse=True)[:10]
    for found in (largest, right.values()):  # with a tie, the ten that were read worst
        assert sum(map(sum, found)) >= 0.95 * sum(map(len, found)), {k: (sum(v), len(v)) for k, v in right.items()}


@needs_corpus
@pytest.mark.parametrize("stem", STYLES.values())
def test_no_update_and_no_noise_is_a_signal(stem: str) -> None:
    talk = [record["text"] for record in records() if record["kind"] != "signal"]
    assert len(talk) > 100
    assert [text for text in talk if read(loaded(stem), text).setups] == []
