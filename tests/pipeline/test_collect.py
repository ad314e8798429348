"""The collector's pace is that of ``workspace.yaml``."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.collect.watch import Pace
from engine.config.workspace import INTERVALS, Intervals
from engine.pipeline.collect import pace_of
from engine.pipeline.workspace import Workspace
from engine.units import DAY_MS, duration_ms


def pace(folder: Path, text: str) -> Pace:
    (folder / "workspace.yaml").write_text(text, encoding="utf-8")
    return pace_of(Workspace(folder).settings.collect)


def test_the_defaults_of_the_file_are_those_of_the_collector(tmp_path: Path) -> None:
    assert pace_of(Intervals()) == Pace()
    assert pace(tmp_path, "timezone: UTC\n") == Pace()


def test_each_interval_reaches_the_collector(tmp_path: Path) -> None:
    text = "collect: {reconcile every: 1m, look back: 30d, sign of life every: 10s, retry after: 1h}\n"
    found = pace(tmp_path, text)
    assert (found.pass_s, found.window_ms, found.pulse_s, found.retry_s) == (60.0, 30 * DAY_MS, 10.0, 3600.0)


@pytest.mark.parametrize("key", INTERVALS)
def test_the_example_of_a_hint_is_allowed(key: str) -> None:
    name, least, most, _, example = INTERVALS[key]
    assert least <= duration_ms(example) <= most
    assert duration_ms(example) == getattr(Intervals(), name)
