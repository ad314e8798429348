"""The double's market: every candle is a function of its symbol and minute, so nothing has to be recorded.

Prices are a sum of slow waves plus noise of the day. A minute's price goes open, one extreme, the other, close, a
quarter of a minute each: a forming candle is a prefix of that way, and trades happen along it. A person may move a
price (``World.move``): from then on all prices of the coin are higher or lower by the same factor.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from tests.doubles.exchange.clock import Clock

MINUTE = 60_000
QUARTER = MINUTE // 4
DAY = 86_400_000
WEEK_OFFSET = 4 * DAY  # weeks open on Mondays; 1970 began on a Thursday
WAVES = ((43_200, 0.08), (5_328, 0.03), (600, 0.006), (97, 0.002))


@dataclass(frozen=True)
class Listing:
    """What the double lists. ``swap`` and ``spot`` say where; ``state`` is MEXC's (0: trading, 4: paused)."""

    base: str
    price: float = 1.0
    decimals: int = 4
    contract_size: float = 1.0
    cycle_hours: int = 8
    since_ms: int = 1_577_836_800_000  # 2020
    swap: bool = True
    spot: bool = True
    state: int = 0
    custom_tiers: bool = True


LISTINGS = (
    Listing("BTC", 77_000.0, 1, 0.0001),
    Listing("ETH", 2_300.0, 2, 0.01, 8),
    Listing("SOL", 150.0, 2, 0.1, 4),
    Listing("DOGE", 0.2, 5, 100.0, 4),
    Listing("1000BONK", 0.02, 6, 10.0, 1, spot=False),
    Listing("BONK", 0.00002, 8, swap=False),
    Listing("XRP", 2.1, 4, 1.0, 8, custom_tiers=False),
    Listing("LAYER", 0.9, 4, 1.0, 4, since_ms=1_746_057_600_000),  # May 2025
    Listing("OLD", 3.0, 4, state=4),
)


