"""What live trading does beside the trading, once a day: a copy of the ledger, and the day held against history.

What takes seconds of work is done by a process of its own (``paper reconcile``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engine.notify.notice import Notice, NoticeKind
from engine.paper.ledger import LedgerError
from engine.pipeline.paper.owncommand import paper_command
from engine.units import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from engine.paper.desk import Desk
    from engine.pipeline.paper.known import Knowledge
    from engine.pipeline.workspace import Workspace

LOG = logging.getLogger(__name__)
BACKUP_MS = DAY_MS
AGAIN_MS = HOUR_MS  # after a copy that failed
RECONCILED_AFTER = timedelta(minutes=10)  # when the day is over, so that its last candles are history


class Daily:
    """See the module's docstring.

    ``say`` gets lines for people, ``tell`` notices.
    """

    def __init__(
        self,
        workspace: Workspace,
        desk: Desk,
        known: Knowledge,
        now_ms: Callable[[], int],
        say: Callable[[str], None],
        tell: Callable[[Notice], None],
    ) -> None:
        self.workspace, self.desk, self.known = workspace, desk, known
        self.now_ms, self.say, self.tell = now_ms, say, tell
        self.zone = workspace.settings.timezone

    async def copies(self) -> None:
        """Copy the ledger once a day, and hold the day before against history."""
        day, backed_up_ms = datetime.now(ZoneInfo(self.zone)).date(), 0
        while True:
            now = self.now_ms()
            if now - backed_up_ms >= BACKUP_MS:
                backed_up_ms = now if await self._copy() else now - BACKUP_MS + AGAIN_MS
                await self.known.renew()
            past = datetime.now(ZoneInfo(self.zone)) - RECONCILED_AFTER
            if past.date() > day:
                day = past.date()
                await self._reconcile(str(day - timedelta(days=1)))
            await asyncio.sleep(60)

    async def _copy(self) -> bool:
        """Copy the ledger; whether that was done. Raises LedgerError for a damaged one, whose copy before is kept."""
        try:
            await asyncio.to_thread(self.desk.ledger.back_up, self.workspace.ledger_copy_path)
        except LedgerError as error:
            if error.damaged:
                raise
            text = f"{error.problem}. Trading goes on; it is tried again in an hour."
            self.tell(Notice(NoticeKind.ERROR, "no copy of the ledger", text))
            return False
        return True

    async def _reconcile(self, day: str) -> None:
        """Compare a day."""
        said, code = await paper_command(self.workspace, "reconcile", day, "--account", self.desk.account)
        self.say(said)
        LOG.info("reconciliation of %s ended with %s", day, code)
