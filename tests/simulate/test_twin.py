"""The vectorised paths equal the step-by-step ones, and both keep what every path has to keep.

``SIGNALPROOF_EXAMPLES`` says on how many random series of candles they are compared, each with some terms and a dozen
plans (2,000 here); what every path keeps is looked at on half as many, the rest on a quarter.
"""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain import ExitReason, Path, PathStatus, Plan, Side
from engine.market.candles import Candles
from engine.simulate.prepared import prepare, simulate
from engine.simulate.step import step_path
from engine.simulate.terms import Terms
from tests.simulate.dealing import TERMS, candle_sets, fair_of, many_plans, plans

EXAMPLES = int(os.environ.get("SIGNALPROOF_EXAMPLES", "2000"))
SEEDS = st.integers(0, 2**40)


def same(a: Path, b: Path) -> None:
    """Assert that two paths are equal, prices and shares to 1e-12."""
    assert a.status == b.status
    assert a.ambiguous == b.ambiguous
    same_moves(a, b)


def same_moves(a: Path, b: Path) -> None:
    """Assert that two paths have the same fills and exits."""
    assert [(f.ts_ms, f.maker) for f in a.fills] == [(f.ts_ms, f.maker) for f in b.fills]
    assert [(x.ts_ms, x.reason, x.maker, x.target) for x in a.legs] == [
        (x.ts_ms, x.reason, x.maker, x.target) for x in b.legs
    ]
    for x, y in zip([*a.fills, *a.legs], [*b.fills, *b.legs], strict=True):
        assert abs(x.price - y.price) <= 1e-12 * abs(y.price), (x, y)
        assert abs(x.share - y.share) <= 1e-9 * abs(y.share) + 1e-12, (x, y)


@settings(max_examples=EXAMPLES, deadline=None)
@given(candle_sets(), plans(), SEEDS, TERMS)
def test_both_ways_of_simulating_agree(candles: Candles, first: Plan, seed: int, terms: Terms) -> None:
    many = [first, *many_plans(seed, 11)]
    fair = fair_of(candles, seed)
    table = simulate(many, {"X": candles}, terms, {"X": fair} if fair else None)
    for i, plan in enumerate(many):
        same(table.path(i), step_path(plan, candles, terms, fair))


@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(candle_sets(), plans(), SEEDS, TERMS)
def test_what_every_path_keeps(candles: Candles, first: Plan, seed: int, terms: Terms) -> None:
    many = [first, *many_plans(seed, 11)]
    table = simulate(many, {"X": candles}, terms)
    bars = {int(ts): (low, high) for ts, low, high in zip(candles.ts, candles.low, candles.high, strict=True)}
    for i, plan in enumerate(many):
        keeps(table.path(i), plan, terms, bars)


def keeps(path: Path, plan: Plan, terms: Terms, bars: dict[int, tuple[float, float]]) -> None:
    """Assert what holds for every path, whatever the plan."""
    filled = sum(f.share for f in path.fills)
    assert (filled > 0) == (path.status in (PathStatus.CLOSED, PathStatus.OPEN))
    assert filled <= 1 + 1e-9
    assert sum(leg.share for leg in path.legs) == pytest.approx(filled)
    fixed = plan.target_gap == "level"
    for fill in path.fills:
        inside(fill.price, bars[fill.ts_ms], 0.0 if fill.maker else terms.slippage + plan.impact)
        assert fill.ts_ms >= plan.act_ms
        assert fill.ts_ms < plan.expire_ms
    for leg in path.legs:
        assert leg.ts_ms >= path.fills[0].ts_ms
        assert leg.share > 0
        behind = any(plan.side.sign * (leg.price - fill.price) < 0 for fill in path.fills)
        if leg.reason is ExitReason.TARGET and behind:  # the channel moved the entry there: its level, never better
            low, high = bars[leg.ts_ms]
            assert leg.price >= low - 1e-9 if plan.side is Side.SHORT else leg.price <= high + 1e-9
        elif leg.reason is not ExitReason.LIQUIDATION and not (leg.reason is ExitReason.TARGET and leg.maker and fixed):
            inside(leg.price, bars[leg.ts_ms], 0.0 if leg.maker else terms.slippage + plan.impact)
    times = [leg.ts_ms for leg in path.legs]
    assert times == sorted(times)


