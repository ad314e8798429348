"""What the paths of a table give to trades of some size: the trade and its flows, for any account that takes them.

The columns are laid out once for all rows, since walks over the same calls pick them one by one and in any order: as
views of arrays, from which single numbers are picked quickly and in which nothing is written when they are looked at
(pages that two processes share stay shared). Moves are kept per unit of quantity; ``flows`` gives what ``flows_of``
makes of the trade itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from engine.domain import ExitReason, Fill, Leg, Path, RuleNote, Trade
from engine.market.candles import Floats, Ints
from engine.memory import picking
from engine.simulate.flows import AT_OPEN, Move, Venue, funding_flow
from engine.simulate.money import Money, settlements
from engine.simulate.table import REASON, REASONS, STATUSES, PathTable


class Outcomes:
    """Trades and flows by row of ``table``, for a quantity each; see the module's docstring."""

    def __init__(self, table: PathTable, money: Money, venue: Venue) -> None:
        self.table, self.money, self.venue = table, money, venue
        self._paths: dict[int, Path] = {}

    def trade(self, row: int, quantity: float, risk: float, notes: tuple[RuleNote, ...]) -> Trade:
        """A row taken with a quantity; ``risk`` is what the account stands to lose with it."""
        path = self.path(row)
        if not path.fills:
            return Trade(path, quantity, risk, 0.0, 0.0, 0.0, 0.0, None, notes)
        gross, fees, funding, net, r = self._results[row]
        return Trade(
            path, quantity, risk, gross * quantity, fees * quantity, funding * quantity, net * quantity,
            r if r == r else None, notes,
        )  # fmt: skip

    def path(self, row: int) -> Path:
        """The path of a row; accounts that take it share it."""
        path = self._paths.get(row)
        if path is None:
            fills = tuple([Fill(*one) for one in self._fills[row]])
            legs = tuple([Leg(*one) for one in self._legs[row]])
            status = STATUSES[int(self.table.status[row])]
            path = self._paths[row] = Path(self.table.plans[row], status, fills, legs, bool(self.table.ambiguous[row]))
        return path

    def flows(self, row: int, quantity: float) -> list[Move]:
        """All flows of a row at a quantity, as ``flows_of`` gives them."""
        symbol, first = self.table.plans[row].symbol, self._first_move
        flows: list[Move] = []
        for at_ms, share, price, fee, gain in self._moves[first[row] : first[row + 1]].tolist():
            moved, paid = share * quantity, fee * quantity
            flows.append((int(at_ms), symbol, moved, -moved * price - paid, -moved * gain - paid))
        history = self.venue.funding.get(symbol) if self.venue.funding else None
        if history is not None:
            paid_at = settlements(self.path(row), history, self.venue.candles[symbol])
            flows += [funding_flow(symbol, ts, money, quantity) for ts, money in paid_at]
        return flows

    def net(self, row: int, quantity: float) -> float | None:
        """What a row earns at a quantity, None where it is never filled."""
        return self._nets[row] * quantity if self._in_market[row] else None

    # ------------------------------------------------------------------ columns

    @cached_property
    def _in_market(self) -> Sequence[bool]:
        return picking(self.table.filled)

    @cached_property
    def _nets(self) -> Sequence[float]:
        return picking(self.money.net)

    @cached_property
    def end_ms(self) -> Sequence[int]:
        """When each row was known to be over."""
        return picking(self.table.end_ms)

    @cached_property
    def _results(self) -> list[tuple[float, ...]]:
        m = self.money
        return list(zip(*(c.tolist() for c in (m.gross, m.fees, m.funding, m.net, m.r)), strict=True))

    @cached_property
    def _fills(self) -> _ByRow:
        t, filled = self.table, self.table.fill_ms >= 0
        cells = (t.fill_ms, t.fill_price, t.fill_share, t.fill_maker)
        return _ByRow(np.nonzero(filled)[0], len(t), *(c[filled].tolist() for c in cells))

    @cached_property
    def _legs(self) -> _ByRow:
        t, left = self.table, self.table.leg_ms >= 0
        reasons = [REASONS[code] for code in t.leg_reason[left].tolist()]
        ms, price, share, maker, target = (
            c[left].tolist() for c in (t.leg_ms, t.leg_price, t.leg_share, t.leg_maker, t.leg_target)
        )
        return _ByRow(np.nonzero(left)[0], len(t), ms, price, share, reasons, maker, target)

    @cached_property
    def _first_move(self) -> Sequence[int]:
        """Where the moves of each row begin; the end of the last behind them."""
        t = self.table
        count = (t.fill_ms >= 0).sum(axis=1) + (t.leg_ms >= 0).sum(axis=1)
        return picking(np.append(0, np.cumsum(count)))

    @cached_property
    def _moves(self) -> Floats:
        """The moves of all rows, fills first, shape (moves, 5): known when, signed share, price, fee, gain on the
        average entry.
        """
        t, into, out = self.table, self.table.fill_ms >= 0, self.table.leg_ms >= 0
        row = np.concatenate([np.nonzero(into)[0], np.nonzero(out)[0]])
        ts = np.concatenate([t.fill_ms[into], t.leg_ms[out]])
        price = np.concatenate([t.fill_price[into], t.leg_price[out]])
        share = np.concatenate([t.fill_share[into], t.leg_share[out]])
        maker = np.concatenate([t.fill_maker[into], t.leg_maker[out]])
        lost = np.concatenate([np.zeros(into.sum(), np.bool_), t.leg_reason[out] == REASON[ExitReason.LIQUIDATION]])
        fee = np.where(lost, 0.0, price * share * self.venue.terms.fees(ts, maker))
        fill = np.arange(len(row)) < into.sum()
        gain = np.concatenate([np.zeros(into.sum()), t.leg_price[out] - self._held_entries()[out]])
        signed = np.where(fill, share, -share) * t.planned.sign[row]
        order = np.argsort(row, kind="stable")
        return np.stack([self._known(row, ts), signed, price, fee, gain], axis=1)[order]

    def _held_entries(self) -> Floats:
        """The average entry of what each row holds at each of its exits (``flows.held_entries``), shape of the legs."""
        t = self.table
        entries, average, held = np.zeros(t.leg_ms.shape), np.zeros(len(t)), np.zeros(len(t))
        opens, left = np.isin(t.leg_reason, [REASON[reason] for reason in AT_OPEN]), t.fill_ms >= 0
        for k in range(t.leg_ms.shape[1]):
            worth, whole = average * held, held.copy()
            for j in range(t.fill_ms.shape[1]):
                into = left[:, j] & (t.fill_ms[:, j] + opens[:, k] <= t.leg_ms[:, k])
                left[:, j] &= ~into
                worth += np.where(into, t.fill_price[:, j] * t.fill_share[:, j], 0.0)
                whole += np.where(into, t.fill_share[:, j], 0.0)
            more = whole > held
            average[more] = worth[more] / whole[more]
            entries[:, k] = average
            held = whole - np.where(t.leg_ms[:, k] >= 0, t.leg_share[:, k], 0.0)
        return entries

    def _known(self, row: Ints, ts: Ints) -> Ints:
        """When the bars are over that open at ``ts``, on the symbol of a row each."""
        known, symbol = ts.copy(), self.table.planned.symbol[row]
        for i, name in enumerate(self.table.planned.names):
            mine = np.flatnonzero(symbol == i)
            if len(mine):
                known[mine] = self.venue.candles[name].ends_at(ts[mine])
        return known


class _ByRow:
    """Tuples out of columns, those of one row picked at once; ``row`` (sorted) says whose each is."""

    def __init__(self, row: Ints, n: int, *columns: Sequence[Any]) -> None:
        self._items = list(zip(*columns, strict=True))
        self._first = np.searchsorted(row, np.arange(n + 1)).tolist()

    def __getitem__(self, row: int) -> list[tuple[Any, ...]]:
        return self._items[self._first[row] : self._first[row + 1]]
