"""The word on a channel, for channels made up so that the word is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.verdict.checks import (
    DEFLATED_LEVEL,
    DISCOVERY_LEVEL,
    FEWEST_BURSTS,
    HARDER,
    LUCK_LEVEL,
    RANDOM_LEVEL,
    Record,
    ask,
)
from engine.verdict.random_entry import RandomEntry
from engine.verdict.sample import design_effect, sample_needed, trades_needed
from engine.verdict.verdict import Verdict, Word, judge
from tests.conftest import ROOT

HOUR = 3_600_000
NAMES = [
    "enough trades",
    "not luck",
    "not the best of many",
    "not the best of many settings",
    "better than random entries",
    "without the best 3",
    "both halves",
    "without its best symbol",
    *HARDER,
    "missing calls lost",
]


def judged(record: Record, others: Sequence[float] = (), seed: int = 11) -> Verdict:
    (found,) = judge([record], seed, others)
    return found


def record(mean: float, trades: int, burst: int = 1, sigma: float = 1.0, **more: Any) -> Record:
    """R multiples with exactly this mean and spread; each burst of trades says the same thing. All readings known."""
    own = np.random.default_rng(7).normal(size=-(-trades // burst))
    r = np.repeat(own, burst)[:trades]
    r = mean + sigma * (r - r.mean()) / max(r.std(ddof=1), 1e-9)
    start = np.arange(trades) // burst * 24 * HOUR
    given: dict[str, Any] = {
        "symbols": [f"COIN{i % 4}" for i in range(trades)],
        "readings": dict.fromkeys(HARDER, mean - 0.02),
        "worst_case": mean - 0.03,
        "random": RandomEntry(0.001, mean, -0.05, -0.2, 0.1, 1000, trades, trades),
    }
    return Record(r, start, start + 5 * HOUR, **(given | more))


def channel(mean: float, trades: int, burst: int = 1, sigma: float = 1.0, **more: Any) -> Verdict:
    return judged(record(mean, trades, burst, sigma, **more))


@pytest.mark.parametrize(
    ("mean", "trades", "said"),
    [
        (0.4, 200, "FOLLOW"),
        (0.15, 200, "PAPER ONLY"),
        (0.02, 200, "AVOID"),
        (-0.05, 200, "AVOID"),
        (-0.4, 200, "AVOID"),
        (-0.9, 30, "AVOID"),
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
    verdict = judged(Record(none, none, none))
    assert str(verdict) == "NOT ENOUGH DATA (about 160 more trades)"
    assert verdict.why == "0 trades in 0 bursts: fewer than 10 bursts say nothing; a verdict takes about 160 trades."


def test_no_channels_have_no_verdicts() -> None:
    assert judge([], seed=1) == []


def test_one_trade_is_one() -> None:
    why = judged(Record(np.array([3.0]), np.array([0]), np.array([1]))).why
    assert why.startswith("1 trade in 1 burst:")


def test_the_figures_stand_behind_the_word() -> None:
    verdict = channel(0.4, 200)
    assert verdict.interval is not None
    low, high = verdict.interval.low, verdict.interval.high
    assert 0.2 < low < 0.4 < high < 0.6
    assert verdict.why == (
        f"+0.40R a trade (95% interval +{low:.2f}R to +{high:.2f}R, 200 trades in 200 bursts): all 13 tests passed."
    )
    assert [check.name for check in verdict.tests] == NAMES


@pytest.mark.parametrize(
    ("mean", "trades", "why"),
    [
        (-0.05, 200, "enough trades, and nothing was earned."),
        (0.02, 200, "an edge of +0.2R, which would be worth following, is ruled out."),
        (-0.4, 200, "the whole interval lies below zero."),
        (0.4, 100, "an edge of +0.2R cannot be told from luck with fewer than about 160 trades."),
    ],
)
def test_why(mean: float, trades: int, why: str) -> None:
    assert channel(mean, trades).why.endswith(f": {why}")


WORSE = RandomEntry(0.2, 0.4, 0.35, 0.1, 0.6, 1000, 200, 200)
UNMOVED = RandomEntry(0.001, 0.4, -0.05, -0.2, 0.1, 1000, 99, 200)


@pytest.mark.parametrize(
    ("more", "test"),
    [
        ({"random": WORSE}, "better than random entries"),
        ({"random": UNMOVED}, "better than random entries"),
        ({"random": None}, "better than random entries"),
        ({"tried": [1.5, -1.5, 1.1, -0.7]}, "not the best of many settings"),
        ({"symbols": ["ETHUSDT", "BTCUSDT"] * 100, "best": 100}, "without its best symbol"),
        ({"symbols": ()}, "without its best symbol"),
        ({"readings": dict.fromkeys(HARDER, 0.1) | {"twice the slippage": -0.01}}, "twice the slippage"),
        ({"readings": dict.fromkeys(HARDER, 0.1) | {"one minute later": 0.0}}, "one minute later"),
        ({"readings": dict.fromkeys(HARDER, 0.1) | {"touch through": None}}, "touch through"),
        (
            {"readings": dict.fromkeys(HARDER, 0.1) | {"worse order inside a candle": -0.2}},
            "worse order inside a candle",
        ),
        ({"worst_case": -0.1}, "missing calls lost"),
        ({"worst_case": None}, "missing calls lost"),
    ],
)
def test_one_test_that_fails_or_was_not_made_keeps_a_channel_on_paper(more: dict[str, Any], test: str) -> None:
    best = more.pop("best", 0)
    made = record(0.4, 200, **more)
    if best:  # all that was won was won with one symbol
        r = np.where(np.arange(200) % 2, 1.0, -0.04) + 0.3 * np.tile([1, -1, -1, 1], 50)
        made = replace(made, r=r)
    verdict = judged(made)
    assert verdict.word is Word.PAPER_ONLY
    assert [check.name for check in verdict.tests if not check.passed] == [test]
    assert f"not shown: {test} (" in verdict.why


def test_one_coin_alone_is_no_fault() -> None:
    assert channel(0.4, 200, symbols=["BTCUSDT"] * 200).word is Word.FOLLOW


def test_a_record_made_by_three_trades_is_not_followed() -> None:
    r = np.full(400, -0.05) + np.random.default_rng(3).normal(0, 0.3, 400)
    r[[50, 250, 350]] = 40.0
    made = record(0.4, 400)
    verdict = judged(replace(made, r=r))
    assert verdict.word is not Word.FOLLOW
    assert not next(check for check in verdict.tests if check.name == "without the best 3").passed


def test_whoever_was_looked_at_before_counts() -> None:
    made = record(0.25, 200)
    assert judged(made).word is Word.FOLLOW
    verdict = judged(made, others=[1.0] * 60)
    assert verdict.word is Word.PAPER_ONLY
    (failed,) = [check for check in verdict.tests if not check.passed]
    assert failed.name == "not the best of many"
    assert failed.seen.endswith("among 61 channels")


def test_the_same_record_in_bursts_says_less() -> None:
    lone, bursts = channel(0.4, 200), channel(0.4, 200, burst=8)
    assert lone.word is Word.FOLLOW
    assert bursts.word is Word.NOT_ENOUGH_DATA
    assert bursts.missing > 500
    assert "200 trades in 25 bursts" in bursts.why


def test_many_trades_in_few_bursts_are_few_opinions() -> None:
    r = np.random.default_rng(2).choice([1.5, -1.0], 500, p=[0.5, 0.5])
    start = np.arange(500) // 20 * 24 * HOUR
    verdict = judged(Record(r, start, start + HOUR))
    assert str(verdict) == "NOT ENOUGH DATA (about 100 more trades)"
    assert verdict.why.endswith(": fewer than 30 bursts are too few opinions.")


def test_small_wins_that_have_not_met_their_stops_are_no_edge() -> None:
    start = np.arange(100) * 24 * HOUR
    verdict = judged(Record(np.full(100, 0.1), start, start + HOUR))
    assert str(verdict) == "NOT ENOUGH DATA (about 55 more trades)"


def test_a_verdict_can_be_repeated() -> None:
    assert channel(0.2, 300) == channel(0.2, 300)


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


def test_the_documents_name_every_test_that_follow_requires() -> None:
    """In their order, with their levels; and the sentence above the table counts them."""
    page = (ROOT / "docs" / "verdict.md").read_text(encoding="utf-8")
    part = page[page.index("## The tests that FOLLOW requires") : page.index("## How often it is wrong")]
    rows = [line.split("|")[1:4] for line in part.splitlines() if line.startswith("| ")][1:]
    asked = ask(Record(np.zeros(40), np.arange(40), np.arange(40)), 0.5, 0.5, 2, None, 40, 155)
    assert [name.strip() for name, *_ in rows] == [check.name for check in asked]
    said = {name.strip(): passes for name, passes, _ in rows}
    assert f"p at most {LUCK_LEVEL:g}" in said["not luck"]
    assert f"p at most {DISCOVERY_LEVEL:g}" in said["not the best of many"]
    assert f"at least {DEFLATED_LEVEL:.0%}" in said["not the best of many settings"]
    assert f"p at most {RANDOM_LEVEL:g}" in said["better than random entries"]
    assert f"at least {FEWEST_BURSTS} bursts" in said["enough trades"]
    assert f"every one of the {len(asked)} tests" in page
