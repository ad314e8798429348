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
    targets = _nearest_first(setup.targets, setup.side)
    known = bool(setup.entries) and all(order.price is not None for order in orders)
    book = list(enumerate(orders, 1))
    last, meant = len(book), setup
    for update in sorted(updates, key=lambda u: u.message.known_ms):
        action = update.action
        at = update.message.known_ms + entry.latency_ms
        numbered = action.kind == "change" and action.target is not None and _moves_targets(action, targets)
        instead = targets[action.target - 1] if numbered and action.target is not None else None
        targets = _told(targets, action, setup.side, leave)
        if action.kind == "change" and action.entries:
            meant = replace(setup, entries=action.entries)
        entered = meant if known else None
        if action.kind == "change" and action.stop is not None:
            stop = _stop(action.stop, entered)
        made = _changes(setup, action, at, entry, book, entered, stop, targets, leave)
        for change in made:
            if change.kind == "orders":
                book = list(enumerate(change.orders, last + 1))
                last += len(book)
        if instead is not None:
            level = _level(instead, entered, [order for _, order in book], stop)
            made = [replace(change, instead=level) if change.kind == "targets" else change for change in made]
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
        levels = _targets(setup, entered, placed, stop, targets, leave) if _moves_targets(action, targets) else ()
        made += [Change(at, "targets", targets=levels)] if levels else []
    return made


def numbered_wrong(setup: Setup, updates: Sequence[Update], leave: Exit) -> list[tuple[Update, int]]:
    """The changes of one signal that name a target by a number that none has, each with how many there are by then."""
    found, targets = [], _nearest_first(setup.targets, setup.side)
    for update in sorted(updates, key=lambda u: u.message.known_ms):
        number = update.action.target
        if update.action.kind == "change" and number is not None and not 1 <= number <= len(targets):
            found.append((update, len(targets)))
        targets = _told(targets, update.action, setup.side, leave)
    return found


def _moves_targets(action: Action, targets: Sequence[Target]) -> bool:
    """Whether an action says where targets are; a number that no target has moves none."""
    return any(map(_has_level, action.targets)) and (action.target is None or 1 <= action.target <= len(targets))


def _told(targets: list[Target], action: Action, side: Side, leave: Exit) -> list[Target]:
    """All targets after an action, nearest first, each with its share where the channel's words give it one.

    New targets without shares take those of as many targets before them. A share that is named for one more target is
    what it sells of a trade in which none is taken yet; the others keep their proportions of the rest.
    """
    if action.kind not in ("change", "add-targets") or not _moves_targets(action, targets):
        return targets
    new = _nearest_first(action.targets, side)
    if action.kind == "change" and action.target is not None:
        place, (one,) = action.target - 1, new
        one = replace(one, share=targets[place].share if one.share is None else one.share)
        return _nearest_first([*targets[:place], one, *targets[place + 1 :]], side)
    if action.kind == "change":
        if len(new) != len(targets) or None not in [target.share for target in new if _has_level(target)]:
            return new
        return [replace(target, share=before.share) for target, before in zip(new, targets, strict=True)]
    kept = [target for target in targets if target.price is None or target.price not in [one.price for one in new]]
    added = sum(target.share or 0.0 for target in new)
    if all(target.share for target in new):
        standing = [target for target in kept if _has_level(target)]
        weights = target_weights([target.share for target in standing], leave.shares)
        rest = max(0.0, 1 - added)
        shared = [replace(t, share=weight * rest) for t, weight in zip(standing, weights, strict=True)]
        kept = [*shared, *(target for target in kept if not _has_level(target))]
    return _nearest_first([*kept, *new], side)


def _nearest_first(targets: Sequence[Target], side: Side) -> list[Target]:
    """Targets in the order in which price reaches them, open ones last.

    Prices and distances together stay as they were said.
    """
    placed = [target for target in targets if _has_level(target)]
    if all(target.price is not None for target in placed):
        placed.sort(key=lambda target: (target.price or 0.0) * side.sign)
    elif len({target.distance.unit if target.distance else None for target in placed}) == 1:
        placed.sort(key=lambda target: target.distance.value if target.distance else 0.0)
    return [*placed, *(target for target in targets if not _has_level(target))]


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
    """All targets from now on with their own shares where each has one, else the strategy's; none where prices and
    distances from a fill that is to come cannot be put in order. Two at one level are one.
    """
    own: dict[float | Distance, float | None] = {}
    for target in targets:
        level = _level(target, entered, placed, stop)
        if level is not None:
            before = own.get(level, 0.0)
            own[level] = None if before is None or target.share is None else before + target.share
    if len({level.unit if isinstance(level, Distance) else "price" for level in own}) > 1:
        return ()
    sign = setup.side.sign
    ordered = sorted(own, key=lambda level: level.value if isinstance(level, Distance) else level * sign)
    shares = target_weights([own[level] for level in ordered], leave.shares)
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
