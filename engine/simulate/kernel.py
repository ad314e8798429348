"""Phase 1, vectorised: the paths of many plans over candles. The meaning of each step is in docs/realism.md.

1. Plans are grouped by symbol and side; a short is seen as a long over negated prices, so there is one set of rules.
2. The first bar that counts is the first whose open is at or after ``act_ms``: market orders and limits that are
   marketable fill at its open, or the call is too late.
3. Then each row waits for its next event - a rung, a target, the stop - found by ``Bars.first_touch``; all rows that
   have one are taken through that bar together (``_bar``), and wait for the next. A row needs as many rounds as it has
   events, whatever the number of bars.
4. Rows without a further event end: expired, closed by time, or open at the end of the candles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.domain import ExitReason, PathStatus, Plan, Side
from engine.market.candles import Candles, Floats, Ints
from engine.simulate.pyramid import Bars
from engine.simulate.rows import Rows
from engine.simulate.table import CODE, REASON, Bools, PathTable
from engine.simulate.terms import Terms
from engine.units import DAY_MS

DUST = 1e-12  # shares below this are nothing
NEVER_FETCHED_MS = DAY_MS  # no bar for so long after the call: the range is not in the store


def simulate(plans: Sequence[Plan], candles: Mapping[str, Candles], terms: Terms) -> PathTable:
    """The path of every plan. A symbol without candles gives "no data"; nothing is raised."""
    table = PathTable.empty(plans)
    groups: dict[tuple[str, Side], list[int]] = {}
    for i, plan in enumerate(plans):
        if plan.symbol in candles:
            groups.setdefault((plan.symbol, plan.side), []).append(i)
    for (symbol, side), members in groups.items():
        if len(candles[symbol]):
            rows = Rows.of([plans[i] for i in members], np.array(members), side.sign, candles[symbol])
            _Group(Bars.of(candles[symbol], side.sign), rows, table, terms, side.sign).run()
    return table


class _Group:
    """The rows of one symbol and side on their way through its bars. Prices are those a long would see."""

    def __init__(self, bars: Bars, rows: Rows, table: PathTable, terms: Terms, sign: int) -> None:
        self.bars, self.rows, self.table, self.terms, self.sign = bars, rows, table, terms, sign

    def run(self) -> None:
        """Take every row from its first bar to its end."""
        bars, rows = self.bars, self.rows
        n = len(bars.ts)
        first = np.minimum(rows.cur, n - 1)
        has_data = (rows.cur < n) & (bars.ts[first] - rows.act_ms <= NEVER_FETCHED_MS)
        live = np.flatnonzero(has_data)
        self.table.first_ms[rows.at[live]] = bars.ts[rows.cur[live]]
        self._unused_bar(live)
        live = self._first_open(live)
        while len(live):
            live = self._next_event(live)

    # ------------------------------------------------------------------ the first bar

    def _unused_bar(self, live: Ints) -> None:
        """Stop or first target inside the bar in which the message fell: part of that bar came after it."""
        bars, rows = self.bars, self.rows
        before = rows.cur[live] - 1
        bar = np.maximum(before, 0)
        inside = (before >= 0) & (bars.ts[bar] + bars.timeframe_ms > rows.act_ms[live])
        levels = np.column_stack([rows.target[live, 0], rows.stop[live]])
        touched = (levels >= bars.low[bar, None]) & (levels <= bars.high[bar, None])
        self.table.ambiguous[rows.at[live[inside & touched.any(axis=1)]]] = True

    def _first_open(self, live: Ints) -> Ints:
        """Fill what fills at the first open; the rows that go on."""
        rows = self.rows
        expired = rows.cur[live] >= rows.expire[live]
        self._end(live[expired], PathStatus.EXPIRED)
        live = live[~expired]
        open_ = self.bars.open[rows.cur[live]]
        marketable = rows.price[live, 0] >= open_
        beyond_target = open_ >= rows.target[live, 0]
        late = marketable & (beyond_target | (open_ <= rows.stop[live]))
        missed = ~marketable & beyond_target & rows.cancel[live]
        self._end(live[late], PathStatus.TOO_LATE)
        self._end(live[missed], PathStatus.TARGET_FIRST)
        live = live[~(late | missed)]
        for j in range(rows.price.shape[1]):
            at = live[(rows.price[live, j] >= self.bars.open[rows.cur[live]]) & (rows.weight[live, j] > 0)]
            open_ = self.bars.open[rows.cur[at]]
            self._fill(at, j, np.minimum(self._worse(open_, up=True), rows.price[at, j]), maker=False)
        return live

    # ------------------------------------------------------------------ waiting

    def _next_event(self, live: Ints) -> Ints:
        """Find each row's next bar with an event and take it through that bar; the rows still going."""
        rows = self.rows
        waiting, resting = self._waiting(live), self._resting(live)
        rung = np.where(resting, self._through_limit(rows.rung_price(live)), -np.inf)
        down = np.where(waiting, rung, np.maximum(rung, rows.stop[live]))
        up = np.where(waiting, np.where(rows.cancel[live], rows.target[live, 0], np.inf), self._through_target(live))
        end = np.where(waiting, rows.expire[live], rows.leave[live])
        end = np.where(resting & ~waiting, np.minimum(rows.expire[live], end), end)
        end = np.maximum(end, rows.cur[live])
        bar = self.bars.first_touch(rows.cur[live], end, up, down)
        # a position's first open below its stop or above its target shows in low and high too, so nothing is missed
        hit = bar >= 0
        at = live[hit]
        rows.cur[at] = bar[hit]
        self._bar(at)
        rows.cur[at] += 1
        self._no_event(live[~hit], end[~hit], waiting[~hit])
        return live[~rows.done[live]]

    def _no_event(self, at: Ints, end: Ints, waiting: Bools) -> None:
        """Rows whose search ended without an event: expiry of orders, time exit, or the end of the candles."""
        rows, n = self.rows, len(self.bars.ts)
        rows.cur[at] = end
        over = end >= n
        self._end(at[over & waiting & rows.expires[at]], PathStatus.EXPIRED)
        self._end(at[over & waiting & ~rows.expires[at]], PathStatus.RESTING)
        self._leave_open(at[over & ~waiting])
        at, waiting = at[~over], waiting[~over]
        expired = at[waiting]
        self._end(expired, PathStatus.EXPIRED)
        held = at[~waiting]
        timed = rows.cur[held] >= rows.leave[held]
        self._exit(held[timed], self._worse(self.bars.open[rows.cur[held[timed]]], up=False), ExitReason.TIME)
        rows.drop_orders(held[~timed])

    # ------------------------------------------------------------------ one bar

    def _bar(self, at: Ints) -> None:
        """Take rows through the bar at ``cur``: its open first, then what happened inside it."""
        bars, rows, terms = self.bars, self.rows, self.terms
        bar = rows.cur[at]
        open_, high, low, close = bars.open[bar], bars.high[bar], bars.low[bar], bars.close[bar]

        # the open: orders that it opens through, a stop, targets
        missed = self._waiting(at) & rows.cancel[at] & (open_ >= rows.target[at, 0])
        self._end(at[missed], PathStatus.TARGET_FIRST)
        for j in range(rows.price.shape[1]):
            into = ~rows.done[at] & rows.orders_open(at, j) & (open_ <= self._through_limit(rows.price[at, j]))
            self._fill(at[into], j, open_[into], maker=True)
        gapped = ~rows.done[at] & (rows.held[at] > DUST) & (open_ <= rows.stop[at])
        self._exit(at[gapped], self._worse(open_[gapped], up=False), rows.stop_reason(at[gapped]))
        self._targets(at, open_, gap=True)

        # inside the bar: resting orders, then stop against target
        waiting, was_held = self._waiting(at), rows.held[at] > DUST
        touched_in = np.zeros(len(at), np.bool_)
        for j in range(rows.price.shape[1]):
            into = ~rows.done[at] & rows.orders_open(at, j) & (low <= self._through_limit(rows.price[at, j]))
            self._fill(at[into], j, np.minimum(rows.price[at, j], open_)[into], maker=True)
            touched_in |= into
        missed = ~rows.done[at] & self._waiting(at) & rows.cancel[at] & (high >= rows.target[at, 0])
        self._end(at[missed], PathStatus.TARGET_FIRST)
        held = ~rows.done[at] & (rows.held[at] > DUST)
        stopped = held & (low <= rows.stop[at])
        aimed = held & (high >= self._through_target(at))
        proven = (close >= self._through_target(at)) & ~was_held & ~(waiting & rows.cancel[at])
        self.table.ambiguous[rows.at[at[aimed & (stopped | (touched_in & ~proven))]]] = True
        if terms.same_candle == "stop first":
            self._stop(at[stopped])
            on = at[~stopped]
            self._targets(on, np.where(touched_in, close, high)[~stopped], gap=False)
        else:
            self._targets(at, np.where(touched_in, close, high), gap=False)
            self._stop(at[stopped & ~rows.done[at]])
        unproven = touched_in & ~rows.done[at] & (high >= self._through_target(at))
        self.table.ambiguous[rows.at[at[unproven]]] = True
        rows.break_even(at[~rows.done[at]])

    def _targets(self, at: Ints, reach: Floats, *, gap: bool) -> None:
        """Fill the targets that ``reach`` reaches, nearest first; at the open ``reach`` itself is the open."""
        rows = self.rows
        for _ in range(rows.target.shape[1]):
            level = rows.next_target(at)
            got = ~rows.done[at] & (rows.held[at] > DUST) & (reach >= self._through_target(at))
            if not got.any():
                return
            price = np.where(gap & rows.gap_open[at], reach, level)[got]
            self._take(at[got], price)

    def _through_target(self, at: Ints) -> Floats:
        """The price that proves the next target: a tick through it where the terms ask for one."""
        level = self.rows.next_target(at)
        return level + self.terms.through * np.where(np.isfinite(level), np.abs(level), 0.0)

    def _through_limit(self, price: Floats) -> Floats:
        """The price that fills a limit: a tick through it where the terms ask for one."""
        return price - self.terms.through * np.where(np.isfinite(price), np.abs(price), 0.0)

    # ------------------------------------------------------------------ bookkeeping

    def _waiting(self, at: Ints) -> Bools:
        """Rows of which nothing is filled yet."""
        return self.rows.filled[at] <= 0.0

    def _resting(self, at: Ints) -> Bools:
        """Rows that still have orders in the book."""
        return self.rows.rung[at] < self.rows.orders[at]

    def _worse(self, price: Floats, *, up: bool) -> Floats:
        """A price after slippage: higher for a buy, lower for a sell."""
        slip = self.terms.slippage * np.abs(price)
        return price + slip if up else price - slip

    def _fill(self, at: Ints, j: int, price: Floats, *, maker: bool) -> None:
        """Fill order ``j`` of the rows."""
        rows, table = self.rows, self.table
        to = rows.at[at]
        table.fill_ms[to, j] = self.bars.ts[rows.cur[at]]
        table.fill_price[to, j] = price * self.sign
        table.fill_share[to, j] = rows.weight[at, j]
        table.fill_maker[to, j] = maker
        rows.fill(at, j, price, self.bars.ts)

    def _take(self, at: Ints, price: Floats) -> None:
        """A target leg; the last target takes all that is left."""
        rows = self.rows
        share = np.where(rows.taken[at] + 1 >= rows.targets[at], rows.held[at], rows.next_share(at) * rows.filled[at])
        rows.taken[at] += 1
        rows.drop_orders(at)
        self._leg(at, price, np.minimum(share, rows.held[at]), ExitReason.TARGET, maker=True)
        self._end(at[rows.held[at] <= DUST], PathStatus.CLOSED)

    def _stop(self, at: Ints) -> None:
        """Stop out the rows at their stop, with slippage."""
        self._exit(at, self._worse(self.rows.stop[at], up=False), self.rows.stop_reason(at))

    def _exit(self, at: Ints, price: Floats, reason: ExitReason | Ints) -> None:
        """Close all that is held."""
        self._leg(at, price, self.rows.held[at], reason, maker=False)
        self._end(at, PathStatus.CLOSED)

    def _leave_open(self, at: Ints) -> None:
        """The candles end inside the trade: valued at the last close."""
        self.rows.cur[at] = len(self.bars.ts) - 1
        last = np.full(len(at), self.bars.close[-1])
        self._leg(at, last, self.rows.held[at], ExitReason.END, maker=False)
        self._end(at, PathStatus.OPEN)

    def _leg(self, at: Ints, price: Floats, share: Floats, reason: ExitReason | Ints, *, maker: bool) -> None:
        """Write an exit leg."""
        rows, table = self.rows, self.table
        to, leg = rows.at[at], rows.legs[at]
        code = REASON[reason] if isinstance(reason, ExitReason) else reason
        table.leg_ms[to, leg] = self.bars.ts[rows.cur[at]]
        table.leg_price[to, leg] = price * self.sign
        table.leg_share[to, leg] = share
        table.leg_reason[to, leg] = code
        table.leg_maker[to, leg] = maker
        table.leg_target[to, leg] = rows.taken[at] if maker else 0
        rows.legs[at] += 1
        rows.held[at] -= share

    def _end(self, at: Ints, status: PathStatus) -> None:
        """The rows are over."""
        rows, ts = self.rows, self.bars.ts
        rows.done[at] = True
        to = rows.at[at]
        self.table.status[to] = CODE[status]
        self.table.stop[to] = np.where(np.isfinite(rows.first_stop[at]), rows.first_stop[at] * self.sign, np.nan)
        within = 0 if status in (PathStatus.EXPIRED, PathStatus.TOO_LATE) else self.bars.timeframe_ms
        ended = ts[np.minimum(rows.cur[at], len(ts) - 1)] + within
        self.table.end_ms[to] = np.where(rows.cur[at] >= len(ts), int(ts[-1]) + self.bars.timeframe_ms, ended)
