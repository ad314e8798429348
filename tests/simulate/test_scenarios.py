"""Every scenario of ``scenarios/`` and of ``docs/realism.md``, both ways of simulating, both sides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.simulate.money import money_of
from engine.simulate.prepared import simulate
from engine.simulate.step import step_path
from tests.simulate.scenario import SYMBOL, Scenario, mirrored, read, told

HERE = Path(__file__).parent
DOCS = HERE.parent.parent / "docs" / "realism.md"


def collect() -> list[Scenario]:
    found = []
    for file in sorted((HERE / "scenarios").glob("*.txt")):
        for block in re.split(r"^## ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            title, _, body = block.partition("\n")
            found.append(read(body, f"{file.stem}: {title}"))
    for number, body in enumerate(re.findall(r"```text\n(call .*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)):
        found.append(read(body, f"realism.md, table {number + 1}"))
    return found


SCENARIOS = collect()
BOTH_SIDES = SCENARIOS + [other for scenario in SCENARIOS if (other := mirrored(scenario))]


def test_there_are_scenarios_for_the_rules() -> None:
    assert len(SCENARIOS) >= 200
    assert len({scenario.title for scenario in SCENARIOS}) == len(SCENARIOS)


@pytest.mark.parametrize("scenario", BOTH_SIDES, ids=lambda scenario: scenario.title)
def test_a_call_meets_the_market(scenario: Scenario) -> None:
    fair = {SYMBOL: scenario.fair} if scenario.fair else None
    table = simulate([scenario.plan], {SYMBOL: scenario.candles}, scenario.terms, fair)
    for path in (table.path(0), step_path(scenario.plan, scenario.candles, scenario.terms, scenario.fair)):
        steps = told(path)
        assert [(s.way, s.ts_ms, s.how, s.target) for s in steps] == [
            (s.way, s.ts_ms, s.how, s.target) for s in scenario.steps
        ]
        assert [s.price for s in steps] == pytest.approx([s.price for s in scenario.steps], abs=5e-5)
        assert [s.share for s in steps] == pytest.approx([s.share for s in scenario.steps], abs=5e-3)
        assert (path.status, path.ambiguous) == (scenario.status, scenario.ambiguous)
    funding = None if scenario.funding is None else {SYMBOL: scenario.funding}
    money = money_of(table, scenario.terms, {SYMBOL: scenario.candles}, funding)
    if scenario.r is not None:
        assert money.r[0] == pytest.approx(scenario.r, abs=5.1e-3)
    assert {name: float(getattr(money, name)[0]) for name in scenario.money} == pytest.approx(scenario.money, abs=5e-6)
