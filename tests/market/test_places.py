"""Where a moment lies among candles: the same place whether it is reckoned or searched for."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.market.candles import Candles, first_from
from engine.units import MINUTE_MS

START_MS = 1_735_689_600_000
FAR = np.iinfo(np.int64)


@st.composite
def series(draw: st.DrawFn) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Opens in order: whole, with holes, off the grid, a single one, none."""
    steps = draw(st.lists(st.sampled_from([MINUTE_MS] * 6 + [2 * MINUTE_MS, 90 * MINUTE_MS, 59_000, 1]), max_size=40))
    whole = draw(st.booleans())
    ts = START_MS + np.cumsum([0, *([MINUTE_MS] * len(steps) if whole else steps)])
    return ts[: draw(st.integers(0, len(ts)))].astype(np.int64)


moments = st.lists(
    st.one_of(
        st.integers(START_MS - 10**7, START_MS + 10**7),
        st.integers(-5, 60).map(lambda bar: START_MS + bar * MINUTE_MS),
        st.sampled_from([FAR.min, 0, FAR.max]),
    ),
    max_size=30,
).map(lambda found: np.array(found, np.int64))


@given(series(), moments)
def test_the_first_bar_from_a_moment_on(ts, at_ms) -> None:
    assert first_from(ts, MINUTE_MS, at_ms).tolist() == np.searchsorted(ts, at_ms).tolist()


@given(series(), moments)
def test_the_last_bar_that_is_over(ts, at_ms) -> None:
    """One moment by itself, many at once, and bars that say themselves when they are over."""
    price, at_ms = np.ones(len(ts)), np.clip(at_ms, 0, FAR.max)
    candles = Candles("BTCUSDT", MINUTE_MS, ts, price, price, price, price, price)
    own = Candles("BTCUSDT", MINUTE_MS, ts, price, price, price, price, price, own_ends=ts + MINUTE_MS)
    expected = [int(np.sum(ts + MINUTE_MS <= moment)) - 1 for moment in at_ms.tolist()]
    assert candles.over(at_ms).tolist() == own.over(at_ms).tolist() == expected
    assert [int(candles.over(moment)) for moment in at_ms.tolist()] == expected
