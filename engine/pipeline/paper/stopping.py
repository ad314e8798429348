"""How live trading ends: by SIGTERM or Ctrl-C when what is known is written, or by a fault, which is told."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from engine.collect.archive import ArchiveError
from engine.collect.private import NotPrivateError
from engine.market.asking import CutOffError
from engine.notify.notice import Notice, NoticeKind
from engine.paper.ledger import LedgerError
from engine.pipeline.errors import InputError
from engine.tasks import end_tasks

if TYPE_CHECKING:
    from engine.pipeline.paper.telling import Telling


async def until_stopped(telling: Telling, *work: Any) -> None:
    """Run until SIGTERM, SIGINT, or until something ends by a fault."""
    tasks = [asyncio.create_task(one) for one in work]
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # Windows: Ctrl-C raises KeyboardInterrupt instead
            loop.add_signal_handler(number, stop.set)
    stopping = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            try:
                task.result()
            except asyncio.CancelledError as error:
                raise CutOffError("a part of it was cut off, and nobody had asked for that") from error
    except Exception as error:
        if not _is_told(error):
            text = f"A fault of the program: {type(error).__name__}: {error}. What is written counts; the details "
            text += "are in the day's log. Start it again: it goes on where the ledger ends."
            telling.tell(Notice(NoticeKind.ERROR, "paper trading has stopped", text))
        raise
    finally:
        await end_tasks(stopping, *tasks)
    telling.say("stopped; everything is written")


def _is_told(error: Exception) -> bool:
    """Whether what ended a run is no fault of the program; it is told by whoever catches it."""
    from engine.collect.feed import LoginRevoked, Unreachable
    from engine.collect.signin import SignInError

    mended = (InputError, LedgerError, ArchiveError, NotPrivateError, LoginRevoked, Unreachable, SignInError)
    return isinstance(error, mended)
