"""The demo world: what its makers promise about the messages."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

import pytest

from engine.collect.demo import demo_messages
from engine.domain import Message
from engine.market.synthetic import SyntheticMarket
from engine.units import moment_ms

MARKET = SyntheticMarket(7, moment_ms("2025-01-01"), moment_ms("2025-04-01"))
CALL = {
    "keel": re.compile(r"(📈 BUY|📉 SELL) [A-Z]+USDT @ [\d.]+, TP [\d.]+ / [\d.]+ / [\d.]+, SL [\d.]+"),
    "coin": re.compile(r"#[A-Z]+/USDT — (Long|Short)\nLeverage: Cross \(5x\)\nEntry Zone: [\d.]+ - [\d.]+\nTake"),
    "echo": re.compile(r"[A-Z]+ (LONG|SHORT) now \([\d.]+\)\nTargets: [\d.]+ - [\d.]+ - [\d.]+\nStop loss: [\d.]+"),
}


@cache
def messages(name: str) -> list[Message]:
    return demo_messages(name, MARKET, 1, f"demo_{name}")


@pytest.mark.parametrize("name", CALL)
def test_every_channel_posts_calls_and_chat(name: str) -> None:
    posts = [m for m in messages(name) if m.kind == "post"]
    calls = [m for m in posts if CALL[name].match(m.text)]
    assert len(calls) > 40
    assert len(posts) > len(calls) * 1.2
    assert {m.channel for m in posts} == {f"demo_{name}"}
    assert len({m.message_id for m in posts}) == len(posts)
    assert all(m.posted_ms % 1000 == 0 for m in posts)
    assert all(MARKET.start_ms <= m.posted_ms < MARKET.end_ms for m in posts)
    coins = [coin for coin in ("BTC", "ETH", "SOL", "XRP", "DOGE", "LTC") if any(coin in m.text for m in calls)]
    assert len(coins) >= 5


def test_the_same_seeds_give_the_same_messages() -> None:
    assert demo_messages("keel", MARKET, 1, "demo_keel") == messages("keel")
    assert demo_messages("keel", MARKET, 2, "demo_keel") != messages("keel")


def test_only_echo_edits_and_deletes() -> None:
    assert {m.kind for m in messages("keel")} == {"post"}
    assert {m.kind for m in messages("coin")} == {"post"}
    kinds = Counter(m.kind for m in messages("echo"))
    assert kinds["edit"] > 5
    assert kinds["deletion"] > 1
    first = {m.message_id: m for m in messages("echo") if m.kind == "post"}
    for later in (m for m in messages("echo") if m.kind != "post"):
        assert later.version == 2
        assert later.edited_ms is not None
        assert later.edited_ms >= first[later.message_id].posted_ms + 6 * 3_600_000
        assert later.text != first[later.message_id].text


def test_messages_come_in_the_order_in_which_they_were_seen() -> None:
    for name in CALL:
        seen = [m.received_ms for m in messages(name)]
        assert seen == sorted(seen)


def test_there_are_three_channels_and_no_more() -> None:
    with pytest.raises(KeyError):
        demo_messages("other", MARKET, 1, "x")
