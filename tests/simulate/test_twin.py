"""The vectorised paths equal the step-by-step ones, on random candles and plans full of touches, gaps and holes."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain import Change, Distance, ExitReason, Order, Path, PathStatus, Plan, Side, StopMove, Trail
from engine.market.candles import Candles
from engine.simulate.kernel import simulate
from engine.simulate.step import step_path
from engine.simulate.terms import Terms

EXAMPLES = int(os.environ.get("SIGNALPROOF_EXAMPLES", "300"))
MINUTE = 60_000


@st.composite
def candle_sets(draw: st.DrawFn) -> Candles:
    """Candles on a coarse grid of whole prices around 100, so that levels are touched exactly; some bars missing."""
    n = draw(st.integers(1, 200))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    lively = draw(st.sampled_from([0.3, 1.0, 3.0]))
    close = 100 + np.cumsum(np.rint(rng.normal(0, lively, n)))
    open_ = np.concatenate([[100.0], close[:-1]]) + np.rint(rng.normal(0, 0.4 * lively, n))
    close, open_ = np.clip(close, 40, 170), np.clip(open_, 40, 170)
    high = np.maximum(open_, close) + rng.integers(0, 3, n)
    low = np.minimum(open_, close) - rng.integers(0, 3, n)
    ts = np.arange(n, dtype=np.int64) * MINUTE
    keep = rng.random(n) > draw(st.sampled_from([0.0, 0.2]))
    keep[0] = True
    return Candles("X", MINUTE, ts[keep], open_[keep], high[keep], low[keep], close[keep], np.ones(int(keep.sum())))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A plan around 100: market, limit, ladder, market plus limits or a breakout; any of the ways out; changes."""
    side = draw(st.sampled_from(list(Side)))
    away = draw(st.lists(st.integers(0, 6), min_size=0, max_size=3, unique=True).map(sorted))
    kind = draw(st.sampled_from(["market", "limit", "limit", "breakout"]))
    base = draw(st.integers(97, 103))
    prices = [None] if kind == "market" or (kind == "limit" and not away) else []
    prices += [float(base - side.sign * d) for d in away] if kind != "breakout" else []
    orders = tuple(Order("market" if price is None else "limit", price, 1 / len(prices)) for price in prices)
    if kind == "breakout":
        orders = (Order("stop", float(base), 1.0),)
    market = orders[0].kind == "market"
    far = max([*away, 0]) if kind != "breakout" else 0
    level = float(base - side.sign * (far + draw(st.integers(1, 6))))
    distances = [Distance(2.0, "percent"), Distance(3.0, "points")] if market else []
    stop: float | Distance | None = draw(st.sampled_from([level, level, None, *distances]))
    steps = draw(st.lists(st.integers(1, 4), min_size=0, max_size=4))
    levels = [float(base + side.sign * sum(steps[: i + 1])) for i in range(len(steps))]
    weights = draw(st.lists(st.integers(1, 5), min_size=len(steps), max_size=len(steps)))
    targets: list[tuple[float | Distance, float]] = [
        (price, w / sum(weights)) for price, w in zip(levels, weights, strict=True)
    ]
    if market and draw(st.booleans()):
        unit = draw(st.sampled_from(["percent", "points", "R"] if stop is not None else ["percent", "points"]))
        targets = [(Distance(float(i + 1), unit), share) for i, (_, share) in enumerate(targets)]
    act = draw(st.integers(-2 * MINUTE, 120 * MINUTE))
    waits = draw(st.sampled_from([None, None, MINUTE, 5 * MINUTE])) if stop is not None else None
    return Plan(
        "x/1",
        "x",
        "X",
        side,
        act,
        act + draw(st.sampled_from([0, 3, 30, 500])) * MINUTE,
        orders,
        stop,
        tuple(targets),
        draw(stop_moves()),
        draw(st.sampled_from([None, None, 30_000, 5 * MINUTE, 40 * MINUTE])),
        draw(st.booleans()),
        draw(st.sampled_from(["level", "open"])),
        leverage=draw(st.sampled_from([5.0, 20.0, 50.0])),
        cancel_on_stop=draw(st.booleans()),
        close_stop_ms=waits,
        hard_stop=level - side.sign * 2 if waits and draw(st.booleans()) else None,
        trail=draw(st.none() | trails(has_stop=stop is not None)),
        changes=tuple(sorted(draw(st.lists(changes(side, act, kind), max_size=3)), key=lambda c: c.act_ms)),
        maintenance=draw(st.sampled_from([None, None, 0.004])),
        tick=draw(st.sampled_from([None, None, 0.1, 0.25, 2.0])),
        impact=draw(st.sampled_from([0.0, 0.0, 0.004])),
    )


@st.composite
def stop_moves(draw: st.DrawFn) -> tuple[StopMove, ...]:
    """Moves after some of the first targets."""
    after = sorted(draw(st.sets(st.integers(1, 4), max_size=3)))
    kinds = ["breakeven", "breakeven with fees"]
    return tuple(StopMove(n, draw(st.sampled_from([*kinds, *range(1, n)]))) for n in after)


@st.composite
def trails(draw: st.DrawFn, *, has_stop: bool) -> Trail:
    """A trailing stop of any kind."""
    distances = [Distance(1.0, "percent"), Distance(2.0, "points")] + ([Distance(0.5, "R")] if has_stop else [])
    after = draw(st.sampled_from([(0, 0.0), (1, 0.0), (2, 0.0), (0, 0.02)]))
    return Trail(draw(st.sampled_from(distances)), *after)


