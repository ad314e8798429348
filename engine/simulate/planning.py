"""A signal under a strategy becomes a plan: every price decided before the first candle is looked at.

1. the moment of action: when the text was known, plus the latency;
2. the entry orders: the call's own, or rungs over its zone (``entry_orders``);
3. the stop: the call's, or the strategy's; 4. the targets with shares that sum to one (``target_shares``);
5. where the stop moves, and what the channel said afterwards (``amending.py``).
A plan that would not mean what it says is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

from engine.config.strategy import Exit, Strategy, Trailing
from engine.domain import (
    Distance,
    Message,
    Order,
    Plan,
    Refusal,
    Setup,
    Side,
    Signal,
    StopMove,
    Target,
    Trail,
    Update,
)  # fmt: skip
from engine.market.contracts import Contract
from engine.simulate.amending import changes_of, names_a_number, wrong_numbers_in
from engine.simulate.distances import from_base, resolve_stop
from engine.simulate.grid import on_grid
from engine.simulate.sharing import average_entry, entry_orders, target_weights

MAINTENANCE = 0.005  # maintenance margin rate assumed where the contract's tiers are not known

Atr = Callable[[str, int, int], float | None]
"""The average true range of a symbol before a moment, in candles of a length: ``atr(symbol, at_ms, timeframe_ms)``."""


def make_plan(
    signal: Signal,
    strategy: Strategy,
    updates: Sequence[Update] = (),
    atr: Atr | None = None,
    contract: Contract | None = None,
) -> Plan | Refusal:
    """The plan of a signal with the updates bound to it, or why there is none.

    ``contract`` has what the exchange says of the symbol: the tick on which all prices come to lie, and the first
    margin tier with its maintenance rate and highest leverage (``fitting.py`` looks at the others).

    Refusal codes: ``no-stop``, ``no-target``, ``stop-beyond-liquidation`` (isolated margin would be gone before the
    stop, so the call cannot be traded as it stands), ``levels`` (levels on the wrong sides of each other), ``no-atr``.
    """
    setup, channel = signal.setup, signal.message.channel
    entry, leave = strategy.entry_of(channel), strategy.exit_of(channel)
    act_ms = signal.message.known_ms + entry.latency_ms
    orders = entry_orders(setup, entry)
    if not setup.targets and leave.close_after_ms is None and leave.trailing is None:
        return Refusal("no-target", "the call names no target and the strategy has no `close after`")
    if setup.stop is None and leave.missing_stop == "refuse":
        return Refusal("no-stop", "the call names no stop")
    stop = resolve_stop(setup, orders, leave)
    first = contract.tiers[0] if contract is not None and contract.tiers else None
    leverage = min(setup.leverage or strategy.leverage, strategy.leverage, first.max_leverage if first else inf)
    maintenance = first.maintenance_rate if first else MAINTENANCE
    refusal = _stop_refusal(setup, orders, stop, leverage, maintenance)
    if refusal is not None:
        return refusal
    targets = target_shares(setup, leave, orders, stop)
    if isinstance(targets, Refusal):
        return targets
    if not targets and leave.close_after_ms is None and leave.trailing is None:
        return Refusal("no-target", "the call names no target with a price")
    trail = _trail(leave.trailing, setup, stop, act_ms, atr)
    if isinstance(trail, Refusal):
        return trail
    waits = setup.close_stop
    plan = Plan(
        signal_id=signal.id,
        channel=channel,
        symbol=setup.symbol,
        side=setup.side,
        act_ms=act_ms,
        expire_ms=act_ms + entry.valid_for_ms,
        orders=orders,
        stop=stop,
        targets=targets,
        stop_moves=_moves(leave, len(targets)),
        close_after_ms=leave.close_after_ms,
        cancel_on_target=entry.cancel_on_target,
        target_gap=leave.target_gap,
        leverage=leverage,
        cancel_on_stop=entry.cancel_on_stop,
        close_stop_ms=None if stop is None else waits.timeframe_ms if waits else leave.close_stop_ms,
        hard_stop=waits.hard if waits else None,
        trail=trail,
        changes=changes_of(setup, _acting(signal, updates, strategy), orders, stop, entry, leave),
        maintenance=maintenance if strategy.market.type == "swap" else None,
        reference=setup.reference,
        tick=contract.tick if contract is not None else None,
    )
    return on_grid(plan)


def wrong_numbers(signal: Signal, strategy: Strategy, updates: Sequence[Update]) -> list[tuple[Update, str]]:
    """The updates bound to a signal that name a target or an order which it does not have by then: that, in words.

    They move no target, put no stop there and cancel nothing.
    """
    acting = [update for update in updates if names_a_number(update.action)] and _acting(signal, updates, strategy)
    if not acting:
        return []
    setup, channel = signal.setup, signal.message.channel
    entry, leave = strategy.entry_of(channel), strategy.exit_of(channel)
    orders = entry_orders(setup, entry)
    return wrong_numbers_in(setup, acting, orders, resolve_stop(setup, orders, leave), entry, leave)


def _acting(signal: Signal, updates: Sequence[Update], strategy: Strategy) -> Sequence[Update]:
    """The updates that count: later versions of the call itself and its deletion only where the strategy wants them.

    A deletion that nobody saw at a known time never counts: it could act before it happened.
    """
    if not updates:
        return ()

    def counts(message: Message) -> bool:
        if message.kind == "deletion":
            return strategy.calls.deleted == "close" and message.edited_ms is not None
        return strategy.calls.edits == "follow" or message.key != signal.message.key

    return [update for update in updates if counts(update.message)]


def target_shares(
    setup: Setup, leave: Exit, orders: tuple[Order, ...], stop: float | Distance | None
) -> tuple[tuple[float | Distance, float], ...] | Refusal:
    """The targets, nearest first, with shares that sum to one; targets beyond the strategy's shares are not used.

    A target at a distance becomes a price where the entry is known; a market order leaves it to the fill.
    """
    levels: list[tuple[float | Distance, float | None]] = []
    for target in setup.targets:
        level = _target_level(target, setup, orders, stop)
        if level is not None:
            levels.append((level, target.share))
    sign = setup.side.sign
    if len(levels) > 1:
        if len({level.unit if isinstance(level, Distance) else "price" for level, _ in levels}) > 1:
            return Refusal("levels", "targets said in different ways cannot be put in order before a market fill")
        levels.sort(key=lambda item: item[0].value if isinstance(item[0], Distance) else item[0] * sign)
    entries = [order.price * sign for order in orders if order.price is not None]
    first = levels[0][0] if levels else None
    if entries and isinstance(first, float | int) and first * sign <= max(entries):
        return Refusal("levels", "the first target does not lie beyond every entry")
    shares = target_weights([share for _, share in levels], leave.shares)
    return tuple([(level, share) for (level, _), share in zip(levels, shares, strict=False) if share > 0])


def _target_level(
    target: Target, setup: Setup, orders: tuple[Order, ...], stop: float | Distance | None
) -> float | Distance | None:
    """A target's price, its distance from a fill that is to come, or None for an open one."""
    if target.price is not None or target.distance is None:
        return target.price
    average = average_entry(orders)
    if average is None or not setup.entries:
        return None if target.distance.unit == "R" and stop is None else target.distance
    if target.distance.unit == "R":
        return average + target.distance.value * (average - stop) if isinstance(stop, float) else None
    return from_base(setup, target.distance, 1)


