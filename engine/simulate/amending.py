"""What a channel says after its call, as changes of the plan: each acts at its own time plus the latency.

Reports (target hit, stop hit, filled) never trade, and a second entry (``re-enter``) changes no plan:
it is a call of its own (``collect/reading.py``). ``targets.py`` knows which target is which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from math import isclose

from engine.config.strategy import Entry, Exit
from engine.domain import Action, Change, Distance, EntryKind, Order, Setup, Target, Update
from engine.simulate.distances import from_base, has_level, level_of, resolve_stop
from engine.simulate.sharing import entry_orders
from engine.simulate.targets import Targets

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
    call = _Call(setup, orders, stop, entry, leave)
    return tuple([change for update in in_time(updates) for change in call.hear(update)])


def wrong_numbers_in(
    setup: Setup,
    updates: Sequence[Update],
    orders: Sequence[Order],
    stop: float | Distance | None,
    entry: Entry,
    leave: Exit,
) -> list[tuple[Update, str]]:
    """The updates that name a target or an order which the call does not have by then, each with that in words."""
    call, found = _Call(setup, orders, stop, entry, leave), []
    for update in in_time(updates):
        wrong = call.wrong(update.action)
        if wrong:
            found.append((update, wrong))
        call.hear(update)
    return found


def names_a_number(action: Action) -> bool:
    """Whether an action that may change a trade names one target, or single orders."""
    if action.kind == "cancel":
        return action.order is not None or bool(action.entries)
    if action.kind == "move-stop":
        return action.target is not None and action.level is None
    return action.kind == "change" and action.target is not None


def in_time(updates: Sequence[Update]) -> list[Update]:
    """Updates in the order in which they became known."""
    return sorted(updates, key=lambda update: update.message.known_ms)


class _Call:
    """A call with its plan, as what was said of it by now has left both.

    ``book`` has the latest orders with their numbers. ``stop`` is the one that the call or its changes named last,
    wherever it was moved since; ``said_stop`` is the one that a change named, as it said it; ``moved``: the channel has
    moved it since.
    """

    def __init__(
        self, setup: Setup, orders: Sequence[Order], stop: float | Distance | None, entry: Entry, leave: Exit
    ) -> None:
        self.setup, self.entry, self.leave, self.stop = setup, entry, leave, stop
        self.is_known = bool(setup.entries) and all(order.price is not None for order in orders)
        self.book = list(enumerate(orders, 1))
        self.last = len(orders)
        self.said_stop: float | Distance | None = None
        self.moved = False

    @cached_property
    def targets(self) -> Targets:
        """All targets by now; begun with those of the call, before anything else has changed."""
        return Targets(self.setup, self._level, self.leave)

    def _level(self, target: Target) -> float | Distance | None:
        """Where a target is by what was said so far; a distance where a market order leaves that to the fill."""
        return level_of(target, self.setup if self.is_known else None, self.placed, self.stop)

    @property
    def placed(self) -> list[Order]:
        """The latest orders."""
        return [order for _, order in self.book]

    def wrong(self, action: Action) -> str:
        """What an action names that there is not, in words (``target 4 is named, and the call has 3``), else ""."""
        if not names_a_number(action):
            return ""
        if action.kind == "cancel" and action.entries:
            nowhere = ", ".join(f"{price:.10g}" for price in action.entries if not self._at_prices([price]))
            return f"an order at {nowhere} is named, and there is none" if nowhere else ""
        word, owner, number, most = "target", "call", action.target, len(self.targets)
        if action.kind == "cancel":
            word, owner, number, most = "order", "trade", action.order, len(self.book)
        if number is None or not 1 <= number <= most:
            return f"{word} {number} is named, and the {owner} has {most or 'none'}"
        is_open = action.kind == "move-stop" and not has_level(self.targets.known[number - 1])
        return f"target {number} is named, and it has no price" if is_open else ""

    def hear(self, update: Update) -> list[Change]:
        """What an update does; a number that there is not does nothing."""
        action = update.action
        at = update.message.known_ms + self.entry.latency_ms
        if action.kind == "close":
            return [Change(at, "close", share=action.share)]
        if action.kind == "cancel":
            return self._cancelled(action, at)
        if action.kind == "move-stop":
            return self._stop_moved(action, at)
        return self._changed(action, at) if action.kind in ("change", "add-targets") else []

    def _cancelled(self, action: Action, at: int) -> list[Change]:
        if action.entries:
            return [Change(at, "cancel", order=number) for number in self._at_prices(action.entries)]
        if action.order is None:
            return [Change(at, "cancel")]
        return [] if self.wrong(action) else [Change(at, "cancel", order=self.book[action.order - 1][0])]

    def _stop_moved(self, action: Action, at: int) -> list[Change]:
        if action.level is not None:
            self.moved |= action.level != "breakeven"  # which does nothing before the fill
            return [Change(at, "stop", stop=action.level)]
        if action.target is None or self.wrong(action):
            return []
        self.moved = True
        target = self.targets.known[action.target - 1]
        return [Change(at, "stop", stop=self._level(target), target=target.number)]

    def _changed(self, action: Action, at: int) -> list[Change]:
        """New levels. Until the first fill what is said at a distance goes with what it counts from: a stop with the
        entries, a target with them, or in R with the stop too.
        """
        made: list[Change] = []
        action = self._news(action) if action.whole else action
        is_named = self.targets.moved_by(action)
        along = not is_named and self.targets.at_a_distance
        before = self.targets.levels(self._level) if along else ()
        orders = self._orders(action) if action.kind == "change" and action.entries else ()
        if orders:
            made.append(Change(at, "orders", orders=orders))
            self.book = list(enumerate(orders, self.last + 1))
            self.last += len(orders)
            self.setup = replace(self.setup, entries=action.entries)
        if action.kind == "change" and action.stop is not None:
            self.said_stop, self.moved = action.stop, False
            self.stop = self._named_stop(action.stop)
            made.append(Change(at, "stop", stop=self.stop))
        elif orders and self.is_known and not self.moved:
            stop = self._stop_again()
            made += [Change(at, "stop", stop=stop, unfilled=True)] if stop != self.stop else []
            self.stop = stop
        if is_named or along:
            said = {target.number: target.distance for target in self.targets.known}
            self.targets.hear(action, self._level)
            stay = () if along else self.targets.at_the_same_distance(said)
            levels, numbers = now = self.targets.levels(self._level)
            if levels and now != before:
                made.append(Change(at, "targets", targets=levels, numbers=numbers, unfilled=along, stay=stay))
        return made

    def _news(self, action: Action) -> Action:
        """What a call that is posted again says otherwise than was said last: the rest stays as the trade has it."""
        stop = self.setup.stop if self.said_stop is None else self.said_stop
        return replace(
            action,
            entries=() if action.entries == self.setup.entries else action.entries,
            stop=None if action.stop == stop else action.stop,
            targets=() if self.targets.are(action.targets, self._level) else action.targets,
        )

    def _named_stop(self, named: float | Distance) -> float | Distance:
        """A stop that a change names, as a price where the entry is known."""
        return from_base(self.setup, named, -1) if self.is_known and isinstance(named, Distance) else named

    def _stop_again(self) -> float | Distance | None:
        """Where the stop is by its words, now that the entries are others."""
        if self.said_stop is not None:
            return self._named_stop(self.said_stop)
        return resolve_stop(self.setup, self.placed, self.leave)

    def _at_prices(self, prices: Sequence[float]) -> list[int]:
        """The numbers of the orders at these prices; the nearest one may have been moved by the strategy's grace."""
        room = self.entry.grace + SAME
        known = [(number, order.price) for number, order in self.book if order.price is not None]
        return list(dict.fromkeys(n for price in prices for n, at in known if abs(at - price) <= room * price))

    def _orders(self, action: Action) -> tuple[Order, ...]:
        """New entry orders in place of those that rest, meant as the channel says; none for a call at the market, and
        where a breakout became a limit or the other way round.
        """
        kind = action.entry_kind or self.setup.entry_kind
        if self.setup.entry_kind is EntryKind.MARKET:
            return ()
        if EntryKind.BREAKOUT in (kind, self.setup.entry_kind) and kind is not self.setup.entry_kind:
            return ()
        if kind is EntryKind.ZONE and len(action.entries) != 2:
            kind = EntryKind.LADDER
        again = replace(self.setup, entry_kind=kind, entries=action.entries, entry_shares=(), market_leg=False)
        return entry_orders(again, replace(self.entry, weights="even", grace=0.0))


def same_levels(levels: Sequence[float | Distance], others: Sequence[float | Distance]) -> bool:
    """Whether all levels are where the others are."""
    return len(levels) == len(others) and all(
        not isinstance(one, Distance) and not isinstance(other, Distance) and isclose(one, other, rel_tol=SAME)
        for one, other in zip(levels, others, strict=True)
    )
