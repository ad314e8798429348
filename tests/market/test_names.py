"""Spellings of symbols and time frames, file names, and the holes in a series."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.market.filename import NameFacts, read_name
from engine.market.symbols import normal_symbol
from engine.market.timeframes import Gap, gaps_of, grid_offset_ms, parse_timeframe, spacing_ms, timeframe_name
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS, moment_ms


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("BTCUSDT", "BTCUSDT"),
        ("btcusdt", "BTCUSDT"),
        ("BTC/USDT", "BTCUSDT"),
        ("BTC/USDT:USDT", "BTCUSDT"),
        ("BTC-USDT", "BTCUSDT"),
        ("BTC_USDT", "BTCUSDT"),
        ("BTC USDT", "BTCUSDT"),
        ("BTCUSDT.P", "BTCUSDT"),
        ("MEXC:BTCUSDT.P", "BTCUSDT"),
        ("BINANCE:ETHUSDT", "ETHUSDT"),
        ("BTCUSDT-PERP", "BTCUSDT"),
        ("BTC-USDT-SWAP", "BTCUSDT"),
        ("#SOL/USDT", "SOLUSDT"),
        ("$DOGEUSDT", "DOGEUSDT"),
        ("1000PEPE_USDT", "1000PEPEUSDT"),
        ("ＢＴＣ／ＵＳＤＴ", "BTCUSDT"),
    ],
)
def test_all_spellings_of_a_symbol_are_one(written: str, name: str) -> None:
    assert normal_symbol(written) == name


@pytest.mark.parametrize(
    "written", ["", "B", "../../etc", "BTC/USDT:USDT-250926", "BTC.USDT.X", "BTC\nUSDT", "C:\\x", "A" * 41]
)
def test_what_is_no_symbol_names_no_folder(written: str) -> None:
    assert normal_symbol(written) is None


@given(st.text(max_size=60))
def test_a_symbol_is_letters_and_digits_and_stays_itself(written: str) -> None:
    name = normal_symbol(written)
    if name is not None:
        assert name.isalnum()
        assert normal_symbol(name) == name


@pytest.mark.parametrize(
    ("text", "ms", "name"),
    [
        ("1m", MINUTE_MS, "1m"),
        ("5min", 5 * MINUTE_MS, "5m"),
        ("60m", HOUR_MS, "1h"),
        ("90m", 90 * MINUTE_MS, "90m"),
        ("24h", DAY_MS, "1d"),
        ("7d", 7 * DAY_MS, "1w"),
        ("3d", 3 * DAY_MS, "3d"),
    ],
)
def test_a_time_frame_has_one_name(text: str, ms: int, name: str) -> None:
    assert parse_timeframe(text) == ms
    assert timeframe_name(ms) == name


@pytest.mark.parametrize("text", ["", "m", "0m", "1M", "1 m", "1s", "10000m", "1mo", "-1m", "1.5h"])
def test_what_is_no_time_frame(text: str) -> None:
    assert parse_timeframe(text) is None


def test_times_below_a_minute_have_names_for_messages() -> None:
    assert timeframe_name(45_000) == "45s"
    assert timeframe_name(1_500) == "1500ms"


def test_weekly_candles_open_on_mondays() -> None:
    week = 7 * DAY_MS
    assert (moment_ms("2025-05-05") - grid_offset_ms(week)) % week == 0  # a Monday
    assert grid_offset_ms(DAY_MS) == 0


def test_gaps_and_spacing() -> None:
    ts = np.array([0, 1, 2, 5, 6, 10], dtype=np.int64) * MINUTE_MS
    assert gaps_of(ts, MINUTE_MS) == (Gap(3 * MINUTE_MS, 2), Gap(7 * MINUTE_MS, 3))
    assert spacing_ms(ts) == MINUTE_MS
    assert spacing_ms(ts[:1]) is None
    assert gaps_of(ts[:0], MINUTE_MS) == ()


@pytest.mark.parametrize(
    ("stem", "facts"),
    [
        ("x_BTCUSDT-perp_1m", NameFacts("BTCUSDT", MINUTE_MS, False, False)),
        ("BTC_USDT-1h", NameFacts("BTCUSDT", HOUR_MS, False, False)),
        ("binance25_ETHUSDT-perp_funding", NameFacts("ETHUSDT", None, False, True)),
        ("binance25_ETHUSDT-mark_8h", NameFacts("ETHUSDT", 8 * HOUR_MS, True, False)),
        ("ADA_USDT_USDT-8h-mark", NameFacts("ADAUSDT", 8 * HOUR_MS, True, False)),
        ("ADA_USDT_USDT-8h-funding_rate", NameFacts("ADAUSDT", 8 * HOUR_MS, False, True)),
        ("BTCUSDT-1m-2025-05", NameFacts("BTCUSDT", MINUTE_MS, False, False)),
        ("BTCUSDT-fundingRate-2025-05", NameFacts("BTCUSDT", None, False, True)),
        ("binance_long_1000PEPEUSDT_1h", NameFacts("1000PEPEUSDT", HOUR_MS, False, False)),
        ("eth usdc 5min", NameFacts("ETHUSDC", 5 * MINUTE_MS, False, False)),
        ("btcusdt_and_ethusdt_1m", NameFacts(None, MINUTE_MS, False, False)),
        ("BTCUSDT_1m_to_1h", NameFacts("BTCUSDT", None, False, False)),
        ("my candles", NameFacts(None, None, False, False)),
        ("USDT_1h", NameFacts(None, HOUR_MS, False, False)),
        ("benchmark_BTCUSDT_1h", NameFacts("BTCUSDT", HOUR_MS, False, False)),
    ],
)
def test_what_a_file_name_says(stem: str, facts: NameFacts) -> None:
    assert read_name(stem) == facts
