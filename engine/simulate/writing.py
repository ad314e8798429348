"""What the kernel writes: fills, exits and ends of rows, into the table."""

from __future__ import annotations

import numpy as np

from engine.domain import ExitReason, PathStatus
from engine.market.candles import Floats, Ints
from engine.simulate.rows import DUST, Rows
from engine.simulate.table import CODE, REASON, PathTable
from engine.simulate.terms import Terms


class Writer:
    """The rows of one symbol and the table they write into. Prices are those a long would see."""

    def __init__(self, rows: Rows, table: PathTable, terms: Terms) -> None:
        self.bars, self.rows, self.table, self.terms = rows.bars, rows, table, terms
        self.sign = rows.plan.sign
        self.dated = bool(terms.later_fees)

    def worse(self, at: Ints, price: Floats, share: Floats, *, up: bool) -> Floats:
        """A price after slippage and the impact of a share: higher for a buy, lower for a sell."""
        slip = self.slip(at, share) * np.abs(price)
        return price + slip if up else price - slip

    def slip(self, at: Ints, share: Floats) -> Floats | float:
        """How much worse a market order for a share of the planned quantity fills, as a fraction of the price."""
        impact = self.rows.plan.impact
        return self.terms.slippage if impact is None else self.terms.slippage + impact[at] * np.sqrt(share)

    def fee(self, at: Ints, *, maker: bool) -> Floats:
        """The fee rates in force in the bar at ``cur``."""
        if self.dated:
            return self.terms.fees(self.bars.ts[self.rows.cur[at]], np.full(len(at), maker))
        return np.full(len(at), self.terms.maker if maker else self.terms.taker)

    def fill(self, at: Ints, j: int, price: Floats, *, maker: bool) -> None:
        """Fill order ``j`` of the rows."""
        if not len(at):
            return
        rows, table = self.rows, self.table
        to = rows.plan.at[at]
        table.fill_ms[to, j] = self.bars.ts[rows.cur[at]]
        table.fill_price[to, j] = price * self.sign[at]
        table.fill_share[to, j] = rows.weight[at, j]
        table.fill_maker[to, j] = maker
        rows.fill(at, j, price, self.fee(at, maker=maker))

    def take(self, at: Ints, price: Floats, *, maker: bool = True) -> None:
        """A target leg, at its price or at the market; the last target takes all that is left."""
        rows = self.rows
        taken = rows.taken[at]
        share = rows.share[at, np.minimum(taken, rows.share.shape[1] - 1)] * rows.filled[at]
        share = np.where(taken + 1 >= rows.targets[at], rows.held[at], share)
        share = np.minimum(share, rows.held[at])
        rows.taken[at] += 1
        rows.drop_orders(at)
        self.leg(at, price if maker else self.worse(at, price, share, up=False), share, ExitReason.TARGET, maker=maker)
        self.end(at[rows.held[at] <= DUST], PathStatus.CLOSED)

    def exit(self, at: Ints, price: Floats, reason: ExitReason | Ints) -> None:
        """Close all that is held at a price as it stands."""
        if len(at):
            self.leg(at, price, self.rows.held[at], reason, maker=False)
            self.end(at, PathStatus.CLOSED)

    def sell(self, at: Ints, price: Floats, reason: ExitReason | Ints) -> None:
        """Close all that is held at the market."""
        self.exit(at, self.worse(at, price, self.rows.held[at], up=False), reason)

    def stop_out(self, at: Ints) -> None:
        """Stop out the rows at their stop, with slippage."""
        self.sell(at, self.rows.stop[at], self.rows.reason[at])

    def liquidate(self, at: Ints) -> None:
        """The isolated margin is lost: as if sold at the price at which nothing of it is left."""
        if len(at):
            average = self.rows.average(at)
            self.exit(at, average - np.abs(average) * self.rows.plan.gone[at], ExitReason.LIQUIDATION)

    def leave_open(self, at: Ints) -> None:
        """The candles end inside the trade: valued at the last close."""
        self.rows.cur[at] = len(self.bars.ts) - 1
        last = self.bars.close[-1] * self.sign[at]
        self.leg(at, last, self.rows.held[at], ExitReason.END, maker=False)
        self.end(at, PathStatus.OPEN)

    def leg(self, at: Ints, price: Floats, share: Floats, reason: ExitReason | Ints, *, maker: bool) -> None:
        """Write an exit leg."""
        if not len(at):
            return
        rows, table = self.rows, self.table
        to, leg = rows.plan.at[at], rows.legs[at]
        table.leg_ms[to, leg] = self.bars.ts[rows.cur[at]]
        table.leg_price[to, leg] = price * self.sign[at]
        table.leg_share[to, leg] = share
        table.leg_reason[to, leg] = REASON[reason] if isinstance(reason, ExitReason) else reason
        table.leg_maker[to, leg] = maker
        table.leg_target[to, leg] = rows.taken[at] if reason is ExitReason.TARGET else 0
        rows.legs[at] += 1
        rows.held[at] -= share

    def end(self, at: Ints, status: PathStatus) -> None:
        """The rows are over."""
        if not len(at):
            return
        rows, bars = self.rows, self.bars
        rows.done[at] = True
        to = rows.plan.at[at]
        self.table.status[to] = CODE[status]
        self.table.stop[to] = np.where(np.isfinite(rows.first_stop[at]), rows.first_stop[at] * self.sign[at], np.nan)
        bar = np.minimum(rows.cur[at], len(bars) - 1)
        at_open = status in (PathStatus.EXPIRED, PathStatus.TOO_LATE)
        ended = bars.ts[bar] if at_open else bars.ends_at(bar)
        self.table.end_ms[to] = np.where(rows.cur[at] >= len(bars), bars.end_ms, ended)
