"""The words for figures: the same in the report and in the terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.report import show
from engine.report.run import ChannelResult
from engine.verdict.verdict import Word
from tests.report.sample import sample_run


@pytest.fixture(scope="module")
def channel() -> ChannelResult:
    """A channel without a call; tests fill in what they speak of."""
    return replace(sample_run([]).channels[0], verdict="NOT ENOUGH DATA")


def figures(channel: ChannelResult, trades: int, mean: float, low: float | None, high: float | None, verdict: str):
    return replace(
        channel, trades=trades, mean_r=mean, low=low, high=high, word=verdict.split(" (")[0], verdict=verdict
    )


@pytest.mark.parametrize(
    ("trades", "mean", "low", "high", "said"),
    [
        (281, 0.41, 0.25, 0.57, "281 trades, +0.41 R per trade on average (95% sure between +0.25 and +0.57)"),
        (1200, -0.004, -0.1, 0.09, "1,200 trades, +0.00 R per trade on average (95% sure between -0.10 and +0.09)"),
        (7, 0.5, None, None, "7 trades, +0.50 R per trade on average (too few trades to say how sure)"),
        (1, -1.0, None, None, "1 trade, -1.00 R (too few trades to say how sure)"),
    ],
)
def test_one_sentence_says_it_all(channel, trades, mean, low, high, said):
    assert show.sentence(figures(channel, trades, mean, low, high, "FOLLOW")) == f"{said}: FOLLOW"


def test_a_channel_without_trades_is_not_given_a_figure(channel):
    assert show.sentence(channel) == "no calls: NOT ENOUGH DATA"
    called = replace(channel, funnel=replace(channel.funnel, signals=3, calls={"expired": 2, "target first": 1}))
    assert show.sentence(called) == "3 calls, none of them filled: NOT ENOUGH DATA"


def test_a_lucky_few_do_not_lead(channel):
    steady = replace(figures(channel, 400, 0.2, 0.1, 0.3, Word.FOLLOW), name="steady")
    lucky = replace(figures(channel, 12, 0.9, -0.4, 2.2, Word.NOT_ENOUGH_DATA), name="lucky")
    luckier = replace(figures(channel, 3, 1.9, None, None, Word.NOT_ENOUGH_DATA), name="luckier")
    silent = replace(channel, name="silent")
    ranked = show.best_first([silent, luckier, lucky, steady])
    assert [c.name for c in ranked] == ["steady", "lucky", "luckier", "silent"]


@pytest.mark.parametrize(
    ("verdict", "tone"),
    [
        ("FOLLOW", "good"),
        ("AVOID", "bad"),
        ("PAPER ONLY", "open"),
        ("NOT ENOUGH DATA (about 40 more trades)", "open"),
        ("something new", "open"),
    ],
)
def test_only_what_to_follow_looks_good(channel, verdict, tone):
    assert show.tone(figures(channel, 40, 0.5, 0.2, 0.8, verdict)) == tone


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (show.r_text(-0.0001), "+0.00"),
        (show.r_text(None), "-"),
        (show.percent(0.567), "57%"),
        (show.percent(-0.0001, 1), "0.0%"),
        (show.plain(1.8349), "1.83"),
        (show.plain(None), "-"),
        (show.money(-1234.5), "-1,234.50"),
        (show.money(250, sign=True), "+250.00"),
        (show.money(None), "-"),
        (show.count(1, "call"), "1 call"),
        (show.count(1281, "entry", "entries"), "1,281 entries"),
        (
            show.minus("-0.12 .. -0.03 on 2025-05-04, BTC-5, stop-first"),
            "−0.12 .. −0.03 on 2025-05-04, BTC-5, stop-first",
        ),
        (show.minus("-"), "–"),
        (show.chance(0.00002), "<0.0001"),
        (show.chance(0.0234), "0.023"),
        (show.chance(0.5), "0.50"),
        (show.chance(None), "-"),
        (show.seconds(30), "30s"),
        (show.seconds(900), "15m"),
        (show.days(3.21), "3.2 d"),
        (show.days(41.4), "41 d"),
        (show.whole(12345), "12,345"),
    ],
)
def test_figures_are_written_for_people(given, said):
    assert given == said
