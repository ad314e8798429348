"""What is known of a market when a call is acted on: by hand on small candles, and never from what comes later."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain import MarketFacts
from engine.market.candles import Candles, Funding
from engine.simulate.facts import SPREAD_BARS, average_true_range, estimate_spread, last_price, market_columns, traded
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS


def at(*moments: int) -> np.ndarray:
    return np.array(moments, np.int64)


def hours(*ranges: tuple[float, float, float], volume: float = 1.0) -> Candles:
    """Candles of an hour from high, low, close."""
    high, low, close = (np.array(column, float) for column in zip(*ranges, strict=True))
    ts = np.arange(len(high), dtype=np.int64) * HOUR_MS
    return Candles("BTCUSDT", HOUR_MS, ts, close.copy(), high, low, close, np.full(len(high), volume))


def minutes(n: int, seed: int = 1, bounce: float = 0.0, move: float = 0.0005) -> Candles:
    """A random walk of 20 trades a minute that happen at bid or ask, ``bounce`` apart."""
    rng = np.random.default_rng(seed)
    true = 100 * np.exp(np.cumsum(rng.normal(0, move / np.sqrt(20), (n, 20)).ravel())).reshape(n, 20)
    paid = true * (1 + bounce / 2 * rng.choice([-1, 1], (n, 20)))
    ts = np.arange(n, dtype=np.int64) * MINUTE_MS
    prices = paid[:, 0], paid.max(axis=1), paid.min(axis=1), paid[:, -1]
    return Candles("BTCUSDT", MINUTE_MS, ts, *prices, rng.uniform(0, 5, n))


def test_the_price_is_the_last_close_and_never_that_of_an_unfinished_bar() -> None:
    bars = hours((101, 99, 100), (112, 99, 110), (125, 109, 120))
    found = last_price(bars, at(HOUR_MS - 1, HOUR_MS, 2 * HOUR_MS - 1, 2 * HOUR_MS, 5 * HOUR_MS - 1, 5 * HOUR_MS))
    np.testing.assert_array_equal(found, [np.nan, 100, 100, 110, 120, np.nan])


def test_the_average_true_range_is_the_mean_of_fourteen_hours() -> None:
    calm, wild = (101.0, 99.0, 100.0), (110.0, 103.0, 105.0)  # 2 wide; 7 wide, 10 from the close before
    bars = hours(*[calm] * 15, wild, calm)
    found = average_true_range(bars, at(14 * HOUR_MS, 15 * HOUR_MS, 16 * HOUR_MS - 1, 16 * HOUR_MS, 17 * HOUR_MS))
    # the hour after the wild one falls from a close of 105 to a low of 99: 6 wide
    np.testing.assert_allclose(found, [np.nan, 2, 2, (13 * 2 + 10) / 14, (12 * 2 + 10 + 6) / 14])


def test_minutes_make_the_same_hours() -> None:
    fine = minutes(20 * 60)
    hour = fine.ts // HOUR_MS
    rows = [(fine.high[hour == h].max(), fine.low[hour == h].min(), fine.close[hour == h][-1]) for h in range(20)]
    moments = at(*range(0, 20 * HOUR_MS, 7 * MINUTE_MS))
    np.testing.assert_allclose(average_true_range(fine, moments), average_true_range(hours(*rows), moments))


@pytest.mark.parametrize("spread", [0.002, 0.004, 0.01])
def test_the_estimate_finds_a_spread_that_is_there(spread: float) -> None:
    found = [estimate_spread(minutes(1500, seed, spread), at(1500 * MINUTE_MS))[0] for seed in range(20)]
    assert np.mean(found) == pytest.approx(spread, rel=0.15)


def test_the_estimate_of_no_spread_is_small_against_what_candles_move() -> None:
    found = [estimate_spread(minutes(1500, seed), at(1500 * MINUTE_MS))[0] for seed in range(40)]
    assert np.mean(found) < 0.0002
    assert max(found) < 0.0005


def test_the_estimate_is_the_formula() -> None:
    bars = minutes(SPREAD_BARS + 1, bounce=0.003)
    c, m = np.log(bars.close), (np.log(bars.high) + np.log(bars.low)) / 2
    by_hand = 2 * np.sqrt(max(0, np.mean([(c[t] - m[t]) * (c[t] - m[t + 1]) for t in range(SPREAD_BARS)])))
    assert estimate_spread(bars, at(bars.end_ms))[0] == pytest.approx(by_hand)
    assert np.isnan(estimate_spread(bars, at(bars.end_ms - 1))[0])


def test_coarse_candles_and_few_of_them_tell_no_spread() -> None:
    assert np.isnan(estimate_spread(hours(*[(101, 99, 100)] * 1200), at(1200 * HOUR_MS))[0])
    assert np.isnan(estimate_spread(minutes(900), at(900 * MINUTE_MS))[0])


def test_the_volume_is_that_of_the_day_before() -> None:
    bars = hours(*[(101, 99, 100)] * 30, volume=2.0)
    found = traded(bars, at(DAY_MS - 1, DAY_MS, 30 * HOUR_MS, 40 * HOUR_MS))
    np.testing.assert_allclose(found, [np.nan, 24 * 200, 24 * 200, 14 * 200])


def test_the_funding_is_the_last_one_settled() -> None:
    history = Funding("BTCUSDT", at(8 * HOUR_MS, 16 * HOUR_MS), np.array([0.0001, -0.0002]))
    moments = at(8 * HOUR_MS - 1, 8 * HOUR_MS, 20 * HOUR_MS)
    symbols, candles = ["BTCUSDT"] * 3, {"BTCUSDT": hours(*[(101, 99, 100)] * 30)}
    found = market_columns(symbols, moments, candles, {"BTCUSDT": history}).funding
    np.testing.assert_array_equal(found, [np.nan, 0.0001, -0.0002])
    assert market_columns(symbols, moments, candles, None).funding.tolist() == [0, 0, 0]
    assert np.isnan(market_columns(symbols, moments, candles, {}).funding).all()


def test_of_a_symbol_without_candles_nothing_is_known() -> None:
    assert market_columns(["XRPUSDT"], at(0), {}, {}).rows()[0] == MarketFacts()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.integers(1001, 1800), st.integers(0, 59_999))
def test_nothing_depends_on_what_comes_after_the_call(seed: int, minute: int, more: int) -> None:
    whole = minutes(1800, seed, 0.001)
    moment = at(minute * MINUTE_MS + more)
    before = market_columns(["BTCUSDT"], moment, {"BTCUSDT": whole.before(minute * MINUTE_MS)}, None)
    known = market_columns(["BTCUSDT"], moment, {"BTCUSDT": whole}, None)
    assert known.rows()[0] == before.rows()[0]
    assert known.rows()[0].price is not None
