"""The demo's channels: what they post, and that the truth the module tells about them is true.

Calls are read here with three regular expressions and traded by a plain loop over candles, apart from the channel
language and the simulation: limits and ladders of three, shares 50/30/20, break-even after the first target, the stop
first in a candle that touches both, closed after three days, maker 0.06%, taker 0.08%, slippage 2 basis points.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest

from engine.collect.demo import DEMO_CHANNELS, demo_messages
from engine.domain import Message
from engine.market.candles import Candles
from engine.market.synthetic import SyntheticMarket
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS, moment_ms

START_MS, END_MS = moment_ms("2025-01-01"), moment_ms("2025-07-01")
MAKER, TAKER, SLIPPAGE = 0.0006, 0.0008, 0.0002
SHARES = (0.5, 0.3, 0.2)

KEEL = re.compile(r"(?:📈 (BUY)|📉 SELL) (\w+)USDT @ ([\d.]+), TP ([\d. /]+), SL ([\d.]+)")
COIN = re.compile(
    r"#(\w+)/USDT — (?:(Long)|Short)\nLeverage: Cross \(\d+x\)\nEntry Zone: ([\d.]+) - ([\d.]+)\n"
    r"Take-Profit Targets:\n1\) ([\d.]+)\n2\) ([\d.]+)\n3\) ([\d.]+)\nStop Targets:\n1\) ([\d.]+)"
)
ECHO = re.compile(r"(\w+) (?:(LONG)|SHORT) now \(([\d.]+)\)\nTargets: ([\d.]+) - ([\d.]+)\nStop loss: ([\d.]+)")
CHAT = re.compile(
    r"gm everyone ☕|\w+ (strong|weak) at [\d.]+, careful|\w+ target 1 hit ✅ \+\d\.\d%|🔥 VIP offer 50% off today"
)


class Call(NamedTuple):
    """A call as read; ``entries`` from the near edge on, None for market."""

    symbol: str
    sign: int
    entries: list[float | None]
    targets: list[float]
    stop: float
    reference: float


def read(text: str) -> Call | None:
    if match := KEEL.fullmatch(text):
        entry, targets = float(match[3]), [float(price) for price in match[4].split(" / ")]
        return Call(f"{match[2]}USDT", 1 if match[1] else -1, [entry], targets, float(match[5]), entry)
    if match := COIN.fullmatch(text):
        sign, low, high = 1 if match[2] else -1, float(match[3]), float(match[4])
        zone: list[float | None] = [high, (low + high) / 2, low][::sign]
        return Call(f"{match[1]}USDT", sign, zone, [float(match[n]) for n in (5, 6, 7)], float(match[8]), zone[0] or 0)
    if match := ECHO.fullmatch(text):
        sign, targets = 1 if match[2] else -1, [float(match[4]), float(match[5])]
        return Call(f"{match[1]}USDT", sign, [None], targets, float(match[6]), float(match[3]))
    return None


def trade(call: Call, candles: Candles, acted_ms: int) -> float | None:
    """The R multiple of a call, None when it was not filled or had not ended with the candles.

    Everything is multiplied by the sign, so that a short is a long in negative prices.
    """
    sign, first = call.sign, int(np.searchsorted(candles.ts, acted_ms))
    window = slice(first, first + 5760)
    highs, lows = (candles.high, candles.low) if sign > 0 else (candles.low, candles.high)
    bars = zip(*((sign * side[window]).tolist() for side in (candles.open, highs, lows, candles.close)), strict=True)
    waiting = [None if entry is None else sign * entry for entry in call.entries]
    stop, targets = sign * call.stop, [sign * target for target in call.targets]
    shares = [share / sum(SHARES[: len(targets)]) for share in SHARES[: len(targets)]]
    weight, cash, fees, held, cost, filled, risk = 1 / len(waiting), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    reached, since = 0, None

    def sell(price: float, share: float, fee: float) -> None:
        nonlocal cash, fees, held
        cash, fees, held = cash + price * share, fees + abs(price) * share * fee, held - share

    for row, (open_, high, low, close) in enumerate(bars):
        level = cost / filled if reached else stop
        if since is not None and row >= since + 3 * 1440:
            sell(open_ - abs(open_) * SLIPPAGE, held, TAKER)
            break
        inside = False
        for entry in list(waiting) if row < 1440 and not reached else []:
            slipped, fee = open_ + abs(open_) * SLIPPAGE, TAKER
            if entry is None or (row == 0 and open_ <= entry):
                price = slipped if entry is None else min(slipped, entry)
                if open_ <= stop or open_ >= targets[0]:
                    return None
            elif low <= entry:
                price, fee, inside = min(open_, entry), MAKER, inside or open_ > entry
            else:
                continue
            waiting.remove(entry)
            since = row if since is None else since
            cash, fees, held = cash - weight * price, fees + abs(price) * weight * fee, held + weight
            cost, filled = cost + weight * price, filled + weight
            risk += weight * ((price if entry is None else entry) - stop)
        if not filled:
            if high >= targets[0] or row >= 1440:
                return None
            continue
        if low <= level:
            price = min(open_, level) if not inside else level
            sell(price - abs(price) * SLIPPAGE, held, TAKER)
            break
        while reached < len(targets) and (close if inside else high) >= targets[reached]:
            sell(targets[reached], held if reached == len(targets) - 1 else filled * shares[reached], MAKER)
            reached += 1
        if held <= 1e-12:
            break
    else:
        return None
    return (cash - fees) / (risk + weight * sum(entry - stop for entry in waiting if entry is not None))


@cache
def world(seed: int) -> SyntheticMarket:
    return SyntheticMarket(seed, START_MS, END_MS)


@cache
def messages(name: str, seed: int = 7) -> tuple[Message, ...]:
    return tuple(demo_messages(name, world(seed), seed, f"demo_{name}"))


def results(name: str, seed: int, last_versions: bool = False) -> np.ndarray:
    """The R multiples of a channel's calls, by first versions or, as an export has them, by last ones."""
    texts = {}
    for message in messages(name, seed):
        if message.version == 1 or last_versions:
            texts[message.message_id] = (message.posted_ms, message.text)
    calls = [(posted, call) for posted, text in texts.values() if (call := read(text))]
    found = [trade(call, world(seed).candles(call.symbol), posted + 5000) for posted, call in calls]
    return np.array([r for r in found if r is not None])


