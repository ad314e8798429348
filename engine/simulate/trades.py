"""The trades of a walk: which rows were taken, and with what size. One is an object only when it is looked at.

A walk takes many more trades than anybody looks at one by one; what a report says of all of them it says of columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from engine.domain import RuleNote, Trade
from engine.market.candles import Floats, Ints
from engine.simulate.outcomes import Outcomes
from engine.simulate.table import Bools

Size = tuple[float, float, tuple[RuleNote, ...]]
"""Quantity, risk, and what was said when it was taken."""


@dataclass(frozen=True, slots=True)
class TradeColumns:
    """Trades in the order in which they were taken, shape (n,) each: the row, whether it was ever in the market, size
    and money as in ``Trade``.
    """

    row: Ints
    filled: Bools
    quantity: Floats
    risk: Floats
    gross: Floats
    fees: Floats
    funding: Floats
    net: Floats


class Trades(Mapping[int, Trade]):
    """Trades by row of the path table, in the order in which they were taken; see the module's docstring.

    ``own`` are those that are not their row's path at a size: the size changed the plan, or a rule ended them.
    """

    def __init__(self, outcomes: Outcomes) -> None:
        self._outcomes = outcomes
        self._sizes: dict[int, Size] = {}
        self.own: dict[int, Trade] = {}

    def take(self, row: int, quantity: float, risk: float, notes: tuple[RuleNote, ...]) -> None:
        """A row is taken with a quantity; ``risk`` is what the account stands to lose with it."""
        self._sizes[row] = quantity, risk, notes

    def put(self, row: int, trade: Trade) -> None:
        """A row is taken, or ends, otherwise than its path says."""
        self._sizes[row] = trade.quantity, trade.risk, trade.notes
        self.own[row] = trade

    def __getitem__(self, row: int) -> Trade:
        """One trade."""
        size = self._sizes[row]
        return self.own.get(row) or self._outcomes.trade(row, *size)

    def __iter__(self) -> Iterator[int]:
        """The rows."""
        return iter(self._sizes)

    def __len__(self) -> int:
        """How many trades."""
        return len(self._sizes)

    def notes(self, row: int) -> tuple[RuleNote, ...] | None:
        """What was said of a row, None where it was not taken."""
        size = self._sizes.get(row)
        return None if size is None else size[2]

    def net(self, row: int) -> float | None:
        """What a trade earned, None where it was never filled."""
        trade = self.own.get(row)
        if trade is not None:
            return trade.net if trade.path.fills else None
        return self._outcomes.net(row, self._sizes[row][0])

    @property
    def columns(self) -> TradeColumns:
        """All of them."""
        row = np.fromiter(self._sizes, np.int64, len(self._sizes))
        sizes = self._sizes.values()
        quantity, risk = (np.array([size[i] for size in sizes], np.float64) for i in (0, 1))
        filled, money = self._outcomes.table.filled[row], self._outcomes.money
        earned = (money.gross, money.fees, money.funding, money.net)
        columns = (np.where(filled, one[row] * quantity, 0.0) for one in earned)
        found = TradeColumns(row, filled, quantity, risk, *columns)
        place = {one: i for i, one in enumerate(self._sizes)} if self.own else {}
        for one, trade in self.own.items():
            at = place[one]
            found.filled[at] = bool(trade.path.fills)
            for name in ("gross", "fees", "funding", "net"):
                getattr(found, name)[at] = getattr(trade, name)
        return found
