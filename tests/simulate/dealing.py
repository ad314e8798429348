"""Random candles, plans and terms full of touches, gaps and holes, for property tests.

Everything is dealt by a ``Dealer``: hypothesis (which shrinks what fails), or Python's own generator, which is much
quicker: an example of a property test deals one plan by hypothesis and a handful from a seed.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np
from hypothesis import strategies as st

from engine.domain import Change, Distance, Order, Plan, Side, StopMove, Trail
from engine.market.candles import Candles
from engine.simulate.terms import Terms
from engine.units import MINUTE_MS

T = TypeVar("T")


class Dealer(Protocol):
    """Where choices come from."""

    def one(self, options: Sequence[T]) -> T: ...

    def whole(self, low: int, high: int) -> int: ...

    def some(self, low: int, high: int, most: int, least: int = 0) -> list[int]:
        """Different whole numbers, sorted."""
        ...


class Drawn:
    """Choices by hypothesis."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def one(self, options: Sequence[T]) -> T:
        return self._draw(st.sampled_from(options))

    def whole(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))

    def some(self, low: int, high: int, most: int, least: int = 0) -> list[int]:
        return sorted(self._draw(st.sets(st.integers(low, high), min_size=least, max_size=most)))


class Seeded:
    """Choices by a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def one(self, options: Sequence[T]) -> T:
        return self._random.choice(options)

    def whole(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def some(self, low: int, high: int, most: int, least: int = 0) -> list[int]:
        return sorted(self._random.sample(range(low, high + 1), self.whole(least, most)))


@st.composite
def candle_sets(draw: st.DrawFn) -> Candles:
    """Candles on a coarse grid of whole prices around 100, so that levels are touched exactly; some bars missing.

    Or, in place of the missing ones, bars of several lengths.
    """
    n = draw(st.integers(1, 200))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    lively = draw(st.sampled_from([0.3, 1.0, 3.0]))
    close = 100 + np.cumsum(np.rint(rng.normal(0, lively, n)))
    open_ = np.concatenate([[100.0], close[:-1]]) + np.rint(rng.normal(0, 0.4 * lively, n))
    close, open_ = np.clip(close, 40, 170), np.clip(open_, 40, 170)
    high = np.maximum(open_, close) + rng.integers(0, 3, n)
    low = np.minimum(open_, close) - rng.integers(0, 3, n)
    ts = np.arange(n, dtype=np.int64) * MINUTE_MS
    keep = rng.random(n) > draw(st.sampled_from([0.0, 0.2]))
    keep[0] = True
    columns = (open_[keep], high[keep], low[keep], close[keep], np.ones(int(keep.sum())))
    ts = ts[keep]
    ends = np.append(ts[1:], ts[-1] + MINUTE_MS) if draw(st.sampled_from([False, False, True])) else None
    longest = MINUTE_MS if ends is None else int((ends - ts).max())
    return Candles("X", longest, ts, *columns, own_ends=ends)


def fair_of(candles: Candles, seed: int) -> Candles | None:
    """The fair price of some of the bars, a little off the last price; or none is known."""
    rng = np.random.default_rng([seed, 1])
    if rng.random() < 0.5:
        return None
    n = len(candles)
    off, keep = np.rint(rng.normal(0, 1.5, n)), rng.random(n) > 0.2
    columns = (candles.open + off, candles.high + off, candles.low + off, candles.close + off, candles.volume)
    return Candles("X", candles.timeframe_ms, candles.ts[keep], *(column[keep] for column in columns))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A plan by hypothesis."""
    return dealt(Drawn(draw))


def many_plans(seed: int, count: int) -> list[Plan]:
    """Plans by a seed."""
    return [dealt(Seeded(seed + i)) for i in range(count)]


