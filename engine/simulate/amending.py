"""What a channel says after its call, as changes of the plan: each acts at its own time plus the latency.

Reports (target hit, stop hit, filled) never trade, and a second entry (``re-enter``) changes no plan:
it is a call of its own (``collect/reading.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.config.strategy import Entry, Exit
from engine.domain import Action, Change, Distance, EntryKind, Order, Setup, Side, Target, Update
from engine.simulate.sharing import average_entry, entry_orders, target_weights

SAME = 1e-9  # relative: what arithmetic leaves between two prices that are meant to be one


def changes_of(
    setup: Setup,
    updates: Sequence[Update],
    orders: Sequence[Order],
    stop: float | Distance | None,
    entry: Entry,
    leave: Exit,
) -> tuple[Change, ...]:
    """The changes that updates of one signal make to its plan with these orders and this stop, in order of time.

    Levels at a distance count from where those of the call count: from its entries, or from the fill of a market order.
    """
    if not updates:
        return ()
    found: list[Change] = []
    targets = [*setup.targets]
    known = bool(setup.entries) and all(order.price is not None for order in orders)
    book = list(enumerate(orders, 1))
    numbered, meant = len(book), setup
    for update in sorted(updates, key=lambda u: u.message.known_ms):
        action = update.action
        at = update.message.known_ms + entry.latency_ms
        if action.targets and action.kind in ("change", "add-targets"):
            targets = [*action.targets] if action.kind == "change" else [*targets, *action.targets]
        if action.kind == "change" and action.entries:
            meant = replace(setup, entries=action.entries)
        entered = meant if known else None
        if action.kind == "change" and action.stop is not None:
            stop = _stop(action.stop, entered)
        made = _changes(setup, action, at, entry, book, entered, stop, targets, leave)
        for change in made:
            if change.kind == "orders":
                book = list(enumerate(change.orders, numbered + 1))
                numbered += len(book)
        found += made
    return tuple(found)


def _changes(
    setup: Setup,
    action: Action,
    at: int,
    entry: Entry,
    book: Sequence[tuple[int, Order]],
    entered: Setup | None,
    stop: float | Distance | None,
    targets: Sequence[Target],
    leave: Exit,
) -> list[Change]:
    """What one action does at a moment; ``book`` has the latest orders with their numbers.

    ``stop`` is the one that the call or its changes named last, wherever it was moved since; ``targets`` are all from
    now on. ``entered`` is the call whose entries levels count from, None where a market order among them leaves that to
    the fill.
    """
    if action.kind == "close":
        return [Change(at, "close", share=action.share)]
    if action.kind == "cancel" and action.entries:
        return [Change(at, "cancel", order=number) for number in _at_prices(book, action.entries, entry)]
    if action.kind == "cancel":
        return [Change(at, "cancel", order=action.order)]
    if action.kind == "move-stop":
        if action.level is None and action.target is None:
            return []
        return [Change(at, "stop", stop=action.level, target=action.target if action.level is None else None)]
    made = []
    placed: Sequence[Order] = [order for _, order in book]
    if action.kind == "change" and action.entries and setup.entry_kind is not EntryKind.MARKET:
        orders = _orders(setup, action, entry)
        made += [Change(at, "orders", orders=orders)] if orders else []
        placed = orders or placed
    if action.kind == "change" and action.stop is not None:
        made.append(Change(at, "stop", stop=stop))
    if action.kind in ("change", "add-targets"):
        levels = _targets(setup, entered, placed, stop, targets, leave)
        made += [Change(at, "targets", targets=levels)] if levels and any(map(_has_level, action.targets)) else []
    return made


def _at_prices(book: Sequence[tuple[int, Order]], prices: Sequence[float], entry: Entry) -> list[int]:
    """The numbers of the orders at these prices; the nearest one may have been moved by the strategy's grace."""
    room = entry.grace + SAME
    known = [(number, order.price) for number, order in book if order.price is not None]
    return list(dict.fromkeys(n for price in prices for n, at in known if abs(at - price) <= room * price))


def _orders(setup: Setup, action: Action, entry: Entry) -> tuple[Order, ...]:
    """New entry orders in place of those that rest, meant as the channel says; none where a breakout became a limit or
    the other way round.
    """
    kind = action.entry_kind or setup.entry_kind
    if EntryKind.BREAKOUT in (kind, setup.entry_kind) and kind is not setup.entry_kind:
        return ()
    if kind is EntryKind.ZONE and len(action.entries) != 2:
        kind = EntryKind.LADDER
    again = replace(setup, entry_kind=kind, entries=action.entries, entry_shares=(), market_leg=False)
    return entry_orders(again, replace(entry, weights="even", grace=0.0))


def _stop(named: float | Distance, entered: Setup | None) -> float | Distance:
    """A stop that is named, as a price where the entry is known."""
    return named if entered is None or not isinstance(named, Distance) else from_base(entered, named, -1)


def _has_level(target: Target) -> bool:
    """Whether a target says where it is."""
    return target.price is not None or target.distance is not None


def from_base(setup: Setup, away: Distance, direction: int) -> float:
    """A price at a distance from the edge of the call's entries that the profile names."""
    low, high = min(setup.entries), max(setup.entries)
    near, far = (high, low) if setup.side is Side.LONG else (low, high)
    base = {"near": near, "far": far, "middle": (low + high) / 2}[away.base]
    off = base * away.value / 100 if away.unit == "percent" else away.value
    return base + direction * setup.side.sign * off


def _targets(
    setup: Setup,
    entered: Setup | None,
    placed: Sequence[Order],
    stop: float | Distance | None,
    targets: Sequence[Target],
    leave: Exit,
) -> tuple[tuple[float | Distance, float], ...]:
    """All targets from now on with the strategy's shares; none where prices and distances from a fill that is to come
    cannot be put in order.
    """
    levels = [level for target in targets if (level := _level(target, entered, placed, stop)) is not None]
    if len({level.unit if isinstance(level, Distance) else "price" for level in levels}) > 1:
        return ()
    sign = setup.side.sign
    ordered = sorted(set(levels), key=lambda level: level.value if isinstance(level, Distance) else level * sign)
    shares = target_weights([None] * len(ordered), leave.shares)
    return tuple((level, share) for level, share in zip(ordered, shares, strict=True) if share > 0)


def _level(
    target: Target, entered: Setup | None, placed: Sequence[Order], stop: float | Distance | None
) -> float | Distance | None:
    """A target's price, or its distance from the fill.

    One in R counts from the average entry of the orders, as in the plan, the way to the stop that was named: one that
    was moved into profit is no risk to count in.
    """
    away = target.distance
    if target.price is not None or away is None:
        return target.price
    if away.unit == "R" and isinstance(stop, Distance):
        away = replace(away, value=away.value * stop.value, unit=stop.unit)
    if entered is None:
        return None if away.unit == "R" and stop is None else away
    if away.unit == "R":
        average = average_entry(placed)
        return average + away.value * (average - stop) if average is not None and isinstance(stop, float) else None
    return from_base(entered, away, 1)
