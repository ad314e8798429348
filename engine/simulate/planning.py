"""A signal under a strategy becomes a plan: every price decided before the first candle is looked at.

1. the moment of action: when the text was known, plus the latency;
2. the entry orders: the call's own, or rungs over its zone;
3. the targets with shares: the call's shares, else the strategy's, brought to a sum of one;
4. the stop, and whether it can be traded at all: a plan that would not mean what it says is refused by name.
"""

from __future__ import annotations

from engine.config.strategy import Entry, Exit, Strategy
from engine.domain import Distance, EntryKind, Order, Plan, Refusal, Setup, Side, Signal

MAINTENANCE = 0.005  # maintenance margin rate assumed where no tier is known


def make_plan(signal: Signal, strategy: Strategy) -> Plan | Refusal:
    """The plan of a signal, or why there is none.

    Refusal codes: ``no-stop``, ``no-target``, ``stop-beyond-liquidation`` (isolated margin would be gone before the
    stop; liquidation is not simulated, so the trade is not either), ``levels`` (the stop lies beyond the entry).
    """
    setup, channel = signal.setup, signal.message.channel
    entry, leave = strategy.entry_of(channel), strategy.exit_of(channel)
    act_ms = signal.message.known_ms + entry.latency_ms
    orders = entry_orders(setup, entry)
    targets = target_shares(setup, leave)
    if not targets and leave.close_after_ms is None:
        return Refusal("no-target", "the call names no target and the strategy has no `close after`")
    if setup.stop is None and leave.missing_stop == "refuse":
        return Refusal("no-stop", "the call names no stop")
    stop = resolve_stop(setup, orders)
    leverage = min(setup.leverage or strategy.leverage, strategy.leverage)
    refusal = _stop_refusal(setup, orders, stop, leverage)
    if refusal is not None:
        return refusal
    return Plan(
        signal_id=signal.id,
        channel=channel,
        symbol=setup.symbol,
        side=setup.side,
        act_ms=act_ms,
        expire_ms=act_ms + entry.valid_for_ms,
        orders=orders,
        stop=stop,
        targets=targets,
        breakeven_after=leave.breakeven_after,
        close_after_ms=leave.close_after_ms,
        cancel_on_target=entry.cancel_on_target,
        target_gap=leave.target_gap,
        leverage=leverage,
        reference=setup.reference,
    )


def entry_orders(setup: Setup, entry: Entry) -> tuple[Order, ...]:
    """The orders of a call, the one that price reaches first in front; weights sum to one."""
    near_first = sorted(setup.entries, reverse=setup.side is Side.LONG)
    if setup.entry_kind is EntryKind.MARKET:
        return (Order("market", None, 1.0),)
    if setup.entry_kind is EntryKind.ZONE:
        near, far = near_first[0], near_first[-1]
        if entry.zone == "ladder":
            n = entry.rungs
            near_first = [near + (far - near) * i / (n - 1) for i in range(n)] if n > 1 else [near]
        else:
            near_first = [{"near": near, "middle": (near + far) / 2, "far": far}[entry.zone]]
    return tuple(Order("limit", price, 1 / len(near_first)) for price in near_first)


def target_shares(setup: Setup, leave: Exit) -> tuple[tuple[float, float], ...]:
    """The targets, nearest first, with shares that sum to one; targets beyond the strategy's shares are not used."""
    priced = [t for t in setup.targets if t.price is not None]
    prices = sorted({float(t.price) for t in priced if t.price is not None}, reverse=setup.side is Side.SHORT)
    own = {float(t.price): t.share for t in priced if t.price is not None}
    shares: tuple[float | None, ...] = tuple(own[p] for p in prices)
    if not prices or any(share is None for share in shares):
        shares = leave.shares[: len(prices)]
    given = [share or 0.0 for share in shares]
    total = sum(given)
    return tuple((price, share / total) for price, share in zip(prices, given, strict=False) if share > 0)


def average_entry(orders: tuple[Order, ...]) -> float | None:
    """The average price if every order fills; None when a market order is among them."""
    if any(order.price is None for order in orders):
        return None
    return sum(order.weight * order.price for order in orders if order.price is not None)


def resolve_stop(setup: Setup, orders: tuple[Order, ...]) -> float | Distance | None:
    """The stop as a price where the entry is known, else as the distance from the fill that is to come.

    A distance counts from the edge of the call's zone (or of its ladder) that the profile names.
    """
    stop = setup.stop
    if not isinstance(stop, Distance) or average_entry(orders) is None:
        return stop
    low, high = min(setup.entries), max(setup.entries)
    near, far = (high, low) if setup.side is Side.LONG else (low, high)
    base = {"near": near, "far": far, "middle": (low + high) / 2}[stop.base]
    off = base * stop.value / 100 if stop.unit == "percent" else stop.value
    return base - setup.side.sign * off


def _stop_refusal(
    setup: Setup, orders: tuple[Order, ...], stop: float | Distance | None, leverage: float
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
    if away is not None and away >= 1 / leverage - MAINTENANCE:
        gone = 1 / leverage - MAINTENANCE
        return Refusal(
            "stop-beyond-liquidation", f"the stop is {away:.1%} away; at {leverage:g}x liquidation comes at {gone:.1%}"
        )
    return None
