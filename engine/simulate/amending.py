"""What a channel says after its call, as changes of the plan: each acts at its own time plus the latency.

Reports (target hit, stop hit, filled) never trade, and a second entry (``re-enter``) changes no plan:
it is a call of its own (``collect/reading.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.config.strategy import Entry, Exit
from engine.domain import Action, Change, Distance, EntryKind, Order, Setup, Update
from engine.simulate.sharing import entry_orders, target_weights

SAME = 1e-9  # relative: what arithmetic leaves between two prices that are meant to be one


def changes_of(
    setup: Setup, updates: Sequence[Update], orders: Sequence[Order], entry: Entry, leave: Exit
) -> tuple[Change, ...]:
    """The changes that updates of one signal make to its plan with these orders, in order of time."""
    if not updates:
        return ()
    found: list[Change] = []
    targets = [target.price for target in setup.targets if target.price is not None]
    book = list(enumerate([order.price for order in orders], 1))
    numbered = len(book)
    for update in sorted(updates, key=lambda u: u.message.known_ms):
        action = update.action
        at = update.message.known_ms + entry.latency_ms
        if action.targets and action.kind in ("change", "add-targets"):
            named = [target.price for target in action.targets if target.price is not None]
            targets = named if action.kind == "change" else [*targets, *named]
        made = _changes(setup, action, at, entry, book, _targets(setup, targets, leave))
        for change in made:
            if change.kind == "orders":
                book = list(enumerate([order.price for order in change.orders], numbered + 1))
                numbered += len(book)
        found += made
    return tuple(found)


def _changes(
    setup: Setup,
    action: Action,
    at: int,
    entry: Entry,
    book: Sequence[tuple[int, float | None]],
    targets: tuple[tuple[float, float], ...],
) -> list[Change]:
    """What one action does at a moment; ``book`` has the numbers and prices of the latest orders."""
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
    if action.kind == "change" and action.entries and setup.entry_kind is not EntryKind.MARKET:
        orders = _orders(setup, action, entry)
        made += [Change(at, "orders", orders=orders)] if orders else []
    if action.kind == "change" and action.stop is not None:
        made += [Change(at, "stop", stop=price) for price in _stop(setup, action)]
    if action.kind in ("change", "add-targets") and any(t.price is not None for t in action.targets) and targets:
        made.append(Change(at, "targets", targets=targets))
    return made


def _at_prices(book: Sequence[tuple[int, float | None]], prices: Sequence[float], entry: Entry) -> list[int]:
    """The numbers of the orders at these prices; the nearest one may have been moved by the strategy's grace."""
    room = entry.grace + SAME
    found = [n for price in prices for n, known in book if known is not None and abs(known - price) <= room * price]
    return list(dict.fromkeys(found))


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


def _stop(setup: Setup, action: Action) -> list[float]:
    """The new stop's price; one said as a distance needs the call's entry."""
    if not isinstance(action.stop, Distance):
        return [] if action.stop is None else [action.stop]
    entries = action.entries or setup.entries or (() if setup.reference is None else (setup.reference,))
    if not entries:
        return []
    base = sum(entries) / len(entries)
    off = base * action.stop.value / 100 if action.stop.unit == "percent" else action.stop.value
    return [base - setup.side.sign * off]


def _targets(setup: Setup, prices: Sequence[float], leave: Exit) -> tuple[tuple[float, float], ...]:
    """All targets from now on with the strategy's shares."""
    ordered = sorted(set(prices), key=lambda price: price * setup.side.sign)
    shares = target_weights([None] * len(ordered), leave.shares)
    return tuple((price, share) for price, share in zip(ordered, shares, strict=True) if share > 0)
