"""What live trading tells: lines on the screen and in the day's log, a table on a terminal, notices to people."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from engine.notify.notice import Notice, NoticeKind
from engine.pipeline.paper.open import open_table, title_of
from engine.pipeline.paper.said import said_of

if TYPE_CHECKING:
    from engine.collect.collector import Notice as Heard
    from engine.notify.sender import Sender
    from engine.paper.call import PaperCall
    from engine.paper.desk import Desk
    from engine.paper.ledger import Event
    from engine.paper.live import Live

LOG = logging.getLogger(__name__)


class Telling:
    """See the module's docstring. ``say`` prints a line, ``sender`` sends notices, both about one account."""

    def __init__(self, say: Callable[[str], None], sender: Sender, account: str, currency: str) -> None:
        self._print, self.sender = say, sender
        self.account, self.currency = account, currency
        self._unreadable: dict[str, str] = {}

    def say(self, text: str) -> None:
        """A line on the screen, above the table where there is one."""
        self._print(text)

    def note(self, text: str) -> None:
        """A line that is no event, and worth a place in the log."""
        LOG.info("%s", text)
        self.say(text)

    def event(self, news: Event, call: PaperCall | None) -> None:
        """An event is in the ledger: log it, show it, send it."""
        for said in said_of(news, call, self.currency):
            LOG.info("%s", said.line)
            self.say(said.line)
            notice = said.notice(self.account)
            if notice is not None:
                self.sender.tell(notice)

    def tell(self, notice: Notice) -> None:
        """Something that is no event."""
        LOG.warning("%s: %s", notice.title, notice.text)
        self.say(f"{notice.title}: {notice.text}")
        self.sender.tell(notice)

    def collector(self, heard: Heard) -> None:
        """What the collector wants people to know; a channel that cannot be read is told once, not at each attempt."""
        if heard.kind == "problem":
            if self._unreadable.get(heard.channel) == heard.text:
                return
            self._unreadable[heard.channel] = heard.text
        else:
            self._unreadable.pop(heard.channel, None)
        self.say(f"problem: {heard}" if heard.kind == "problem" else str(heard))
        if heard.kind == "problem":
            self.sender.tell(Notice(NoticeKind.ERROR, "collector", str(heard)))
        elif "not connected" in heard.text or "not in it" in heard.text:
            self.sender.tell(Notice(NoticeKind.SILENCE, "Telegram", str(heard)))

    async def show(self, desk: Desk, live: Live) -> None:
        """The table on a terminal, brought up to date twice a second."""
        if not sys.stdout.isatty():
            await asyncio.Event().wait()
        from rich.live import Live as Shown
        from rich.text import Text

        with Shown(refresh_per_second=2, transient=True) as shown, ExitStack() as stack:
            below, self._print = self._print, lambda text: shown.console.print(Text(text), soft_wrap=True)
            stack.callback(setattr, self, "_print", below)
            while True:
                calls, width = live.instant.account.open_calls(), shown.console.width
                now = live.instant.account
                last = now.prices()
                title = title_of(desk, calls, last, self.currency, now.equity(), now.pauses)
                shown.update(open_table(calls, last, desk.zone, title, width))
                await asyncio.sleep(0.5)
