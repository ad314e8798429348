"""The end of tasks that live together."""

from __future__ import annotations

import asyncio
from typing import Any

AGAIN_S = 1.0  # between two cancellations of a task


def told_to_end() -> bool:
    """Whether the present task was cancelled itself.

    Without that a CancelledError is another's: tasks that await one future all get it when one of them is cancelled.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def end_tasks(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they are gone; how they ended is of no interest.

    A library may swallow one cancellation, and the task would then wait for a writer that is gone: so it is told again.
    """
    while waiting := [task for task in tasks if not task.done()]:
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)
