"""What is known of the market by now: candles, fair prices, funding, contracts. All desks of an account look at one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.market.candles import Candles, Funding
from engine.market.contracts import Contract, state_at
from engine.market.timeframes import grid_offset_ms
from engine.paper.call import Bar


@dataclass
class Market:
    """See the module's docstring.

    Parameters
    ----------
    candles
        All candles known by now, by symbol; for replays also later ones, which are not looked at.
    fair, contracts
        Fair prices that liquidate, and what the exchange says of its contracts, by symbol, where known.
    """

    candles: Mapping[str, Candles]
    timeframe_ms: int
    funding: Mapping[str, Funding] | None = None
    fair: Mapping[str, Candles] | None = None
    contracts: Mapping[str, Sequence[Contract]] | None = None

    def opens(self, ms: int) -> int:
        """When the first candle opens that may be traded at a moment or later."""
        offset = grid_offset_ms(self.timeframe_ms)
        return -((offset - ms) // self.timeframe_ms) * self.timeframe_ms + offset

    def contract(self, symbol: str, at_ms: int) -> Contract | None:
        """What the exchange said of a contract at a moment, None where that is not known."""
        return state_at((self.contracts or {}).get(symbol, ()), at_ms)

    def bar_at(self, symbol: str, place: int) -> Bar:
        """The candle of a symbol at a place."""
        bars = self.candles[symbol]
        ts = int(bars.ts[place])
        open_, high, low, close = (float(column[place]) for column in (bars.open, bars.high, bars.low, bars.close))
        return Bar(ts, open_, high, low, close, bars.end_of(place), self._fair_at(symbol, ts))

    def bars_at(self, symbol: str, ts_ms: int) -> tuple[Bar, Bar | None]:
        """The candle of a symbol that opened at a moment, and the one before it."""
        place = int(self.candles[symbol].ts.searchsorted(ts_ms))
        return self.bar_at(symbol, place), self.bar_at(symbol, place - 1) if place else None

    def bars_since(self, symbol: str, first_ms: int, through_ms: int) -> list[Bar]:
        """The candles of a symbol that opened between two moments, and the one before them."""
        ts = self.candles[symbol].ts
        first = max(int(ts.searchsorted(first_ms)) - 1, 0)
        last = int(ts.searchsorted(through_ms, side="right"))
        return [self.bar_at(symbol, i) for i in range(first, last)]

    def _fair_at(self, symbol: str, ts: int) -> tuple[float, float, float] | None:
        """The fair price's open, high and low in a bar, where they are known."""
        fair = self.fair.get(symbol) if self.fair else None
        place = int(fair.ts.searchsorted(ts)) if fair is not None else 0
        if fair is None or place >= len(fair) or fair.ts[place] != ts:
            return None
        return float(fair.open[place]), float(fair.high[place]), float(fair.low[place])
