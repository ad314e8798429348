"""Messages read on two cores: what comes of them is the same, in the same order."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle
from typing import TypeVar

import pytest

from engine import beside
from engine.channel import Profile, load_profile
from engine.config.text import SourceText
from engine.domain import Message, Reading
from engine.pipeline import readings
from tests.conftest import ROOT
from tests.test_beside import forks

T = TypeVar("T")
MINUTE_MS = 60_000
PROFILE = """\
channel "A"
source: telegram @a
numbers: 1,234.56

defaults
quote: USDT
entry: market

signal "call"
<<<
{side: BUY} {symbol: BTC} TP {target: 65000}, SL {stop: 64000}
>>>

update move-stop
<<<
{symbol: BTC} SL to {stop: breakeven}
>>>
"""
SAID = ("BUY BTC TP 650{0:02}, SL 640{0:02}", "SELL ETH TP 20{0:02}, SL 24{0:02}", "gm {0}", "", "BTC SL to breakeven",
        "BUY BTC TP 5, SL 64000", "BUY {0} TP")  # fmt: skip


def channels() -> list[Profile]:
    """Three channels that are read alike."""
    profile, found = load_profile(SourceText("a", PROFILE), "a")
    assert profile is not None, found
    return [dataclasses.replace(profile, id=name) for name in ("busy", "silent", "calm")]


def history(channel: str, posts: int) -> Iterator[Message]:
    """Calls, updates and talk; every fifth post is edited into a call before the next one comes, and deleted later."""
    for number, said in zip(range(1, posts + 1), cycle(SAID), strict=False):
        at = 1_700_000_000_000 + number * 2 * MINUTE_MS
        yield Message(channel, -100, number, 1, "post", at, None, at, said.format(number % 90), number // 3 or None)
        if number % 5 == 0:
            yield Message(channel, -100, number, 2, "edit", at, at + MINUTE_MS, at, "BUY BTC TP 65100, SL 64100")
            yield Message(channel, -100, number, 3, "deletion", at, at + 90 * MINUTE_MS, at, "")


def read_both_ways() -> str:
    """Read the channels and say how that went; called in a process without threads."""
    beside.LEAST_CALLS = 0
    profiles, shown, here = channels(), list[str](), list[str]()
    known = {"busy": [*history("busy", 300)], "silent": [], "calm": [*history("calm", 41)]}
    real = readings.read

    def read(*given: object) -> Reading:
        here.append("")
        return real(*given)  # type: ignore[arg-type]

    def track(items: Sequence[T], text: str) -> Iterable[T]:
        for item in items:
            yield item
            shown.append(f"{text} {len(shown) + 1}/{len(items)}")

    readings.read = read
    found = readings.read_channels(profiles, known, track)
    texts = len([one for some in known.values() for one in some if one.text])
    part = round(len(here) / texts, 2)
    alone = {profile.id: readings.read_with(profile, known[profile.id]) for profile in profiles}
    assert list(found) == ["busy", "silent", "calm"]
    assert found == alone
    busy = found["busy"]
    assert [one.id for one in busy.signals] == [one.id for one in alone["busy"].signals]
    assert busy.signals
    assert busy.updates
    assert busy.withdrawn
    assert busy.refused
    assert busy.unread
    return f"{part} read here; {', '.join(shown)}"


@pytest.mark.parametrize(("cores", "part"), [pytest.param("", "0.53", marks=forks), pytest.param("1", "1.0")])
def test_two_cores_read_what_one_reads(cores: str, part: str) -> None:
    story = "from tests.pipeline.test_reading_beside import read_both_ways\nprint(read_both_ways())"
    done = subprocess.run(
        [sys.executable, "-c", story], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False,
        env=os.environ | {"SIGNALPROOF_CORES": cores},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    bar = ", ".join(f"reading messages {number}/3" for number in (1, 2, 3))
    assert done.stdout == f"{part} read here; {bar}\n"
