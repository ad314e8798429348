"""P-values, Sharpe ratios, corrections and forward evidence: by hand, and on channels whose skill is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from engine.verdict.forward import ENOUGH, forward_evidence, wealth
from engine.verdict.many import discoveries, shrunk, without_skill
from engine.verdict.sharpe import best_of_luck, probabilistic, sharpe_evidence, sharpe_ratio, shortest_record
from engine.verdict.significance import chance_of_luck
from engine.verdict.trials import Trials, read_trials
from tests.verdict.worlds import CHANCE, LADDER, MEAN, SIGMA


def ladders(rng: np.random.Generator, shape: tuple[int, ...], mean: float = 0.0) -> np.ndarray:
    return mean + 1.3 * (rng.choice(LADDER, shape, p=CHANCE) - MEAN) / SIGMA


# --------------------------------------------------------------------------- one channel


@pytest.mark.parametrize(("level", "off"), [(0.05, 0.012), (0.005, 0.004)])
def test_luck_is_as_rare_as_it_says(level: float, off: float) -> None:
    rng = np.random.default_rng(1)
    p = np.array([chance_of_luck(r, np.arange(200)) for r in ladders(rng, (4000, 200))])
    assert (p <= level).mean() == pytest.approx(level, abs=off)


def test_copies_in_a_burst_are_no_more_proof() -> None:
    r = ladders(np.random.default_rng(2), (60,), 0.3)
    alone = chance_of_luck(r, np.arange(60))
    copied = chance_of_luck(np.repeat(r, 5), np.repeat(np.arange(60), 5))
    assert copied == pytest.approx(alone)


def test_without_skew_the_p_value_is_that_of_the_normal_law() -> None:
    r = np.array([1.0, -1.0] * 50) + 0.1
    z = np.sqrt(100) * r.mean() / r.std()
    assert chance_of_luck(r, np.arange(100)) == pytest.approx(stats.norm.sf(z), rel=1e-6)


def test_few_bursts_and_trades_all_alike_say_nothing() -> None:
    assert chance_of_luck(np.ones(50), np.arange(50) // 6) is None
    assert chance_of_luck(np.ones(50), np.arange(50)) == 0.5


def test_the_sharpe_ratios_by_hand() -> None:
    """A record with skew -1.2 and kurtosis 5, made to fit: the formulas written out again."""
    r = np.random.default_rng(3).normal(0.1, 1.0, 240)
    ratio = r.mean() / r.std(ddof=1)
    skew, kurtosis = stats.skew(r), stats.kurtosis(r, fisher=False)
    spread = 1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2
    assert sharpe_ratio(r) == pytest.approx(ratio)
    assert probabilistic(r, 0.02) == pytest.approx(stats.norm.cdf((ratio - 0.02) * np.sqrt(239 / spread)))
    assert shortest_record(r) == int(np.ceil(1 + spread * (1.6448536 / ratio) ** 2))
    assert shortest_record(-r) is None
    first, second = stats.norm.ppf(1 - 1 / 20), stats.norm.ppf(1 - 1 / (20 * np.e))
    assert best_of_luck(0.25, 20) == pytest.approx(0.5 * (0.4227843 * first + 0.5772157 * second))
    assert best_of_luck(0.25, 1) == 0.0


def test_the_best_of_many_settings_without_skill_is_not_taken_for_skill() -> None:
    rng = np.random.default_rng(4)
    taken = plain = 0
    for _ in range(200):
        tries = ladders(rng, (25, 200))
        ratios = tries.mean(axis=1) / tries.std(axis=1, ddof=1)
        best = int(ratios.argmax())
        found = sharpe_evidence(tries[best], np.arange(200), np.delete(ratios, best).tolist())
        assert found is not None
        taken += found.dsr >= 0.95
        plain += found.psr >= 0.95
    assert plain > 120
    assert taken <= 20


def test_settings_that_change_nothing_deflate_nothing() -> None:
    r = ladders(np.random.default_rng(5), (200,), 0.3)
    found = sharpe_evidence(r, np.arange(200), [sharpe_ratio(r)] * 30)
    assert found is not None
    assert found.dsr == pytest.approx(found.psr)
    assert found.trials == 31
    assert sharpe_evidence(np.ones(40), np.arange(40)) is None
    assert sharpe_evidence(np.arange(9.0), np.arange(9)) is None


# --------------------------------------------------------------------------- many channels


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_discoveries_are_those_of_scipy(p: list[float]) -> None:
    assert discoveries(p) == pytest.approx(stats.false_discovery_control(p, method="by").tolist())


def test_no_channels_no_discoveries() -> None:
    assert discoveries([]) == []


def test_the_share_without_skill() -> None:
    p = [0.0001] * 10 + np.linspace(0.01, 0.99, 30).tolist()
    assert without_skill(p) == pytest.approx(0.75, abs=0.03)
    assert without_skill([0.2] * 4) is None


def test_the_less_is_known_the_nearer_to_all() -> None:
    means, errors = np.array([0.5, 0.5, -0.3, 0.0]), np.array([0.02, 0.4, 0.05, 0.05])
    found = shrunk(means, errors)
    assert found[0] == pytest.approx(0.5, abs=0.01)
    assert 0.05 < found[1] < 0.45
    alike = shrunk(np.array([0.1, 0.11, 0.09]), np.full(3, 0.5))
    assert alike == pytest.approx([0.1] * 3)
    assert shrunk(np.array([0.7]), np.array([0.1])).tolist() == [0.7]


# --------------------------------------------------------------------------- looked at after every trade


def test_looking_after_every_trade_fools_nobody() -> None:
    rng = np.random.default_rng(6)
    reached = sum(bool((wealth(ladders(rng, (400,))) >= ENOUGH).any()) for _ in range(600))
    assert reached / 600 <= 0.05


def test_an_edge_shows_in_time() -> None:
    rng = np.random.default_rng(7)
    paths = [wealth(ladders(rng, (400,), 0.2)) for _ in range(300)]
    assert np.mean([(path[:201] >= ENOUGH).any() for path in paths]) == pytest.approx(0.37, abs=0.1)
    assert np.mean([(path >= ENOUGH).any() for path in paths]) == pytest.approx(0.73, abs=0.1)


def test_a_bet_is_settled_by_the_past_alone() -> None:
    r = ladders(np.random.default_rng(8), (80,), 0.2)
    changed = r.copy()
    changed[50:] = 3.0
    assert wealth(r)[:51].tolist() == wealth(changed)[:51].tolist()


def test_a_burst_is_one_bet() -> None:
    r, cluster = np.array([1.0, -1.0, 2.0, 2.0]), np.array([0, 0, 1, 1])
    found = forward_evidence(r, cluster)
    assert found.bursts == 2
    assert found.wealth == pytest.approx(wealth(np.array([0.0, 2.0]))[-1])
    assert not found.shown
    assert forward_evidence(np.array([]), np.array([], np.int64)).wealth == 1.0


# --------------------------------------------------------------------------- trials


def test_trials_are_counted_by_their_hash() -> None:
    lines = [
        '{"inputs": "a", "channels": {"x": {"trial": "1", "sharpe": 0.1, "luck": 0.2}, "y": {"trades": 3}}}',
        '{"inputs": "b", "channels": {"x": {"trial": "1", "sharpe": 0.1, "luck": 0.2}}}',
        '{"inputs": "c", "channels": {"x": {"trial": "2", "sharpe": -0.3, "luck": 0.9}}}',
        "torn",
        '{"inputs": "d", "channels": [1]}',
        "",
    ]
    trials = read_trials(lines)
    assert trials.tried("x", "1") == [-0.3]
    assert sorted(trials.tried("x", "new")) == [-0.3, 0.1]
    assert trials.tried("z", "new") == []
    assert trials.luck_of_others(["y"]) == [0.2]
    assert trials.luck_of_others(["x"]) == [1.0], "a trial of the first format knows no p-value"
    assert trials.unreadable == 2
    assert Trials().luck_of_others([]) == []