def inside(price: float, bar: tuple[float, float], slippage: float) -> None:
    """Assert that a price lies in its bar, but for the slippage."""
    low, high = bar
    assert low * (1 - slippage) - 1e-9 <= price <= high * (1 + slippage) + 1e-9


@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(candle_sets(), plans(), SEEDS, TERMS)
def test_nothing_depends_on_bars_after_the_exit(candles: Candles, first: Plan, seed: int, terms: Terms) -> None:
    many = [first, *many_plans(seed, 5)]
    table = simulate(many, {"X": candles}, terms)
    for i, plan in enumerate(many):
        path = table.path(i)
        if path.status is PathStatus.CLOSED:
            end = int(np.searchsorted(candles.ts, path.legs[-1].ts_ms)) + 1
            same(simulate([plan], {"X": until(candles, end)}, terms).path(0), path)


@settings(max_examples=EXAMPLES // 4, deadline=None)
@given(candle_sets(), plans(), SEEDS, TERMS, st.integers(1, 200))
def test_what_has_happened_stays_when_bars_are_added(
    candles: Candles, first: Plan, seed: int, terms: Terms, bar: int
) -> None:
    many = [first, *many_plans(seed, 11)]
    now = until(candles, min(bar, len(candles)))
    before, after = simulate(many, {"X": now}, terms), simulate(many, {"X": candles}, terms)
    for i in range(len(many)):
        old, new = before.path(i), after.path(i)
        legs = [leg for leg in old.legs if leg.reason is not ExitReason.END]
        known = replace(new, fills=new.fills[: len(old.fills)], legs=new.legs[: len(legs)])
        same_moves(replace(old, legs=tuple(legs)), known)


@settings(max_examples=EXAMPLES // 4, deadline=None)
@given(candle_sets(), plans(), SEEDS, TERMS)
def test_a_path_without_doubt_does_not_depend_on_the_order_inside_a_candle(
    candles: Candles, first: Plan, seed: int, terms: Terms
) -> None:
    prepared = prepare([first, *many_plans(seed, 11)], {"X": candles})
    one, other = (prepared.run(replace(terms, same_candle=order)) for order in ("stop first", "target first"))
    for i in np.flatnonzero(~one.ambiguous).tolist():
        same(one.path(i), other.path(i))


@settings(max_examples=EXAMPLES // 4, deadline=None)
@given(candle_sets(), SEEDS, TERMS, st.integers(0, 900))
def test_plans_acted_on_later_or_taken_in_another_order(candles: Candles, seed: int, terms: Terms, later: int) -> None:
    many = many_plans(seed, 8)
    act_ms = np.array([plan.act_ms + 1000 * later for plan in many])
    rows = np.array([5, 2, 2, 0, 7])
    plain = [replace(many[i], act_ms=int(act_ms[i]), expire_ms=many[i].expire_ms + 1000 * later) for i in rows.tolist()]
    found = prepare(many, {"X": candles}).acting_at(act_ms).taken(rows).run(terms)
    wanted = simulate(plain, {"X": candles}, terms)
    for i in range(len(rows)):
        same(found.path(i), wanted.path(i))


def until(candles: Candles, end: int) -> Candles:
    """The first bars."""
    columns = (getattr(candles, name)[:end] for name in ("ts", "open", "high", "low", "close", "volume"))
    ends = None if candles.own_ends is None else candles.own_ends[:end]
    return Candles("X", candles.timeframe_ms, *columns, own_ends=ends)
