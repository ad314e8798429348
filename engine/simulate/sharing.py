"""How a quantity is spread over entry orders and over targets: fractions that sum to one, nearest first."""

from __future__ import annotations

from collections.abc import Sequence

from engine.config.strategy import Entry, Split


def entry_weights(count: int, entry: Entry, own: Sequence[float] = ()) -> list[float]:
    """The weights of ``count`` orders: the call's own, else the strategy's. Orders beyond its list get nothing."""
    if len(own) == count and all(share > 0 for share in own):
        return _whole(own)
    if isinstance(entry.weights, tuple):
        return _whole([*entry.weights[:count], *[0.0] * (count - len(entry.weights))])
    rising = range(1, count + 1)
    return _whole({"even": [1.0] * count, "rising": rising, "falling": [*reversed(rising)]}[entry.weights])


def target_weights(own: Sequence[float | None], shares: tuple[float, ...] | Split) -> list[float]:
    """The shares of targets: the call's own where it names one for each, else the strategy's list or split."""
    if not own:
        return []
    named = [share for share in own if share is not None]
    if len(named) == len(own) and sum(named) > 0:
        return _whole(named)
    if isinstance(shares, tuple):
        return _whole([*shares[: len(own)], *[0.0] * (len(own) - len(shares))])
    return split(shares, len(own))


def split(name: Split, count: int) -> list[float]:
    """A named split of 100% over any number of targets.

    >>> split("half first", 3), split("halving", 3)
    ([0.5, 0.25, 0.25], [0.5, 0.25, 0.25])
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
    return _whole(parts[name])


def _whole(parts: Sequence[float]) -> list[float]:
    """The same proportions with a sum of one."""
    total = sum(parts)
    return [part / total for part in parts]