def interval(r: np.ndarray) -> tuple[float, float]:
    """The 95% bootstrap interval of the mean."""
    random = np.random.default_rng(5)
    low, high = np.percentile(r[random.integers(len(r), size=(3000, len(r)))].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def test_the_edge_is_real_and_of_the_size_that_is_told() -> None:
    means = []
    for seed in (7, 11, 12):
        r = {name: results(name, seed) for name in DEMO_CHANNELS}
        assert interval(r["keel"])[0] > 0
        assert interval(r["coin"])[0] < 0
        assert interval(r["echo"])[0] < 0
        means.append([r[name].mean() for name in DEMO_CHANNELS])
    keel, coin, echo = np.mean(means, axis=0)
    assert 0.3 < keel < 0.55
    assert coin < 0.02
    assert echo < 0.02


def test_who_keeps_only_last_versions_sees_a_good_channel_in_echo() -> None:
    assert interval(results("echo", 7, last_versions=True))[0] > 0
    assert results("echo", 7).mean() < 0


@pytest.mark.parametrize("name", DEMO_CHANNELS)
def test_every_post_is_a_call_or_chat(name: str) -> None:
    found = Counter()
    for message in messages(name):
        if message.kind != "deletion":
            call = read(message.text)
            assert call or CHAT.fullmatch(message.text), message.text
            found["call" if call else message.text.partition(" ")[0]] += message.version == 1
    assert 250 <= found["call"] <= 330
    assert found["gm"] > 50
    assert found["🔥"] > 10


@pytest.mark.parametrize("name", DEMO_CHANNELS)
def test_calls_make_sense(name: str) -> None:
    symbols = Counter()
    for message in messages(name):
        call = read(message.text)
        if call is None:
            continue
        entries = [entry or call.reference for entry in call.entries]
        ladder = [call.stop, *sorted(entries, reverse=call.sign < 0), *call.targets]
        assert [call.sign * price for price in ladder] == sorted({call.sign * price for price in ladder})
        if message.version > 1:
            continue
        symbols[call.symbol] += 1
        minutes = world(7).minutes(call.symbol)
        last = minutes.close[int((message.posted_ms - START_MS) // MINUTE_MS) - 1]
        assert abs(call.reference / last - 1) < 0.003
        assert 0.008 < abs(call.stop / np.mean(entries) - 1) < 0.026
        assert 0.008 < abs(call.targets[0] / np.mean(entries) - 1) < 0.026
    assert set(symbols) == set(world(7).symbols)
    assert max(symbols.values()) < 2.5 * min(symbols.values())


@pytest.mark.parametrize("name", DEMO_CHANNELS)
def test_messages_come_as_from_a_live_archive(name: str) -> None:
    found = messages(name)
    originals = {message.message_id: message for message in found if message.version == 1}
    assert [m.known_ms for m in found] == sorted(m.known_ms for m in found)
    assert sorted(originals) == list(range(1, len(originals) + 1))
    assert len({message.chat_id for message in found}) == 1
    for message in found:
        assert (message.origin, message.channel) == ("demo", f"demo_{name}")
        assert message.received_ms == message.known_ms
        assert message.known_ms % 1000 == 0
        assert START_MS <= message.known_ms < END_MS
        if message.version == 1:
            assert (message.kind, message.edited_ms) == ("post", None)
        else:
            original = originals[message.message_id]
            assert message.version == 2
            assert message.posted_ms == original.posted_ms
            assert message.text != original.text
            assert (message.kind == "deletion") == (message.text == "")
            assert 2 * HOUR_MS < message.known_ms - message.posted_ms < 4 * DAY_MS


def test_only_echo_changes_its_posts_and_only_losing_ones() -> None:
    assert {message.kind for name in ("keel", "coin") for message in messages(name)} == {"post"}
    echo = messages("echo")
    kinds = Counter(message.kind for message in echo)
    assert kinds["edit"] > 50
    assert kinds["deletion"] > 30
    changed = {message.message_id for message in echo if message.version == 2}
    kept, lost = [], []
    for message in echo:
        if message.version == 1 and (call := read(message.text)):
            r = trade(call, world(7).candles(call.symbol), message.posted_ms + 5000)
            (lost if message.message_id in changed else kept).append(r)
    assert all(r is not None and r < -0.9 for r in lost)
    assert np.mean([r for r in kept if r is not None]) > 0.5


def test_echo_calls_after_the_move() -> None:
    for message in messages("echo"):
        if message.version == 1 and (call := read(message.text)):
            close, row = world(7).minutes(call.symbol).close, int((message.posted_ms - START_MS) // MINUTE_MS)
            assert call.sign * (close[row - 1] / close[row - 61] - 1) > 0.001


def test_a_seed_gives_the_same_messages_and_another_seed_other_ones() -> None:
    market = SyntheticMarket(7, START_MS, START_MS + 30 * DAY_MS)
    first = demo_messages("coin", market, 1, "a")
    assert first == demo_messages("coin", market, 1, "a")
    assert first == demo_messages("coin", SyntheticMarket(7, START_MS, market.end_ms, HOUR_MS), 1, "a")
    assert [m.text for m in first] != [m.text for m in demo_messages("coin", market, 2, "a")]


@pytest.mark.parametrize("name", DEMO_CHANNELS)
@pytest.mark.parametrize("hours", [0, 1, 7, 30])
def test_a_short_world_has_few_posts(name: str, hours: int) -> None:
    found = demo_messages(name, SyntheticMarket(7, START_MS, START_MS + hours * HOUR_MS), 1, "x")
    assert len(found) <= 12
    assert all(message.known_ms < START_MS + hours * HOUR_MS for message in found)


def test_there_are_three_channels() -> None:
    with pytest.raises(ValueError, match='no demo channel "kel", only keel, coin, echo'):
        demo_messages("kel", world(7), 1, "x")
