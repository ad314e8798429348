"""The profiles that come with the program."""

from __future__ import annotations

import pytest

from engine.channel import load_profile
from tests.channel.helpers import ROOT, load, reads, shipped

FOLDER = ROOT / "channels"
SHIPPED = sorted(path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.rglob("*.channel"))
DEMO = ("demo_keel", "demo_coin", "demo_echo")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_profile_has_tests_and_no_findings(name: str) -> None:
    source = shipped(name)
    assert source is not None
    loaded, found = load_profile(source, name, shipped)
    assert found == []
    assert loaded is not None
    assert any(not case.expected for case in loaded.tests)
    assert any(case.expected for case in loaded.tests)


@pytest.mark.parametrize(
    ("stem", "message", "expected"),
    [
        ("demo_keel", "📈 BUY BTCUSDT @ 64800, TP 65300 / 65800, SL 64300",
         "symbol BTCUSDT, side long, entry 64800, targets 65300, 65800, stop 64300"),
        ("demo_keel", "📉 SELL DOGEUSDT @ 0.1523, TP 0.151 / 0.149 / 0.147, SL 0.1551",
         "symbol DOGEUSDT, side short, entry 0.1523, targets 0.151, 0.149, 0.147, stop 0.1551"),
        ("demo_coin", "#ETH/USDT — Long\nLeverage: Cross (5x)\nEntry Zone: 3450 - 3480\nTake-Profit Targets:\n1) 3520\n"
         "2) 3560\n3) 3620\nStop Targets:\n1) 3400",
         "symbol ETHUSDT, side long, entry 3450 - 3480, targets 3520, 3560, 3620, stop 3400, leverage 5"),
        ("demo_echo", "SOL SHORT now (143.20)\nTargets: 141.5 - 140\nStop loss: 145",
         "symbol SOLUSDT, side short, entry market 143.2, targets 141.5, 140, stop 145"),
    ],
)  # fmt: skip
def test_the_demo_channels(stem: str, message: str, expected: str) -> None:
    assert reads(load(stem), message) == expected


@pytest.mark.parametrize("stem", DEMO)
@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("gm everyone ☕", "no-layout"),
        ("BTC strong at 64800, careful", "no-layout"),
        ("ETH target 1 hit ✅ +2.1%", "never"),
        ("🔥 VIP offer 50% off today", "no-layout"),
    ],
)
def test_talk_in_the_demo_channels_gives_nothing(stem: str, message: str, code: str) -> None:
    assert reads(load(stem), message) == f"refused: {code}"
