"""The paths of many plans as columns, and one of them as a ``domain.Path``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from engine.domain import ExitReason, Fill, Leg, Path, PathStatus, Plan
from engine.market.candles import Floats, Ints

STATUSES = list(PathStatus)
REASONS = list(ExitReason)
CODE = {status: i for i, status in enumerate(STATUSES)}
REASON = {reason: i for i, reason in enumerate(REASONS)}
Bools = npt.NDArray[np.bool_]


def order_room(plan: Plan) -> int:
    """How many orders a plan may have on its way."""
    return len(plan.orders) + sum(len(change.orders) for change in plan.changes)


def target_room(plan: Plan) -> int:
    """How many targets a plan may have on its way."""
    return len(plan.targets) + sum(len(change.targets) for change in plan.changes)


def leg_room(plan: Plan) -> int:
    """How many exits a plan may have."""
    return target_room(plan) + len(plan.changes) + 1


def places(counts: Ints) -> tuple[Ints, Ints]:
    """Row and column of each item when row ``i`` has ``counts[i]`` of them."""
    row = np.repeat(np.arange(len(counts)), counts)
    column = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    return row, column


@dataclass(frozen=True, slots=True)
class Planned:
    """What of ``n`` plans counts in money, as columns; R is the room for orders, also those of later changes.

    ``symbol`` (n,) indexes ``names``, ``sign`` (n,) is +1 or -1. ``price`` and ``weight`` (n, R) of the orders of the
    plans themselves, 0 where there is none; ``at_market`` says which have no price. ``targets`` and ``legs`` are the
    most that a plan may have.
    """

    names: tuple[str, ...]
    symbol: Ints
    sign: Floats
    act_ms: Ints
    price: Floats
    weight: Floats
    at_market: Bools
    targets: int
    legs: int

    @classmethod
    def of(cls, plans: Sequence[Plan]) -> Planned:
        """The columns of plans."""
        number = {name: i for i, name in enumerate(dict.fromkeys([plan.symbol for plan in plans]))}
        changed = [plan for plan in plans if plan.changes]
        counts = np.array([len(plan.orders) for plan in plans], np.int64)
        targets = max([len(plan.targets) for plan in plans], default=1)
        shape = len(plans), max([int(counts.max(initial=1)), *map(order_room, changed)])
        price, weight = np.zeros(shape), np.zeros(shape)
        at_market = np.zeros(shape, np.bool_)
        row, column = places(counts)
        orders = [order for plan in plans for order in plan.orders]
        given = np.array([order.price for order in orders], np.float64)  # None becomes NaN
        price[row, column] = np.where(np.isnan(given), 0.0, given)
        at_market[row, column] = np.isnan(given)
        weight[row, column] = [order.weight for order in orders]
        return cls(
            tuple(number),
            np.array([number[plan.symbol] for plan in plans], np.int64),
            np.array([plan.side.sign for plan in plans], np.float64),
            np.array([plan.act_ms for plan in plans], np.int64),
            price,
            weight,
            at_market,
            max([1, targets, *map(target_room, changed)]),
            max([targets + 1, *map(leg_room, changed)]),
        )

    def taken(self, rows: Ints) -> Planned:
        """Some of them; a row may come often."""
        columns = ("symbol", "sign", "act_ms", "price", "weight", "at_market")
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})

    def moved(self, act_ms: Ints, by: Floats) -> Planned:
        """At other moments, with prices scaled by a factor."""
        return replace(self, act_ms=act_ms, price=self.price * by[:, None])


@dataclass(frozen=True, slots=True)
class PathTable:
    """Paths of ``n`` plans with at most ``R`` orders and ``L`` exit legs, for one unit of planned quantity each.

    ``planned`` are the plans' own columns, ``status`` indexes ``STATUSES``; ``first_ms`` is the open of the first bar
    that counts (-1: none). Fills (n, R): ``fill_ms`` (-1: not filled), ``fill_price`` (slippage included),
    ``fill_share`` of the planned quantity, ``fill_maker``. Legs (n, L) in order of time: ``leg_ms`` (-1: none),
    ``leg_price``, ``leg_share``, ``leg_reason`` (indexes ``REASONS``), ``leg_maker``, ``leg_target`` (from 1; 0 for
    other exits). ``stop`` is the resolved first stop (NaN: none), ``target`` (n, T) the call's own targets, resolved
    (NaN: none, or never settled), ``end_ms`` when its orders and position were known to be gone: the close of the bar
    in which that happened, the open of the bar for expired or late ones, the end of the candles for open or resting
    ones.
    """

    plans: Sequence[Plan]
    planned: Planned
    status: Ints
    ambiguous: Bools
    first_ms: Ints
    end_ms: Ints
    stop: Floats
    target: Floats
    fill_ms: Ints
    fill_price: Floats
    fill_share: Floats
    fill_maker: Bools
    leg_ms: Ints
    leg_price: Floats
    leg_share: Floats
    leg_reason: Ints
    leg_maker: Bools
    leg_target: Ints

    @classmethod
    def empty(cls, plans: Sequence[Plan], planned: Planned | None = None) -> PathTable:
        """A table in which nothing has happened: every plan without data. ``planned`` where it is known already."""
        planned = planned or Planned.of(plans)
        n, rungs = planned.price.shape
        return cls(
            plans,
            planned,
            np.full(n, CODE[PathStatus.NO_DATA], np.int64),
            np.zeros(n, np.bool_),
            np.full(n, -1, np.int64),
            planned.act_ms.copy(),
            np.full(n, np.nan),
            np.full((n, planned.targets), np.nan),
            np.full((n, rungs), -1, np.int64),
            np.zeros((n, rungs)),
            np.zeros((n, rungs)),
            np.zeros((n, rungs), np.bool_),
            np.full((n, planned.legs), -1, np.int64),
            np.zeros((n, planned.legs)),
            np.zeros((n, planned.legs)),
            np.zeros((n, planned.legs), np.int64),
            np.zeros((n, planned.legs), np.bool_),
            np.zeros((n, planned.legs), np.int64),
        )

    def __len__(self) -> int:
        """How many paths."""
        return len(self.plans)

    def part(self, rows: Ints) -> PathTable:
        """Some of the paths, as a table of their own."""
        plans = [self.plans[row] for row in rows.tolist()]
        columns = [getattr(self, field.name)[rows] for field in fields(self) if field.name not in ("plans", "planned")]
        return PathTable(plans, self.planned.taken(rows), *columns)

    def status_of(self, i: int) -> PathStatus:
        """The status of one path."""
        return STATUSES[int(self.status[i])]

    @property
    def filled(self) -> Bools:
        """Which paths were ever in the market."""
        return np.isin(self.status, (CODE[PathStatus.CLOSED], CODE[PathStatus.OPEN]))

    @property
    def fill_first_ms(self) -> Ints:
        """The bar of the first fill (-1: none), shape (n,)."""
        masked = np.where(self.fill_ms >= 0, self.fill_ms, np.iinfo(np.int64).max)
        first = masked.min(axis=1, initial=np.iinfo(np.int64).max)
        return np.where(self.filled, first, -1)

    @property
    def entry_price(self) -> Floats:
        """The average fill price (NaN: not filled), shape (n,)."""
        share = self.fill_share.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(share > 0, (self.fill_price * self.fill_share).sum(axis=1) / share, np.nan)

    def path(self, i: int) -> Path:
        """One path in the vocabulary of the domain."""
        fills = tuple(
            Fill(int(self.fill_ms[i, j]), float(self.fill_price[i, j]), float(self.fill_share[i, j]), bool(maker))
            for j, maker in enumerate(self.fill_maker[i])
            if self.fill_ms[i, j] >= 0
        )
        legs = tuple(
            Leg(
                int(self.leg_ms[i, j]),
                float(self.leg_price[i, j]),
                float(self.leg_share[i, j]),
                REASONS[int(self.leg_reason[i, j])],
                bool(self.leg_maker[i, j]),
                int(self.leg_target[i, j]),
            )
            for j in range(self.leg_ms.shape[1])
            if self.leg_ms[i, j] >= 0
        )
        return Path(self.plans[i], self.status_of(i), fills, legs, bool(self.ambiguous[i]))
