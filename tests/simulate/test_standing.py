"""How a channel stands at a call: from calls that were over by then, and from nothing else."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from engine.domain import History, OpenTrade, Side
from engine.simulate.history import note_closed
from engine.simulate.standing import Tally, standing_columns

CALLS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.integers(0, 50),
        st.integers(0, 20),
        st.floats(-3, 8) | st.just(math.nan),
    ),
    min_size=1,
    max_size=25,
)


@given(CALLS)
def test_columns_are_what_a_tally_of_the_calls_over_by_then_says(calls: list[tuple[str, int, int, float]]) -> None:
    channel, act, length, r = zip(*calls, strict=True)
    at_ms, end_ms = np.array(act), np.array(act) + np.array(length)
    found = standing_columns(channel, at_ms, end_ms, np.array(r))
    for i in range(len(calls)):
        tally = Tally()
        over = [j for j in range(len(calls)) if channel[j] == channel[i] and end_ms[j] <= at_ms[i]]
        for j in over:
            tally = tally if math.isnan(r[j]) else tally.add(r[j])
        wanted, row = tally.standing(channel[i]), found.rows()[i]
        assert (row.channel, row.trades) == (wanted.channel, wanted.trades)
        np.testing.assert_allclose([row.mean_r, row.low, row.high], [wanted.mean_r, wanted.low, wanted.high], atol=1e-6)


@given(st.lists(st.floats(-3, 8), min_size=2, max_size=40))
def test_the_interval_is_students(r: list[float]) -> None:
    tally = Tally()
    for value in r:
        tally = tally.add(value)
    standing = tally.standing("a")
    mean, error = np.mean(r), stats.sem(r)
    half = error * stats.t.ppf(0.975, len(r) - 1)
    assert standing.trades == len(r)
    np.testing.assert_allclose(
        [standing.mean_r, standing.low, standing.high], [mean, mean - half, mean + half], atol=1e-5
    )


def test_what_is_not_known_is_nan() -> None:
    nobody, one = Tally().standing("a"), Tally().add(1.5).standing("a")
    assert (nobody.trades, math.isnan(nobody.mean_r), math.isnan(nobody.low)) == (0, True, True)
    assert (one.trades, one.mean_r, math.isnan(one.low), math.isnan(one.high)) == (1, 1.5, True, True)


def trade(channel: str, symbol: str) -> OpenTrade:
    return OpenTrade(f"{channel}/1", channel, symbol, Side.LONG, 1.0, 1.0, 1.0)


def test_a_history_counts_losses_in_a_row_and_remembers_when_symbols_and_channels_were_left() -> None:
    history = History()
    for net, at in ((-1.0, 10), (-0.5, 20)):
        note_closed(history, trade("a", "BTCUSDT"), net, at)
    note_closed(history, trade("b", "BTCUSDT"), -2.0, 30)
    assert history == History(3, 30, {"BTCUSDT": 30}, {"a": 20, "b": 30})
    note_closed(history, trade("a", "ETHUSDT"), 0.0, 40)
    assert history == History(0, None, {"BTCUSDT": 30, "ETHUSDT": 40}, {"a": 40, "b": 30})
