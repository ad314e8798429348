"""The verdict as a rule condition: what was known of a channel at each moment, and nothing of what came later."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.pipeline import asof
from engine.pipeline.backtest import run_backtest
from engine.pipeline.progress import silent
from engine.pipeline.workspace import Workspace
from engine.report.calls import CallRow
from engine.report.tables import read_calls
from engine.units import moment_ms
from engine.verdict.asof import Course, _Walk, courses
from tests.conftest import ROOT

RULES = """\
rules:
  - name: only-proven
    when: {not: {channel verdict in: [FOLLOW]}}
    then: reject
tests:
  - name: a channel to follow is followed
    given: {stop: 98, verdict: FOLLOW}
    expect: {action: take}
  - name: one that nobody knows is not
    given: {stop: 98}
    expect: {action: reject, rule: only-proven}
"""
CUT = "2025-05-10"


class Seen:
    """A backtest of the demo under a rule that asks for the verdict: what it knew, and what it decided."""

    def __init__(self, folder: Path, to: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
        def spy(histories, ground, seed):
            self.histories, self.ground, self.seed = histories, ground, seed
            self.courses = courses(histories, ground, seed)
            return self.courses

        monkeypatch.setattr(asof, "courses", spy)
        run_backtest(Workspace(folder), "demo", None, to, folder / "out", silent)
        self.calls = read_calls(folder / "out" / "trades.csv")

    def record(self, channel: int, now_ms: int):
        """What a channel was judged by at one moment."""
        return _Walk(self.histories[channel], np.array([now_ms]), self.ground, self.seed).record(now_ms)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The demo whole, and the same cut off in May."""
    folder = tmp_path_factory.mktemp("verdict")
    for name in ("channels", "rules", "strategies"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "rules" / "proven.yaml").write_text(RULES, encoding="utf-8")
    strategy = folder / "strategies" / "demo.yaml"
    text = strategy.read_text(encoding="utf-8")
    assert "rules: [default]" in text
    strategy.write_text(text.replace("rules: [default]", "rules: [proven]"), encoding="utf-8")
    with pytest.MonkeyPatch.context() as monkeypatch:
        return Seen(folder, None, monkeypatch), Seen(folder, CUT, monkeypatch)


def test_only_a_channel_that_has_shown_skill_is_followed_and_only_from_then_on(runs) -> None:
    whole, _ = runs
    taken = [call for call in whole.calls if call.taken]
    assert {call.channel for call in taken} == {"demo_keel"}
    keel: Course = whole.courses[0]
    (first, *later) = [at for at, said in zip(keel.since_ms, keel.opinions, strict=True) if said.word == "FOLLOW"]
    assert later
    assert min(moment_ms(call.acted) for call in taken) >= first
    refused = [call for call in whole.calls if call.rule == "only-proven"]
    assert len(refused) > 500
    assert any("after 180 closed calls is AVOID" in call.notes for call in refused)


def test_what_came_later_changes_no_answer(runs) -> None:
    whole, cut = runs
    assert len(cut.calls) < len(whole.calls)

    def decided(calls: list[CallRow]) -> dict[tuple[str, ...], tuple[bool, str]]:
        return {(c.channel, c.posted, c.symbol): (c.taken, c.notes) for c in calls if c.acted}

    early, late = decided(cut.calls), decided(whole.calls)
    assert len(early) > 500
    assert early == {name: late[name] for name in early}


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_what_came_later_changes_nothing_that_was_looked_at(runs, channel) -> None:
    """Not only the word: every figure behind it is the same to the last bit."""
    whole, cut = runs
    since = cut.courses[channel].since_ms
    assert len(since) >= 15
    assert since.tolist() == whole.courses[channel].since_ms[: len(since)].tolist()
    for now_ms in (int(since[4]), int(since[-1])):
        one, other = whole.record(channel, now_ms), cut.record(channel, now_ms)
        assert one.r.tolist() == other.r.tolist()
        assert one.readings == other.readings
        assert one.worst_case == other.worst_case
        assert one.random == other.random
        assert one.random is not None


def test_nothing_is_judged_when_no_rule_asks(tmp_path, monkeypatch) -> None:
    for name in ("channels", "rules", "strategies"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.setattr(asof, "courses", lambda *_: pytest.fail("nobody asked"))
    _, run = run_backtest(Workspace(tmp_path), "demo", "2025-06-01", None, tmp_path / "out", silent)
    assert run.account.trades > 0
