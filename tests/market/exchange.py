"""A fetch from the double, in a line, and the double's own candles to compare with."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np

from engine.market.gathering import Order, Outcome, gather
from engine.market.store import CandleStore
from engine.pipeline.rowbar import Silent
from engine.units import MINUTE_MS
from tests.doubles.exchange import ExchangeDouble

NAMES = ("ts", "open", "high", "low", "close", "volume")


def fetch(store: CandleStore, *symbols: str, start_ms: int, end_ms: int | None = None, **more: Any) -> Outcome:
    """Fetch from MEXC's double: swap candles of 1m unless told otherwise."""
    options = {
        "exchange": "mexc",
        "kind": "swap",
        "timeframes": ("1m",),
        "parts": frozenset({"candles"}),
        **more,
    }
    order = Order(symbols=symbols, start_ms=start_ms, end_ms=end_ms, **options)
    return asyncio.run(gather(order, store, Silent()))


def expected(
    double: ExchangeDouble, base: str, start_ms: int, end_ms: int, step_ms: int = MINUTE_MS, kind: str = "swap"
) -> np.ndarray[Any, Any]:
    """What the exchange has of a range, volume in coins."""
    rows = double.world.candles(base, step_ms, start_ms, end_ms, kind, forming=False).copy()
    listing = double.world.listing(base)
    assert listing is not None
    rows[:, 5] *= 0 if kind == "mark" else listing.contract_size
    return rows


def stored(
    store: CandleStore, symbol: str, series: str = "1m", kind: str = "swap", exchange: str = "mexc"
) -> np.ndarray[Any, Any]:
    """What the store has."""
    candles = store.read(exchange, kind, symbol, series)
    if candles is None:
        return np.empty((0, 6))
    return np.stack([getattr(candles, name).astype(float) for name in NAMES], axis=1)


def same(ours: np.ndarray[Any, Any], theirs: np.ndarray[Any, Any]) -> bool:
    """Whether two tables hold the same candles."""
    return ours.shape == theirs.shape and bool(np.allclose(ours, theirs, rtol=1e-9, atol=1e-9))
