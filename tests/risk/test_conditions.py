"""Each condition: its manual page is true, its limits are exact, and the schema knows it."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from textwrap import dedent

import pytest

from engine.config.schema import load_schema
from engine.config.text import SourceText
from engine.domain import Side
from engine.risk import conditions, load_rules
from engine.risk.condition import TOLERANCE, exceeds
from engine.risk.conditions import CONDITIONS
from tests.risk.examples import account, proposal

MODULES = [module.name for module in iter_modules(conditions.__path__)]


def test_schema_and_conditions_are_in_step() -> None:
    in_schema = set(load_schema("rules")["definitions"]["condition"]["properties"])
    assert in_schema - {"all", "any", "not"} == set(CONDITIONS)
    assert len(CONDITIONS) == len(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_the_manual_page_of_a_condition_is_true(name: str) -> None:
    module = import_module(f"engine.risk.conditions.{name}")
    page = module.__doc__ or ""
    assert page.startswith(f"``{module.CONDITION.key}: ")
    example = dedent(page[page.index("    rules:") :])
    rules, found = load_rules(SourceText("page.yaml", example))
    assert found == []
    assert rules is not None
    assert len(rules.rules) == 1
    assert example.count("    given:") == 2
    assert example.count("{action: take}") == 1


@pytest.mark.parametrize(("seen", "holds"), [(0.01, False), (0.01 * (1 + TOLERANCE / 2), False), (0.0100001, True)])
def test_a_limit_is_exceeded_by_more_than_rounding(seen: float, holds: bool) -> None:
    assert exceeds(seen, 0.01) is holds


# condition, limit, the proposal, the account -> holds, seen, limit as told
TABLE = [
    ("no stop", True, {"stop": None}, {}, True, "no stop", "a stop"),
    ("no stop", True, {"stop": 98.5}, {}, False, "98.5", "a stop"),
    ("risk per trade over", "1%", {"notional": 5_000, "stop": 98}, {}, False, "1.00%", "1.00%"),
    ("risk per trade over", "1%", {"notional": 5_001, "stop": 98}, {}, True, "1.00%", "1.00%"),
    ("risk per trade over", "1%", {"notional": 10_000, "stop": 98}, {}, True, "2.00%", "1.00%"),
    ("risk per trade over", "1%", {"notional": 10_000, "stop": 102, "side": Side.SHORT}, {}, True, "2.00%", "1.00%"),
    ("risk per trade over", "50bp", {"notional": 2_000, "stop": 98}, {}, False, "0.40%", "0.50%"),
    ("risk per trade over", "1%", {"notional": 400, "stop": None, "leverage": 5}, {}, False, "0.80%", "1.00%"),
    ("risk per trade over", "1%", {"notional": 400, "stop": None, "leverage": 1}, {}, True, "4.00%", "1.00%"),
    ("risk per trade over", "1%", {"notional": 100, "stop": 98}, {"equity": 0}, True, "no equity", "1.00%"),
    ("risk per trade over", "1%", {"notional": 100, "stop": 98}, {"equity": -50}, True, "no equity", "1.00%"),
    ("leverage over", 5, {"leverage": 5}, {}, False, "5", "5"),
    ("leverage over", 5, {"leverage": 5.5}, {}, True, "5.5", "5"),
    ("open trades at least", 2, {}, {"open_trades": 1}, False, "1", "2"),
    ("open trades at least", 2, {}, {"open_trades": 2}, True, "2", "2"),
    ("open trades at least", 2, {}, {"open_trades": 3}, True, "3", "2"),
    ("daily loss over", "5%", {}, {"equity": 9_500, "day_start": 10_000}, False, "5.00%", "5.00%"),
    ("daily loss over", "5%", {}, {"equity": 9_499, "day_start": 10_000}, True, "5.01%", "5.00%"),
    ("daily loss over", "5%", {}, {"equity": 10_500, "day_start": 10_000}, False, "-5.00%", "5.00%"),
    ("daily loss over", "5%", {}, {"equity": -1, "day_start": 0}, True, "100.00%", "5.00%"),
]


@pytest.mark.parametrize(("key", "limit", "trade", "state", "holds", "seen", "told"), TABLE)
def test_conditions_at_their_limits(key, limit, trade, state, holds, seen, told) -> None:  # type: ignore[no-untyped-def]
    condition = CONDITIONS[key]
    finding = condition.look(condition.read(limit), proposal(**trade), account(**state))
    assert (finding.holds, finding.seen, finding.limit) == (holds, seen, told)
    assert finding.text[0].islower() or finding.text[0].isdigit()


def test_a_smaller_size_mends_only_what_says_so() -> None:
    assert {key for key, condition in CONDITIONS.items() if condition.resizable} == {"risk per trade over"}
