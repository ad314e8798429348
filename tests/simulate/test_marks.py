"""What an account is marked at: quick ways over stretches of minutes give what looking up one by one gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.market.candles import Candles
from engine.simulate.books import Marks
from engine.simulate.equity import _prices
from engine.simulate.minutes import STRETCH
from engine.units import MINUTE_MS

BARS = 2 * STRETCH + 100


class Live(Marks):
    """Marks that look everything up one by one."""

    foreseen = False


def series(seed: int, name: str, step_ms: int, missing: float, shift_ms: int) -> Candles:
    rng = np.random.default_rng(seed)
    n = BARS * MINUTE_MS // step_ms
    ts = 1_700_000_040_000 + shift_ms + np.arange(n, dtype=np.int64) * step_ms
    keep = rng.random(n) >= missing
    keep[0] = True
    close = 100 + np.cumsum(rng.normal(0, 0.1, n))
    return Candles(name, step_ms, ts[keep], *(close[keep],) * 4, np.ones(int(keep.sum())))


KINDS = st.sampled_from([(MINUTE_MS, 0.0, 0), (MINUTE_MS, 0.001, 0), (5 * MINUTE_MS, 0.0, 0), (MINUTE_MS, 0.0, 7_000)])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(KINDS, min_size=1, max_size=3),
    st.integers(0, 1000),
    st.integers(-50, BARS + 50),
    st.sampled_from([0, 1, 20, STRETCH + 5]),
)
def test_both_ways_of_marking_agree(kinds: list[tuple[int, float, int]], seed: int, at: int, wide: int) -> None:
    candles = {f"S{i}": series(seed + i, f"S{i}", *kind) for i, kind in enumerate(kinds)}
    held = {name: float(i - 1.5) for i, name in enumerate(candles)}
    quick, plain = Marks(candles), Live(candles)
    now_ms = 1_700_000_040_000 + at * MINUTE_MS + seed % 3 * 1000
    assert quick.worth(held, now_ms) == pytest.approx(plain.worth(held, now_ms), rel=1e-12)
    found, wanted = (m.course(held, set(candles), now_ms, now_ms + wide * MINUTE_MS) for m in (quick, plain))
    assert found[0].tolist() == wanted[0].tolist()
    assert found[1] == pytest.approx(wanted[1], rel=1e-12)


@given(KINDS, st.integers(0, 100), st.integers(0, 300), st.integers(0, 300))
def test_candles_without_a_hole(kind: tuple[int, float, int], seed: int, first: int, n: int) -> None:
    bars = series(seed, "S", *kind)
    steps = np.diff(bars.ts[first : first + n])
    assert bars.gapless(first, first + n) == bool(np.all(steps == bars.timeframe_ms))
    mixed = replace(bars, own_ends=bars.ends)
    assert not mixed.gapless(first, first + n)


@settings(max_examples=60, deadline=None)
@given(KINDS, st.integers(0, 1000), st.integers(-50, BARS + 50), st.integers(1, 300))
def test_the_grid_of_an_equity_curve(kind: tuple[int, float, int], seed: int, at: int, n: int) -> None:
    bars = series(seed, "S", *kind)
    grid = 1_700_000_040_000 + (at + np.arange(n, dtype=np.int64)) * MINUTE_MS
    plain = Live({"S": bars})
    assert _prices(bars, grid).tolist() == [plain.price("S", int(ms)) for ms in grid]
