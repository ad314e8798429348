"""Tasks that live and end together: the first result of several, and an end that is really one."""

from __future__ import annotations

import asyncio
from typing import Any

from engine.collect.feed import Unreachable

AGAIN_S = 1.0  # between two cancellations of a task


def is_connection_trouble(task: asyncio.Task[Any]) -> bool:
    """Whether a task ended by a lost connection only: worse news are heard first."""
    return not task.cancelled() and isinstance(task.exception(), Unreachable)


async def first_of(*tasks: asyncio.Task[Any]) -> Any:
    """The result of the task that ends first; the others are ended."""
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(iter(done)).result()
    finally:
        await end_tasks(*tasks)


async def end_tasks(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they are gone; how they ended is of no interest.

    A library may swallow one cancellation, and the task would then wait for a writer that is gone: so it is told again.
    """
    while waiting := [task for task in tasks if not task.done()]:
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)
