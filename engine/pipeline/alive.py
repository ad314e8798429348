"""Saying that a service is alive: a file whose time somebody can look at, and systemd's notices where it started us.

A heart beats in the event loop, so a loop that hangs is a heart that stops: systemd starts the service again
(``WatchdogSec``), a container becomes unhealthy. Both are written down in ``deploy/``.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

LOG = logging.getLogger(__name__)
BEAT_S = 5.0


@asynccontextmanager
async def heart(path: Path, beat_s: float = BEAT_S, say: Callable[[], str] = str) -> AsyncIterator[None]:
    """Beat while the block runs: ``path`` is written with what ``say`` says, and systemd told; at the end it goes."""
    tell_systemd("READY=1")
    task = asyncio.create_task(_beat(path, beat_s, say))
    try:
        yield
    finally:
        tell_systemd("STOPPING=1")
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        with suppress(OSError):
            path.unlink(missing_ok=True)


async def _beat(path: Path, beat_s: float, say: Callable[[], str]) -> None:
    while True:
        with suppress(OSError):  # a full disk is told by those who have something to write
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(say(), encoding="utf-8")
            path.touch()  # also where nothing is said and the file was empty before
        tell_systemd("WATCHDOG=1")
        await asyncio.sleep(beat_s)


def tell_systemd(text: str) -> None:
    """A datagram to ``NOTIFY_SOCKET`` (sd_notify(3)); nothing where systemd did not start us."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
            notices.setblocking(False)  # whoever does not listen must not hold us up
            notices.sendto(text.encode(), "\0" + address[1:] if address[0] == "@" else address)
    except OSError as error:
        LOG.warning("systemd cannot be told %s: %s", text, error)
