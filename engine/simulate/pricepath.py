"""A price path as short text, made into candles: ``64800 -> 65100 over 5m, then 64400``.

The first number is the price at the start. Steps follow, with a comma or an arrow before each:

- ``-> 65100 over 5m`` or ``then 65100 over 5m``: the price moves there in a straight line, a candle for each step of
  the time frame; without ``over`` it takes one candle;
- ``wait 2h``: it stays where it is;
- ``gap to 64000``: the next candle opens there.
"""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np

from engine.market.candles import Candles
from engine.units import duration_ms, show_duration

MOST_BARS = 50_000
_STEP = re.compile(
    r"then (?P<price>[0-9][0-9_]*(?:\.[0-9]+)?)(?: over (?P<over>\S+))?"
    r"|gap to (?P<gap>[0-9][0-9_]*(?:\.[0-9]+)?)|wait (?P<wait>\S+)"
)


def read_price_path(text: str, symbol: str, timeframe_ms: int, start_ms: int) -> Candles:
    """The candles of a path, the first one opening at ``start_ms``. Raises ValueError with what is wrong."""
    first, *steps = [" ".join(part.split()) for part in text.replace("->", ",then ").split(",")]
    if not re.fullmatch(r"[0-9][0-9_]*(?:\.[0-9]+)?", first):
        raise ValueError(f'a price path begins with a price, not with "{first}"')
    price, bars = float(first), list[tuple[float, float]]()  # open and close of each candle
    for step in steps:
        match = _STEP.fullmatch(step)
        if match is None:
            raise ValueError(f'"{step}" is no step of a price path')
        if match["gap"]:
            price = float(match["gap"])
            continue
        length = match["over"] or match["wait"]
        count = 1 if length is None else _bars(length, timeframe_ms)
        if len(bars) + count > MOST_BARS:
            raise ValueError(f"a price path has {MOST_BARS:,} candles at most")
        points = np.linspace(price, float(match["price"] or price), count + 1).tolist()
        bars += list(pairwise(points))
        price = points[-1]
    if not bars:
        raise ValueError("a price path needs a step behind its first price")
    if min(map(min, bars)) <= 0:
        raise ValueError("a price is more than 0")
    opened, close = np.array(bars).T.copy()
    ts = start_ms + np.arange(len(bars), dtype=np.int64) * timeframe_ms
    high, low = np.maximum(opened, close), np.minimum(opened, close)
    return Candles(symbol, timeframe_ms, ts, opened, high, low, close, np.ones(len(bars)))


def _bars(length: str, timeframe_ms: int) -> int:
    """How many candles a duration takes."""
    count, rest = divmod(duration_ms(length), timeframe_ms)
    if rest or not count:
        raise ValueError(f"{length} is no number of whole candles of {show_duration(timeframe_ms)}")
    return count
