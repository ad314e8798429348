"""The books of an account at one moment of its walk, and the prices it is marked at."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np

from engine.domain import Halt, History, OpenTrade
from engine.market.candles import Candles, Floats, Ints
from engine.simulate.flows import Move
from engine.simulate.minutes import Minutes
from engine.simulate.reach import Extremes


@dataclass
class Books:
    """Cash, positions and what is open, at the present moment of the walk."""

    cash: float
    wallet: float  # what is realised: open profit and loss are not in it
    held: dict[str, float] = field(default_factory=dict)  # signed quantity by symbol
    flows: list[tuple[int, int, int, Move]] = field(default_factory=list)  # a heap: time, sequence, row, flow
    open: dict[int, OpenTrade] = field(default_factory=dict)  # what rests or is open, by row, as it was taken
    ends: list[tuple[int, Any, int]] = field(default_factory=list)  # a heap: time, rank, the row that ends then
    ending: set[int] = field(default_factory=set)  # the open rows whose end a rule has asked for
    halts: list[Halt] = field(default_factory=list)
    peak: float = 0.0
    day: date | None = None
    day_equity: float = 0.0
    week_equity: float = 0.0
    history: History = field(default_factory=History)
    rank: Callable[[int], Any] = int  # of a row, among trades that end at one moment: live rows come as they arrive

    @property
    def symbols(self) -> set[str]:
        """Those of the open trades."""
        return {facts.symbol for facts in self.open.values()}

    @property
    def closable(self) -> tuple[OpenTrade, ...]:
        """The open trades that no rule has ended yet."""
        return tuple([facts for row, facts in self.open.items() if row not in self.ending])

    def add(self, row: int, facts: OpenTrade, end_ms: int) -> None:
        """A trade occupies a place until a moment."""
        self.open[row] = facts
        heapq.heappush(self.ends, (end_ms, self.rank(row), row))

    def end(self, row: int, end_ms: int) -> None:
        """A trade ends at another moment than was known."""
        self.ends = [(end_ms if one == row else known_ms, rank, one) for known_ms, rank, one in self.ends]
        heapq.heapify(self.ends)

    def copied(self) -> Books:
        """The same books, to go on with apart."""
        before = self.history
        return replace(
            self,
            held=dict(self.held),
            flows=list(self.flows),
            open=dict(self.open),
            ends=list(self.ends),
            ending=set(self.ending),
            halts=list(self.halts),
            history=replace(before, on_symbol=dict(before.on_symbol), of_channel=dict(before.of_channel)),
        )


class Marks:
    """The last close of each symbol before a moment.

    An account looks often and time goes on slowly: where the candles are there already, its worth comes from
    ``minutes.py``, and ``extremes`` say how far it can get. ``foreseen``: the candles of the future are there already,
    as in a backtest. Live they are not.
    """

    foreseen = True

    def __init__(self, candles: Mapping[str, Candles]) -> None:
        self._candles = candles
        self._minutes = Minutes(candles)
        self.extremes = Extremes(candles)

    def keep(self, symbols: Collection[str], first_ms: int, last_ms: int) -> None:
        """Work out the prices of a time beforehand, for several accounts in several processes."""
        self._minutes.keep(symbols, first_ms, last_ms)

    def price(self, symbol: str, now_ms: int) -> float:
        """The close of the last bar that is over at ``now_ms`` (the first open before any is)."""
        bars = self._candles[symbol]
        i = int(bars.over(now_ms))
        return float(bars.close[i]) if i >= 0 else float(bars.open[0])

    def worth(self, held: Mapping[str, float], now_ms: int) -> float:
        """What quantities by symbol are worth at ``now_ms``."""
        known = self._minutes.worth(held, now_ms) if self.foreseen else None
        if known is not None:
            return known
        return sum([quantity * self.price(symbol, now_ms) for symbol, quantity in held.items()])

    def course(
        self, held: Mapping[str, float], symbols: Collection[str], after_ms: int, until_ms: int
    ) -> tuple[Ints, Floats]:
        """When candles of ``symbols`` close, after one moment and up to another, and what ``held`` is worth then."""
        known = self._minutes.course(held, symbols, after_ms, until_ms) if self.foreseen else None
        if known is not None:
            return known
        ts = self.closes(symbols, after_ms, until_ms)
        total = np.zeros(len(ts))
        for symbol, quantity in held.items():
            total += quantity * self.prices(symbol, ts)
        return ts, total

    def closes(self, symbols: Collection[str], after_ms: int, until_ms: int) -> Ints:
        """When candles of these symbols close, after one moment and up to another; in order of time, each once."""
        found = []
        for symbol in symbols:
            bars = self._candles[symbol]
            first, last = (bars.over(np.array([after_ms, until_ms])) + 1).tolist()
            found.append(bars.ends_of(first, last))
        return found[0] if len(found) == 1 else np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)

    def prices(self, symbol: str, moments_ms: Ints) -> Floats:
        """``price`` at many moments."""
        return self._candles[symbol].last_close(moments_ms)
