"""What positions are worth minute by minute: the prices of a stretch of minutes, worked out at once.

An account looks at its worth often and time goes on slowly, so the stretch in which it looked last is kept: as lists
for one minute, as a matrix for many. Candles that end between minutes have no place here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np

from engine.market.candles import Candles, Floats, Ints
from engine.units import MINUTE_MS

STRETCH = 4096  # minutes


class Minutes:
    """The last closed price of each symbol at each minute of one stretch; columns are made for who is asked for."""

    def __init__(self, candles: Mapping[str, Candles]) -> None:
        self._candles = candles
        self._place = {symbol: i for i, symbol in enumerate(candles)}
        self._number = -1
        self._prices: dict[str, list[float]] = {}  # empty: candles end between minutes
        self._matrix = np.zeros((STRETCH, len(candles)))
        self._always: set[str] = set()  # symbols with a candle that ends at each minute

    def worth(self, held: Mapping[str, float], now_ms: int) -> float | None:
        """What quantities by symbol are worth at a moment; None where that cannot be told here."""
        minute = now_ms // MINUTE_MS
        self._at(minute // STRETCH, held)
        prices, at = self._prices, minute % STRETCH
        try:
            return sum([quantity * prices[symbol][at] for symbol, quantity in held.items()])
        except IndexError:  # no prices
            return None

    def course(
        self, held: Mapping[str, float], symbols: Collection[str], after_ms: int, until_ms: int
    ) -> tuple[Ints, Floats] | None:
        """When candles of ``symbols`` end, after one moment and up to another, and what ``held`` is worth then.

        None where that cannot be told here: no symbol has a candle that ends at every minute.
        """
        first, last = after_ms // MINUTE_MS + 1, until_ms // MINUTE_MS
        quantity = np.zeros(len(self._place))
        for symbol, held_now in held.items():
            quantity[self._place[symbol]] = held_now
        parts, concerned = [], {*held, *symbols}
        for number in range(first // STRETCH, last // STRETCH + 1):
            self._at(number, concerned)
            if self._always.isdisjoint(symbols) or not all([self._prices[symbol] for symbol in concerned]):  # noqa: C419
                return None
            begin, end = max(first - number * STRETCH, 0), min(last + 1 - number * STRETCH, STRETCH)
            parts.append(self._matrix[begin:end] @ quantity)
        worth = np.concatenate(parts) if parts else np.empty(0)
        return np.arange(first, first + len(worth), dtype=np.int64) * MINUTE_MS, worth

    def _at(self, number: int, symbols: Iterable[str]) -> None:
        """Go to a stretch and have the prices of symbols there."""
        if number != self._number:
            self._number = number
            self._prices.clear()
            self._always.clear()
            self._matrix[:] = 0.0
        for symbol in symbols:
            if symbol not in self._prices:
                self._fill(symbol)

    def _fill(self, symbol: str) -> None:
        """Work out the prices of one symbol."""
        bars = self._candles[symbol]
        minutes = (self._number * STRETCH + np.arange(STRETCH, dtype=np.int64)) * MINUTE_MS
        first, last = (bars.over(minutes[[0, -1]] + np.array([-1, MINUTE_MS - 1])) + 1).tolist()
        if np.any(bars.ends_of(first, last) % MINUTE_MS):
            self._prices[symbol] = []
            return
        if last - first == STRETCH:
            self._always.add(symbol)
            prices = bars.close[first:last]
        else:
            prices = bars.last_close(minutes)
        self._prices[symbol] = prices.tolist()
        self._matrix[:, self._place[symbol]] = prices
