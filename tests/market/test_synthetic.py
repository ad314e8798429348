"""The synthetic market: the same for a seed, whole, and without an edge."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.market.candles import Candles
from engine.market.synthetic import SyntheticMarket
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS, moment_ms

START_MS = moment_ms("2025-01-01")
COLUMNS = ("ts", "open", "high", "low", "close", "volume")


def market(days: float, seed: int = 7, timeframe_ms: int = MINUTE_MS) -> SyntheticMarket:
    return SyntheticMarket(seed, START_MS, START_MS + round(days * DAY_MS), timeframe_ms)


def same(one: Candles, other: Candles) -> bool:
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in COLUMNS)


def test_a_seed_gives_the_same_candles_whatever_else_was_asked() -> None:
    first, second = market(3), market(3)
    for symbol in reversed(second.symbols):
        second.candles(symbol)
    assert same(first.candles("SOLUSDT"), second.candles("SOLUSDT"))
    assert not same(first.candles("SOLUSDT"), market(3, seed=8).candles("SOLUSDT"))


def test_a_longer_market_begins_like_a_shorter_one() -> None:
    for symbol in market(1).symbols:
        short, long = market(2.3).candles(symbol), market(30).candles(symbol)
        for name in COLUMNS:
            np.testing.assert_array_equal(getattr(short, name), getattr(long, name)[: len(short)])


@pytest.mark.parametrize("symbol", SyntheticMarket.symbols)
def test_candles_are_whole(symbol: str) -> None:
    made = market(20)
    found, tick = made.candles(symbol), made.tick(symbol)
    assert len(found) == 20 * 1440
    assert set(np.diff(found.ts)) == {MINUTE_MS}
    assert found.end_ms == START_MS + 20 * DAY_MS
    assert (found.high >= np.maximum(found.open, found.close)).all()
    assert (found.low <= np.minimum(found.open, found.close)).all()
    assert (found.low > 0).all()
    assert (found.volume >= 0).all()
    for name in ("open", "high", "low", "close"):
        ticks = getattr(found, name) / tick
        assert np.abs(ticks - np.round(ticks)).max() < 1e-4
    gaps = np.abs(found.open[1:] / found.close[:-1] - 1)
    assert 0 < gaps.mean() < 0.0005


def test_nothing_has_an_edge_by_itself() -> None:
    """Mean returns of a minute, after any minute, after a rise and after a fall, lie within chance of zero."""
    worlds = []
    for seed in range(100, 120):
        made, scores = market(20, seed), []
        for symbol in made.symbols:
            close = made.candles(symbol).close
            returns = np.diff(close) / close[:-1]
            for part in (returns[1:], returns[1:][returns[:-1] > 0], returns[1:][returns[:-1] < 0]):
                scores.append(part.mean() / part.std() * len(part) ** 0.5)
        worlds.append(np.reshape(scores, (-1, 3)).mean(axis=0))
    error = np.std(worlds, axis=0, ddof=1) / len(worlds) ** 0.5
    assert (np.abs(np.mean(worlds, axis=0)) < 3.5 * error).all()
    assert (error < 0.25).all()


def test_volatility_comes_in_regimes() -> None:
    close = market(120).candles("BTCUSDT").close
    days = np.diff(np.log(close)).reshape(-1)[: 119 * 1440].reshape(119, 1440).std(axis=1) * 1440**0.5
    assert 0.01 < np.median(days) < 0.05
    assert days.max() / days.min() > 2
    assert np.corrcoef(days[1:], days[:-1])[0, 1] > 0.2


def test_symbols_move_together() -> None:
    made = market(20)
    btc, eth = (np.diff(np.log(made.candles(symbol).close)) for symbol in ("BTCUSDT", "ETHUSDT"))
    assert 0.2 < np.corrcoef(btc, eth)[0, 1] < 0.6


def test_levels_are_touched_as_often_as_in_continuous_time() -> None:
    """From the middle, plus and minus one part in a hundred are equally likely to be touched first."""
    ups = total = 0
    for seed in range(3):
        made = market(60, seed)
        for symbol in made.symbols:
            found = made.candles(symbol)
            for row in range(0, len(found) - 1440, 1440):
                entry = found.open[row]
                up = np.argmax(found.high[row : row + 1440] >= entry * 1.01)
                down = np.argmax(found.low[row : row + 1440] <= entry * 0.99)
                if up or down:
                    total += 1
                    ups += bool(up) and (not down or up < down)
    assert abs(ups / total - 0.5) < 4 * 0.5 / total**0.5


@settings(deadline=None, max_examples=25)
@given(
    offset=st.integers(0, 3 * DAY_MS),
    length=st.integers(0, 2 * DAY_MS),
    bars=st.sampled_from([2, 5, 15, 60, 240, 1440]),
)
def test_coarse_candles_are_made_of_the_minutes(offset: int, length: int, bars: int) -> None:
    start, end = START_MS + offset, START_MS + offset + length
    fine = SyntheticMarket(7, start, end).candles("LTCUSDT")
    coarse = SyntheticMarket(7, start, end, bars * MINUTE_MS).candles("LTCUSDT")
    assert (coarse.ts % (bars * MINUTE_MS) == 0).all()
    first = -(-start // (bars * MINUTE_MS)) * bars * MINUTE_MS
    assert coarse.ts.tolist() == list(range(first, end - bars * MINUTE_MS + 1, bars * MINUTE_MS))
    for row in range(len(coarse)):
        part = slice(*np.searchsorted(fine.ts, [coarse.ts[row], coarse.ts[row] + bars * MINUTE_MS]))
        assert coarse.open[row] == fine.open[part][0]
        assert coarse.high[row] == fine.high[part].max()
        assert coarse.low[row] == fine.low[part].min()
        assert coarse.close[row] == fine.close[part][-1]
        assert coarse.volume[row] == pytest.approx(fine.volume[part].sum())


def test_a_market_without_time_has_no_candles() -> None:
    for days in (0, -1):
        assert len(market(days).candles("BTCUSDT")) == 0
        assert len(market(days, timeframe_ms=HOUR_MS).candles("BTCUSDT")) == 0


def test_what_no_market_can_be_made_of() -> None:
    with pytest.raises(ValueError, match="whole minutes, not of 30s"):
        market(1, timeframe_ms=30_000)
    with pytest.raises(ValueError, match="not negative"):
        market(1, seed=-1)
    with pytest.raises(KeyError):
        market(1).candles("PEPEUSDT")


def test_half_a_year_of_all_symbols_is_quick() -> None:
    made = market(181)
    assert sum(len(made.candles(symbol)) for symbol in made.symbols) == 6 * 181 * 1440
