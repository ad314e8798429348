"""What live trading does beside the trading, once a day: a copy of the ledger, the day held against history, verdicts.

What takes seconds of work is done by a process of its own (``paper reconcile``, ``paper verdicts``).
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engine.notify.notice import Notice, NoticeKind
from engine.paper.ledger import Event, LedgerError
from engine.pipeline.paper.verdict import asks_verdict, words_in
from engine.units import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from engine.paper.desk import Desk
    from engine.pipeline.paper.desk import Loaded
    from engine.pipeline.paper.known import Knowledge
    from engine.pipeline.paper.verdict import Verdicts
    from engine.pipeline.workspace import Workspace

LOG = logging.getLogger(__name__)
BACKUP_MS = DAY_MS
AGAIN_MS = HOUR_MS  # after a copy that failed
RECONCILED_AFTER = timedelta(minutes=10)  # when the day is over, so that its last candles are history


class Daily:
    """See the module's docstring.

    ``verdicts`` are those that the desk's rules see, ``say`` gets lines for people, ``tell`` notices.
    """

    def __init__(
        self,
        workspace: Workspace,
        loaded: Sequence[Loaded],
        desk: Desk,
        known: Knowledge,
        verdicts: Verdicts,
        now_ms: Callable[[], int],
        say: Callable[[str], None],
        tell: Callable[[Notice], None],
    ) -> None:
        self.workspace, self.loaded, self.desk, self.known = workspace, loaded, desk, known
        self.verdicts, self.now_ms, self.say, self.tell = verdicts, now_ms, say, tell
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
            await asyncio.to_thread(self.desk.ledger.back_up, self.workspace.ledger_path.with_suffix(".backup.db"))
        except LedgerError as error:
            if error.damaged:
                raise
            text = f"{error.problem}. Trading goes on; it is tried again in an hour."
            self.tell(Notice(NoticeKind.ERROR, "no copy of the ledger", text))
            return False
        return True

    async def _reconcile(self, day: str) -> None:
        """Compare a day."""
        said, code = await self._beside("reconcile", day, "--account", self.desk.account)
        self.say(said)
        LOG.info("reconciliation of %s ended with %s", day, code)

    async def _beside(self, *words: str) -> tuple[str, int]:
        """Run a command of ``paper`` in a process of its own: seconds of work that live trading must not wait for."""
        command = [sys.executable, "-m", "cli", "paper", *words, "--workspace", str(self.workspace.root.absolute())]
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

    async def judge(self) -> None:
        """Give the verdicts that rules ask for, now and once a day; until then the words of the ledger stand."""
        asked = [one.strategy.name for one in self.loaded if asks_verdict(one)]
        if asked and not self.verdicts.words:
            self.say("verdicts: not given yet; until then a rule sees NOT ENOUGH DATA")
        while asked:
            words = {}
            for name in asked:
                said, code = await self._beside("verdicts", name, "--fetch", "--format", "json")
                found = words_in(said) if code == 0 else None
                if found is None:
                    lines = said.splitlines() or [f"exit code {code}"]
                    self.say(f"verdicts of {name} cannot be given: {lines[-1]}")
                else:
                    words[name] = found
            if words:
                now = self.now_ms()
                self.verdicts.take(Event(self.desk.account, "verdicts", now, {"words": words}))
                self.desk.note("verdicts", now, {"words": words})
                for name, channels in words.items():
                    self.say(f"verdicts of {name}: " + ", ".join(f"{c} {w['word']}" for c, w in channels.items()))
            await asyncio.sleep(DAY_MS / 1000)
        await asyncio.Event().wait()
