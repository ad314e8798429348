"""The invented market is fair, reproducible and well-formed; fees are dated facts."""

from __future__ import annotations

import numpy as np
import pytest

from engine.market.fees import fees_of
from engine.market.synthetic import SYMBOLS, SyntheticMarket
from engine.problem import Problem
from engine.units import DAY_MS, HOUR_MS, moment_ms

START = moment_ms("2025-01-01")


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_candles_are_well_formed_and_on_the_tick(symbol: str) -> None:
    market = SyntheticMarket(3, START, START + 5 * DAY_MS)
    bars = market.candles(symbol)
    assert len(bars) == 5 * 1440
    assert (np.diff(bars.ts) == 60_000).all()
    assert bars.ts[0] == START
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.low > 0).all()
    steps = bars.close / market.tick(symbol)
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-6)


def test_the_same_seed_gives_the_same_market_and_another_seed_another() -> None:
    def close(seed: int) -> list[float]:
        return SyntheticMarket(seed, START, START + DAY_MS).candles("ETHUSDT").close.tolist()

    assert close(5) == close(5)
    assert close(5) != close(6)


def test_a_longer_time_frame_has_fewer_bars_and_more_movement() -> None:
    minute = SyntheticMarket(3, START, START + 30 * DAY_MS).candles("BTCUSDT")
    hour = SyntheticMarket(3, START, START + 30 * DAY_MS, HOUR_MS).candles("BTCUSDT")
    assert len(hour) == 720
    ratio = np.diff(np.log(hour.close)).std() / np.diff(np.log(minute.close)).std()
    assert 5 < ratio < 11  # about the square root of 60


def test_the_market_is_fair() -> None:
    """The mean return over many markets is zero within four standard errors."""
    days = 20
    ends = [
        SyntheticMarket(seed, START, START + days * DAY_MS, HOUR_MS).candles("BTCUSDT").close[-1] / 64_800
        for seed in range(300)
    ]
    assert abs(np.mean(ends) - 1) < 4 * np.std(ends) / np.sqrt(len(ends))


def test_fees_are_dated_and_say_where_they_are_from() -> None:
    late = fees_of("mexc", "swap", moment_ms("2026-07-01"))
    early = fees_of("mexc", "swap", moment_ms("2025-01-01"))
    assert not isinstance(late, Problem)
    assert not isinstance(early, Problem)
    assert (late.fees.maker, late.fees.taker) == pytest.approx((0.0006, 0.0008))
    assert early.fees == late.fees
    assert "used for earlier days too" in early.note
    assert "used for earlier days too" not in late.note
    assert "maker 0.06%, taker 0.08%" in late.note


def test_unknown_fees_are_not_guessed() -> None:
    problem = fees_of("nowhere", "swap", START)
    assert isinstance(problem, Problem)
    assert "known: mexc (swap, spot)" in str(problem)
