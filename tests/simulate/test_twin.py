"""The vectorised paths equal the step-by-step ones, on random candles and plans full of touches, gaps and holes."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain import Distance, ExitReason, Order, Path, PathStatus, Plan, Side
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
    """A plan around 100: market, limit, ladder or market plus limits; any number of targets, sane level order."""
    side = draw(st.sampled_from(list(Side)))
    away = draw(st.lists(st.integers(0, 6), min_size=0, max_size=3, unique=True).map(sorted))
    market = draw(st.booleans()) or not away
    base = draw(st.integers(97, 103))
    prices = ([None] if market else []) + [float(base - side.sign * d) for d in away]
    orders = tuple(Order("market" if price is None else "limit", price, 1 / len(prices)) for price in prices)
    far = max([*away, 0])
    stop: float | Distance | None = draw(
        st.sampled_from(
            [
                float(base - side.sign * (far + draw(st.integers(1, 6)))),
                None,
                *([Distance(2.0, "percent"), Distance(3.0, "points")] if market else []),
            ]
        )
    )
    steps = draw(st.lists(st.integers(1, 4), min_size=0, max_size=4))
    levels = [float(base + side.sign * sum(steps[: i + 1])) for i in range(len(steps))]
    weights = draw(st.lists(st.integers(1, 5), min_size=len(steps), max_size=len(steps)))
    targets = tuple((level, w / sum(weights)) for level, w in zip(levels, weights, strict=True))
    act = draw(st.integers(-2 * MINUTE, 120 * MINUTE))
    return Plan(
        "x/1",
        "x",
        "X",
        side,
        act,
        act + draw(st.sampled_from([0, 3, 30, 500])) * MINUTE,
        orders,
        stop,
        targets,
        draw(st.integers(0, 3)),
        draw(st.sampled_from([None, 30_000, 5 * MINUTE, 40 * MINUTE])),
        draw(st.booleans()),
        draw(st.sampled_from(["level", "open"])),
    )


TERMS = st.builds(
    Terms,
    maker=st.just(0.0002),
    taker=st.just(0.0005),
    slippage=st.sampled_from([0.0, 0.001]),
    same_candle=st.sampled_from(["stop first", "target first"]),
    through=st.sampled_from([0.0, 0.0001]),
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
@given(candle_sets(), st.lists(plans(), min_size=1, max_size=8), TERMS)
def test_both_ways_of_simulating_agree(candles: Candles, many: list[Plan], terms: Terms) -> None:
    table = simulate(many, {"X": candles}, terms)
    for i, plan in enumerate(many):
        same(table.path(i), step_path(plan, candles, terms))


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
        slack = 1e-9 if x.maker else terms.slippage * 200
        if not (x in path.legs and x.reason is ExitReason.TARGET and plan.target_gap == "level"):
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
