"""Phase 1, vectorised: the paths of many plans over candles. The meaning of each step is in docs/realism.md.

The plans are laid out (``prepared.py``), prices are those a long sees.

1. The first bar that counts is the first whose open is at or after ``act_ms``: market orders and orders that are
   marketable fill at its open, or the call is too late.
2. Then each row waits for its next event - an order, a target, the stop, liquidation - found by ``Bars.first_touch``
   (``first_trailed`` where the stop follows the price); all rows that have one are taken through that bar together
   (``_bar``), and wait for the next. A row needs as many rounds as it has events, whatever the number of bars.
3. Rows without a further event end, or are changed: expired, closed by time or after a candle's close, changed by
   their channel, or open at the end of the candles.
"""

from __future__ import annotations

import numpy as np

from engine.domain import ExitReason, PathStatus
from engine.market.candles import Floats, Ints
from engine.simulate.changes import Changing
from engine.simulate.pyramid import Trailed
from engine.simulate.rows import DUST
from engine.simulate.table import Bools
from engine.units import DAY_MS

NEVER_FETCHED_MS = DAY_MS  # no bar for so long after the call: the range is not in the store


class Group(Changing):
    """The rows of one symbol on their way through its bars."""

    def run(self) -> None:
        """Take every row from its first bar to its end."""
        bars, rows = self.bars, self.rows
        n = len(bars)
        first = np.minimum(rows.cur, n - 1)
        has_data = (rows.cur < n) & (bars.ts[first] - rows.plan.act_ms <= NEVER_FETCHED_MS)
        live = np.flatnonzero(has_data)
        self.table.first_ms[rows.plan.at[live]] = bars.ts[rows.cur[live]]
        self._unused_bar(live)
        expired = rows.cur[live] >= rows.expire[live]
        self.end(live[expired], PathStatus.EXPIRED)
        live = live[~expired]
        if rows.plan.changes:
            self.apply_due(live)
            live = live[~rows.done[live]]
        self._arrive(live)
        live = live[~rows.done[live]]
        while len(live):
            live = self._next_event(live)
        targets = rows.plan.target.shape[1]
        self.table.target[rows.plan.at, :targets] = np.where(
            np.isfinite(rows.own_target), rows.own_target * self.sign[:, None], np.nan
        )

    # ------------------------------------------------------------------ the first bar

    def _unused_bar(self, live: Ints) -> None:
        """Stop or first target inside the bar in which the message fell: part of that bar came after it."""
        bars, rows = self.bars, self.rows
        before = rows.cur[live] - 1
        bar = np.maximum(before, 0)
        inside = (before >= 0) & (bars.ends_at(bar) > rows.plan.act_ms[live])
        high, low, sign = bars.high[bar], bars.low[bar], self.sign[live]
        touched = np.zeros(len(live), np.bool_)
        for level in (rows.target[live, 0] * sign, rows.stop[live] * sign):
            touched |= (level >= low) & (level <= high)
        self.table.ambiguous[rows.plan.at[live[inside & touched]]] = True

    def _arrive(self, live: Ints) -> None:
        """Orders meet the market at the open of ``cur``: those marketable fill, unless the call comes too late."""
        rows = self.rows
        waiting = rows.filled[live] <= 0.0
        open_ = self.bars.open[rows.cur[live]] * self.sign[live]
        marketable = self._meets(live, rows.rung_price(live), open_) & (rows.rung[live] < rows.orders[live])
        beyond_target = open_ >= rows.next_target(live)
        stop = np.maximum(rows.stop[live], rows.close_level[live])
        late = waiting & marketable & (beyond_target | (open_ <= stop))
        missed = waiting & ~marketable & beyond_target & rows.plan.cancel_on_target[live]
        self.end(live[late], PathStatus.TOO_LATE)
        self.end(live[missed], PathStatus.TARGET_FIRST)
        live, open_ = live[~(late | missed)], open_[~(late | missed)]
        for j in range(rows.price.shape[1]):
            into = rows.orders_open(live, j) & self._meets(live, rows.price[live, j], open_)
            at = live[into]
            price = self.worse(at, open_[into], rows.weight[at, j], up=True)
            limit = ~rows.plan.stop_order[at]
            self.fill(at, j, np.where(limit, np.minimum(price, rows.price[at, j]), price), maker=False)

    def _meets(self, at: Ints, price: Floats, open_: Floats) -> Bools:
        """Whether an order at a price fills at an open."""
        return np.where(self.rows.plan.stop_order[at], open_ >= price, open_ <= price)

    # ------------------------------------------------------------------ waiting

    def _next_event(self, live: Ints) -> Ints:
        """Find each row's next bar with an event and take it through that bar; the rows still going."""
        rows, plan = self.rows, self.rows.plan
        waiting, resting = rows.filled[live] <= 0.0, rows.rung[live] < rows.orders[live]
        breakout = plan.stop_order[live]
        rung = rows.rung_price(live)
        limit = np.where(resting & ~breakout, self._through_limit(rung), -np.inf)
        stop = np.where(waiting & ~plan.cancel_on_stop[live], -np.inf, rows.stop[live])
        down = np.maximum(limit, stop)
        if self.bars.fair is None:
            down = np.maximum(down, rows.liquidation[live])
        first_target = np.where(plan.cancel_on_target[live], rows.next_target(live), np.inf)
        up = np.where(waiting, first_target, self._through_target(live))
        up = np.where(resting & breakout, np.minimum(up, rung), up)
        end = np.where(waiting, rows.expire[live], rows.leave[live])
        end = np.where(resting & ~waiting, np.minimum(rows.expire[live], end), end)
        if plan.changes:
            end = np.minimum(end, rows.change[live])
            up[rows.look[live]] = -np.inf
        if plan.close_frame.any():
            end = np.minimum(end, self._close_exit(live, waiting))
        end = np.maximum(end, rows.cur[live])
        bar = self._search(live, end, up, down, waiting)
        rows.look[live] = False
        hit = bar >= 0
        at = live[hit]
        rows.cur[at] = bar[hit]
        self._bar(at)
        rows.cur[at] += 1
        if not hit.all():
            self._no_event(live[~hit], end[~hit], waiting[~hit])
        return live[~rows.done[live]]

    def _search(self, live: Ints, end: Ints, up: Floats, down: Floats, waiting: Bools) -> Ints:
        """The first bar with an event before ``end``; -1 where there is none."""
        rows, bars, sign = self.rows, self.bars, self.sign[live]
        trails = rows.trailing[live]
        if rows.plan.trails.any():
            starting = rows.plan.trails[live] & ~trails & ~waiting & (rows.plan.trail_target[live] == 0)
            up[starting] = np.minimum(up[starting], rows.gain_level(live[starting]))
            held_back = trails & np.isfinite(rows.close_level[live])  # until the trail passes the stop that waits
            up[held_back] = -np.inf
            trails &= ~(held_back | rows.look[live])
        if not trails.any():
            bar = bars.first_touch(sign, rows.cur[live], end, up, down)
        else:
            bar = np.full(len(live), -1, np.int64)
            still = ~trails
            bar[still] = bars.first_touch(sign[still], rows.cur[live[still]], end[still], up[still], down[still])
            at = live[trails]
            trail = self._trailed(at)
            found = self._fair_search(at, end[trails], np.zeros(len(at), np.bool_), np.full(len(at), -1, np.int64))
            until = np.where(found >= 0, found + 1, end[trails])
            hit = bars.first_trailed(sign[trails], rows.cur[at], until, up[trails], down[trails], trail)
            if bars.fair is not None:  # the search went one bar too far where only the fair price touches
                only = (hit < 0) & (found >= 0)
                if only.any():
                    again = self._trailed(at)
                    bars.first_trailed(sign[trails], rows.cur[at], np.where(only, found, until), up[trails],
                                       down[trails], again)  # fmt: skip
                    trail.stop[only], trail.peak[only], hit[only] = again.stop[only], again.peak[only], found[only]
            bar[trails] = hit
            rows.peak[at] = trail.peak
            moved = trail.stop > rows.stop[at]
            rows.set_stop(at[moved], trail.stop[moved], ExitReason.TRAILING)
        return bar if bars.fair is None else self._fair_search(live, end, waiting, bar)

    def _trailed(self, at: Ints) -> Trailed:
        """The stops of rows that trail, as the search brings them along."""
        rows, plan = self.rows, self.rows.plan
        grid = None if plan.tick_num is None else lambda mine, price: plan.on_grid(at[mine], price)
        return Trailed(rows.stop[at], rows.peak[at], rows.trail_fraction[at], rows.trail_points[at], grid)

    def _fair_search(self, live: Ints, end: Ints, waiting: Bools, bar: Ints) -> Ints:
        """The earlier of the bars found and those in which the fair price liquidates."""
        rows, fair = self.rows, self.bars.fair
        if fair is None:
            return bar
        until = np.where(bar >= 0, bar, end)
        down = np.where(waiting, -np.inf, rows.liquidation[live])
        found = fair.first_touch(self.sign[live], rows.cur[live], until, np.full(len(live), np.inf), down)
        return np.where(found >= 0, found, bar)

    def _close_exit(self, live: Ints, waiting: Bools) -> Ints:
        """The bar after the first candle that closes beyond a stop which waits for that."""
        rows, bars = self.rows, self.bars
        exit_at = np.full(len(live), len(bars), np.int64)
        due = ~waiting & np.isfinite(rows.close_level[live])
        for frame in np.unique(rows.plan.close_frame[live[due]]).tolist():
            mine = np.flatnonzero(due & (rows.plan.close_frame[live] == frame))
            at = live[mine]
            last, closes = bars.closing(frame)
            start = np.searchsorted(last, np.maximum(rows.cur[at] - 1, rows.first_fill[at]))
            never = np.full(len(at), np.inf)
            found = closes.first_touch(self.sign[at], start, np.full(len(at), len(last)), never, rows.close_level[at])
            exit_at[mine[found >= 0]] = last[found[found >= 0]] + 1
        return exit_at

    def _no_event(self, at: Ints, end: Ints, waiting: Bools) -> None:
        """Rows whose search ended without an event: expiry, time exit, a candle's close, a change, the last candle."""
        rows, n = self.rows, len(self.bars)
        rows.cur[at] = end
        over = end >= n
        self.end(at[over & waiting & rows.expires[at]], PathStatus.EXPIRED)
        self.end(at[over & waiting & ~rows.expires[at]], PathStatus.RESTING)
        self.leave_open(at[over & ~waiting])
        at, waiting = at[~over], waiting[~over]
        self.end(at[waiting & (rows.cur[at] >= rows.expire[at])], PathStatus.EXPIRED)
        timed = ~waiting & (rows.cur[at] >= rows.leave[at])
        self._exit_at_open(at[timed], ExitReason.TIME)
        if rows.plan.close_frame.any():
            held = at[~waiting & ~timed]
            beyond = self._close_exit(held, np.zeros(len(held), np.bool_)) <= rows.cur[held]
            self._exit_at_open(held[beyond], rows.reason[held[beyond]])
        at = at[~rows.done[at]]
        rows.drop_orders(at[rows.cur[at] >= rows.expire[at]])
        if rows.plan.changes:
            self._arrive(self.apply_due(at))

    def _exit_at_open(self, at: Ints, reason: ExitReason | Ints) -> None:
        """Leave at the market at the open of ``cur``."""
        self.sell(at, self.bars.open[self.rows.cur[at]] * self.sign[at], reason)

    # ------------------------------------------------------------------ one bar

    def _bar(self, at: Ints) -> None:
        """Take rows through the bar at ``cur``: its open first, then what happened inside it."""
        if not len(at):
            return
        bars, rows, sign = self.bars, self.rows, self.sign[at]
        bar, long = rows.cur[at], sign > 0
        first, second = bars.high[bar], bars.low[bar]
        high, low = np.where(long, first, -second), np.where(long, second, -first)
        open_, close = bars.open[bar] * sign, bars.close[bar] * sign
        fair_open, fair_low = open_, low
        if bars.fair is not None:
            fair_open = bars.fair.open[bar] * sign
            fair_low = np.where(long, bars.fair.low[bar], -bars.fair.high[bar])
        self._at_open(at, open_, fair_open)
        on = ~rows.done[at]
        if not on.all():
            at, open_, high, low = at[on], open_[on], high[on], low[on]
            close, fair_low = close[on], fair_low[on]
        if len(at):
            self._inside(at, open_, high, low, close, fair_low)

    def _at_open(self, at: Ints, open_: Floats, fair_open: Floats) -> None:
        """Orders that the bar opens through, liquidation, the stop, targets."""
        rows = self.rows
        resting = rows.rung[at] < rows.orders[at]
        if resting.any():
            breakout = rows.plan.stop_order[at] & resting
            waiting = rows.filled[at] <= 0.0
            missed = waiting & ~breakout & rows.plan.cancel_on_target[at] & (open_ >= rows.next_target(at))
            self.end(at[missed], PathStatus.TARGET_FIRST)
            for j in range(rows.price.shape[1]):
                ready = ~rows.done[at] & rows.orders_open(at, j)
                into = ready & ~breakout & (open_ <= self._through_limit(rows.price[at, j]))
                self.fill(at[into], j, open_[into], maker=True)
                into = ready & breakout & (open_ >= rows.price[at, j])
                self._break_out(at[into], j, open_[into])
        else:
            breakout = resting
        held = rows.held[at] > DUST
        gone = held & (fair_open <= rows.liquidation[at])
        self.liquidate(at[gone])
        gapped = held & ~gone & (open_ <= rows.stop[at])
        self.sell(at[gapped], open_[gapped], rows.reason[at[gapped]])
        broke = breakout & held & ~gone & ~gapped
        if broke.any():
            self.market_targets(at[broke], open_[broke])
        self._targets(at, open_, gap=True)

    def _inside(self, at: Ints, open_: Floats, high: Floats, low: Floats, close: Floats, fair_low: Floats) -> None:
        """Resting orders, then stop or liquidation against targets; then the stop moves."""
        rows, plan = self.rows, self.rows.plan
        waiting, was_held = rows.filled[at] <= 0.0, rows.held[at] > DUST
        touched, broke = np.zeros(len(at), np.bool_), np.zeros(len(at), np.bool_)
        if (rows.rung[at] < rows.orders[at]).any():
            breakout = plan.stop_order[at]
            for j in range(rows.price.shape[1]):
                price = rows.price[at, j]
                ready = rows.orders_open(at, j) & (price > np.maximum(rows.stop[at], rows.liquidation[at]))
                into = ready & ~breakout & (low <= self._through_limit(price))
                self.fill(at[into], j, np.minimum(price, open_)[into], maker=True)
                touched |= into
                into = ready & breakout & (high >= price)
                self._break_out(at[into], j, price[into])
                broke |= into
            still = rows.filled[at] <= 0.0
            missed = still & plan.cancel_on_target[at] & (high >= rows.next_target(at))
            stopped = still & ~missed & plan.cancel_on_stop[at] & (low <= rows.stop[at])
            self.end(at[missed], PathStatus.TARGET_FIRST)
            self.end(at[stopped], PathStatus.STOP_FIRST)
        held = ~rows.done[at] & (rows.held[at] > DUST)
        stop, liquidation = rows.stop[at], rows.liquidation[at]
        stopped, liquidated = held & (low <= stop), held & (fair_low <= liquidation)
        liquidated &= ~(stopped & (stop > liquidation))
        lost = stopped | liquidated
        proof = self._through_target(at)
        aimed = held & (high >= proof)
        proven = (close >= proof) & ~was_held & ~(waiting & plan.cancel_on_target[at])
        unsure = aimed & (lost | (touched & ~proven))
        if broke.any():
            unsure |= broke & lost & ~(~plan.cancel_on_stop[at] & (close <= stop))
        self.table.ambiguous[plan.at[at[unsure]]] = True
        reach = np.where(touched, close, high)
        if self.terms.same_candle == "stop first":
            self._lose(at, lost, liquidated)
            on = ~lost
            self._targets(at[on], reach[on], gap=False)
        else:
            self._targets(at, reach, gap=False)
            self._lose(at, lost & ~rows.done[at], liquidated)
        if touched.any():
            unproven = touched & ~rows.done[at] & (high >= self._through_target(at))
            self.table.ambiguous[plan.at[at[unproven]]] = True
        on = ~rows.done[at] & (rows.filled[at] > 0)
        if plan.move_after.shape[1]:
            living = at[on]
            slip = np.broadcast_to(self.slip(living, rows.held[living]), living.shape)
            rows.move_stops(living, slip, self.fee(living, maker=False))
        if plan.trails.any():
            rows.follow(at[on], high[on], reach[on])

    def _break_out(self, at: Ints, j: int, price: Floats) -> None:
        """A breakout goes in at the market."""
        self.fill(at, j, self.worse(at, price, self.rows.weight[at, j], up=True), maker=False)

    def _lose(self, at: Ints, lost: Bools, liquidated: Bools) -> None:
        """Out at the stop, or liquidated."""
        self.liquidate(at[lost & liquidated])
        self.stop_out(at[lost & ~liquidated])

    def _targets(self, at: Ints, reach: Floats, *, gap: bool) -> None:
        """Fill the targets that ``reach`` reaches, nearest first; at the open ``reach`` itself is the open."""
        rows = self.rows
        while True:
            got = ~rows.done[at] & (rows.held[at] > DUST) & (reach >= self._through_target(at))
            if not got.any():
                return
            at, reach = at[got], reach[got]
            level = rows.next_target(at)
            self.take(at, np.where(rows.plan.gap_open[at], reach, level) if gap else level)

    def _through_target(self, at: Ints) -> Floats:
        """The price that proves the next target: a tick through it where the terms ask for one."""
        level = self.rows.next_target(at)
        if not self.terms.through:
            return level
        return level + self.terms.through * np.where(np.isfinite(level), np.abs(level), 0.0)

    def _through_limit(self, price: Floats) -> Floats:
        """The price that fills a limit: a tick through it where the terms ask for one."""
        if not self.terms.through:
            return price
        return price - self.terms.through * np.where(np.isfinite(price), np.abs(price), 0.0)
