"""What a channel says after its call, as changes of the plan: each acts at its own time plus the latency.

Reports (target hit, stop hit, filled) never trade, and neither does a second entry (``re-enter``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.config.strategy import Entry, Exit
from engine.domain import Action, Change, Distance, EntryKind, Order, Setup, Update
from engine.simulate.sharing import entry_weights, target_weights

ACTING = frozenset({"close", "cancel", "move-stop", "change", "add-targets"})


def changes_of(setup: Setup, updates: Sequence[Update], entry: Entry, leave: Exit) -> tuple[Change, ...]:
    """The changes that updates of one signal make to its plan, in order of time."""
    found: list[Change] = []
    targets = [target.price for target in setup.targets if target.price is not None]
    for update in sorted(updates, key=lambda u: u.message.known_ms):
        action = update.action
        at = update.message.known_ms + entry.latency_ms
        if action.targets and action.kind in ("change", "add-targets"):
            named = [target.price for target in action.targets if target.price is not None]
            targets = named if action.kind == "change" else [*targets, *named]
        found += _changes(setup, action, at, entry, _targets(setup, targets, leave))
    return tuple(found)


def _changes(
    setup: Setup, action: Action, at: int, entry: Entry, targets: tuple[tuple[float, float], ...]
) -> list[Change]:
    """What one action does at a moment."""
    if action.kind == "close":
        return [Change(at, "close", share=action.share)]
    if action.kind == "cancel":
        return [Change(at, "cancel", order=action.order)]
    if action.kind == "move-stop":
        if action.level is None and action.target is None:
            return []
        return [Change(at, "stop", stop=action.level, target=action.target if action.level is None else None)]
    made = []
    if action.kind == "change" and action.entries and setup.entry_kind is not EntryKind.MARKET:
        made.append(Change(at, "orders", orders=_orders(setup, action.entries, entry)))
    if action.kind == "change" and action.stop is not None:
        made += [Change(at, "stop", stop=price) for price in _stop(setup, action)]
    if action.kind in ("change", "add-targets") and any(t.price is not None for t in action.targets) and targets:
        made.append(Change(at, "targets", targets=targets))
    return made


def _orders(setup: Setup, entries: tuple[float, ...], entry: Entry) -> tuple[Order, ...]:
    """New entry orders in place of those that rest."""
    sign = setup.side.sign
    if setup.entry_kind is EntryKind.BREAKOUT:
        return (Order("stop", min(entries, key=lambda price: price * sign), 1.0),)
    prices = sorted(entries, reverse=sign > 0)
    weights = entry_weights(len(prices), replace(entry, weights="even"))
    return tuple(Order("limit", price, weight) for price, weight in zip(prices, weights, strict=True))


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