@st.composite
def changes(draw: st.DrawFn, side: Side, act: int, entry: str) -> Change:
    """Something a channel may say within two hours after its call."""
    at = act + draw(st.integers(0, 120)) * MINUTE + draw(st.sampled_from([0, 30_000]))
    kind = draw(st.sampled_from(["close", "cancel", "stop", "orders", "targets"]))
    by = draw(st.sampled_from(["channel", "call"]))
    if kind == "close":
        return Change(at, kind, share=draw(st.sampled_from([0.5, 1.0])), by=by)
    if kind == "cancel":
        return Change(at, kind, order=draw(st.sampled_from([None, 1, 2])))
    if kind == "stop":
        where: dict = draw(
            st.sampled_from([{"stop": "breakeven"}, {"target": 1}, {"target": 3}, {"stop": 97.0}, {"stop": 102.0}])
        )
        return Change(at, kind, **where)
    if kind == "orders":
        if entry == "breakout":
            return Change(at, kind, orders=(Order("stop", float(draw(st.integers(98, 104))), 1.0),))
        prices = sorted(draw(st.sets(st.integers(96, 104), min_size=1, max_size=2)), reverse=side is Side.LONG)
        return Change(at, kind, orders=tuple(Order("limit", float(p), 1 / len(prices)) for p in prices))
    levels = sorted(draw(st.sets(st.integers(1, 9), min_size=1, max_size=3)))
    return Change(at, kind, targets=tuple((100.0 + side.sign * n, 1 / len(levels)) for n in levels))


@st.composite
def fair_of(draw: st.DrawFn, candles: Candles) -> Candles | None:
    """The fair price of some of the bars, a little off the last price; or none is known."""
    if draw(st.booleans()):
        return None
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = len(candles)
    off, keep = np.rint(rng.normal(0, 1.5, n)), rng.random(n) > 0.2
    columns = (candles.open + off, candles.high + off, candles.low + off, candles.close + off, candles.volume)
    return Candles("X", MINUTE, candles.ts[keep], *(column[keep] for column in columns))


TERMS = st.builds(
    Terms,
    maker=st.just(0.0002),
    taker=st.just(0.0005),
    slippage=st.sampled_from([0.0, 0.001]),
    same_candle=st.sampled_from(["stop first", "target first"]),
    through=st.sampled_from([0.0, 0.0001]),
    later_fees=st.sampled_from([(), ((20 * MINUTE, 0.0001, 0.0008),)]),
)


def same(a: Path, b: Path) -> None:
    """Assert that two paths are equal, prices and shares to 1e-12."""
    assert a.status == b.status
    assert a.ambiguous == b.ambiguous
    assert [(f.ts_ms, f.maker) for f in a.fills] == [(f.ts_ms, f.maker) for f in b.fills]
    assert [(x.ts_ms, x.reason, x.maker, x.target) for x in a.legs] == [
        (x.ts_ms, x.reason, x.maker, x.target) for x in b.legs
    ]
    for x, y in zip([*a.fills, *a.legs], [*b.fills, *b.legs], strict=True):
        assert x.price == pytest.approx(y.price, rel=1e-12)
        assert x.share == pytest.approx(y.share, rel=1e-9, abs=1e-12)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data(), candle_sets(), st.lists(plans(), min_size=1, max_size=8), TERMS)
def test_both_ways_of_simulating_agree(data: st.DataObject, candles: Candles, many: list[Plan], terms: Terms) -> None:
    fair = data.draw(fair_of(candles))
    table = simulate(many, {"X": candles}, terms, {"X": fair} if fair else None)
    for i, plan in enumerate(many):
        same(table.path(i), step_path(plan, candles, terms, fair))


@settings(max_examples=EXAMPLES, deadline=None)
@given(candle_sets(), plans(), TERMS)
def test_what_every_path_keeps(candles: Candles, plan: Plan, terms: Terms) -> None:
    path = simulate([plan], {"X": candles}, terms).path(0)
    filled = sum(f.share for f in path.fills)
    assert (filled > 0) == (path.status in (PathStatus.CLOSED, PathStatus.OPEN))
    if path.fills:
        assert sum(leg.share for leg in path.legs) == pytest.approx(filled)
    at = {int(ts): i for i, ts in enumerate(candles.ts)}
    for x in [*path.fills, *path.legs]:
        i = at[x.ts_ms]
        slack = 1e-9 if x.maker else (terms.slippage + plan.impact) * 200
        at_level = x in path.legs and x.reason is ExitReason.TARGET and plan.target_gap == "level"
        if not at_level and not (x in path.legs and x.reason is ExitReason.LIQUIDATION):
            assert candles.low[i] - slack <= x.price <= candles.high[i] + slack
        assert x.ts_ms >= plan.act_ms
    for leg in path.legs:
        assert leg.ts_ms >= path.fills[0].ts_ms
        assert leg.share > 0


@settings(max_examples=EXAMPLES, deadline=None)
@given(candle_sets(), plans(), TERMS)
def test_nothing_depends_on_bars_after_the_exit(candles: Candles, plan: Plan, terms: Terms) -> None:
    path = simulate([plan], {"X": candles}, terms).path(0)
    if path.status is not PathStatus.CLOSED:
        return
    end = int(np.searchsorted(candles.ts, path.legs[-1].ts_ms)) + 1
    cut = Candles("X", MINUTE, *(getattr(candles, c)[:end] for c in ("ts", "open", "high", "low", "close", "volume")))
    same(simulate([plan], {"X": cut}, terms).path(0), path)
