"""The money of paths: fees, funding, and the R multiple, for one unit of planned quantity.

``R = net / risk`` with ``risk = sum_j weight_j * |entry_j - stop|`` over all orders at their planned prices (a market
order at its fill): what one stood to lose when the call was acted on, had every order filled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from engine.domain import ExitReason, Fill, Leg, Path
from engine.market.candles import Candles, Floats, Funding, Ints
from engine.simulate.table import REASON, PathTable
from engine.simulate.terms import Terms


@dataclass(frozen=True, slots=True)
class Money:
    """Quote currency per unit of planned quantity, shape (n,) each. ``risk`` and ``r`` are NaN without a stop.

    ``entry`` is the planned average entry (a market order at its fill, NaN when it never filled); ``r`` is NaN for a
    path that was not filled.
    """

    gross: Floats
    fees: Floats
    funding: Floats
    net: Floats
    entry: Floats
    risk: Floats
    r: Floats

    def part(self, rows: Ints) -> Money:
        """The money of some of the paths."""
        return Money(*(getattr(self, field.name)[rows] for field in fields(self)))


def money_of(
    table: PathTable, terms: Terms, candles: Mapping[str, Candles], funding: Mapping[str, Funding] | None = None
) -> Money:
    """The money of every path. ``funding`` None: no funding is paid."""
    sign = table.planned.sign
    bought, sold = table.fill_price * table.fill_share, table.leg_price * table.leg_share
    gross = sign * (sold.sum(axis=1) - bought.sum(axis=1))
    entry_fees = (bought * terms.fees(table.fill_ms, table.fill_maker)).sum(axis=1)
    lost = table.leg_reason == REASON[ExitReason.LIQUIDATION]  # its fees come out of the margin, which is gone
    exit_fees = (sold * np.where(lost, 0.0, terms.fees(table.leg_ms, table.leg_maker))).sum(axis=1)
    fees = entry_fees + exit_fees
    paid = np.zeros(len(table)) if funding is None else sign * _funding(table, candles, funding) + 0.0  # no -0
    net = gross - fees - paid
    price, weight = planned_orders(table)
    entry = (price * weight).sum(axis=1)
    with np.errstate(invalid="ignore"):
        risk = (np.abs(price - table.stop[:, None]) * weight).sum(axis=1)
        r = np.where(table.filled & (risk > 0), net / np.where(risk > 0, risk, 1.0), np.nan)
    return Money(gross, fees, paid, net, entry, risk, r)


def average_price(moves: Sequence[Fill] | Sequence[Leg]) -> float:
    """The average price of fills or exits, by their shares; there is one at least."""
    return sum([move.price * move.share for move in moves]) / sum([move.share for move in moves])


def fee_of(move: Fill | Leg, terms: Terms) -> float:
    """The fee of one fill or exit, per unit of planned quantity."""
    if isinstance(move, Leg) and move.reason is ExitReason.LIQUIDATION:
        return 0.0  # its fees come out of the margin, which is gone
    return move.price * move.share * terms.fee(move.ts_ms, maker=move.maker)


def settlements(path: Path, funding: Funding | None, bars: Candles) -> Iterator[tuple[int, float]]:
    """The settlements at which a path was open: when, and what it paid (per unit of planned quantity)."""
    if funding is None or not path.fills:
        return
    first, last = np.searchsorted(funding.ts, (path.fills[0].ts_ms + 1, path.legs[-1].ts_ms + 1))
    for ts, rate in zip(funding.ts[first:last].tolist(), funding.rate[first:last].tolist(), strict=True):
        held = sum(fill.share for fill in path.fills if fill.ts_ms < ts)
        held -= sum(leg.share for leg in path.legs if leg.ts_ms < ts)
        at = min(int(np.searchsorted(bars.ts, ts)), len(bars) - 1)
        yield ts, path.plan.side.sign * held * rate * float(bars.open[at])


def planned_orders(table: PathTable) -> tuple[Floats, Floats]:
    """Prices and weights of all orders, shape (n, R); a market order at its fill (NaN when it never filled)."""
    planned = table.planned
    fill = np.where(table.fill_ms >= 0, table.fill_price, np.nan)
    return np.where(planned.at_market, fill, planned.price), planned.weight


def _funding(table: PathTable, candles: Mapping[str, Candles], funding: Mapping[str, Funding]) -> Floats:
    """What a long would pay: sum of share * price * rate over the settlements at which the position was open.

    A position is open at a settlement when it was filled in a bar that opened before it and not yet closed in such a
    bar. The price is the open of the first bar at or after the settlement (the fair price is not stored).
    """
    paid = np.zeros(len(table))
    filled = table.filled
    for i, symbol in enumerate(table.planned.names):
        rows = np.flatnonzero((table.planned.symbol == i) & filled)
        bars, history = candles.get(symbol), funding.get(symbol)
        if not len(rows) or history is None or bars is None or not len(bars):
            continue
        at = np.minimum(bars.first_from(history.ts), len(bars) - 1)
        running = np.concatenate([[0.0], np.cumsum(history.rate * bars.open[at])])
        fill_ms, leg_ms = table.fill_ms[rows], table.leg_ms[rows]
        first_ms = np.where(fill_ms < 0, np.iinfo(np.int64).max, fill_ms).min(axis=1, keepdims=True)
        before = _until(running, history.ts, first_ms)  # counted from there, what was never due is 0 and not a rest
        out = (_until(running, history.ts, leg_ms) - before) * table.leg_share[rows]
        into = (_until(running, history.ts, fill_ms) - before) * table.fill_share[rows]
        paid[rows] = out.sum(axis=1) - into.sum(axis=1)
    return paid


def _until(running: Floats, settled: Ints, ts: Ints) -> Floats:
    """The running sum over all settlements at or before each time."""
    found: Floats = running[np.searchsorted(settled, ts, side="right")]
    return found
