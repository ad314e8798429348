"""Files that change while paper trading runs, and between two runs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engine.domain import Message
from engine.paper.ledger import Event, Ledger
from engine.pipeline.paper import inputs
from engine.pipeline.paper.desk import hashes, load, reader_of
from engine.pipeline.paper.inputs import InputWatch, differences, used_before
from engine.pipeline.workspace import Workspace

KEEL = "channels/demo_keel.channel"


@dataclass
class FakeDesk:
    """What is needed of a desk."""

    readers: dict[str, Any]
    noted: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def note(self, kind: str, at_ms: int, data: dict[str, Any]) -> None:
        self.noted.append((kind, data))


@dataclass
class Run:
    """A watch over the demo's files, and what it has said."""

    folder: Path
    desk: FakeDesk
    lines: list[str]

    def write(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    async def says(self, count: int) -> str:
        async with asyncio.timeout(20):
            while len(self.lines) < count:
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.1)
        assert len(self.lines) == count, self.lines
        return self.lines[-1]


@pytest.fixture
def watched(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Run, InputWatch]:
    monkeypatch.setattr(inputs, "LOOK_S", 0.02)
    found = Workspace(workspace)
    loaded = load(found, "demo")
    desk = FakeDesk({profile.id: reader_of(profile) for profile in loaded.profiles})
    lines: list[str] = []
    return Run(workspace, desk, lines), InputWatch(found, [loaded], desk, lambda: 7, lines.append)  # type: ignore[arg-type]


def told(watched: tuple[Run, InputWatch], story: Any) -> None:
    """Play a story beside the watch."""

    async def play() -> None:
        task = asyncio.create_task(watched[1].run())
        try:
            await asyncio.wait_for(story(watched[0]), 60)
            assert not task.done()
        finally:
            task.cancel()

    asyncio.run(play())


def call(number: int, text: str) -> Message:
    return Message("demo_keel", -1, number, 1, "post", number, number, number, text)


def test_an_edited_profile_reads_the_messages_that_follow(watched: tuple[Run, InputWatch]) -> None:
    text = "KAUFEN BTCUSDT @ 64800, TP 65000, SL 64500"

    async def story(run: Run) -> None:
        reader = run.desk.readers["demo_keel"]
        assert reader.take(call(1, text)) == ([], [])
        run.write(KEEL, "\nlong = ", "\nlong = KAUFEN, ")
        assert await run.says(1) == f"{KEEL} was changed; messages are read with it from now on"
        ((kind, data),) = run.desk.noted
        assert (kind, KEEL in data["inputs"]) == ("changed", True)
        signals, _ = reader.take(call(2, text))
        assert [signal.setup.symbol for signal in signals] == ["BTCUSDT"]

    told(watched, story)


def test_a_profile_that_an_edit_breaks_is_told_and_the_earlier_one_goes_on(watched: tuple[Run, InputWatch]) -> None:
    async def story(run: Run) -> None:
        before = (run.folder / KEEL).read_text(encoding="utf-8")
        run.write(KEEL, "\nsignal ", "\nsignl ")
        said = await run.says(1)
        assert said.startswith(f"{KEEL} has errors ({KEEL}:")
        assert said.endswith("messages are read with the earlier version. See: cli.py validate")
        run.write(KEEL, "\nsignl ", "\nsignall ")
        assert "has errors" in await run.says(2)
        (run.folder / KEEL).unlink()
        assert f"{KEEL} has errors (it is not there)" in await run.says(3)
        (run.folder / KEEL).write_text(before, encoding="utf-8")
        assert await run.says(4) == f"{KEEL} is again as it was"
        assert run.desk.noted == []

    told(watched, story)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("strategies/demo.yaml", "risk: 1%", "risk: 2%"), ("rules/default.yaml", "rules:", "rules:  ")],
)
def test_strategy_and_rules_are_used_from_the_next_start_on(
    watched: tuple[Run, InputWatch], name: str, old: str, new: str
) -> None:
    async def story(run: Run) -> None:
        run.write(name, old, new)
        said = await run.says(1)
        assert said == f"{name} was changed; the account goes on with the earlier version until it is started again"
        run.write(name, new, old)
        assert await run.says(2) == f"{name} is again as it was"
        assert run.desk.noted == []

    told(watched, story)


def test_the_ledger_knows_what_an_account_ran_with_last(tmp_path: Path, workspace: Path) -> None:
    found = Workspace(workspace)
    load(found, "demo")
    now = hashes(found.sources)
    ledger = Ledger(tmp_path / "paper.db")
    assert used_before(ledger, "demo") == {}
    ledger.append(Event("demo", "begin", 1, {"inputs": {KEEL: "old", "rules/gone.yaml": "x"}}))
    ledger.append(Event("demo", "begin", 2, {"inputs": now | {KEEL: "older"}}))
    assert differences(used_before(ledger, "demo"), now) == [KEEL]
    ledger.append(Event("demo", "changed", 3, {"inputs": {KEEL: now[KEEL]}}))
    assert differences(used_before(ledger, "demo"), now) == []
    assert differences({"a": "1", "b": "1"}, {"a": "2", "c": "1"}) == ["a", "c (new)", "b (no longer used)"]
