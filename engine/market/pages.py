"""One page of an exchange's history as clean columns, and the word on an answer that cannot be true.

Every page is asked for with an explicit first and last moment: with a first one alone, ccxt's paging silently drops
what is older than a few thousand candles. Rows may come unsorted, repeated, from outside the range or still forming;
what cannot be mended (prices that are none, two rows that contradict each other) is a ``BadAnswerError``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.market.asking import Asker, BadAnswerError
from engine.market.candles import Candles, Floats
from engine.market.listing import Market, store_symbol
from engine.market.ranges import Range
from engine.market.timeframes import grid_offset_ms

PAGE_ROWS = {("mexc", "spot"): 500, ("mexc", "swap"): 2000}
DEFAULT_PAGE_ROWS = 500
PATIENCE = 4
"""An answer with impossible rows is asked for again so often; then those rows are left out."""

VOLUME_IN_CONTRACTS = ("mexc",)
"""Exchanges whose swap candles count contracts; they are turned into coins. Others give coins through ccxt."""


@dataclass(frozen=True, slots=True)
class Series:
    """Which candles: a market, a time frame by ccxt's name and in ms, traded or mark prices."""

    exchange: str
    kind: str
    market: Market
    timeframe: str
    timeframe_ms: int
    mark: bool = False

    @property
    def symbol(self) -> str:
        """The store's name."""
        return store_symbol(self.market)

    @property
    def page_ms(self) -> int:
        """How much time one question covers."""
        return PAGE_ROWS.get((self.exchange, self.kind), DEFAULT_PAGE_ROWS) * self.timeframe_ms

    def __str__(self) -> str:
        """For people: ``BTCUSDT mark 1m``."""
        return f"{self.symbol}{' mark' if self.mark else ''} {self.timeframe}"


async def candle_page(asker: Asker, series: Series, page: Range) -> Candles:
    """The candles that open within a page (at most ``series.page_ms`` long), clean. Raises RefusedError."""
    limit = page.length_ms // series.timeframe_ms
    params: dict[str, Any] = {"until": page.end_ms - series.timeframe_ms}
    if series.mark:
        params["price"] = "mark"

    answers = 0

    async def question() -> Candles:
        nonlocal answers
        answers += 1
        rows = await asker.client.fetch_ohlcv(
            series.market["symbol"], series.timeframe, since=page.start_ms, limit=limit, params=dict(params)
        )
        return clean(rows, series, page, lenient=answers > PATIENCE)

    return await asker.ask(question, f"{series} candles")


def clean(rows: Sequence[Sequence[Any]], series: Series, page: Range, *, lenient: bool = False) -> Candles:
    """Rows of ccxt as candles of a range: sorted, once each, inside it and on the grid.

    Rows that cannot be raise BadAnswerError; when ``lenient``, they are left out.
    """
    try:
        table = np.array(rows, dtype=np.float64).reshape(len(rows), 6) if len(rows) else np.empty((0, 6))
    except (TypeError, ValueError):
        raise BadAnswerError("rows of another form than candles") from None
    if series.mark:
        table[:, 5] = 0.0
    wrong = ~np.isfinite(table).all(axis=1) | impossible(*table[:, 1:].T)
    if wrong.any() and not lenient:
        raise BadAnswerError("rows without a number, or with prices that cannot be")
    table = table[~wrong]
    inside = (table[:, 0] >= page.start_ms) & (table[:, 0] < page.end_ms)
    on_grid = (table[:, 0] - grid_offset_ms(series.timeframe_ms)) % series.timeframe_ms == 0
    table = table[inside & on_grid]
    table = table[np.argsort(table[:, 0], kind="stable")]
    again = np.concatenate([[False], np.diff(table[:, 0]) == 0]) if len(table) else np.zeros(0, dtype=bool)
    if np.any(table[again][:, 1:5] != table[np.roll(again, -1)][:, 1:5]) and not lenient:
        raise BadAnswerError("two rows for one time that contradict each other")
    table = table[~again]
    ts, open_, high, low, close, volume = (np.ascontiguousarray(column) for column in table.T)
    volume = _in_coins(volume, close, series)
    return Candles(series.symbol, series.timeframe_ms, ts.astype(np.int64), open_, high, low, close, volume)


def impossible(open_: Floats, high: Floats, low: Floats, close: Floats, volume: Floats) -> npt.NDArray[np.bool_]:
    """Which rows cannot be: a price at or below zero, a high below or a low above another, less than no volume."""
    top, bottom = np.maximum(open_, close), np.minimum(open_, close)
    found: npt.NDArray[np.bool_] = (low <= 0) | (high < top) | (low > bottom) | (volume < 0)
    return found


def _in_coins(volume: Floats, close: Floats, series: Series) -> Floats:
    """Volume in base coins."""
    if series.kind != "swap" or series.exchange not in VOLUME_IN_CONTRACTS:
        return volume
    coins: Floats = volume * float(series.market.get("contractSize") or 1)
    return coins / close if series.market.get("inverse") else coins
