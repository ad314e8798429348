"""The books of an account at one moment of its walk, and the prices it is marked at."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from engine.domain import Halt, History, OpenTrade
from engine.market.candles import Candles, Ints
from engine.simulate.flows import Flow


@dataclass
class Holding:
    """A trade that is resting or open."""

    end_ms: int
    row: int
    facts: OpenTrade


@dataclass
class Books:
    """Cash, positions and what is open, at the present moment of the walk."""

    cash: float
    wallet: float  # what is realised: open profit and loss are not in it
    held: dict[str, float] = field(default_factory=dict)  # signed quantity by symbol
    flows: list[tuple[int, int, Flow]] = field(default_factory=list)  # a heap: time, sequence, flow
    open: list[Holding] = field(default_factory=list)
    halts: list[Halt] = field(default_factory=list)
    peak: float = 0.0
    day: datetime | None = None
    day_equity: float = 0.0
    week_equity: float = 0.0
    history: History = field(default_factory=History)
    booked: dict[int, list[int]] = field(default_factory=dict)  # by row: the sequence numbers of its flows


class Marks:
    """The last close of each symbol before a moment.

    An account looks often and time goes on slowly, so the last answer is kept with the time for which it is true.
    """

    def __init__(self, candles: Mapping[str, Candles]) -> None:
        self._candles = candles
        self._ends: dict[str, Ints] = {}
        self._known: dict[str, tuple[int, int, float]] = {}  # by symbol: from when, before when, price

    def price(self, symbol: str, now_ms: int) -> float:
        """The close of the last bar that is over at ``now_ms`` (the first open before any is)."""
        start, end, price = self._known.get(symbol, (0, 0, 0.0))
        if start <= now_ms < end:
            return price
        bars = self._candles[symbol]
        if symbol not in self._ends:
            self._ends[symbol] = bars.ends
        ends = self._ends[symbol]
        i = int(ends.searchsorted(now_ms, side="right")) - 1
        price = float(bars.close[i]) if i >= 0 else float(bars.open[0])
        start = int(ends[i]) if i >= 0 else now_ms
        end = int(ends[i + 1]) if i + 1 < len(bars) else sys.maxsize
        self._known[symbol] = start, end, price
        return price
