"""The grid of prices that an exchange takes orders on.

A price on a grid is a whole number over a power of ten, so that it equals the same price read from a candle to the last
bit: ``1001 * 0.1`` would lie above ``100.1`` and never be touched by it.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from math import floor

CLOSE = 1e-6  # of a step: what arithmetic leaves beside a number that was meant to be whole


@lru_cache(maxsize=4096)
def parts(step: float) -> tuple[int, int]:
    """A step as a fraction whose denominator is a power of ten: 0.25 is (25, 100). The step is more than 0."""
    sign, digits, exponent = Decimal(repr(step)).as_tuple()
    if sign or not isinstance(exponent, int) or not any(digits):
        raise ValueError(f"{step} is no step")
    number = int("".join(map(str, digits)))
    return (number, 10**-exponent) if exponent < 0 else (number * 10**exponent, 1)


def nearest(price: float, tick: float | None) -> float:
    """The price of the grid next to this one, the higher one of two equally near; any price without a tick."""
    if tick is None:
        return price
    num, den = parts(tick)
    return floor(price * den / num + 0.5 + CLOSE) * num / den
