"""Tasks end although one of them swallowed the first cancellation."""

from __future__ import annotations

import asyncio

import pytest

from engine import tasks


def test_a_task_that_swallows_a_cancellation_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "AGAIN_S", 0.01)
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while swallowed < 2:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                swallowed += 1
        await asyncio.sleep(60)  # where nobody would ever answer

    async def story() -> bool:
        task = asyncio.create_task(stubborn())
        await asyncio.sleep(0)
        await asyncio.wait_for(tasks.end_tasks(task), 10)
        return task.cancelled()

    assert asyncio.run(story())
    assert swallowed == 2
