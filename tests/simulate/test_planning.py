"""A signal under a strategy: which orders, which shares, which stop, or which refusal."""

from __future__ import annotations

import pytest

from engine.config.strategy import Entry, Exit
from engine.domain import Distance, EntryKind, Plan, Refusal, Side
from engine.simulate.planning import make_plan
from tests.simulate.world import signal, strategy

LONG, SHORT = Side.LONG, Side.SHORT
ZONE, LIMIT, MARKET, LADDER = EntryKind.ZONE, EntryKind.LIMIT, EntryKind.MARKET, EntryKind.LADDER


def planned(made: Plan | Refusal) -> Plan:
    assert isinstance(made, Plan), made
    return made


@pytest.mark.parametrize(
    ("zone", "rungs", "side", "prices"),
    [
        ("near", 1, LONG, [100]),
        ("near", 1, SHORT, [96]),
        ("middle", 1, LONG, [98]),
        ("far", 1, LONG, [96]),
        ("far", 1, SHORT, [100]),
        ("ladder", 1, LONG, [100]),
        ("ladder", 3, LONG, [100, 98, 96]),
        ("ladder", 3, SHORT, [96, 98, 100]),
        ("ladder", 5, LONG, [100, 99, 98, 97, 96]),
    ],
)
def test_a_zone_becomes_orders_with_the_near_edge_first(zone: str, rungs: int, side: Side, prices: list[float]) -> None:
    stop, target = (90.0, 110.0) if side is LONG else (110.0, 90.0)
    entry = Entry(zone=zone, rungs=rungs)  # type: ignore[arg-type]
    plan = planned(make_plan(signal(ZONE, side, (96.0, 100.0), (target,), stop), strategy(entry=entry)))
    assert [order.price for order in plan.orders] == prices
    assert [order.weight for order in plan.orders] == pytest.approx([1 / len(prices)] * len(prices))


def test_a_call_acts_after_the_latency_and_expires() -> None:
    entry = Entry(latency_ms=7000, valid_for_ms=60_000)
    plan = planned(make_plan(signal(LIMIT, LONG, (100.0,), (110.0,), 95.0), strategy(entry=entry)))
    assert (plan.act_ms, plan.expire_ms) == (1_007_000, 1_067_000)


@pytest.mark.parametrize(
    ("targets", "shares", "expected"),
    [
        ((110.0,), (0.5, 0.3, 0.2), [(110, 1.0)]),
        ((110.0, 120.0), (0.5, 0.3, 0.2), [(110, 0.625), (120, 0.375)]),
        ((120.0, 110.0), (0.5, 0.5), [(110, 0.5), (120, 0.5)]),
        ((110.0, 120.0, 130.0), (0.5, 0.5), [(110, 0.5), (120, 0.5)]),
        ((110.0, None), (0.5, 0.5), [(110, 1.0)]),
        (((110.0, 0.25), (120.0, 0.75)), (1.0,), [(110, 0.25), (120, 0.75)]),
        (((110.0, 0.25), (120.0, 0.25)), (1.0,), [(110, 0.5), (120, 0.5)]),
        (((110.0, 0.25), (120.0, None)), (0.9, 0.1), [(110, 0.9), (120, 0.1)]),
    ],
)
def test_shares_sum_to_one(targets: tuple, shares: tuple, expected: list) -> None:
    made = make_plan(signal(LIMIT, LONG, (100.0,), targets, 95.0), strategy(exit=Exit(shares=shares)))
    plan = planned(made)
    assert [price for price, _ in plan.targets] == [price for price, _ in expected]
    assert [share for _, share in plan.targets] == pytest.approx([share for _, share in expected])


@pytest.mark.parametrize(
    ("kind", "side", "entries", "stop", "expected"),
    [
        (LIMIT, LONG, (100.0,), Distance(5, "percent"), 95.0),
        (LIMIT, SHORT, (100.0,), Distance(5, "percent"), 105.0),
        (LIMIT, LONG, (100.0,), Distance(7, "points"), 93.0),
        (LADDER, LONG, (100.0, 98.0), Distance(4, "points"), 95.0),
        (ZONE, LONG, (96.0, 100.0), Distance(5, "points", "far"), 91.0),
        (ZONE, LONG, (96.0, 100.0), Distance(5, "percent", "near"), 95.0),
        (ZONE, SHORT, (96.0, 100.0), Distance(5, "points", "far"), 105.0),
        (MARKET, LONG, (), Distance(5, "percent"), Distance(5, "percent")),
    ],
)
def test_a_relative_stop(kind: EntryKind, side: Side, entries: tuple, stop: Distance, expected: object) -> None:
    target = 120.0 if side is LONG else 80.0
    assert planned(make_plan(signal(kind, side, entries, (target,), stop), strategy())).stop == expected


@pytest.mark.parametrize(
    ("made", "changes", "code"),
    [
        (signal(LIMIT, LONG, (100.0,), (110.0,), None), {}, "no-stop"),
        (signal(LIMIT, LONG, (100.0,), (), 95.0), {}, "no-target"),
        (signal(LIMIT, LONG, (100.0,), (None,), 95.0), {}, "no-target"),
        (signal(LIMIT, LONG, (100.0,), (110.0,), 80.0), {}, "stop-beyond-liquidation"),
        (signal(LIMIT, LONG, (100.0,), (110.0,), 91.0, leverage=20.0), {"leverage": 20.0}, "stop-beyond-liquidation"),
        (signal(MARKET, SHORT, (), (90.0,), Distance(25, "percent")), {}, "stop-beyond-liquidation"),
        (signal(LADDER, LONG, (100.0, 95.0), (110.0,), Distance(1, "points")), {}, "levels"),
    ],
)
def test_what_cannot_be_traded_is_refused_by_name(made: object, changes: dict, code: str) -> None:
    refusal = make_plan(made, strategy(**changes))  # type: ignore[arg-type]
    assert isinstance(refusal, Refusal)
    assert refusal.code == code


def test_a_missing_stop_can_be_allowed_and_the_calls_leverage_counts_when_it_is_lower() -> None:
    allowed = make_plan(
        signal(LIMIT, LONG, (100.0,), (110.0,), None, leverage=3.0), strategy(exit=Exit(missing_stop="trade"))
    )
    assert planned(allowed).stop is None
    assert planned(allowed).leverage == 3.0
    high = make_plan(signal(LIMIT, LONG, (100.0,), (110.0,), 95.0, leverage=50.0), strategy())
    assert planned(high).leverage == 5.0


def test_without_targets_a_time_exit_is_enough() -> None:
    made = make_plan(signal(LIMIT, LONG, (100.0,), (), 95.0), strategy(exit=Exit(close_after_ms=60_000)))
    assert planned(made).targets == ()