@dataclass
class World:
    """Listings, prices and time.

    ``holes`` are (base, start_ms, end_ms): minutes that the exchange never had. ``pins`` holds the last price of a coin
    as a test wants it, instead of the one of its candles (which stay as they are). ``moves`` are (at_ms, factor) by
    coin: what people made of its prices, candles included, from a moment on.
    """

    listings: tuple[Listing, ...] = LISTINGS
    holes: tuple[tuple[str, int, int], ...] = ()
    clock: Clock = field(default_factory=Clock)
    pins: dict[str, float] = field(default_factory=dict)
    moves: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    spot_minutes_reach_ms: int = 30 * DAY
    swap_minutes_reach_ms: int = 400 * DAY

    @classmethod
    def many(cls, count: int, **options: Any) -> World:
        """A world with so many symbols: TK00, TK01, ..."""
        return cls(tuple(Listing(f"TK{i:02}", 10.0 + i, 4, 1.0, (8, 4, 1)[i % 3]) for i in range(count)), **options)

    def listing(self, base: str) -> Listing | None:
        """The listing of a base coin."""
        return next((listing for listing in self.listings if listing.base == base), None)

    def candles(
        self, base: str, step_ms: int, start_ms: int, end_ms: int, kind: str = "swap", *, forming: bool = True
    ) -> np.ndarray:
        """Rows (ts, open, high, low, close, volume in contracts) that open within [start_ms, end_ms).

        ``kind`` is ``swap``, ``spot`` or ``mark``. The last one may still be forming.
        """
        listing = self.listing(base)
        now = self.clock.now_ms()
        if listing is None:
            return np.empty((0, 6))
        reach = self.spot_minutes_reach_ms if kind == "spot" else self.swap_minutes_reach_ms
        start_ms = max(start_ms, listing.since_ms)
        if step_ms < 5 * MINUTE:
            start_ms = max(start_ms, now - reach)
        offset = WEEK_OFFSET if step_ms % (7 * DAY) == 0 else 0
        first = -(-(start_ms - offset) // step_ms) * step_ms + offset
        last = min(end_ms, now + (1 if forming else 1 - step_ms))
        if first >= last:
            return np.empty((0, 6))
        bars = -(-(last - first) // step_ms)
        minutes = self._minutes(listing, first, first + bars * step_ms, kind)
        if step_ms > MINUTE:
            minutes = self._moved(listing, minutes[minutes[:, 0] + MINUTE <= now])
        else:
            minutes = self._with_forming(listing, minutes, now)
        return minutes if step_ms == MINUTE else _grouped(minutes, step_ms, offset)

    def forming(self, base: str, kind: str = "swap", at_ms: int | None = None) -> np.ndarray:
        """The one-minute candle in which a moment lies, as it stands then."""
        now = self.clock.now_ms() if at_ms is None else at_ms
        listing = self.listing(base)
        assert listing is not None
        start = now // MINUTE * MINUTE
        return self._with_forming(listing, self._minutes(listing, start, start + MINUTE, kind), now)

    def price(self, base: str, kind: str = "swap", at_ms: int | None = None) -> float:
        """The last price."""
        if base in self.pins:
            return self.pins[base]
        now = self.clock.now_ms() if at_ms is None else at_ms
        listing = self.listing(base)
        assert listing is not None
        row = _day(replace(listing), now // DAY, kind)[now % DAY // MINUTE]
        return [price for ts, price in self._points(listing, row) if ts <= now][-1]

    def move(self, base: str, price: float) -> None:
        """Let a coin (of swaps) cost so much now, and go on from there."""
        now, listing = self.clock.now_ms(), self.listing(base)
        assert listing is not None
        unmoved = _way(_day(listing, now // DAY, "swap")[now % DAY // MINUTE])[now % MINUTE // QUARTER]
        self.pins.pop(base, None)
        self.moves.setdefault(base, []).append((now, price / float(unmoved)))

    def funding(self, base: str) -> list[tuple[int, float]]:
        """Settlements (ts, rate), newest first."""
        listing = self.listing(base)
        if listing is None or not listing.swap:
            return []
        cycle = listing.cycle_hours * 3_600_000
        first, last = -(-listing.since_ms // cycle) * cycle, self.clock.now_ms() // cycle * cycle
        return [(ts, rate_at(base, ts)) for ts in range(last, first - 1, -cycle)]

    def _with_forming(self, listing: Listing, minutes: np.ndarray, now: int) -> np.ndarray:
        """Whole minutes, and the present one as far as it got."""
        minutes = minutes[minutes[:, 0] <= now]
        moved = self._moved(listing, minutes)
        if len(minutes) and minutes[-1, 0] + MINUTE > now:
            way = [price for ts, price in self._points(listing, minutes[-1]) if ts <= now]
            volume = np.floor(minutes[-1, 5] * (int(now - minutes[-1, 0]) // QUARTER + 1) / 4)
            moved[-1] = (minutes[-1, 0], way[0], max(way), min(way), way[-1], volume)
        return moved

    def _moved(self, listing: Listing, minutes: np.ndarray) -> np.ndarray:
        """Minutes with what people made of the prices."""
        moved = minutes.copy()
        for at_ms, factor in self.moves.get(listing.base, []):
            later = minutes[:, 0] > at_ms
            moved[later, 1:5] = np.round(minutes[later, 1:5] * factor, listing.decimals)
        for at_ms, _ in self.moves.get(listing.base, []):
            for place in np.flatnonzero(minutes[:, 0] == at_ms // MINUTE * MINUTE):
                way = [price for _, price in self._points(listing, minutes[place])]
                moved[place, 1:5] = way[0], max(way), min(way), way[-1]
        return moved

    def _points(self, listing: Listing, row: np.ndarray) -> list[tuple[int, float]]:
        """The prices of a minute of ``_minutes``, and from when on each holds."""
        start, way, moves = int(row[0]), _way(row), self.moves.get(listing.base, [])
        if not moves:
            return [(start + i * QUARTER, float(price)) for i, price in enumerate(way)]
        times = [start + i * QUARTER for i in range(4)] + [at for at, _ in moves if start <= at < start + MINUTE]
        return [
            (ts, round(float(way[(ts - start) // QUARTER]) * self._factor(listing, ts), listing.decimals))
            for ts in sorted(times)
        ]

    def _factor(self, listing: Listing, ts: int) -> float:
        """What people had made of a coin's prices by a moment."""
        return next((factor for at, factor in reversed(self.moves.get(listing.base, [])) if at <= ts), 1.0)

    def _minutes(self, listing: Listing, start: int, end: int, kind: str) -> np.ndarray:
        """All whole minutes of [start, end), without the holes."""
        days = [_day(listing, day, kind) for day in range(start // DAY, -(-end // DAY))]
        rows = np.concatenate(days) if days else np.empty((0, 6))
        keep = (rows[:, 0] >= start) & (rows[:, 0] < end)
        for base, hole_start, hole_end in self.holes:
            if base == listing.base:
                keep &= (rows[:, 0] < hole_start) | (rows[:, 0] >= hole_end)
        return rows[keep]


def rate_at(base: str, ts: int) -> float:
    """The funding rate of a settlement."""
    return round(1e-4 * float(np.sin(ts / 7.7e8 + len(base))), 6)


@lru_cache(maxsize=4096)
def _day(listing: Listing, day: int, kind: str) -> np.ndarray:
    """The 1440 minutes of a day."""
    close = _closes(listing, day)
    before = _closes(listing, day - 1)[-1]
    open_ = np.concatenate([[before], close[:-1]])
    noise = np.random.default_rng([day, *listing.base.encode(), 2]).random((3, 1440))
    high = np.maximum(open_, close) * (1 + 0.0004 * noise[0])
    low = np.minimum(open_, close) * (1 - 0.0004 * noise[1])
    if kind == "mark":
        open_, high, low, close = (values * 1.0001 for values in (open_, high, low, close))
    tick = 10.0**-listing.decimals
    prices = [np.maximum(np.round(v, listing.decimals), tick) for v in (open_, high, low, close)]
    volume = np.zeros(1440) if kind == "mark" else np.floor(1 + 1000 * noise[2])
    ts = day * DAY + np.arange(1440) * MINUTE
    rows = np.stack([ts, prices[0], np.maximum.reduce(prices), np.minimum.reduce(prices), prices[3], volume], axis=1)
    rows.setflags(write=False)
    return rows


@lru_cache(maxsize=4096)
def _closes(listing: Listing, day: int) -> np.ndarray:
    """Closing prices of a day's minutes, before rounding."""
    minute = day * 1440 + np.arange(1440)
    phase = sum(listing.base.encode())
    waves = sum(size * np.sin(2 * np.pi * minute / period + phase) for period, size in WAVES)
    noise = np.random.default_rng([day, *listing.base.encode(), 1]).normal(0, 0.0003, 1440)
    return np.asarray(listing.price * np.exp(waves + noise))


def _way(row: np.ndarray) -> list[float]:
    """How a minute's price went."""
    _, open_, high, low, close, _ = row
    return [open_, low, high, close] if close >= open_ else [open_, high, low, close]


def _grouped(minutes: np.ndarray, step_ms: int, offset: int) -> np.ndarray:
    """Minutes as candles of a coarser time frame."""
    if not len(minutes):
        return np.empty((0, 6))
    keys = (minutes[:, 0] - offset) // step_ms
    at = np.flatnonzero(np.diff(keys, prepend=np.nan))
    ends = np.append(at[1:], len(minutes)) - 1
    return np.stack(
        [
            keys[at] * step_ms + offset,
            minutes[at, 1],
            np.maximum.reduceat(minutes[:, 2], at),
            np.minimum.reduceat(minutes[:, 3], at),
            minutes[ends, 4],
            np.add.reduceat(minutes[:, 5], at),
        ],
        axis=1,
    )
