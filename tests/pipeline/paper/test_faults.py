"""What ends live trading by a fault of the program is told as such, and is in the day's log."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.market.asking import CutOffError
from engine.notify.notice import Notice
from engine.paper.ledger import LedgerError
from engine.pipeline.logs import start_logging
from engine.pipeline.paper.daily import Daily
from engine.pipeline.paper.presence import presence
from engine.pipeline.paper.stopping import until_stopped
from engine.pipeline.workspace import Workspace
from engine.problem import Problem
from tests.conftest import Run
from tests.pipeline.paper.conftest import Account


async def cut_off() -> None:
    """Await somebody else's question that is cancelled."""
    answer = asyncio.get_running_loop().create_future()
    answer.cancel()
    await answer


async def broken() -> None:
    raise ZeroDivisionError("float division by zero")


async def full() -> None:
    raise LedgerError(Problem("the ledger cannot be written: the disk is full", "paper.db"))


@pytest.mark.parametrize(
    ("work", "kind", "said"),
    [
        (cut_off, CutOffError, "A fault of the program: CutOffError: a part of it was cut off"),
        (broken, ZeroDivisionError, "A fault of the program: ZeroDivisionError: float division by zero"),
        (full, LedgerError, None),
    ],
)
def test_a_part_that_ends_by_itself_is_told(
    work: Callable[[], Awaitable[None]], kind: type[Exception], said: str | None
) -> None:
    told: list[Notice] = []
    telling: Any = SimpleNamespace(tell=told.append, say=lambda _: None)
    with pytest.raises(kind):
        asyncio.run(until_stopped(telling, asyncio.sleep(60), work()))
    assert [notice.title for notice in told] == (["paper trading has stopped"] if said else [])
    assert not said or said in told[0].text


@pytest.mark.parametrize("damaged", [False, True])
def test_a_copy_that_cannot_be_made_is_told_and_a_damaged_ledger_ends_the_run(tmp_path: Path, damaged: bool) -> None:
    told: list[Notice] = []

    def back_up(to: Path) -> None:
        raise LedgerError(Problem("the ledger cannot be copied: the disk is full", to.name), damaged=damaged)

    desk = SimpleNamespace(ledger=SimpleNamespace(back_up=back_up))
    daily: Any = SimpleNamespace(desk=desk, workspace=Workspace(tmp_path))
    daily.tell = told.append
    if damaged:
        with pytest.raises(LedgerError):
            asyncio.run(Daily._copy(daily))
        assert told == []
    else:
        assert not asyncio.run(Daily._copy(daily))
        assert told[0].title == "no copy of the ledger"
        assert "the disk is full. Trading goes on; it is tried again in an hour." in told[0].text


def test_a_cancellation_that_nobody_took_is_a_fault_in_the_log(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.pipeline.paper.live.run_live", lambda *_: asyncio.run(cut_off()))
    done = run("paper", "demo")
    assert done.exit_code == 3, done.output
    assert "internal fault: CancelledError" in done.output
    (log,) = (workspace / "logs").glob("*.log")
    assert "in cut_off" in log.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (broken, "a fault of the program, ZeroDivisionError: float division by zero"),
        (full, "paper.db: the ledger cannot be written: the disk is full"),
    ],
)
def test_the_page_and_the_status_say_that_it_ended_by_a_fault(
    account: Account, run: Run, work: Callable[[], Awaitable[None]], said: str
) -> None:
    """And where the details are; an end that somebody asked for is none."""
    stage = account()
    handler = start_logging(stage.folder / "logs")

    async def trade(part: Callable[[], Awaitable[None]]) -> None:
        with presence(stage.desk, stage.folder / "data" / "paper.alive", lambda: stage.now_ms):
            await part()

    def told() -> tuple[str, str, list[str]]:
        stage.desk.ledger.back_up(stage.folder / "data" / "paper.db")
        assert run("paper", "report", "--out", stage.folder / "page").exit_code == 0
        page = json.loads((stage.folder / "page" / "paper.json").read_text(encoding="utf-8"))
        kinds = [one["kind"] for one in page["happened"]]
        return run("paper", "status").stdout, " ".join(page["warnings"]), kinds

    asyncio.run(trade(lambda: asyncio.sleep(0)))
    status, warnings, kinds = told()
    assert "fault" not in status + warnings
    assert kinds[-2:] == ["started", "stopped"]
    with pytest.raises((ZeroDivisionError, LedgerError)):
        asyncio.run(trade(work))
    status, warnings, kinds = told()
    end = f"it ended by a fault at 2025-03-03 12:00: {said}; the details are in logs/{handler.path_of_today().name}"
    assert f"  {end}" in status.splitlines()
    assert end in warnings
    assert kinds[-1] == "ended by a fault"
    stage.desk.note("started", stage.now_ms, {"alive_ms": None})
    assert "it ended without a word, last seen 2025-03-03 12:00: killed, or the power went" in told()[0]
