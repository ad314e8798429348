"""The word on a channel, for channels made up so that the word is known."""

from __future__ import annotations

import numpy as np
import pytest

from engine.verdict.sample import design_effect, sample_needed, trades_needed
from engine.verdict.verdict import Verdict, Word, judge

HOUR = 3_600_000


def channel(mean: float, trades: int, burst: int = 1, sigma: float = 1.0) -> Verdict:
    """Judge R multiples with exactly this mean and spread; each burst of trades says the same thing."""
    own = np.random.default_rng(7).normal(size=-(-trades // burst))
    r = np.repeat(own, burst)[:trades]
    r = mean + sigma * (r - r.mean()) / max(r.std(ddof=1), 1e-9)
    start = np.arange(trades) // burst * 24 * HOUR
    return judge(r, start, start + 5 * HOUR, seed=11)


@pytest.mark.parametrize(
    ("mean", "trades", "said"),
    [
        (0.4, 200, "EDGE SHOWN"),
        (0.05, 200, "NO EDGE SHOWN"),
        (-0.4, 200, "LOSES"),
        (-0.9, 30, "LOSES"),
        (0.4, 100, "NOT ENOUGH DATA (about 55 more trades)"),
        (2.0, 20, "NOT ENOUGH DATA (about 140 more trades)"),
        (-0.9, 29, "NOT ENOUGH DATA (about 130 more trades)"),
        (0.4, 9, "NOT ENOUGH DATA (about 150 more trades)"),
    ],
)
def test_the_word(mean: float, trades: int, said: str) -> None:
    assert str(channel(mean, trades)) == said


def test_no_trades_are_not_enough() -> None:
    none = np.array([])
    verdict = judge(none, none, none, seed=1)
    assert str(verdict) == "NOT ENOUGH DATA (about 160 more trades)"
    assert verdict.why == "0 trades in 0 bursts: fewer than 10 bursts say nothing; a verdict takes about 155 trades."


def test_one_trade_is_one() -> None:
    assert judge(np.array([3.0]), np.array([0]), np.array([1]), seed=1).why.startswith("1 trade in 1 burst:")


def test_the_figures_stand_behind_the_word() -> None:
    verdict = channel(0.4, 200)
    assert verdict.interval is not None
    low, high = verdict.interval.low, verdict.interval.high
    assert 0.2 < low < 0.4 < high < 0.6
    assert verdict.why == (
        f"+0.40R a trade (95% interval +{low:.2f}R to +{high:.2f}R, 200 trades in 200 bursts): "
        "the whole interval lies above zero. Of forty channels without an edge, one looks like this."
    )


@pytest.mark.parametrize(
    ("mean", "trades", "why"),
    [
        (0.05, 200, "zero lies inside the interval."),
        (-0.4, 200, "the whole interval lies below zero."),
        (0.4, 100, "an edge of +0.2R cannot be told from luck with fewer than about 155 trades."),
    ],
)
def test_why(mean: float, trades: int, why: str) -> None:
    assert channel(mean, trades).why.endswith(f": {why}")


def test_the_same_record_in_bursts_says_less() -> None:
    lone, bursts = channel(0.4, 200), channel(0.4, 200, burst=8)
    assert lone.word is Word.EDGE_SHOWN
    assert bursts.word is Word.NOT_ENOUGH_DATA
    assert bursts.missing > 500
    assert "200 trades in 25 bursts" in bursts.why


def test_small_wins_that_have_not_met_their_stops_are_no_edge() -> None:
    start = np.arange(100) * 24 * HOUR
    verdict = judge(np.full(100, 0.1), start, start + HOUR, seed=1)
    assert str(verdict) == "NOT ENOUGH DATA (about 55 more trades)"


def test_a_verdict_can_be_repeated() -> None:
    assert channel(0.2, 300) == channel(0.2, 300)


def test_a_channel_without_edge_gets_no_praise() -> None:
    rng = np.random.default_rng(12)
    start = np.arange(180) * 24 * HOUR
    words = [judge(rng.choice([1.5, -1.0], 180, p=[0.4, 0.6]), start, start + HOUR, seed=n).word for n in range(120)]
    assert words.count(Word.EDGE_SHOWN) <= 9, "2.5% by the level, 7.5% is more than three standard errors above"


# --------------------------------------------------------------------------- sample size


@pytest.mark.parametrize(("sigma", "delta", "trades"), [(1.3, 0.2, 262), (1.0, 0.2, 155), (1.3, 0.1, 1045)])
def test_the_sample_size(sigma: float, delta: float, trades: int) -> None:
    assert trades_needed(sigma, delta) == trades


def test_the_sample_size_has_the_promised_power() -> None:
    rng = np.random.default_rng(13)
    n = trades_needed(1.3)
    means = rng.normal(0.2, 1.3, size=(4000, n)).mean(axis=1)
    assert (means > 1.6449 * 1.3 / n**0.5).mean() == pytest.approx(0.8, abs=0.025)


def test_the_design_effect_of_copies_is_the_size_of_a_burst() -> None:
    r = np.random.default_rng(14).normal(0, 1, 200)
    assert design_effect(r, np.arange(200)) == pytest.approx(1.0)
    assert design_effect(np.repeat(r, 4), np.repeat(np.arange(200), 4)) == pytest.approx(4.0)
    assert design_effect(np.repeat(r[:9], 4), np.repeat(np.arange(9), 4)) == 4.0, "too few bursts to estimate it"
    assert design_effect(np.full(40, 0.1), np.arange(40) // 4) == 1.0


def test_independent_trades_of_a_burst_count_nearly_in_full() -> None:
    r = np.random.default_rng(15).normal(0, 1.3, 1200)
    assert design_effect(r, np.arange(1200) // 4) == pytest.approx(1.0, abs=0.2)
    assert sample_needed(r, np.arange(1200)) == pytest.approx(262, rel=0.1)
