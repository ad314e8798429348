"""What a run is asked for and cannot be given is refused, with the way out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.domain import Message
from engine.pipeline.asked import check_held_out, cut_at
from engine.pipeline.errors import InputError
from engine.pipeline.workspace import Workspace
from engine.units import moment_ms

POSTED = ("2025-03-03T01:00:20Z", "2025-03-04T06:30:00Z")


def held_out(workspace: Path, day: str) -> None:
    """Hold out from a day on, with a strategy of no period and two messages."""
    file = Workspace(workspace).strategy(workspace / "strategies" / "demo.yaml")
    assert file is not None
    cut = cut_at(replace(file.strategy, from_ms=None, to_ms=None), day)
    messages = [
        Message("room", 1, number, 1, "post", moment_ms(at), None, moment_ms(at), "hi")
        for number, at in enumerate(POSTED, 1)
    ]
    check_held_out(day, cut, {"room": messages})


@pytest.mark.parametrize("day", ["2030-01-01", "2025-03-05", "2025-03-03", "2020-01-01"])
def test_a_holdout_with_all_messages_on_one_side_is_refused(day: str, workspace: Path) -> None:
    with pytest.raises(InputError) as refused:
        held_out(workspace, day)
    assert refused.value.exit_code == 2
    (problem,) = refused.value.problems
    assert problem.text == f"--holdout {day} does not lie inside the period"
    assert problem.hint == "choose a day from 2025-03-04 to 2025-03-04"


def test_a_holdout_between_the_messages_is_not_refused(workspace: Path) -> None:
    assert held_out(workspace, "2025-03-04") is None
