"""Plans of one symbol laid out as columns, once for all readings of a run.

Prices are those a long would see: a short's are negated, so that "above" always means better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from engine.domain import Change, Distance, Plan
from engine.market.candles import Floats, Ints
from engine.market.ticks import CLOSE, parts
from engine.simulate.table import Bools, order_room, target_room

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


def lay_out(plans: Sequence[Plan], at: Ints) -> Columns:
    """The columns of plans of one symbol."""
    n = len(plans)
    sign = np.array([p.side.sign for p in plans], np.float64)

    def ints(value: Callable[[Plan], int | None], missing: int = 0) -> Ints:
        return np.array([missing if (v := value(p)) is None else v for p in plans], np.int64)

    def flags(value: Callable[[Plan], bool]) -> Bools:
        return np.array([value(p) for p in plans], np.bool_)

    orders = ints(lambda p: len(p.orders))
    price = np.full((n, max(order_room(p) for p in plans)), -np.inf)
    weight = np.zeros(price.shape)
    row, column = _places(orders)
    given = [np.inf if o.price is None else o.price for p in plans for o in p.orders]
    price[row, column] = np.array(given) * np.where(np.isinf(given), 1.0, sign[row])
    weight[row, column] = [o.weight for p in plans for o in p.orders]
    targets = ints(lambda p: len(p.targets))
    target = np.full((n, max(1, max(target_room(p) for p in plans))), np.inf)
    share, unit, value = np.zeros(target.shape), np.zeros(target.shape, np.int64), np.zeros(target.shape)
    row, column = _places(targets)
    levels = [level for p in plans for level, _ in p.targets]
    if any(isinstance(level, Distance) for level in levels):
        said = [_said(level) for level in levels]
        target[row, column] = np.array([t[0] for t in said]) * np.where([np.isinf(t[0]) for t in said], 1.0, sign[row])
        unit[row, column], value[row, column] = [t[1] for t in said], [t[2] for t in said]
    else:
        target[row, column] = np.array(levels, np.float64) * sign[row]
    share[row, column] = [s for p in plans for _, s in p.targets]
    stops = [_said(p.stop) if p.stop is not None else (np.inf, PRICE, 0.0) for p in plans]
    stop = np.array([s[0] for s in stops])
    moves = ints(lambda p: len(p.stop_moves))
    move_after, move_to = np.full((n, int(moves.max())), NEVER), np.zeros((n, int(moves.max())), np.int64)
    row, column = _places(moves)
    move_after[row, column] = [m.after for p in plans for m in p.stop_moves]
    move_to[row, column] = [
        m.to if isinstance(m.to, int) else BREAKEVEN if m.to == "breakeven" else WITH_FEES
        for m in chain.from_iterable(p.stop_moves for p in plans)
    ]
    trails = [p.trail for p in plans]
    margin = np.array([1 / (p.leverage or 1.0) for p in plans])
    ticked = any(p.tick is not None for p in plans)
    ticks = [parts(p.tick) if p.tick is not None else (0, 1) for p in plans] if ticked else []
    kept = np.array([np.inf if p.maintenance is None else p.maintenance for p in plans])
    return Columns(
        at=at,
        sign=sign,
        act_ms=ints(lambda p: p.act_ms),
        expire_ms=ints(lambda p: p.expire_ms),
        price=price,
        weight=weight,
        orders=orders,
        stop_order=flags(lambda p: p.orders[0].kind == "stop"),
        target=target,
        target_unit=unit,
        target_value=value,
        share=share,
        targets=targets,
        stop=np.where(np.isinf(stop), -np.inf, stop * sign),
        stop_unit=np.array([s[1] for s in stops], np.int64),
        stop_value=np.array([s[2] for s in stops]),
        hard=np.array([-np.inf if p.hard_stop is None else p.hard_stop * p.side.sign for p in plans]),
        close_frame=ints(lambda p: p.close_stop_ms),
        cancel_on_target=flags(lambda p: p.cancel_on_target),
        cancel_on_stop=flags(lambda p: p.cancel_on_stop),
        gap_open=flags(lambda p: p.target_gap == "open"),
        move_after=move_after,
        move_to=move_to,
        close_after=ints(lambda p: p.close_after_ms, int(NEVER)),
        trails=np.array([t is not None for t in trails], np.bool_),
        trail_unit=np.array([UNITS[t.distance.unit] if t else 0 for t in trails], np.int64),
        trail_value=np.array([t.distance.value if t else 0.0 for t in trails]),
        trail_target=np.array([t.after_target if t else 0 for t in trails], np.int64),
        trail_gain=np.array([t.after_gain if t else 0.0 for t in trails]),
        keep=np.where(np.isinf(kept), np.inf, margin - kept),
        gone=margin,
        tick_num=np.array([num for num, _ in ticks], np.float64) if ticked else None,
        tick_den=np.array([den for _, den in ticks], np.float64) if ticked else None,
        impact=np.array([p.impact for p in plans]) if any(p.impact for p in plans) else None,
        changes={i: p.changes for i, p in enumerate(plans) if p.changes},
    )


def _places(counts: Ints) -> tuple[Ints, Ints]:
    """Row and column of each item when row ``i`` has ``counts[i]`` of them."""
    row = np.repeat(np.arange(len(counts)), counts)
    column = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    return row, column


def _said(level: float | Distance) -> tuple[float, int, float]:
    """A level as price (inf: open), unit and value; percent as a fraction."""
    if not isinstance(level, Distance):
        return float(level), PRICE, 0.0
    return np.inf, UNITS[level.unit], level.value / 100 if level.unit == "percent" else level.value
