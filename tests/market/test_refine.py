"""Finer candles in the place of coarse ones that they tell whole; the fair price of each bar."""

from __future__ import annotations

import numpy as np
import pytest

from engine.market.candles import Candles
from engine.market.refine import fair_prices, refined
from engine.units import MINUTE_MS

FIVE = 5 * MINUTE_MS


def series(frame: int, rows: dict[int, tuple[float, float, float, float]]) -> Candles:
    """Candles by the minute at which they open."""
    ts = np.array([minute * MINUTE_MS for minute in rows], np.int64)
    columns = np.array(list(rows.values()), np.float64).reshape(-1, 4).T
    return Candles("X", frame, ts, *columns, np.ones(len(ts)))


COARSE = series(FIVE, {0: (100, 110, 95, 105), 5: (105, 106, 90, 92), 10: (92, 93, 91, 92)})
FIRST = {0: (100, 110, 99, 108), 1: (108, 109, 95, 96), 4: (96, 105, 96, 105)}  # minutes 2 and 3 had no trade
SECOND = {5: (105, 106, 104, 104), 6: (104, 104, 90, 92)}


def test_finer_candles_that_tell_the_same_take_the_place() -> None:
    found = refined(COARSE, [series(MINUTE_MS, FIRST)])
    assert (found.ts // MINUTE_MS).tolist() == [0, 1, 4, 5, 10]
    assert (found.ends // MINUTE_MS).tolist() == [1, 2, 5, 10, 15]
    assert found.high.tolist() == [110, 109, 105, 106, 93]


def test_finer_candles_for_all_make_a_finer_series() -> None:
    third = {10: (92, 93, 91, 92)}
    found = refined(COARSE, [series(MINUTE_MS, FIRST | SECOND | third)])
    assert (found.timeframe_ms, found.own_ends) == (MINUTE_MS, None)
    assert len(found) == 6


@pytest.mark.parametrize("at", range(4))
def test_a_difference_keeps_the_coarse_candle(at: int) -> None:
    """A high that the minutes never reached means that some of them are not there."""
    rows = dict(FIRST)
    minute = (0, 0, 1, 4)[at]
    rows[minute] = tuple(value + (1e-6 if i == at else 0.0) for i, value in enumerate(rows[minute]))
    assert refined(COARSE, [series(MINUTE_MS, rows)]) is COARSE


def test_nothing_finer_changes_nothing() -> None:
    assert refined(COARSE, []) is COARSE
    assert refined(COARSE, [series(MINUTE_MS, {30: (1, 1, 1, 1)})]) is COARSE


def test_the_finest_of_several_lengths_stands() -> None:
    hour = series(15 * MINUTE_MS, {0: (100, 110, 90, 92)})
    found = refined(hour, [COARSE, series(MINUTE_MS, SECOND)])
    assert (found.ts // MINUTE_MS).tolist() == [0, 5, 6, 10]
    assert (found.ends // MINUTE_MS).tolist() == [5, 6, 7, 15]


def test_the_fair_price_of_bars_of_several_lengths() -> None:
    """Of a bar's own length, or of all minutes in it; a longer one would tell what comes later."""
    mixed = refined(COARSE, [series(MINUTE_MS, SECOND)])
    own = series(FIVE, {0: (1, 2, 0.5, 1.5), 5: (9, 9, 9, 9)})
    minutes = series(MINUTE_MS, {5: (3, 4, 2, 3)} | {m: (5, 6 + m, 4 - m / 10, 5) for m in range(10, 15)})
    found = fair_prices(mixed, [minutes, own])
    assert found is not None
    assert (found.ts // MINUTE_MS).tolist() == [0, 5, 10]
    assert found.high.tolist() == [2, 4, 20]
    assert found.low.tolist() == pytest.approx([0.5, 2, 2.6])
    assert fair_prices(mixed, [series(15 * MINUTE_MS, {0: (1, 1, 1, 1)})]) is None
