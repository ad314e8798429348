"""A stretch of candles from an exchange into the store: only what is missing, whole or known to be absent.

1. Missing is what neither a stored candle nor an earlier whole answer covers.
2. The missing ranges are cut into pages and asked for from the newest back, a few at a time.
3. A page with holes is asked for twice more. Only holes that all answers share count as "the exchange had none"; an
   answer that was cut short is completed by the next.
4. When a few pages in a row are empty, the history may have ended: 1m of MEXC's spot reaches back about 30 days and
   then comes back empty without an error. Four pages further back are tried; if they are empty too, the rest is not
   asked for, and the caller is told where the history begins.
5. Rows and the ranges they answer are written together (``seriesfile.py``), every ``FLUSH_ROWS`` rows or
   ``FLUSH_S`` seconds, and when the work is stopped. A kill costs what came in since, nothing else.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.market.asking import Asker, RefusedError
from engine.market.candles import Candles
from engine.market.pages import Series, candle_page
from engine.market.ranges import Range, Ranges, common, merged, runs, total_ms, without
from engine.market.seriesfile import Provenance
from engine.market.store import MARK, CandleStore
from engine.market.timeframes import grid_offset_ms
from engine.problem import Problem

LANES = 3
CONFIRMATIONS = 2
PROBES = 4
FLUSH_ROWS = 20_000
FLUSH_S = 3.0


@dataclass
class Fetched:
    """What came of a series: ``new`` rows, ``absent`` candles that the exchange had none of inside the asked range.

    ``begins_ms``: the exchange's history begins there although more was asked for (None: it reaches back far enough,
    or there was nothing to ask). ``problem``: why it ended early; what came before is stored.
    """

    series: Series
    asked: Range
    new: int = 0
    absent: int = 0
    begins_ms: int | None = None
    nothing: bool = False
    problem: Problem | None = None
    lost: bool = False


@dataclass
class CandleFetch:
    """One series. ``advance`` is told each number of candles that needs no more waiting."""

    asker: Asker
    store: CandleStore
    series: Series
    asked: Range
    origin: str
    advance: Callable[[int], None]
    again: bool = False
    _rows: list[Candles] = field(default_factory=list)
    _settled: list[Range] = field(default_factory=list)
    _flushed: float = field(default_factory=time.monotonic)

    @property
    def _place(self) -> tuple[str, str, str, str]:
        """The series in the store."""
        name = (MARK if self.series.mark else "") + self.series.timeframe
        return self.series.exchange, self.series.kind, self.series.symbol, name

    def missing(self) -> Ranges:
        """What has to be asked for, on the time frame's grid. Raises StoreError."""
        stored = self.store.read(*self._place)
        there = runs(stored.ts, self.series.timeframe_ms) if stored is not None else ()
        answered = () if self.again else self.store.answered(*self._place)
        step, offset = self.series.timeframe_ms, grid_offset_ms(self.series.timeframe_ms)
        start = -(-(self.asked.start_ms - offset) // step) * step + offset
        end = (self.asked.end_ms - offset) // step * step + offset
        return without([Range(start, end)], (*there, *answered)) if end > start else ()

    async def run(self) -> Fetched:
        """Fetch what is missing. Raises StoreError for a damaged file of the store."""
        done = Fetched(self.series, self.asked)
        try:
            for stretch in reversed(self.missing()):
                await self._stretch(stretch, done)
        except RefusedError as refusal:
            done.problem, done.lost = refusal.problem, refusal.lost
        finally:
            self._flush(done)
        self._sum_up(done)
        return done

    def _sum_up(self, done: Fetched) -> None:
        """What the store now has of the asked range."""
        step = self.series.timeframe_ms
        stored, answered = self.store.read(*self._place), self.store.answered(*self._place)
        if stored is None or not len(stored):
            done.nothing = True
            return
        first = int(stored.ts[0])
        if common(answered, [Range(first - step, first)]) and first - step >= self.asked.start_ms:
            done.begins_ms = first
        span = Range(max(self.asked.start_ms, first), min(self.asked.end_ms, int(stored.ts[-1]) + step))
        holes = common(without([span], runs(stored.ts, step)), answered) if span.end_ms > span.start_ms else ()
        done.absent = total_ms(holes) // step

    async def _stretch(self, stretch: Range, done: Fetched) -> None:
        """One missing range, from its newest page back."""
        pages = pages_of(stretch, self.series.page_ms)
        while pages:
            group, pages = pages[:LANES], pages[LANES:]
            counts = await asyncio.gather(*(self._page(page, done) for page in group))
            if pages and not any(counts) and await self._nothing_older(pages):
                self._settle(Range(stretch.start_ms, pages[0].end_ms), None, done)
                return

    async def _page(self, page: Range, done: Fetched) -> int:
        """Ask for a page until it is whole or its holes are certain; how many candles it has."""
        found = await candle_page(self.asker, self.series, page)
        step = self.series.timeframe_ms
        confirmed = 0
        while len(found) < page.length_ms // step and confirmed < CONFIRMATIONS:
            holes = without([page], runs(found.ts, step))
            span = Range(holes[0].start_ms, holes[-1].end_ms)
            more = await candle_page(self.asker, self.series, span)
            before = len(found)
            found = united(found, more)
            confirmed = confirmed + 1 if len(found) == before else 0
        self._settle(page, found, done)
        return len(found)

    async def _nothing_older(self, pages: Sequence[Range]) -> bool:
        """Whether pages spread over the rest of a range are all empty."""
        picks = {round(k * (len(pages) - 1) / (PROBES - 1)) for k in range(PROBES)}
        answers = await asyncio.gather(*(candle_page(self.asker, self.series, pages[k]) for k in sorted(picks)))
        return not any(len(answer) for answer in answers)

    def _settle(self, page: Range, found: Candles | None, done: Fetched) -> None:
        """Keep a page's rows and that it is answered."""
        self._settled.append(page)
        if found is not None and len(found):
            self._rows.append(found)
        self.advance(page.length_ms // self.series.timeframe_ms)
        waiting = sum(len(rows) for rows in self._rows)
        if waiting >= FLUSH_ROWS or time.monotonic() - self._flushed > FLUSH_S:
            self._flush(done)

    def _flush(self, done: Fetched) -> None:
        """Write what is settled. Raises StoreError."""
        if self._settled:
            rows, settled = joined(self._rows, self.series), merged(self._settled)
            self._rows, self._settled = [], []
            provenance = Provenance(self.origin, settled)
            added = self.store.add(rows, self.series.exchange, self.series.kind, self.series.mark, provenance)
            if isinstance(added, Problem):
                raise RefusedError(added)
            done.new += added.new
        self._flushed = time.monotonic()


def pages_of(stretch: Range, page_ms: int) -> list[Range]:
    """A range in pages, the newest first."""
    return [
        Range(max(end - page_ms, stretch.start_ms), end) for end in range(stretch.end_ms, stretch.start_ms, -page_ms)
    ]


def united(one: Candles, other: Candles) -> Candles:
    """Candles of two answers about one range; where both have a row, the first one's."""
    fresh = ~np.isin(other.ts, one.ts)
    if not fresh.any():
        return one
    order = np.argsort(np.concatenate([one.ts, other.ts[fresh]]))
    columns = (
        np.concatenate([getattr(one, name), getattr(other, name)[fresh]])[order]
        for name in ("ts", "open", "high", "low", "close", "volume")
    )
    return Candles(one.symbol, one.timeframe_ms, *columns)


def joined(parts: Sequence[Candles], series: Series) -> Candles:
    """Candles of pages that do not overlap, in order of time."""
    nothing = np.empty(0)
    empty = Candles(series.symbol, series.timeframe_ms, nothing.astype(np.int64), *(nothing for _ in range(5)))
    result = empty
    ordered = sorted(parts, key=lambda part: int(part.ts[0]))
    if ordered:
        columns = (
            np.concatenate([getattr(part, name) for part in ordered])
            for name in ("ts", "open", "high", "low", "close", "volume")
        )
        result = Candles(series.symbol, series.timeframe_ms, *columns)
    return result
