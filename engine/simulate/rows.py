"""The moving state of many plans of one symbol: one row each, prices as a long sees them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.domain import Distance, ExitReason
from engine.market.candles import Floats, Ints
from engine.simulate.amending import SAME
from engine.simulate.columns import BREAKEVEN, MULTIPLE, NEVER, PERCENT, POINTS, Columns
from engine.simulate.pyramid import Bars
from engine.simulate.table import REASON, Bools

DUST = 1e-12  # shares below this are nothing


@dataclass(slots=True)
class Rows:
    """State of ``n`` rows; what is not here stands in ``plan``, in the same order.

    ``cur`` is the bar that comes next, ``expire`` the first bar in which orders fill no more, ``leave`` the bar of the
    time exit, ``change`` that of the next change, all cut at the number of bars; ``expires`` says that the candles
    reach as far as the expiry. ``stop`` is the stop that acts on a touch (-inf: none), ``close_level`` the one that
    waits for a close, ``liquidation`` where the margin is gone. Orders ``rung`` .. ``orders`` may still fill, unless
    ``dead``. ``look``: something happened at the open of ``cur``, so this bar counts whatever it touches. ``filled``
    and ``held`` are shares of the planned quantity, ``cost`` and ``paid`` their price and fees; ``own_target`` are the
    call's own targets, ``entry`` is the price of the first fill, ``said_stop`` and ``said_targets`` what changes named
    before it at a distance from it; ``numbers`` are those of the targets where changes have put them
    (``Change.numbers``).
    """

    plan: Columns
    bars: Bars
    price: Floats
    weight: Floats
    dead: Bools
    orders: Ints
    own_target: Floats
    target: Floats
    share: Floats
    targets: Ints
    stop: Floats
    first_stop: Floats
    close_level: Floats
    reason: Ints
    liquidation: Floats
    cur: Ints
    expire: Ints
    expires: Bools
    leave: Ints
    change: Ints
    changed: Ints
    first_fill: Ints
    rung: Ints
    filled: Floats
    cost: Floats
    paid: Floats
    held: Floats
    taken: Ints
    moved: Ints
    legs: Ints
    trailing: Bools
    peak: Floats
    trail_fraction: Floats
    trail_points: Floats
    look: Bools
    done: Bools
    entry: Floats
    said_stop: dict[int, Distance]
    said_targets: dict[int, tuple[Distance | float, ...]]
    numbers: dict[int, tuple[int, ...]]

    @classmethod
    def of(cls, plan: Columns, bars: Bars, end_ms: int) -> Rows:
        """Rows before their first bar."""
        n, most = len(plan), len(bars)
        waits = plan.close_frame > 0
        change = np.full(n, most, np.int64)
        for row, changes in plan.changes.items():
            change[row] = np.searchsorted(bars.ts, changes[0].act_ms)
        changing = bool(plan.changes)
        return cls(
            plan=plan,
            bars=bars,
            price=plan.price.copy() if changing else plan.price,
            weight=plan.weight.copy() if changing else plan.weight,
            dead=np.zeros(plan.price.shape, np.bool_),
            orders=plan.orders.copy(),
            own_target=plan.target.copy() if plan.target_unit.any() else plan.target,
            target=plan.target.copy(),
            share=plan.share.copy() if changing else plan.share,
            targets=plan.targets.copy(),
            stop=np.where(waits, np.where(np.isinf(plan.stop), -np.inf, plan.hard), plan.stop),
            first_stop=plan.stop.copy(),
            close_level=np.where(waits, plan.stop, -np.inf),
            reason=np.full(n, REASON[ExitReason.STOP]),
            liquidation=np.full(n, -np.inf),
            cur=bars.first_from(plan.act_ms),
            expire=bars.first_from(plan.expire_ms),
            expires=plan.expire_ms <= end_ms,
            leave=np.full(n, most, np.int64),
            change=change,
            changed=np.zeros(n, np.int64),
            first_fill=np.full(n, most, np.int64),
            rung=np.zeros(n, np.int64),
            filled=np.zeros(n),
            cost=np.zeros(n),
            paid=np.zeros(n),
            held=np.zeros(n),
            taken=np.zeros(n, np.int64),
            moved=np.zeros(n, np.int64),
            legs=np.zeros(n, np.int64),
            trailing=np.zeros(n, np.bool_),
            peak=np.zeros(n),
            trail_fraction=np.zeros(n),
            trail_points=np.zeros(n),
            look=np.zeros(n, np.bool_),
            done=np.zeros(n, np.bool_),
            entry=np.zeros(n),
            said_stop={},
            said_targets={},
            numbers={},
        )

    def rung_price(self, at: Ints) -> Floats:
        """The price of the next order (of the last one where none is left)."""
        price: Floats = self.price[at, np.minimum(self.rung[at], self.price.shape[1] - 1)]
        return price

    def next_target(self, at: Ints) -> Floats:
        """The next target (+inf where none is left)."""
        taken = self.taken[at]
        level = self.target[at, np.minimum(taken, self.target.shape[1] - 1)]
        return np.where(taken < self.targets[at], level, np.inf)

    def orders_open(self, at: Ints, j: int) -> Bools:
        """Whether order ``j`` waits in the book and may fill in the bar at ``cur``."""
        ready: Bools = (self.rung[at] <= j) & (j < self.orders[at]) & ~self.dead[at, j]
        return ready & (self.cur[at] < self.expire[at])

    def average(self, at: Ints) -> Floats:
        """The average fill price."""
        average: Floats = self.cost[at] / self.filled[at]
        return average

    # ------------------------------------------------------------------ in

    def fill(self, at: Ints, j: int, price: Floats, fee: Floats) -> None:
        """Order ``j`` is filled; the first fill starts the clock and settles what was said relative to it."""
        if not len(at):
            return
        fresh = self.filled[at] <= 0.0
        if fresh.any():
            self._settle(at[fresh], price[fresh])
        weight = self.weight[at, j]
        self.filled[at] += weight
        self.held[at] += weight
        self.cost[at] += weight * price
        self.paid[at] += weight * np.abs(price) * fee
        self.rung[at] = j + 1
        self.skip_dead(at)
        average = self.average(at)
        self.liquidation[at] = average - np.abs(average) * self.plan.keep[at]

    def _settle(self, first: Ints, price: Floats) -> None:
        """A stop and targets at a distance get their prices; the clock of ``close after`` starts."""
        plan, size = self.plan, np.abs(price)
        self.first_fill[first] = self.cur[first]
        self.entry[first] = price
        unit = plan.stop_unit[first]
        if unit.any():
            # a stop that the channel has put somewhere already stays there
            said = (unit > 0) & np.isinf(self.stop[first]) & np.isinf(self.close_level[first])
            at, base = first[said], price[said]
            value = plan.stop_value[at]
            level = plan.on_grid(at, base - np.where(unit[said] == PERCENT, value * np.abs(base), value))
            self.first_stop[at] = level
            waits = plan.close_frame[at] > 0
            self.stop[at] = np.where(waits, plan.hard[at], level)
            self.close_level[at] = np.where(waits, level, -np.inf)
        timed = first[plan.close_after[first] < NEVER]
        self.leave[timed] = self.bars.first_from(self.bars.ts[self.cur[timed]] + plan.close_after[timed])
        if plan.target_unit.any():
            stop = self.first_stop[first]
            risk = np.where(np.isinf(stop), 0.0, np.abs(price - np.where(np.isinf(stop), price, stop)))
            for j in range(plan.target_unit.shape[1]):
                unit, value = plan.target_unit[first, j], plan.target_value[first, j]
                off = np.select(
                    [unit == PERCENT, unit == POINTS, unit == MULTIPLE], [value * size, value, value * risk]
                )
                here = (unit > 0) & np.isinf(self.target[first, j])
                level = plan.on_grid(first, price + off)
                self.own_target[first, j] = np.where(unit > 0, level, self.own_target[first, j])
                self.target[first[here], j] = level[here]
        if self.said_stop or self.said_targets:
            self._settle_said(first)

    def _settle_said(self, first: Ints) -> None:
        """What the channel said before the fill, at a distance from it."""
        for row in first.tolist():
            for j, level in enumerate(self.said_targets.pop(row, ())):
                self.target[row, j] = self.level(row, level, 1)
            if row in self.said_stop:
                at = np.array([row])
                self.set_stop(at, np.array([self.level(row, self.said_stop[row], -1)]), ExitReason.MOVED)

    def level(self, row: int, said: float | Distance, direction: int) -> float:
        """A level that a change names, as a long sees it; a distance counts from the first fill."""
        if not isinstance(said, Distance):
            return said * float(self.plan.sign[row])
        entry, first = float(self.entry[row]), float(self.first_stop[row])
        risk = 0.0 if np.isinf(first) else abs(entry - first)
        away = {"percent": said.value * abs(entry) / 100, "points": said.value, "R": said.value * risk}[said.unit]
        return float(self.plan.on_grid(np.array([row]), np.array([entry + direction * away]))[0])

    def skip_dead(self, at: Ints) -> None:
        """Go on to the next order that was not cancelled."""
        if not self.dead.any():
            return
        while True:
            rung = self.rung[at]
            gone = (rung < self.orders[at]) & self.dead[at, np.minimum(rung, self.dead.shape[1] - 1)]
            if not gone.any():
                return
            self.rung[at[gone]] += 1

    def drop_orders(self, at: Ints) -> None:
        """Cancel what still waits in the book."""
        self.rung[at] = self.orders[at]

    # ------------------------------------------------------------------ stops

    def set_stop(self, at: Ints, level: Floats, reason: ExitReason) -> None:
        """Put the stop at a level, where it acts on a touch. One that stands there already stays what it was."""
        moved = np.isfinite(self.close_level[at]) | ~(np.abs(level - self.stop[at]) <= SAME * np.abs(level))
        self.reason[at[moved]] = REASON[reason]
        self.stop[at], self.close_level[at] = level, -np.inf
        if self.said_stop:
            for row in at.tolist():
                self.said_stop.pop(row, None)

    def raise_stop(self, at: Ints, level: Floats, reason: ExitReason) -> None:
        """Move the stop to a level (on the grid) where that is nearer to profit."""
        level = self.plan.on_grid(at, level)
        better = level > np.maximum(self.stop[at], self.close_level[at])
        self.set_stop(at[better], level[better], reason)

    def move_stops(self, at: Ints, slippage: Floats, taker: Floats) -> None:
        """The stop moves of the targets taken in this bar: each happens once. ``slippage`` of leaving at the market."""
        plan = self.plan
        for j in range(plan.move_after.shape[1]):
            due = (self.moved[at] == j) & (plan.move_after[at, j] <= self.taken[at])
            if not due.any():
                continue
            self.moved[at[due]] += 1
            rows, to = at[due], plan.move_to[at[due], j]
            out = (1 - plan.sign[rows] * slippage[due]) * (1 - plan.sign[rows] * taker[due])
            with_fees = (self.cost[rows] + self.paid[rows]) / self.filled[rows] / out
            earlier = self.target[rows, np.maximum(to - 1, 0)]
            level = np.where(to > 0, earlier, np.where(to == BREAKEVEN, self.average(rows), with_fees))
            to_target = to > 0
            self.raise_stop(rows[to_target], level[to_target], ExitReason.MOVED)
            self.raise_stop(rows[~to_target], level[~to_target], ExitReason.BREAKEVEN)

    def follow(self, at: Ints, high: Floats, reach: Floats) -> None:
        """After a bar, let the stops of rows that trail follow the best price; others may begin to."""
        plan = self.plan
        mine = plan.trails[at]
        at, high, reach = at[mine], high[mine], reach[mine]
        on = self.trailing[at]
        self.peak[at[on]] = np.maximum(self.peak[at[on]], high[on])
        by_target = plan.trail_target[at] > 0
        ready = np.where(by_target, self.taken[at] >= plan.trail_target[at], reach >= self.gain_level(at))
        new = at[~on & ready]
        self.trailing[new] = True
        self.peak[new] = np.maximum(reach[~on & ready], self.average(new))
        value, unit = plan.trail_value[new], plan.trail_unit[new]
        self.trail_fraction[new] = np.where(unit == PERCENT, value / 100, 0.0)
        risk = np.abs(
            self.average(new) - np.where(np.isinf(self.first_stop[new]), self.average(new), self.first_stop[new])
        )
        self.trail_points[new] = np.select([unit == POINTS, unit == MULTIPLE], [value, value * risk], 0.0)
        all_on = at[self.trailing[at]]
        peak = self.peak[all_on]
        behind = peak - self.trail_fraction[all_on] * np.abs(peak) - self.trail_points[all_on]
        self.raise_stop(all_on, behind, ExitReason.TRAILING)

    def gain_level(self, at: Ints) -> Floats:
        """The price from which on a stop trails that waits for a gain (-inf: from the entry on)."""
        gain = self.plan.trail_gain[at]
        average = self.average(at)
        return np.where(gain > 0, average + gain * np.abs(average), -np.inf)
