"""Re-posts must not inflate a sample."""

from __future__ import annotations

import pytest

from engine.config.strategy import Calls
from engine.simulate.calls import mark_calls
from engine.simulate.prepared import simulate
from engine.simulate.terms import Terms
from engine.units import MINUTE_MS
from tests.simulate.world import bars, plan

FLAT = bars("; ".join(["100 100.5 99.5 100"] * 20 + ["100 120 100 119"] + ["119 119 119 119"] * 5))
LONG = "long market, stop 90, targets 110"
SHORT = "short market, stop 130, targets 80"


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        (Calls(), ["", "repeat", "opposite", "", ""]),
        (Calls(repeat="add"), ["", "", "opposite", "", ""]),
        (Calls(opposite="add"), ["", "repeat", "", "", ""]),
        (Calls(repeat="add", opposite="add"), ["", "", "", "", ""]),
    ],
)
def test_calls_while_an_earlier_one_lives(calls: Calls, expected: list[str]) -> None:
    plans = [
        plan(LONG, act_ms=0, number=1),
        plan(LONG, act_ms=5 * MINUTE_MS, number=2),
        plan(SHORT, act_ms=6 * MINUTE_MS, number=3),
        plan("long market, stop 110, targets 140", act_ms=22 * MINUTE_MS, number=4),  # the first has ended by then
        plan(LONG, act_ms=5 * MINUTE_MS, number=5, channel="another"),
    ]
    table = simulate(plans, {"BTCUSDT": FLAT}, Terms(0, 0, 0))
    assert mark_calls(table, calls) == expected


def test_a_resting_order_lives_until_it_expires() -> None:
    resting = plan("long 50, stop 40, targets 60", valid_ms=10 * MINUTE_MS, keep=True)
    plans = [resting, plan(LONG, act_ms=9 * MINUTE_MS, number=2), plan(LONG, act_ms=11 * MINUTE_MS, number=3)]
    table = simulate(plans, {"BTCUSDT": FLAT}, Terms(0, 0, 0))
    assert mark_calls(table, Calls()) == ["", "repeat", ""]


def test_what_was_never_placed_blocks_nothing() -> None:
    late = plan("long market, stop 101, targets 110")  # the market opens below the stop
    table = simulate([late, plan(LONG, act_ms=MINUTE_MS, number=2)], {"BTCUSDT": FLAT}, Terms(0, 0, 0))
    assert mark_calls(table, Calls()) == ["", ""]
