"""The pictures: true to the figures, small, and deaf to what a stranger wrote."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine.report import channelfigures, drawing, figures
from engine.report.show import best_first
from tests.report.sample import HOSTILE, sample_calls, sample_run

CALLS = sample_calls()
RUN = sample_run(CALLS)
COUNTED = figures.counted_by_channel(RUN.channels, CALLS)


@given(arrays.arrays(np.float64, st.integers(1, 400), elements=st.floats(-1e6, 1e6)), st.integers(12, 60))
def test_a_thinned_curve_keeps_its_ends_and_extremes(curve, limit):
    other = -np.cumsum(curve)
    at = drawing.thinned(curve, other, limit=limit)
    assert len(at) <= max(limit, 0) or len(at) == len(curve) <= limit
    assert (np.diff(at) > 0).all()
    assert (at[0], at[-1]) == (0, len(curve) - 1)
    for whole in (curve, other):
        assert (whole[at].min(), whole[at].max()) == (whole.min(), whole.max())


def test_a_year_of_minutes_becomes_two_thousand_points():
    walk = np.cumsum(np.random.default_rng(5).normal(size=525_600)) + 10_000
    fall = 1 - walk / np.maximum.accumulate(walk)
    ts = 1_735_689_600_000 + np.arange(len(walk)) * 60_000
    figure = figures.equity_figure(ts, walk, fall, "USDT", "Europe/Sofia")
    money, under = figure["data"]
    assert len(money["x"]) == len(money["y"]) == len(under["y"]) <= drawing.CURVE_POINTS
    assert len(money["x"]) > drawing.CURVE_POINTS / 4
    assert money["x"][0] == "2025-01-01 02:00:00"
    assert min(under["y"]) == pytest.approx(-fall.max(), rel=1e-6)


def test_the_main_picture_shows_each_channel_with_its_interval():
    channels = best_first(RUN.channels)
    figure = figures.mean_r_figure(channels)
    assert [trace["x"] for trace in figure["data"]] == [[c.mean_r] for c in channels[:3]]
    first, bounds = channels[0], figure["data"][0]["error_x"]
    assert first.mean_r + bounds["array"][0] == pytest.approx(first.high)
    assert first.mean_r - bounds["arrayminus"][0] == pytest.approx(first.low)


def test_a_channel_without_an_interval_is_drawn_hollow():
    channel = replace(RUN.channels[0], low=None, high=None)
    (trace,) = figures.mean_r_figure([channel])["data"]
    assert "error_x" not in trace
    assert trace["marker"]["symbol"] == "circle-open"


def test_a_histogram_counts_every_trade_once():
    values = [-40.0, -1.0, -0.001, 0.0, 0.49, 0.5, 5.9, 6.0, 900.0]
    counts = channelfigures.histogram(values)
    assert sum(counts) == len(values)
    assert (counts[0], counts[2], counts[3], counts[4], counts[5], counts[-1]) == (1, 1, 1, 2, 1, 3)
    assert channelfigures.histogram_figure(values, 3)["data"][0]["y"] == counts


def test_r_adds_up_to_the_total_of_the_channel():
    figure = figures.cumulative_figure(RUN.channels, COUNTED, "UTC")
    assert [trace["y"][-1] for trace in figure["data"]] == pytest.approx(
        [c.total_r for c in RUN.channels[:3]], rel=1e-6
    )
    assert all(trace["x"] == sorted(trace["x"]) for trace in figure["data"])
    assert {trace["y"][0] for trace in figure["data"]} == {0.0}, "a line begins with nothing"
    assert figures.adds_up(COUNTED)
    one = COUNTED[0].taken([0])
    assert not figures.adds_up([one, COUNTED[0].taken([])]), "one trade is a step"


def test_the_funnel_accounts_for_every_message():
    figure = figures.funnel_figure(RUN.channels)
    assert np.sum([trace["x"] for trace in figure["data"]], axis=0) == pytest.approx([1.0] * len(RUN.channels))


def test_plotly_shows_names_as_they_stand():
    channels = [replace(c, name=HOSTILE + " %{y} &lt; " * 9) for c in RUN.channels]
    drawn = json.dumps([
        figures.mean_r_figure(channels),
        figures.cumulative_figure(channels, figures.counted_by_channel(channels, CALLS), "UTC"),
        figures.funnel_figure(channels),
        figures.equity_figure(np.array([0, 1]), np.ones(2), np.zeros(2), "<i>", "UTC"),
    ])  # fmt: skip
    assert "<script>" not in drawn
    assert "<i>" not in drawn
    assert "&lt;script&gt;alert(1)&lt;/script&gt; %{y}" in drawn


def test_channels_that_share_a_name_stay_apart():
    twins = [replace(c, name="Same") for c in RUN.channels[:2]]
    assert [trace["y"] for trace in figures.mean_r_figure(twins)["data"]] == [[0], [1]]
    assert figures.funnel_figure(twins)["data"][0]["y"] == [0, 1]
