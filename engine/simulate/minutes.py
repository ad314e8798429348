"""What positions are worth minute by minute: the prices of a stretch of minutes, looked up at once.

Where a candle ends at each minute they are the candles' own closes; else they are worked out. Accounts walk through the
same time one after another, so stretches are kept for those that come later, up to a limit of memory; beyond it a
stretch is worked out again. Candles that end between minutes have no place here.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from engine.market.candles import Candles, Floats, Ints
from engine.memory import picking
from engine.units import MINUTE_MS

STRETCH = 4096  # minutes
NOWHERE = -sys.maxsize  # before the first look
KEPT_BYTES = 256_000_000  # three years of 20 symbols


class Stretch:
    """The last closed price at each minute, shape (STRETCH,), of each symbol that was asked for.

    ``row`` has them in the form in which single prices are picked quickest. ``always`` are the symbols with a candle
    that ends at each minute, ``between`` those with one that does not end at a minute: their prices are NaN, not known
    here.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.prices: dict[str, Floats] = {}
        self.row: dict[str, Sequence[float]] = {}
        self.always: set[str] = set()
        self.between: set[str] = set()


class Minutes:
    """The stretches of a market; prices are looked up for who is asked for."""

    def __init__(self, candles: Mapping[str, Candles]) -> None:
        self._candles = candles
        self._kept: dict[int, Stretch] = {}
        self._stretch = Stretch(NOWHERE)

    def worth(self, held: Mapping[str, float], now_ms: int) -> float | None:
        """What quantities by symbol are worth at a moment; None where that cannot be told here."""
        number, at = divmod(now_ms // MINUTE_MS, STRETCH)
        row = (self._stretch if self._stretch.number == number else self._at(number, held)).row
        try:
            total = sum([quantity * row[symbol][at] for symbol, quantity in held.items()])
        except KeyError:
            self._at(number, held)
            return self.worth(held, now_ms)
        return total if total == total else None

    def course(
        self, held: Mapping[str, float], symbols: Collection[str], after_ms: int, until_ms: int
    ) -> tuple[Ints, Floats] | None:
        """When candles of ``symbols`` end, after one moment and up to another, and what ``held`` is worth then.

        None where that cannot be told here: no symbol has a candle that ends at every minute.
        """
        first, last = after_ms // MINUTE_MS + 1, until_ms // MINUTE_MS
        quantity = np.array(list(held.values()))
        parts, concerned = [], {*held, *symbols}
        for number in range(first // STRETCH, last // STRETCH + 1):
            stretch = self._at(number, concerned)
            if stretch.always.isdisjoint(symbols) or not stretch.between.isdisjoint(concerned):
                return None
            begin, end = max(first - number * STRETCH, 0), min(last + 1 - number * STRETCH, STRETCH)
            prices = np.array([stretch.prices[symbol][begin:end] for symbol in held])
            parts.append(quantity @ prices.reshape(len(held), max(end - begin, 0)))
        worth = np.concatenate(parts) if parts else np.empty(0)
        return np.arange(first, first + len(worth), dtype=np.int64) * MINUTE_MS, worth

    def keep(self, symbols: Collection[str], first_ms: int, last_ms: int) -> None:
        """Work out all stretches of a time, as far as they may be kept: for several processes that look at them."""
        for number in range(first_ms // MINUTE_MS // STRETCH, last_ms // MINUTE_MS // STRETCH + 1):
            self._at(number, symbols)

    def _at(self, number: int, symbols: Iterable[str]) -> Stretch:
        """Go to a stretch and have the prices of symbols there."""
        if self._stretch.number != number:
            stretch = self._kept.get(number)
            if stretch is None:
                stretch = Stretch(number)
                if (len(self._kept) + 1) * len(self._candles) * STRETCH * 8 <= KEPT_BYTES:
                    self._kept[number] = stretch
            self._stretch = stretch
        for symbol in symbols:
            if symbol not in self._stretch.row:
                self._fill(self._stretch, symbol)
        return self._stretch

    def _fill(self, stretch: Stretch, symbol: str) -> None:
        """Look up the prices of one symbol."""
        bars, begin_ms = self._candles[symbol], stretch.number * STRETCH * MINUTE_MS
        first = int(bars.over(begin_ms - 1)) + 1
        last = int(bars.over(begin_ms + STRETCH * MINUTE_MS - 1)) + 1
        regular = bars.timeframe_ms == MINUTE_MS and last > first and bars.gapless(first, last)
        if bars.end_of(first) % MINUTE_MS if regular else np.any(bars.ends_of(first, last) % MINUTE_MS):
            stretch.between.add(symbol)
            prices = np.full(STRETCH, np.nan)
        elif last - first == STRETCH:
            stretch.always.add(symbol)
            prices = bars.close[first:last]
        else:
            prices = bars.last_close(begin_ms + np.arange(STRETCH, dtype=np.int64) * MINUTE_MS)
        stretch.prices[symbol], stretch.row[symbol] = prices, picking(prices)
