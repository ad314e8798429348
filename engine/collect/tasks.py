"""Tasks that live together: the first result of several, and why one ended."""

from __future__ import annotations

import asyncio
from typing import Any

from engine.collect.feed import Unreachable
from engine.tasks import end_tasks


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
