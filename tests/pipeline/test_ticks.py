"""Prices are shown to the tick: the contract's where it is known, else what the candles need."""

from __future__ import annotations

import numpy as np
import pytest

from engine.market.candles import Candles
from engine.market.contracts import Contract
from engine.pipeline.ticks import shown_decimals


def bars(*closes: float) -> Candles:
    price = np.array(closes)
    return Candles("COIN", 60_000, np.arange(len(price)) * 60_000, price, price, price, price, np.ones(len(price)))


def contract(tick: float | None) -> Contract:
    return Contract(
        "COIN", "mexc", "swap", "COIN_USDT", "COIN", "USDT", "USDT", 1.0, tick, 1.0, 1.0, None, None, (), None, None,
        None, True, False, "mexc contract detail", 0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tick", "decimals"), [(1.0, 0), (10.0, 0), (0.5, 1), (0.01, 2), (0.05, 2), (0.0000001, 7), (1e-12, 10)]
)
def test_the_tick_of_a_contract_says_how_many(tick: float, decimals: int) -> None:
    assert shown_decimals(bars(1.23456, 2.0), [contract(0.001), contract(tick)]) == decimals


@pytest.mark.parametrize(
    ("closes", "decimals"), [((64800.0, 64801.0), 0), ((64800.5, 64801.0), 1), ((0.0000131, 0.0000132), 7)]
)
def test_without_a_tick_the_candles_say_it(closes: tuple[float, ...], decimals: int) -> None:
    assert shown_decimals(bars(*closes), []) == decimals
    assert shown_decimals(bars(*closes), [contract(None)]) == decimals
