"""What ends live trading by a fault of the program is told as such, and is in the day's log."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.market.asking import CutOffError
from engine.notify.notice import Notice
from engine.paper.ledger import LedgerError
from engine.pipeline.paper.stopping import until_stopped
from engine.problem import Problem
from tests.conftest import Run


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


def test_a_cancellation_that_nobody_took_is_a_fault_in_the_log(
    workspace: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.pipeline.paper.live.run_live", lambda *_: asyncio.run(cut_off()))
    done = run("paper", "demo")
    assert done.exit_code == 3, done.output
    assert "internal fault: CancelledError" in done.output
    (log,) = (workspace / "logs").glob("*.log")
    assert "in cut_off" in log.read_text(encoding="utf-8")
