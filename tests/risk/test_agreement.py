"""A condition answers the same for all calls at once and call by call, and so does a whole book of rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config.schema import load_schema, show_yaml
from engine.risk.condition import Case
from engine.risk.conditions import CONDITIONS
from tests.conftest import EXAMPLES
from tests.risk.examples import book
from tests.risk.world import offers_of, one_account

ZONE = "Europe/Sofia"
GROUPS = (("majors", frozenset({"BTCUSDT", "ETHUSDT"})), ("layer one", frozenset({"ETHUSDT", "SOLUSDT"})))
OF_CALLS = sorted(key for key, condition in CONDITIONS.items() if condition.mask)
OF_ACCOUNTS = sorted(key for key, condition in CONDITIONS.items() if condition.holds)
# Limits that some of the random calls meet and others do not; each is also tried with the schema's examples.
LIMITS: dict[str, list[Any]] = {
    "stop distance under": ["1%", "1.5%"],
    "stop distance over": ["1%", "1.5%"],
    "entry away from market over": ["2%", "4%"],
    "volatility over": ["1%", "1.2%"],
    "volatility under": ["1%", "1.2%"],
    "spread over": ["5bp", "20bp"],
    "volume under": ["1_400_000 USDT", "1_500_000 USDT"],
    "funding over": ["0%", "0.03%"],
    "message older than": ["1m", "10m"],
    "channel standing under": [
        {"mean r": 0, "after trades": 3},
        {"low r": -0.3, "after trades": 10},
        {"high r": 0.2, "mean r": 0.1, "after trades": 5},
    ],
    "channel trades under": [5, 25],
    "channel in": [["vip", "btc_alerts"]],
    "channel not in": [["vip", "btc_alerts"]],
    "symbol in": [["BTCUSDT", "XRPUSDT"]],
    "symbol not in": [["BTCUSDT", "XRPUSDT"]],
    "side": ["long", "short"],
    "hours": [["08:00-17:30"], ["22:15-06:00", "12:00-13:00"]],
    "weekdays": [["mon"], ["sat", "sun", "wed"]],
    "leverage over": [3, 9],
    "open trades at least": [1, 3],
    "open trades of channel at least": [1, 2],
    "open trades on symbol at least": [1, 2],
    "open trades on side at least": [1, 2],
    "open trades in group at least": [1, 2],
    "daily loss over": ["1%", "5%"],
    "weekly loss over": ["1%", "5%"],
    "drawdown over": ["5%", "9%"],
    "consecutive losses at least": [2, {"count": 3, "last within": "2h"}],
    "cooldown on symbol": ["1h", "5h"],
    "cooldown of channel": ["1h", "5h"],
}


def limits_of(key: str) -> list[Any]:
    examples = load_schema("rules")["definitions"]["condition"]["properties"][key]["examples"]
    return [*examples, *LIMITS.get(key, [])]


def read(key: str, limit: Any) -> Any:
    condition = CONDITIONS[key]
    return (condition.read(limit), GROUPS) if condition.grouped else condition.read(limit)


def test_every_condition_is_asked_one_way_or_the_other() -> None:
    assert sorted([*OF_CALLS, *OF_ACCOUNTS]) == sorted(CONDITIONS)


@pytest.mark.parametrize("key", OF_CALLS)
def test_all_calls_at_once_and_one_by_one(key: str) -> None:
    offers = offers_of(400, seed=3)
    _ = offers.market, offers.standings, offers.verdicts
    condition, rng = CONDITIONS[key], np.random.default_rng(4)
    seen = set()
    for limit in limits_of(key):
        with np.errstate(invalid="ignore", divide="ignore"):
            mask = condition.mask(read(key, limit), offers, ZONE)  # type: ignore[misc]
        assert mask.shape == (400,)
        assert mask.dtype == np.bool_
        for row, answer in enumerate(mask.tolist()):
            trade = offers.proposal(row, 7.0)
            case = Case(trade, one_account(trade.act_ms, rng), ZONE)
            assert condition.look(read(key, limit), case).holds is answer, (limit, trade)
            seen.add(answer)
    assert seen == {True, False}, "a test in which only one answer comes shows nothing"


@pytest.mark.parametrize("key", OF_ACCOUNTS)
def test_with_and_without_words(key: str) -> None:
    offers = offers_of(400, seed=5)
    condition, rng = CONDITIONS[key], np.random.default_rng(6)
    seen = set()
    for limit in limits_of(key):
        for row in range(400):
            trade = offers.proposal(row, float(rng.choice([0.1, 1.0, 5.0, 50.0])))
            case = Case(trade, one_account(trade.act_ms, rng), ZONE)
            answer = condition.look(read(key, limit), case).holds
            assert condition.holds(read(key, limit), case) is answer, (limit, case)  # type: ignore[misc]
            seen.add(answer)
    assert seen == {True, False}


LEAVES = st.sampled_from([{key: limit} for key in sorted(CONDITIONS) for limit in limits_of(key)])
TREES = st.recursive(
    LEAVES,
    lambda parts: (
        st.builds(lambda p: {"all": p}, st.lists(parts, min_size=1, max_size=3))
        | st.builds(lambda p: {"any": p}, st.lists(parts, min_size=1, max_size=3))
        | st.builds(lambda p: {"not": p}, parts)
    ),
    max_leaves=5,
)
ACTIONS = st.sampled_from(["reject", "warn", {"scale": "50%"}, {"halt": "4h"}, {"close": "open trades"}])
SCOPES = st.sampled_from([None, {"channels": ["vip"]}, {"symbols": ["BTCUSDT", "ETHUSDT"]}])
RULES = st.lists(st.tuples(TREES, ACTIONS, SCOPES), min_size=1, max_size=6)


def written(rules: list[tuple[Any, Any, Any]]) -> str:
    lines = []
    for i, (when, then, only) in enumerate(rules):
        more = f", only: {show_yaml(only)}" if only else ""
        lines.append(f"  - {{name: rule-{i}, when: {show_yaml(when)}, then: {show_yaml(then)}{more}}}\n")
    return "".join(lines)


@settings(max_examples=max(20, EXAMPLES // 10), deadline=None)
@given(RULES, st.integers(0, 2**32 - 1))
def test_a_book_that_knows_the_calls_beforehand_answers_like_one_that_does_not(rules: Any, seed: int) -> None:
    offers = offers_of(12, seed)
    plain = book(written(rules), timezone=ZONE)
    knowing = plain.prepare(offers)
    _ = offers.market, offers.standings, offers.verdicts
    rng = np.random.default_rng(seed)
    for row in range(12):
        trade = offers.proposal(row, float(rng.choice([1.0, 50.0])))
        account = one_account(trade.act_ms, rng)
        assert knowing.decide(trade, account) == plain.decide(trade, account)