def dealt(deal: Dealer) -> Plan:
    """A plan around 100: market, limit, ladder, market plus limits or a breakout; any of the ways out; changes."""
    side = deal.one(list(Side))
    away = deal.some(0, 6, 3)
    kind = deal.one(["market", "limit", "limit", "breakout"])
    base = deal.whole(97, 103)
    prices: list[float | None] = [None] if kind == "market" or (kind == "limit" and not away) else []
    prices += [float(base - side.sign * d) for d in away] if kind != "breakout" else []
    orders = tuple(Order("market" if price is None else "limit", price, 1 / len(prices)) for price in prices)
    if kind == "breakout":
        orders = (Order("stop", float(base), 1.0),)
    market = orders[0].kind == "market"
    far = max([*away, 0]) if kind != "breakout" else 0
    level = float(base - side.sign * (far + deal.whole(1, 6)))
    distances = [Distance(2.0, "percent"), Distance(3.0, "points")] if market else []
    stop: float | Distance | None = deal.one([level, level, None, *distances])
    steps = [deal.whole(1, 4) for _ in range(deal.whole(0, 4))]
    levels = [float(base + side.sign * sum(steps[: i + 1])) for i in range(len(steps))]
    weights = [deal.whole(1, 5) for _ in steps]
    targets: list[tuple[float | Distance, float]] = [
        (price, w / sum(weights)) for price, w in zip(levels, weights, strict=True)
    ]
    if market and deal.one([False, True]):
        unit = deal.one(["percent", "points", "R"] if stop is not None else ["percent", "points"])
        targets = [(Distance(float(i + 1), unit), share) for i, (_, share) in enumerate(targets)]
    act = deal.whole(-2 * 60, 120 * 60) * 1000
    waits = deal.one([None, None, MINUTE_MS, 5 * MINUTE_MS]) if stop is not None else None
    changes = [change(deal, side, act, "market order" if market else kind) for _ in range(deal.one([0, 0, 1, 2, 3]))]
    return Plan(
        "x/1",
        "x",
        "X",
        side,
        act,
        act + deal.one([0, 3, 30, 500]) * MINUTE_MS,
        orders,
        stop,
        tuple(targets),
        stop_moves(deal),
        deal.one([None, None, 30_000, 5 * MINUTE_MS, 40 * MINUTE_MS]),
        deal.one([False, True]),
        deal.one(["level", "open"]),
        leverage=deal.one([5.0, 20.0, 50.0]),
        cancel_on_stop=deal.one([False, True]),
        close_stop_ms=waits,
        hard_stop=level - side.sign * 2 if waits and deal.one([False, True]) else None,
        trail=trail(deal, has_stop=stop is not None) if deal.one([False, True]) else None,
        changes=tuple(sorted(changes, key=lambda c: c.act_ms)),
        maintenance=deal.one([None, None, 0.004]),
        tick=deal.one([None, None, 0.1, 0.25, 2.0]),
        impact=deal.one([0.0, 0.0, 0.004]),
    )


def stop_moves(deal: Dealer) -> tuple[StopMove, ...]:
    """Moves after some of the first targets."""
    kinds = ["breakeven", "breakeven with fees"]
    return tuple(StopMove(n, deal.one([*kinds, *range(1, n)])) for n in deal.some(1, 4, 3))


def trail(deal: Dealer, *, has_stop: bool) -> Trail:
    """A trailing stop of any kind."""
    distances = [Distance(1.0, "percent"), Distance(2.0, "points")] + ([Distance(0.5, "R")] if has_stop else [])
    return Trail(deal.one(distances), *deal.one([(0, 0.0), (1, 0.0), (2, 0.0), (0, 0.02)]))


def change(deal: Dealer, side: Side, act: int, entry: str) -> Change:
    """Something a channel may say within two hours after its call."""
    at = act + deal.whole(0, 120) * MINUTE_MS + deal.one([0, 30_000])
    kind = deal.one(["close", "cancel", "stop", "orders", "targets"])
    if kind == "close":
        return Change(at, kind, share=deal.one([0.5, 1.0]), by=deal.one(["channel", "call"]))
    if kind == "cancel":
        return Change(at, kind, order=deal.one([None, 1, 2]))
    if kind == "stop":
        where: list[dict] = [{"stop": "breakeven"}, {"target": 1}, {"target": 3}, {"stop": 97.0}, {"stop": 102.0}]
        where += [{"stop": 96.0, "unfilled": True}, {"stop": 103.0, "unfilled": True}]
        where += [{"target": 2, "stop": 104.0}, {"target": 6, "stop": 99.0}]
        if entry == "market order":
            where += [{"stop": Distance(3.0, "percent")}, {"stop": Distance(2.0, "points")}]
            where += [{"target": 6, "stop": Distance(1.0, "percent")}]
        return Change(at, kind, **deal.one(where))
    if kind == "orders":
        if entry == "breakout":
            return Change(at, kind, orders=(Order("stop", float(deal.whole(98, 104)), 1.0),))
        prices = sorted(deal.some(96, 104, 2, 1), reverse=side is Side.LONG)
        return Change(at, kind, orders=tuple(Order("limit", float(p), 1 / len(prices)) for p in prices))
    levels = deal.some(1, 9, 3, 1)
    numbers = deal.one([(), (1, 2, 3), (2, 3, 1), (4, 1, 2), (5, 6, 2)])[: len(levels)]
    unfilled = deal.one([False, False, False, True])
    stay = deal.one([(), (), (1, 2), (2, 5)])
    if entry == "market order" and deal.one([False, True]):
        unit = deal.one(["percent", "points", "R"])
        targets = tuple((Distance(float(n), unit), n / sum(levels)) for n in levels)
        return Change(at, kind, targets=targets, numbers=numbers, unfilled=unfilled, stay=stay)
    targets = tuple((100.0 + side.sign * n, n / sum(levels)) for n in levels)
    return Change(at, kind, targets=targets, numbers=numbers, unfilled=unfilled, stay=stay)


TERMS = st.builds(
    Terms,
    maker=st.just(0.0002),
    taker=st.just(0.0005),
    slippage=st.sampled_from([0.0, 0.001]),
    same_candle=st.sampled_from(["stop first", "target first"]),
    through=st.sampled_from([0.0, 0.0001]),
    later_fees=st.sampled_from([(), ((20 * MINUTE_MS, 0.0001, 0.0008),)]),
)
