"""The entry orders of a call, and how a quantity is spread over them and over targets: nearest first, sums of one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from engine.config.strategy import Entry, Split
from engine.domain import EntryKind, Order, Setup

AT_MARKET = (Order("market", None, 1.0),)


def entry_weights(count: int, entry: Entry, own: Sequence[float] = ()) -> list[float]:
    """The weights of ``count`` orders: the call's own, else the strategy's. Orders beyond its list get nothing."""
    if len(own) == count and all(share > 0 for share in own):
        return _whole(own)
    if isinstance(entry.weights, tuple):
        return _whole([*entry.weights[:count], *[0.0] * (count - len(entry.weights))])
    rising = range(1, count + 1)
    return _whole({"even": [1.0] * count, "rising": rising, "falling": [*reversed(rising)]}[entry.weights])


def entry_orders(setup: Setup, entry: Entry) -> tuple[Order, ...]:
    """The orders of a call, the one that price reaches first in front; weights sum to one."""
    if setup.entry_kind is EntryKind.MARKET:
        return AT_MARKET
    sign = setup.side.sign
    if setup.entry_kind is EntryKind.BREAKOUT:
        level = min(setup.entries, key=lambda price: price * sign)
        return (Order("stop", level, 1.0),)
    prices: list[float | None] = [*sorted(setup.entries, reverse=sign > 0)]
    given = dict(zip(setup.entries, setup.entry_shares[-len(setup.entries) :], strict=False))
    own = [given.get(price, 0.0) for price in prices if price is not None]
    if setup.entry_kind is EntryKind.ZONE:
        near, far = max(setup.entries, key=lambda p: p * sign), min(setup.entries, key=lambda p: p * sign)
        own = []
        if entry.zone == "ladder":
            n = entry.rungs
            prices = [near + (far - near) * i / max(1, n - 1) for i in range(n)]
        else:
            prices = [{"near": near, "middle": (near + far) / 2, "far": far}[entry.zone]]
    if setup.market_leg:
        prices = [None, *prices]
        own = [setup.entry_shares[0], *own] if own and len(setup.entry_shares) == len(prices) else []
    elif entry.grace and prices and prices[0] is not None:
        prices[0] *= 1 + sign * entry.grace
    weights = entry_weights(len(prices), entry, own)
    return tuple(
        Order("market" if price is None else "limit", price, weight)
        for price, weight in zip(prices, weights, strict=False)
        if weight > 0
    )


def target_weights(own: Sequence[float | None], shares: tuple[float, ...] | Split) -> Sequence[float]:
    """The shares of targets: the call's own where it names one for each, else the strategy's list or split."""
    if not own:
        return []
    named = [share for share in own if share is not None]
    if len(named) == len(own) and sum(named) > 0:
        return _whole(named)
    return listed(shares, len(own)) if isinstance(shares, tuple) else split(shares, len(own))


@cache
def listed(shares: tuple[float, ...], count: int) -> tuple[float, ...]:
    """A strategy's list of shares for any number of targets; those beyond it get nothing.

    >>> listed((0.4, 0.4, 0.2), 2), listed((1.0,), 2)
    ((0.5, 0.5), (1.0, 0.0))
    """
    return tuple(_whole([*shares[:count], *[0.0] * (count - len(shares))]))


@cache
def split(name: Split, count: int) -> tuple[float, ...]:
    """A named split of 100% over any number of targets.

    >>> split("half first", 3), split("halving", 3)
    ((0.5, 0.25, 0.25), (0.5, 0.25, 0.25))
    """
    rest = range(count - 1)
    rising = range(1, count + 1)
    parts: dict[Split, Sequence[float]] = {
        "even": [1.0] * count,
        "first": [1.0, *(0.0 for _ in rest)],
        "last": [*(0.0 for _ in rest), 1.0],
        "half first": [1.0, *(1 / (count - 1) for _ in rest)],
        "halving": [*(0.5 ** (i + 1) for i in rest), 0.5 ** (count - 1)],
        "falling": [*reversed(rising)],
        "rising": rising,
    }
    return tuple(_whole(parts[name]))


def _whole(parts: Sequence[float]) -> list[float]:
    """The same proportions with a sum of one."""
    total = sum(parts)
    return [part / total for part in parts]


def average_entry(orders: Sequence[Order]) -> float | None:
    """The average price if every order fills; None when a market order is among them."""
    total = 0.0
    for order in orders:
        if order.price is None:
            return None
        total += order.weight * order.price
    return total