def _moves(leave: Exit, targets: int) -> tuple[StopMove, ...]:
    """The stop moves; ``stop_follows`` goes to the entry after the first target, then to the target before."""
    if not leave.stop_follows:
        return leave.stop_moves
    return tuple(StopMove(n, "breakeven" if n == 1 else n - 1) for n in range(1, targets))


def _trail(
    trailing: Trailing | None, setup: Setup, stop: float | Distance | None, act_ms: int, atr: Atr | None
) -> Trail | Refusal | None:
    """The trailing stop with its distance known: an ATR is taken before the call."""
    if trailing is None:
        return None
    if trailing.unit == "ATR":
        known = atr(setup.symbol, act_ms, trailing.timeframe_ms) if atr else None
        if known is None or known <= 0:
            return Refusal("no-atr", "there are not enough candles before the call for the ATR of its trailing stop")
        away = Distance(trailing.value * known, "points")
    elif trailing.unit == "R" and stop is None:
        return Refusal("no-stop", "a trailing stop in R needs a stop")
    else:
        away = Distance(trailing.value, "percent" if trailing.unit == "percent" else "R")
    return Trail(away, trailing.after_target, trailing.after_gain)


def _stop_refusal(
    setup: Setup, orders: tuple[Order, ...], stop: float | Distance | None, leverage: float, maintenance: float
) -> Refusal | None:
    """Why a stop cannot be traded with these orders, or None."""
    average = average_entry(orders) or setup.reference
    if stop is None:
        return None
    if isinstance(stop, Distance):
        away = stop.value / 100 if stop.unit == "percent" else stop.value / average if average else None
    elif average is None:
        away = None
    else:
        away = setup.side.sign * (average - stop) / average
        farthest = min if setup.side is Side.LONG else max
        limits = [order.price for order in orders if order.price is not None]
        if limits and setup.side.sign * (farthest(limits) - stop) <= 0:
            return Refusal("levels", "the stop does not lie beyond every entry")
    if away is not None and away >= 1 / leverage - maintenance:
        gone = 1 / leverage - maintenance
        return Refusal(
            "stop-beyond-liquidation", f"the stop is {away:.1%} away; at {leverage:g}x liquidation comes at {gone:.1%}"
        )
    return None
