"""The moving state of many plans of one symbol and side: one row each, prices as a long sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.domain import Distance, ExitReason, Plan
from engine.market.candles import Candles, Floats, Ints
from engine.simulate.table import REASON, Bools


@dataclass(slots=True)
class Rows:
    """State of ``n`` rows with at most R orders and T targets.

    ``at`` is the row's place in the table. ``price`` (n, R) of the orders from the near edge on (+inf: market),
    ``weight`` (n, R); ``target`` and ``share`` (n, T), padded with +inf and 0. ``cur`` is the bar that comes next,
    ``expire`` the first bar in which orders fill no more, ``leave`` the bar of the time exit, all cut at the number
    of bars; ``expires`` says that the candles reach as far as the expiry. ``stop`` is the stop in force (-inf: none).
    ``filled`` and ``held`` are shares of the planned quantity.
    """

    at: Ints
    act_ms: Ints
    price: Floats
    weight: Floats
    orders: Ints
    target: Floats
    share: Floats
    targets: Ints
    stop: Floats
    first_stop: Floats
    distance: Floats
    percent: Bools
    cancel: Bools
    gap_open: Bools
    break_even_after: Ints
    close_after: Ints
    cur: Ints
    expire: Ints
    expires: Bools
    leave: Ints
    rung: Ints
    filled: Floats
    cost: Floats
    held: Floats
    taken: Ints
    legs: Ints
    moved: Bools
    done: Bools
    bars: int

    @classmethod
    def of(cls, plans: Sequence[Plan], at: Ints, sign: int, candles: Candles) -> Rows:
        """Lay plans of one symbol and side out as columns."""
        n = len(plans)
        most_orders = max(len(p.orders) for p in plans)
        most_targets = max(1, max(len(p.targets) for p in plans))
        price, weight = np.full((n, most_orders), -np.inf), np.zeros((n, most_orders))
        target, share = np.full((n, most_targets), np.inf), np.zeros((n, most_targets))
        stop, distance, percent = np.full(n, -np.inf), np.zeros(n), np.zeros(n, np.bool_)
        for i, plan in enumerate(plans):
            for j, order in enumerate(plan.orders):
                price[i, j] = np.inf if order.price is None else order.price * sign
                weight[i, j] = order.weight
            for j, (level, part) in enumerate(plan.targets):
                target[i, j], share[i, j] = level * sign, part
            if isinstance(plan.stop, Distance):
                percent[i] = plan.stop.unit == "percent"
                distance[i] = plan.stop.value / 100 if percent[i] else plan.stop.value
            elif plan.stop is not None:
                stop[i] = plan.stop * sign
        act = np.array([p.act_ms for p in plans], np.int64)
        expire = np.array([p.expire_ms for p in plans], np.int64)
        never = np.iinfo(np.int64).max
        return cls(
            at=at,
            act_ms=act,
            price=price,
            weight=weight,
            orders=np.array([len(p.orders) for p in plans]),
            target=target,
            share=share,
            targets=np.array([len(p.targets) for p in plans]),
            stop=stop,
            first_stop=stop.copy(),
            distance=distance,
            percent=percent,
            cancel=np.array([p.cancel_on_target for p in plans], np.bool_),
            gap_open=np.array([p.target_gap == "open" for p in plans], np.bool_),
            break_even_after=np.array([p.breakeven_after for p in plans]),
            close_after=np.array([never if p.close_after_ms is None else p.close_after_ms for p in plans], np.int64),
            cur=np.searchsorted(candles.ts, act).astype(np.int64),
            expire=np.searchsorted(candles.ts, expire).astype(np.int64),
            expires=expire <= candles.end_ms,
            leave=np.full(n, len(candles), np.int64),
            rung=np.zeros(n, np.int64),
            filled=np.zeros(n),
            cost=np.zeros(n),
            held=np.zeros(n),
            taken=np.zeros(n, np.int64),
            legs=np.zeros(n, np.int64),
            moved=np.zeros(n, np.bool_),
            done=np.zeros(n, np.bool_),
            bars=len(candles),
        )

    def rung_price(self, at: Ints) -> Floats:
        """The price of the next order (of the last one where none is left)."""
        price: Floats = self.price[at, np.minimum(self.rung[at], self.price.shape[1] - 1)]
        return price

    def next_target(self, at: Ints) -> Floats:
        """The next target (+inf where none is left)."""
        level = self.target[at, np.minimum(self.taken[at], self.target.shape[1] - 1)]
        return np.where(self.taken[at] < self.targets[at], level, np.inf)

    def next_share(self, at: Ints) -> Floats:
        """The share of the next target."""
        share: Floats = self.share[at, np.minimum(self.taken[at], self.share.shape[1] - 1)]
        return share

    def orders_open(self, at: Ints, j: int) -> Bools:
        """Whether order ``j`` waits in the book and may fill in the bar at ``cur``."""
        return (self.rung[at] <= j) & (j < self.orders[at]) & (self.cur[at] < self.expire[at])

    def stop_reason(self, at: Ints) -> Ints:
        """Why a stop of these rows is a stop: the first one, or the one at break-even."""
        return np.where(self.moved[at], REASON[ExitReason.BREAKEVEN], REASON[ExitReason.STOP])

    def fill(self, at: Ints, j: int, price: Floats, ts: Ints) -> None:
        """Order ``j`` is filled at ``price``; the first fill starts the clock and settles a relative stop."""
        first = at[self.filled[at] <= 0.0]
        relative = first[self.distance[first] > 0]
        base = price[np.isin(at, relative)]
        off = np.where(self.percent[relative], self.distance[relative] * np.abs(base), self.distance[relative])
        self.stop[relative] = base - off
        self.first_stop[relative] = self.stop[relative]
        timed = first[self.close_after[first] < np.iinfo(np.int64).max]
        self.leave[timed] = np.searchsorted(ts, ts[self.cur[timed]] + self.close_after[timed])
        self.filled[at] += self.weight[at, j]
        self.held[at] += self.weight[at, j]
        self.cost[at] += self.weight[at, j] * price
        self.rung[at] = j + 1

    def drop_orders(self, at: Ints) -> None:
        """Cancel what still waits in the book."""
        self.rung[at] = self.orders[at]

    def break_even(self, at: Ints) -> None:
        """After enough targets the stop stands at the average entry, from the next bar on (never further away)."""
        due = at[(self.break_even_after[at] > 0) & (self.taken[at] >= self.break_even_after[at]) & ~self.moved[at]]
        average = self.cost[due] / self.filled[due]
        better = average > self.stop[due]
        self.stop[due[better]] = average[better]
        self.moved[due[better]] = True
