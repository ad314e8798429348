"""A plan's prices on the grid on which its exchange takes orders.

Every price of an order is the nearest one of the grid. What a market order gets is an average over several levels of
the book and stays off the grid.
"""

from __future__ import annotations

from dataclasses import replace

from engine.domain import Change, Distance, Plan, Refusal
from engine.market.ticks import nearest


def on_grid(plan: Plan) -> Plan | Refusal:
    """The plan with all prices on the grid of its ``tick``; refused where the grid is too coarse for its levels."""
    if plan.tick is None:
        return plan
    tick, sign = plan.tick, plan.side.sign
    moved = replace(
        plan,
        orders=tuple(replace(o, price=None if o.price is None else nearest(o.price, tick)) for o in plan.orders),
        stop=_level(plan.stop, tick),
        targets=tuple((_level(level, tick) or 0.0, share) for level, share in plan.targets),
        hard_stop=None if plan.hard_stop is None else nearest(plan.hard_stop, tick),
        changes=tuple(change_on_grid(change, tick) for change in plan.changes),
    )
    entries = [order.price * sign for order in moved.orders if order.price is not None]
    prices = [level * sign for level, _ in moved.targets if not isinstance(level, Distance)]
    stop = moved.stop * sign if isinstance(moved.stop, float | int) else None
    behind = stop is not None and bool(entries) and stop >= min(entries)
    reached = bool(prices) and bool(entries) and min(prices) <= max(entries)
    if behind or reached:
        which = "stop" if behind else "first target"
        return Refusal("levels", f"in steps of {tick:g} the {which} is no longer apart from the entry")
    return moved


def change_on_grid(change: Change, tick: float | None) -> Change:
    """The same change with its prices on the grid."""
    if tick is None or change.kind in ("close", "cancel"):
        return change
    return replace(
        change,
        stop=nearest(change.stop, tick) if isinstance(change.stop, float | int) else change.stop,
        orders=tuple(replace(o, price=None if o.price is None else nearest(o.price, tick)) for o in change.orders),
        targets=tuple((_level(level, tick) or 0.0, share) for level, share in change.targets),
    )


def _level(level: float | Distance | None, tick: float) -> float | Distance | None:
    """A price on the grid; a distance stays one until the fill is known."""
    return nearest(level, tick) if isinstance(level, float | int) else level
