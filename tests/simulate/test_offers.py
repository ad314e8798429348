"""Calls as columns: targets said as distances are those that the fill settled, one by one and for all at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.domain import Distance
from engine.simulate.flows import Venue
from engine.simulate.money import money_of
from engine.simulate.offers import Offers
from engine.simulate.prepared import simulate
from engine.simulate.terms import Terms
from tests.simulate.world import bars, plan

FREE = Terms(0.0, 0.0, 0.0)


def test_targets_are_those_that_the_fill_settled() -> None:
    candles = {"BTCUSDT": bars("100 101 99 100; 100 101 99 100; 100 101 99 100")}
    two = plan("long market, stop 90, targets 110 130")
    settled = replace(two, targets=((Distance(5, "percent"), 0.5), (Distance(2, "R"), 0.5)))
    mixed = replace(two, targets=((Distance(5, "percent"), 0.25), (140.0, 0.75)))
    never = replace(two, orders=plan("long 50, stop 40, targets 110").orders, targets=((Distance(5, "percent"), 1.0),))
    none = replace(two, targets=())
    plans = [two, settled, mixed, never, none]
    table = simulate(plans, candles, FREE)
    money = money_of(table, FREE, candles)
    offers = Offers(table, money, Venue(FREE, candles), [0] * 5, 5.0, np.ones(5, np.bool_))
    entry = 100.0
    told = [offers.proposal(row, 1.0) for row in range(5)]
    assert told[0].targets == (110.0, 130.0)
    assert np.allclose(told[1].targets, (entry * 1.05, entry + 2 * (entry - 90)))
    assert np.allclose(told[2].targets, (entry * 1.05, 140.0))
    assert told[2].target_shares == (0.25, 0.75)
    assert told[4].targets == ()
    for row, one in enumerate(told):
        first = one.targets[0] if one.targets else np.nan
        mean = np.average(one.targets, weights=one.target_shares) if one.targets else np.nan
        assert np.isclose(offers.first_target[row], first, equal_nan=True)
        assert np.isclose(offers.mean_target[row], mean, equal_nan=True)
