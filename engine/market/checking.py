"""What a stored series says about itself: holes and whose they are, rows that cannot be, drift from another source.

Holes are facts and no faults. Faults are rows out of order or twice, prices that cannot be, times off the grid, a file
that does not fit its index any more, and prices that lie apart from another source's.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from engine.market.candles import Candles, Floats, Funding
from engine.market.pages import impossible
from engine.market.ranges import Range, common
from engine.market.store import FUNDING, CandleStore, StoredSeries
from engine.market.timeframes import Gap, gaps_of, grid_offset_ms, spacing_ms
from engine.units import show_time

DRIFT_BP = 50.0
FEWEST_COMMON = 30
SHIFT_FACTOR = 3.0


@dataclass(frozen=True, slots=True)
class Hole:
    """A gap, and whose it is: ``none`` (the exchange had none), ``not fetched``, ``imported`` (the file had none)."""

    gap: Gap
    whose: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A series, its holes in order of time, and its faults as sentences."""

    series: StoredSeries
    holes: tuple[Hole, ...]
    faults: tuple[str, ...]
    notes: tuple[str, ...] = ()


def check_series(store: CandleStore, series: StoredSeries, against: str | None = None) -> Checked:
    """Check one series, also against the same one of the source ``against``. Raises StoreError for damaged files."""
    place = (series.source, series.type, series.symbol)
    if series.series == FUNDING:
        funding = store.read_funding(*place)
        return Checked(series, (), tuple(_funding_faults(funding)) if funding is not None else ())
    candles = store.read(*place, series.series)
    if candles is None:
        return Checked(series, (), ("the file is gone",))
    faults, notes = _candle_faults(candles), []
    if against is not None and against != series.source:
        other = store.read(against, series.type, series.symbol, series.series)
        if other is not None:
            found, note = drift(candles, other, against)
            faults += [found] if found else []
            notes += [note] if note else []
    return Checked(series, tuple(holes_of(candles, series)), tuple(faults), tuple(notes))


def holes_of(candles: Candles, series: StoredSeries) -> list[Hole]:
    """The holes of a series, cut where it changes whose they are."""
    step, found = candles.timeframe_ms, []
    for gap in gaps_of(candles.ts, step):
        if not series.origin:
            found.append(Hole(gap, "imported"))
            continue
        span = Range(gap.start_ms, gap.start_ms + gap.bars * step)
        inside = common([span], series.answered)
        edges = sorted({span.start_ms, span.end_ms, *(moment for one in inside for moment in one)})
        for start, end in pairwise(edges):
            whose = "none" if common([Range(start, end)], inside) else "not fetched"
            found.append(Hole(Gap(start, (end - start) // step), whose))
    return found


def drift(candles: Candles, other: Candles, name: str) -> tuple[str, str]:
    """A fault and a note about two sources' closes at the same times; "" where there is none.

    The distance is the median of ``|close / other close - 1|`` in basis points. When moving one series by one bar
    makes it several times smaller, their times mean different things (open and close of a candle).
    """

    def median_bp(shift: int) -> tuple[float, int]:
        _, ours, theirs = np.intersect1d(candles.ts + shift * candles.timeframe_ms, other.ts, return_indices=True)
        if len(ours) < FEWEST_COMMON:
            return np.inf, len(ours)
        apart: Floats = np.abs(candles.close[ours] / other.close[theirs] - 1)
        return float(np.median(apart)) * 1e4, len(ours)

    here, rows = median_bp(0)
    if rows < FEWEST_COMMON:
        return "", ""
    note = f"{rows:,} candles in common with {name}: closes {here:.2f} bp apart (median)"
    for shift in (-1, 1):
        moved, _ = median_bp(shift)
        if here > 0.5 and moved * SHIFT_FACTOR < here:
            way = "later" if shift < 0 else "earlier"
            return f"its times are one candle {way} than those of {name} ({here:.1f} bp, moved {moved:.1f} bp)", note
    if here > DRIFT_BP:
        return f"its closes are {here:.1f} bp (median) from those of {name}", note
    return "", note


def _candle_faults(candles: Candles) -> list[str]:
    """What cannot be in a series of candles."""
    faults = []
    steps = np.diff(candles.ts)
    for mask, text in (
        (np.concatenate([[False], steps == 0]), "rows twice"),
        (np.concatenate([[False], steps < 0]), "rows out of order"),
        (
            (candles.ts - grid_offset_ms(candles.timeframe_ms)) % candles.timeframe_ms != 0,
            "rows off the time frame's grid",
        ),
        (
            impossible(candles.open, candles.high, candles.low, candles.close, candles.volume)
            | ~np.isfinite(candles.close + candles.high + candles.low + candles.open + candles.volume),
            "rows with prices that cannot be",
        ),
    ):
        rows = np.flatnonzero(mask)
        if len(rows):
            faults.append(f"{len(rows):,} {text}, the first at {show_time(int(candles.ts[rows[0]]))}")
    return faults


def _funding_faults(funding: Funding) -> list[str]:
    """Settlements missing between others, and rates that are no fractions."""
    faults = []
    if (~(np.abs(funding.rate) <= 0.1)).any():
        faults.append("rates above 10%")
    spacing = spacing_ms(funding.ts)
    late = np.flatnonzero(np.diff(funding.ts) > 24 * 3_600_000) if spacing else np.empty(0, np.int64)
    if len(late):
        faults.append(
            f"{len(late):,} stretches of more than a day without a settlement, the first after "
            f"{show_time(int(funding.ts[late[0]]))}"
        )
    return faults
