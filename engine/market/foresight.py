"""A look into the future of the synthetic market, for the makers of its invented channels.

A channel with an edge has to come from somewhere: in an invented world its maker reads ahead in the candles. Nothing
that replays, judges or reports calls may use this module; ``engine/collect/demo.py`` is the one place that does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.domain import Side
from engine.market.candles import Candles, Ints
from engine.market.synthetic import SyntheticMarket
from engine.units import DAY_MS, MINUTE_MS

HORIZON_BARS = 3 * DAY_MS // MINUTE_MS
REACTION_MS = 5_000  # from a post to the first order that a reader can have


@dataclass(frozen=True, slots=True)
class Fate:
    """What the future holds for a call, and the bar in which that is decided.

    ``won``: the first target comes before the stop. None when the entry is not filled or nothing is decided in time;
    ``row`` is then the last bar looked at.
    """

    won: bool | None
    row: int


@dataclass(frozen=True, slots=True)
class Call:
    """A call as its maker knows it: the levels, and what will become of it. A market call's entry is its reference."""

    posted_ms: int
    symbol: str
    side: Side
    entries: tuple[float, ...]
    targets: tuple[float, ...]
    stop: float
    fate: Fate

    @property
    def coin(self) -> str:
        """The base currency."""
        return self.symbol.removesuffix("USDT")


def foresee(candles: Candles, row: int, side: Side, limit: float | None, target: float, stop: float) -> Fate:
    """Which comes first after the entry, target or stop, within ``HORIZON_BARS`` bars from ``row`` on.

    ``row`` is the first bar that can trade; ``limit`` None enters at its open. In the bar that fills a resting limit
    only the stop counts, and where one bar touches both, the stop came first.
    """
    sign, window = side.sign, slice(row, row + HORIZON_BARS)
    opens, highs, lows = sign * candles.open[window], sign * candles.high[window], sign * candles.low[window]
    best, worst = np.maximum(highs, lows), np.minimum(highs, lows)
    at_open = limit is None or bool(len(opens) and opens[0] <= sign * limit)
    entry = 0 if at_open or limit is None else _first(worst <= sign * limit)
    live = entry if at_open else entry + 1
    hit = live + _first(best[live:] >= sign * target)
    lost = entry + _first(worst[entry:] <= sign * stop)
    first = min(hit, lost)
    return Fate(hit < lost, row + first) if first < len(opens) else Fate(None, row + max(len(opens) - 1, 0))


@dataclass(frozen=True)
class WorldMaker:
    """Times, rows and prices of a synthetic market as the maker of its channels needs them. Times in epoch ms."""

    market: SyntheticMarket

    def row_at(self, symbol: str, ms: float) -> int:
        """The minute in which a moment lies, as a row."""
        return int((ms - self.market.minutes(symbol).ts[0]) // MINUTE_MS)

    def time_of(self, symbol: str, row: int) -> int:
        """When a minute begins."""
        return int(self.market.minutes(symbol).ts[0]) + row * MINUTE_MS

    def price(self, symbol: str, ms: float) -> float:
        """The last price that is known at a moment: the close of the minute before it."""
        return float(self.market.minutes(symbol).close[self.row_at(symbol, ms) - 1])

    def decimals(self, symbol: str) -> int:
        """The decimals of a symbol's tick."""
        return round(-math.log10(self.market.tick(symbol)))

    def call(
        self, now: int, symbol: str, side: Side, entries: Sequence[float], base: float, risk: float, count: int
    ) -> Call:
        """A call with a stop at the fraction ``risk`` from ``base``, and ``count`` targets at 1, 2, 3 times that.

        Without ``entries`` it is a market call with ``base`` as its reference. The first bar that counts opens after
        the readers' reaction; of a zone the near edge counts.
        """
        stop = round_level(base * (1 - side.sign * risk))
        targets = tuple(round_level(base * (1 + side.sign * risk * n)) for n in range(1, count + 1))
        prices = tuple(round_level(entry) for entry in entries)
        limit = max(prices, key=lambda price: side.sign * price) if prices else None
        row = self.row_at(symbol, now + REACTION_MS - 1) + 1
        fate = foresee(self.market.minutes(symbol), row, side, limit, targets[0], stop)
        return Call(now, symbol, side, prices or (base,), targets, stop, fate)

    def extremes(self, symbol: str, from_ms: int, to_ms: int) -> tuple[float, float]:
        """Lowest and highest price of the minutes after the one of ``from_ms`` and before the one of ``to_ms``."""
        minutes = self.market.minutes(symbol)
        seen = slice(self.row_at(symbol, from_ms) + 1, self.row_at(symbol, to_ms))
        return float(minutes.low[seen].min()), float(minutes.high[seen].max())

    def moves(self, symbol: str, strength: float) -> Ints:
        """The minutes (rows) at whose end the last hour's move is strong.

        ``strength`` is in standard deviations: the move of 60 minutes against the root of 60 times the mean squared
        minute of the day before. This looks back only.
        """
        log = np.log(self.market.minutes(symbol).close)
        squares = np.concatenate([[0.0], np.cumsum(np.diff(log) ** 2)])
        rows = np.arange(1440, len(log))
        typical = np.sqrt((squares[rows] - squares[rows - 1440]) * 60 / 1440)
        strong: Ints = rows[np.abs(log[rows] - log[rows - 60]) > strength * typical]
        return strong


def round_level(price: float) -> float:
    """A price as people write it, in steps of at most a thousandth: 64810, 3451, 0.1552."""
    return round(price, -math.floor(math.log10(price * 0.001)))


def _first(mask: npt.NDArray[Any]) -> int:
    """The first True; the length when there is none."""
    at = int(np.argmax(mask)) if len(mask) else 0
    return at if len(mask) and mask[at] else len(mask)
