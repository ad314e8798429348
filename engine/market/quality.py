"""What is wrong with candles: the first row that cannot be, and why.

Holes are not wrong: an exchange has them. Everything else that is found here would silently bend a result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.market.candles import Candles, Floats, Ints
from engine.market.timeframes import grid_offset_ms, spacing_ms, timeframe_name
from engine.units import show_time

LARGEST_RATE = 0.1
FEWEST_ROWS = 4  # below that the distance between rows says nothing about the time frame


class Fault(NamedTuple):
    """A row (from 0), what is wrong with it, and how to mend it."""

    row: int
    text: str
    hint: str


def time_fault(ts: Ints) -> Fault | None:
    """The first row that is not later than the one before it."""
    row = _first(np.concatenate([[False], np.diff(ts) <= 0]))
    if row is None:
        return None
    if ts[row] == ts[row - 1]:
        return Fault(row, "has the same time as the row before it", "keep one row for each time")
    return Fault(
        row, f"is earlier than the row before it ({show_time(int(ts[row - 1]))})", "sort by time, oldest first"
    )


def timeframe_fault(ts: Ints, timeframe_ms: int) -> Fault | None:
    """Rows that do not fit the time frame: mostly another distance apart, or off its grid."""
    name, spacing = timeframe_name(timeframe_ms), spacing_ms(ts)
    if len(ts) >= FEWEST_ROWS and spacing is not None and spacing != timeframe_ms:
        text = f"begins rows that are mostly {timeframe_name(spacing)} apart, not {name}"
        return Fault(0, text, f"name the time frame of the rows: --timeframe {timeframe_name(spacing)}")
    offset = (ts - grid_offset_ms(timeframe_ms)) % timeframe_ms
    row = _first(offset != 0)
    if row is None:
        return None
    hint = f"a candle's time is the moment at which it opens, a whole multiple of {name} (UTC)"
    return Fault(row, f"is not on the grid of {name} candles", hint)


def price_fault(candles: Candles, cell: Callable[[str, int], str]) -> Fault | None:
    """The first row whose prices or volume cannot be. ``cell`` gives the text of a column's cell for the message."""
    names = ("open", "high", "low", "close")
    found: list[Fault] = []

    def note(mask: npt.NDArray[np.bool_], text: Callable[[int], str], hint: str) -> None:
        row = _first(mask)
        if row is not None:
            found.append(Fault(row, text(row), hint))

    for name in (*names, "volume"):
        values: Floats = getattr(candles, name)
        note(~np.isfinite(values), _no_number(name, cell), f"every row needs a number as its {name}")
    for name in names:
        values = getattr(candles, name)
        note(
            values <= 0,
            _shown(f"has {'an' if name == 'open' else 'a'} {name} of {{{name}:.12g}}", candles),
            "prices are above zero",
        )
    note(candles.volume < 0, _shown("has a volume of {volume:.12g}", candles), "volume is zero or more")
    high, low = candles.high, candles.low
    top, bottom = np.maximum(candles.open, candles.close), np.minimum(candles.open, candles.close)
    hint = "high is the highest and low the lowest price of a candle; are the columns named rightly?"
    prices = "(open {open:.12g}, high {high:.12g}, low {low:.12g}, close {close:.12g})"
    note(high < top, _shown(f"has a high below its open or close {prices}", candles), hint)
    note(low > bottom, _shown(f"has a low above its open or close {prices}", candles), hint)
    return min(found, key=lambda fault: fault.row) if found else None


def rate_fault(rate: Floats, cell: Callable[[str, int], str]) -> Fault | None:
    """The first row whose funding rate is no number or no fraction."""
    row = _first(~(np.abs(rate) <= LARGEST_RATE))
    if row is None:
        return None
    hint = "a rate is a fraction: 0.0001 is 0.01%"
    if not np.isfinite(rate[row]):
        return Fault(row, _no_number("funding_rate", cell)(row), hint)
    return Fault(row, f"has a funding rate of {rate[row]:.12g}", hint)


def _no_number(name: str, cell: Callable[[str, int], str]) -> Callable[[int], str]:
    """The text for a cell that is empty or no number."""

    def text(row: int) -> str:
        shown = cell(name, row)
        return f'has "{shown:.40}" as its {name}' if shown and shown != "nan" else f"has no {name}"

    return text


def _shown(form: str, candles: Candles) -> Callable[[int], str]:
    """A text with the row's values in it."""

    def text(row: int) -> str:
        return form.format(**{n: getattr(candles, n)[row] for n in ("open", "high", "low", "close", "volume")})

    return text


def _first(mask: npt.NDArray[np.bool_]) -> int | None:
    """The first True, None when there is none."""
    row = int(np.argmax(mask)) if len(mask) else 0
    return row if len(mask) and mask[row] else None
