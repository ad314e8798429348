"""Plans laid out over their candles, for any number of readings: what a run, a delay or a random time asks again.

1. Plans are laid out as columns by symbol (``prepare``); a short is seen as a long over negated prices, so there is one
   set of rules.
2. ``run`` takes them through the candles under terms (``kernel.py``): a table of paths in the order of the plans.
3. ``acting_at``, ``taken`` and ``moved`` give the same plans at other moments, some of them, or at other prices;
   nothing is laid out anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.domain import Plan
from engine.market.candles import Candles, Floats, Ints
from engine.memory import uncollected
from engine.simulate.columns import Columns, lay_out
from engine.simulate.kernel import NEVER_FETCHED_MS, Group
from engine.simulate.pyramid import Bars
from engine.simulate.rows import Rows
from engine.simulate.table import PathTable, Planned
from engine.simulate.terms import Terms


@dataclass(frozen=True, slots=True)
class Prepared:
    """Plans laid out over their candles, for any number of readings."""

    plans: Sequence[Plan]
    planned: Planned
    groups: tuple[tuple[Columns, Bars], ...]

    def run(self, terms: Terms) -> PathTable:
        """The path of every plan under these terms."""
        table = PathTable.empty(self.plans, self.planned)
        for columns, bars in self.groups:
            Group(Rows.of(columns, bars, bars.end_ms), table, terms).run()
        return table

    def acting_at(self, act_ms: Ints) -> Prepared:
        """The same plans acted on at other moments, shape (n,): valid as long, at the same prices.

        The plans of the tables that come of it are those acted on at their own moments.
        """
        groups = tuple((columns.acting_at(act_ms[columns.at]), bars) for columns, bars in self.groups)
        return replace(self, planned=replace(self.planned, act_ms=act_ms), groups=groups)

    def taken(self, rows: Ints) -> Prepared:
        """Some of the plans (a row may come often), shape (m,)."""
        groups = []
        for columns, bars in self.groups:
            place = np.full(len(self.plans), -1, np.int64)
            place[columns.at] = np.arange(len(columns))
            mine = np.flatnonzero(place[rows] >= 0)
            if len(mine):
                groups.append((columns.taken(place[rows[mine]], mine), bars))
        return Prepared([self.plans[row] for row in rows.tolist()], self.planned.taken(rows), tuple(groups))

    def moved(self, rows: Ints, act_ms: Ints, factor: Floats) -> Prepared:
        """Some plans (a row may come often) at other moments, all prices scaled by a factor; shape (m,) each.

        What their channel said later comes as much later, its prices scaled too. The plans of the tables that come of
        it are the unmoved ones.
        """
        taken = self.taken(rows)
        groups = tuple((c.moved(act_ms[c.at], factor[c.at]), bars) for c, bars in taken.groups)
        return replace(taken, planned=taken.planned.moved(act_ms, factor), groups=groups)

    def bars(self) -> tuple[Ints, Ints]:
        """The first bar that counts and the first in which orders fill no more, of each plan, in its symbol's candles;
        -1 where no bar counts.

        Plans that differ in nothing else have the same fills and exits. Shape (n,) each.
        """
        first, last = np.full(len(self.plans), -1, np.int64), np.full(len(self.plans), -1, np.int64)
        for columns, bars in self.groups:
            found = bars.first_from(columns.act_ms)
            wait = bars.ts[np.minimum(found, len(bars) - 1)] - columns.act_ms
            first[columns.at] = np.where((found < len(bars)) & (wait <= NEVER_FETCHED_MS), found, -1)
            last[columns.at] = bars.first_from(columns.expire_ms)
        return first, last


def prepare(
    plans: Sequence[Plan], candles: Mapping[str, Candles], fair: Mapping[str, Candles] | None = None
) -> Prepared:
    """Lay plans out over the candles of their symbols; ``fair`` has the fair prices that liquidate, where known."""
    symbols = sorted({plan.symbol for plan in plans} & candles.keys())
    return prepare_on(plans, {symbol: Bars.of(candles[symbol], (fair or {}).get(symbol)) for symbol in symbols})


def prepare_on(plans: Sequence[Plan], bars: Mapping[str, Bars]) -> Prepared:
    """Lay plans out over bars that are known already."""
    with uncollected():
        planned, groups = Planned.of(plans), []
        for number, symbol in enumerate(planned.names):
            mine = bars.get(symbol)
            if mine is not None and len(mine):
                found = np.flatnonzero(planned.symbol == number)
                groups.append((lay_out([plans[i] for i in found.tolist()], found), mine))
    return Prepared(plans, planned, tuple(groups))


def simulate(
    plans: Sequence[Plan], candles: Mapping[str, Candles], terms: Terms, fair: Mapping[str, Candles] | None = None
) -> PathTable:
    """The path of every plan. A symbol without candles gives "no data"; nothing is raised."""
    return prepare(plans, candles, fair).run(terms)
