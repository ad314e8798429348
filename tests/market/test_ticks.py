"""Prices on the grid: equal to the bit to the same price read from text, and next to the price they came from."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain import Order, Plan, Side
from engine.market.ticks import nearest, parts
from engine.simulate.columns import lay_out

TICKS = [0.1, 0.01, 0.25, 0.5, 1.0, 5.0, 0.00001, 1e-8]


@pytest.mark.parametrize(
    ("tick", "fraction"),
    [(0.1, (1, 10)), (0.25, (25, 100)), (5.0, (50, 10)), (1e-8, (1, 10**8)), (1000.0, (10000, 10))],
)
def test_a_tick_is_a_fraction(tick: float, fraction: tuple[int, int]) -> None:
    assert parts(tick) == fraction


@pytest.mark.parametrize("step", [0.0, -0.1, float("nan"), float("inf")])
def test_what_is_no_step(step: float) -> None:
    with pytest.raises(ValueError, match="is no step"):
        parts(step)


@pytest.mark.parametrize(
    ("price", "tick", "lies"),
    [
        (100.14, 0.1, 100.1), (100.15, 0.1, 100.2), (100.05, 0.1, 100.1), (64999.97, 0.1, 65000.0),
        (0.0000123449, 1e-8, 0.00001234), (103.95, 0.1, 104.0), (100.3, None, 100.3),
    ],
)  # fmt: skip
def test_the_nearest_price(price: float, tick: float | None, lies: float) -> None:
    assert nearest(price, tick) == lies


@given(st.integers(1, 10**8), st.sampled_from(TICKS))
def test_a_price_of_the_grid_stays_to_the_bit(steps: int, tick: float) -> None:
    price = float(steps * Decimal(repr(tick)))
    assert nearest(price, tick) == price


@given(st.floats(0.001, 1e6), st.sampled_from(TICKS), st.sampled_from(list(Side)))
def test_the_columns_round_alike_for_both_sides(price: float, tick: float, side: Side) -> None:
    plan = Plan("c/1", "c", "X", side, 0, 1, (Order("market", None, 1.0),), None, (), tick=tick)
    columns = lay_out([plan], np.array([0]))
    seen = columns.on_grid(np.array([0]), np.array([price * side.sign]))
    assert float(seen[0]) * side.sign == nearest(price, tick)
    assert abs(nearest(price, tick) - price) <= tick * 0.5001
