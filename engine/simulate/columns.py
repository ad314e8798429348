"""Plans of one symbol laid out as columns, once for all readings of a run.

Prices are those a long would see: a short's are negated, so that "above" always means better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np

from engine.domain import Change, Distance, Plan
from engine.market.candles import Floats, Ints
from engine.market.ticks import CLOSE, parts
from engine.simulate.table import Bools, order_room, places, target_room

PRICE, PERCENT, POINTS, MULTIPLE = 0, 1, 2, 3  # how a level is said
UNITS = {"percent": PERCENT, "points": POINTS, "R": MULTIPLE}
BREAKEVEN, WITH_FEES = -1, -2  # where a stop moves; a positive number is a target
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Columns:
    """``n`` plans with at most R orders, T targets and M stop moves; unused places hold what is never reached.

    ``at`` is a plan's place in the table, ``sign`` (n,) +1 or -1. ``price`` (n, R) from the near edge on (+inf: at
    the market), ``stop_order`` says that it is a breakout. ``target`` (n, T) is +inf where it waits for a fill;
    ``target_unit`` and ``target_value`` say how far. ``stop`` is -inf where there is none yet; ``hard`` the price of
    a stop that waits for closes of ``close_frame`` (0: it does not). ``keep`` and ``gone``: a position is liquidated
    when ``keep`` of the entry is lost, and all its margin ``gone`` (inf: never). ``tick`` is ``tick_num / tick_den``
    (num 0: not known), ``impact`` as in the plan; None where no plan has any. ``changes`` by row.
    """

    at: Ints
    sign: Floats
    act_ms: Ints
    expire_ms: Ints
    price: Floats
    weight: Floats
    orders: Ints
    stop_order: Bools
    target: Floats
    target_unit: Ints
    target_value: Floats
    share: Floats
    targets: Ints
    stop: Floats
    stop_unit: Ints
    stop_value: Floats
    hard: Floats
    close_frame: Ints
    cancel_on_target: Bools
    cancel_on_stop: Bools
    gap_open: Bools
    move_after: Ints
    move_to: Ints
    close_after: Ints
    trails: Bools
    trail_unit: Ints
    trail_value: Floats
    trail_target: Ints
    trail_gain: Floats
    keep: Floats
    gone: Floats
    tick_num: Floats | None
    tick_den: Floats | None
    impact: Floats | None
    changes: dict[int, tuple[Change, ...]]

    def __len__(self) -> int:
        """How many plans."""
        return len(self.at)

    def on_grid(self, at: Ints, price: Floats) -> Floats:
        """The nearest prices that the exchange takes orders at (``market.ticks.nearest``, the higher of two)."""
        if self.tick_num is None or self.tick_den is None or not len(at):
            return price
        num, den, sign = self.tick_num[at], self.tick_den[at], self.sign[at]
        steps = np.floor(price * sign * den / np.maximum(num, 1.0) + 0.5 + CLOSE)
        return np.where((num > 0) & np.isfinite(price), steps * num / den * sign, price)

    def acting_at(self, act_ms: Ints) -> Columns:
        """The same plans acted on at other moments, valid as long."""
        return replace(self, act_ms=act_ms, expire_ms=self.expire_ms + act_ms - self.act_ms)

    def taken(self, rows: Ints, at: Ints) -> Columns:
        """Some rows (one may come often), now at places ``at``."""
        known = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "changes"}
        columns: dict[str, Any] = {name: None if column is None else column[rows] for name, column in known.items()}
        changes = {i: self.changes[row] for i, row in enumerate(rows.tolist()) if row in self.changes}
        return replace(self, **columns | {"at": at, "changes": changes})

    def moved(self, act_ms: Ints, by: Floats) -> Columns:
        """The rows acted on at other moments with prices scaled by a factor, their changes as much later."""
        later, wide = act_ms - self.act_ms, by[:, None]
        points = self.target_unit == POINTS, self.stop_unit == POINTS, self.trail_unit == POINTS
        return replace(
            self,
            act_ms=act_ms,
            expire_ms=self.expire_ms + later,
            price=self.price * wide,
            target=self.target * wide,
            target_value=self.target_value * np.where(points[0], wide, 1.0),
            stop=self.stop * by,
            stop_value=self.stop_value * np.where(points[1], by, 1.0),
            hard=self.hard * by,
            trail_value=self.trail_value * np.where(points[2], by, 1.0),
            changes={
                row: tuple([_moved(change, int(later[row]), float(by[row])) for change in changes])
                for row, changes in self.changes.items()
            },
        )


def _moved(change: Change, later_ms: int, by: float) -> Change:
    """A change later, its prices scaled by a factor."""
    orders = tuple([replace(o, price=None if o.price is None else o.price * by) for o in change.orders])
    return replace(
        change,
        act_ms=change.act_ms + later_ms,
        stop=change.stop if change.stop is None or isinstance(change.stop, str) else _scaled(change.stop, by),
        orders=orders,
        targets=tuple([(_scaled(level, by), share) for level, share in change.targets]),
    )


def _scaled(level: float | Distance, by: float) -> float | Distance:
    """A level of prices that are scaled by a factor."""
    if not isinstance(level, Distance):
        return level * by
    return replace(level, value=level.value * by) if level.unit == "points" else level


PLAIN = (
    "act_ms", "expire_ms", "close_after_ms", "close_stop_ms", "hard_stop", "leverage", "maintenance",
    "cancel_on_target", "cancel_on_stop", "side", "orders", "targets", "stop", "stop_moves", "trail", "target_gap",
    "tick", "impact", "changes",
)  # fmt: skip


def lay_out(plans: Sequence[Plan], at: Ints) -> Columns:
    """The columns of plans of one symbol."""
    n = len(plans)
    plain = dict(zip(PLAIN, zip(*map(attrgetter(*PLAIN), plans), strict=True), strict=True))

    def numbers(name: str, missing: float) -> Floats:
        if plain[name].count(None) == n:  # as often
            return np.full(n, missing)
        column = np.array(plain[name], np.float64)  # None becomes NaN
        return np.where(np.isnan(column), missing, column)

    sign = np.array([side.sign for side in plain["side"]], np.float64)
    orders = np.array(list(map(len, plain["orders"])), np.int64)
    changes = {i: found for i, found in enumerate(plain["changes"]) if found}
    changed = [plans[i] for i in changes]
    price = np.full((n, max([int(orders.max()), *map(order_room, changed)])), -np.inf)
    weight = np.zeros(price.shape)
    row, column = places(orders)
    flat = list(chain.from_iterable(plain["orders"]))
    given = np.array([o.price for o in flat], np.float64) * sign[row]
    price[row, column] = np.where(np.isnan(given), np.inf, given)
    weight[row, column] = [o.weight for o in flat]
    targets = np.array(list(map(len, plain["targets"])), np.int64)
    target = np.full((n, max([1, int(targets.max()), *map(target_room, changed)])), np.inf)
    share, unit, value = np.zeros(target.shape), np.zeros(target.shape, np.int64), np.zeros(target.shape)
    row, column = places(targets)
    own = list(chain.from_iterable(plain["targets"]))
    shares = [share for _, share in own]
    known, unit[row, column], value[row, column] = _levels([level for level, _ in own])
    target[row, column] = np.where(np.isnan(known), np.inf, known * sign[row])
    share[row, column] = shares
    stop, stop_unit, stop_value = _levels(plain["stop"])
    moves = np.array(list(map(len, plain["stop_moves"])), np.int64)
    move_after, move_to = np.full((n, int(moves.max())), NEVER), np.zeros((n, int(moves.max())), np.int64)
    row, column = places(moves)
    steps = list(chain.from_iterable(plain["stop_moves"]))
    move_after[row, column] = [m.after for m in steps]
    move_to[row, column] = [
        m.to if isinstance(m.to, int) else BREAKEVEN if m.to == "breakeven" else WITH_FEES for m in steps
    ]
    trailing = [i for i, trail in enumerate(plain["trail"]) if trail is not None]
    trails = [plain["trail"][i] for i in trailing]

    def trailed(values: Sequence[float], kind: type) -> np.ndarray[Any, np.dtype[Any]]:
        column: np.ndarray[Any, np.dtype[Any]] = np.zeros(n, kind)
        column[trailing] = values
        return column

    margin = 1 / np.where((lever := numbers("leverage", 1.0)) == 0, 1.0, lever)
    close_after = plain["close_after_ms"]
    ticked = plain["tick"].count(None) < n
    ticks = [parts(tick) if tick is not None else (0, 1) for tick in plain["tick"]] if ticked else []
    return Columns(
        at=at,
        sign=sign,
        act_ms=np.array(plain["act_ms"], np.int64),
        expire_ms=np.array(plain["expire_ms"], np.int64),
        price=price,
        weight=weight,
        orders=orders,
        stop_order=np.array([first.kind == "stop" for first, *_ in plain["orders"]], np.bool_),
        target=target,
        target_unit=unit,
        target_value=value,
        share=share,
        targets=targets,
        stop=np.where(np.isnan(stop), -np.inf, stop * sign),
        stop_unit=stop_unit,
        stop_value=stop_value,
        hard=np.where(np.isnan(hard := numbers("hard_stop", np.nan)), -np.inf, hard * sign),
        close_frame=numbers("close_stop_ms", 0).astype(np.int64),
        cancel_on_target=np.array(plain["cancel_on_target"], np.bool_),
        cancel_on_stop=np.array(plain["cancel_on_stop"], np.bool_),
        gap_open=np.array([gap == "open" for gap in plain["target_gap"]], np.bool_),
        move_after=move_after,
        move_to=move_to,
        close_after=np.array([NEVER if after is None else after for after in close_after], np.int64),
        trails=trailed([True for _ in trails], np.bool_),
        trail_unit=trailed([UNITS[t.distance.unit] for t in trails], np.int64),
        trail_value=trailed([t.distance.value for t in trails], np.float64),
        trail_target=trailed([t.after_target for t in trails], np.int64),
        trail_gain=trailed([t.after_gain for t in trails], np.float64),
        keep=margin - numbers("maintenance", -np.inf),
        gone=margin,
        tick_num=np.array([num for num, _ in ticks], np.float64) if ticked else None,
        tick_den=np.array([den for _, den in ticks], np.float64) if ticked else None,
        impact=np.array(plain["impact"]) if any(plain["impact"]) else None,
        changes=changes,
    )


def _levels(levels: Sequence[float | Distance | None]) -> tuple[Floats, Ints, Floats]:
    """Levels as prices (NaN: none, or not known yet), units and values (a percentage as a fraction)."""
    n = len(levels)
    far = [i for i, level in enumerate(levels) if isinstance(level, Distance)]
    if not far:
        return np.array(levels, np.float64), np.zeros(n, np.int64), np.zeros(n)
    unit, value = np.zeros(n, np.int64), np.zeros(n)
    said = [levels[i] for i in far]
    unit[far] = [UNITS[d.unit] for d in said if isinstance(d, Distance)]
    value[far] = [d.value for d in said if isinstance(d, Distance)]
    value = np.where(unit == PERCENT, value / 100, value)
    known = np.array([None if isinstance(level, Distance) else level for level in levels], np.float64)
    return known, unit, value
