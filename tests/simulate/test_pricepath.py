"""Price paths as text: the candles that come of them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from engine.market.candles import Candles
from engine.simulate.pricepath import read_price_path
from engine.units import HOUR_MS, MINUTE_MS


def path(text: str, timeframe_ms: int = MINUTE_MS) -> Candles:
    return read_price_path(text, "BTCUSDT", timeframe_ms, 1_000_000)


def told(bars: Candles) -> list[tuple[float, float]]:
    return list(zip(bars.open.tolist(), bars.close.tolist(), strict=True))


def test_a_move_takes_a_candle_for_each_step_and_a_jump_takes_one() -> None:
    bars = path("64800 -> 65100 over 3m, then 64400")
    assert told(bars) == [(64800, 64900), (64900, 65000), (65000, 65100), (65100, 64400)]
    assert bars.ts.tolist() == [1_000_000 + i * MINUTE_MS for i in range(4)]
    np.testing.assert_array_equal(bars.high, [64900, 65000, 65100, 65100])
    np.testing.assert_array_equal(bars.low, [64800, 64900, 65000, 64400])


def test_waiting_and_gaps() -> None:
    assert told(path("100, wait 2m, gap to 90, then 91, gap to 80")) == [(100, 100), (100, 100), (90, 91)]


def test_arrows_and_commas_are_the_same_and_blanks_do_not_matter() -> None:
    wanted = told(path("1_000 -> 1_010 over 2h, then 990.5", HOUR_MS))
    assert wanted == [(1000, 1005), (1005, 1010), (1010, 990.5)]
    assert told(path(" 1_000->1_010  over 2h ->990.5 ", HOUR_MS)) == wanted
    assert told(path("1_000, then 1_010 over 120m, then 990.5", HOUR_MS)) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", 'begins with a price, not with ""'),
        ("up", 'begins with a price, not with "up"'),
        ("100", "needs a step"),
        ("100, gap to 90", "needs a step"),
        ("100 -> ", '"then" is no step'),
        ("100 -> 101 over 90s", "90s is no number of whole candles of 1m"),
        ("100 -> 101 over 0m", "0m is no number of whole candles"),
        ("100 -> 101 over soon", '"soon" is not a duration'),
        ("100, fall to 99", '"fall to 99" is no step'),
        ("100 -> -5", '"then -5" is no step'),
        ("100 -> 0 over 2m", "a price is more than 0"),
        ("100, wait 100d", "50,000 candles at most"),
    ],
)
def test_what_is_no_path_is_told(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        path(text)
