"""Give the verdicts that rules ask for live: when trading starts, when enough calls have closed, and each day.

A backtest gives a channel's word anew when ten more of its calls have closed, or a tenth more
(``engine/verdict/asof.py``). The process that gave the words last said how many had closed by then and at how many the
next one is due; with the calls that the record has closed since, live trading knows when that is, and asks again. What
else may change a word (a message that is read otherwise now, candles that came later) is in the next day's.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from engine.domain import PathStatus
from engine.paper.ledger import Event
from engine.pipeline.paper.owncommand import paper_command
from engine.pipeline.paper.words import asks_verdict, words_in
from engine.units import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from engine.paper.call import PaperCall
    from engine.paper.desk import Desk
    from engine.pipeline.paper.desk import Loaded
    from engine.pipeline.paper.words import Verdicts
    from engine.pipeline.workspace import Workspace

LOOK_S = 20.0
LEAST_MS = 5 * MINUTE_MS  # between two attempts: each is seconds of work
AGAIN_MS = HOUR_MS  # after one that failed
Words = Mapping[str, Mapping[str, Any]]


class Judging:
    """See the module's docstring. ``verdicts`` are those that the desk's rules see, ``say`` gets lines for people."""

    def __init__(
        self,
        workspace: Workspace,
        loaded: Sequence[Loaded],
        desk: Desk,
        verdicts: Verdicts,
        now_ms: Callable[[], int],
        say: Callable[[str], None],
    ) -> None:
        self.workspace, self.desk, self.verdicts = workspace, desk, verdicts
        self.now_ms, self.say = now_ms, say
        self.asked = [one.strategy.name for one in loaded if asks_verdict(one)]
        self._due = {name: Due(ZoneInfo(workspace.settings.timezone)) for name in self.asked}

    async def run(self) -> None:
        """Until cancelled; until the first words are there, those of the ledger stand."""
        if self.asked and not self.verdicts.words:
            self.say("verdicts: not given yet; until then a rule sees NOT ENOUGH DATA")
        while self.asked:
            for name in self.asked:
                closed = closed_calls(name, self.desk.books.rows)
                if self._due[name].now(self.now_ms(), closed):
                    await self._give(name, closed)
            await asyncio.sleep(LOOK_S)
        await asyncio.Event().wait()

    async def _give(self, name: str, closed: Mapping[str, int]) -> None:
        """Give the words on the channels of one strategy; ``closed`` calls of each were known when it began."""
        asked_ms = self.now_ms()
        said, code = await paper_command(self.workspace, "verdicts", name, "--fetch", "--format", "json")
        words = words_in(said) if code == 0 else None
        self._due[name].given(asked_ms, closed, words)
        if words is None:
            lines = said.splitlines() or [f"exit code {code}"]
            self.say(f"verdicts of {name} cannot be given: {lines[-1]}")
            return
        now = self.now_ms()
        before = {channel: word.word for channel, word in self.verdicts.newest(name).items()}
        self.verdicts.take(Event(self.desk.account, "verdicts", now, {"words": {name: words}}))
        self.desk.note("verdicts", now, {"words": {name: words}})
        if before != {channel: word["word"] for channel, word in words.items()}:
            self.say(f"verdicts of {name}: " + ", ".join(f"{c} {w['word']}" for c, w in words.items()))


class Due:
    """When the words on the channels of one strategy are to be given anew; ``zone`` says when a day begins."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._day: date | None = None
        self._next_ms = 0
        self._closed: Mapping[str, int] = {}
        self._words: Words = {}

    def now(self, now_ms: int, closed: Mapping[str, int]) -> bool:
        """Whether they are, where so many calls of each channel have closed in the record."""
        if now_ms < self._next_ms:
            return False
        return self._day != self._date(now_ms) or any(
            word["closed"] + closed.get(channel, 0) - self._closed.get(channel, 0) >= word["next"]
            for channel, word in self._words.items()
        )

    def given(self, asked_ms: int, closed: Mapping[str, int], words: Words | None) -> None:
        """They were asked for at a moment, when so many calls had closed; None: they could not be given."""
        self._next_ms = asked_ms + (AGAIN_MS if words is None else LEAST_MS)
        if words is not None:
            self._day, self._closed, self._words = self._date(asked_ms), dict(closed), words

    def _date(self, now_ms: int) -> date:
        return datetime.fromtimestamp(now_ms / 1000, self.zone).date()


def closed_calls(strategy: str, calls: Iterable[PaperCall]) -> Counter[str]:
    """How many calls of each channel have closed in the record of a strategy, whatever the account took."""
    return Counter(
        call.plan.channel
        for call in calls
        if call.lane == strategy and call.counted and call.stepper.path().status is PathStatus.CLOSED
    )
