"""Run a command of ``paper`` in a process of its own: seconds of work that live trading must not wait for."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.pipeline.workspace import Workspace


async def paper_command(workspace: Workspace, *words: str) -> tuple[str, int]:
    """What the command said, and its exit code."""
    command = [sys.executable, "-m", "cli", "paper", *words, "--workspace", str(workspace.root.absolute())]
    folder = Path(__file__).parent.parent.parent.parent
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        said, _ = await process.communicate()
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    return said.decode(errors="replace").strip(), process.returncode or 0
