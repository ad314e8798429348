"""The bounds of an account's equity hold at every moment, whatever it holds and does."""

from __future__ import annotations

from math import inf

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.simulate.books import Marks
from engine.simulate.reach import BLOCK_MS, Reach
from engine.units import MINUTE_MS
from tests.conftest import EXAMPLES
from tests.simulate.test_marks import BARS, KINDS, Live, series

START_MS = 1_700_000_040_000
ROUNDING = 1e-7


@settings(max_examples=EXAMPLES // 4, deadline=None)
@given(st.lists(KINDS, min_size=1, max_size=3), st.integers(0, 1000), st.integers(-100, BARS + 100))
def test_equity_stays_between_the_bounds(kinds: list[tuple[int, float, int]], seed: int, at: int) -> None:
    """Moves at random moments; after each the bounds up to a later moment are tried out from both sides."""
    rng = np.random.default_rng(seed)
    candles = {f"S{i}": series(seed + i, f"S{i}", *kind) for i, kind in enumerate(kinds)}
    reach, plain = Reach(Marks(candles).extremes), Live(candles)
    cash, held = 1000.0, dict.fromkeys(candles, 0.0)
    now_ms = START_MS + at * MINUTE_MS
    calm = 0
    for _ in range(12):
        symbol, moved, paid = f"S{rng.integers(len(kinds))}", float(rng.normal(0, 3)), float(rng.normal(0, 50))
        reach.move(symbol, held[symbol], held[symbol] + moved, paid)
        cash, held[symbol] = cash + paid, held[symbol] + moved
        until_ms = now_ms + int(rng.integers(0, 3 * BLOCK_MS)) // 1000 * 1000
        _, worth = plain.course(held, set(candles), now_ms, until_ms)
        equity = cash + np.append(worth, plain.worth(held, now_ms))
        low, high = float(equity.min()), float(equity.max())
        assert not reach.stays(cash, held, now_ms, until_ms, low + ROUNDING, inf)
        assert not reach.stays(cash, held, now_ms, until_ms, -inf, high - ROUNDING)
        wide = 5 * sum(abs(quantity) for quantity in held.values())  # prices move by 0.1 a minute
        calm += reach.stays(cash, held, now_ms, until_ms, low - wide, high + wide)
        now_ms = until_ms
    assert calm  # it is not always "unsure"
