"""Whether the exchange answers: told once when it does not, and once when it does again.

The feed mends itself and the desk waits for candles; neither says why nothing happens, and without open trades neither
asks anything. So a small question is asked now and then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from engine.market.asking import Asker, RefusedError
from engine.notify.notice import Notice, NoticeKind
from engine.units import show_duration

EVERY_S, AGAIN_S = 15.0, 3.0
LONGEST_S = 10.0


class Reach:
    """Asks an exchange for its time. ``every_s`` between two questions, ``again_s`` after one that failed first."""

    def __init__(
        self,
        client: Any,
        tell: Callable[[Notice], None],
        now_ms: Callable[[], int],
        every_s: float = EVERY_S,
        again_s: float = AGAIN_S,
    ) -> None:
        self.client, self.tell, self.now_ms = client, tell, now_ms
        self.every_s, self.again_s = every_s, again_s
        self.down_since_ms: int | None = None

    async def run(self) -> None:
        """Ask until cancelled."""
        if not self.client.has.get("fetchTime"):
            await asyncio.Event().wait()
        sure = True  # before the first answer one failure is enough to tell
        while True:
            failure = await self._ask()
            if failure is None:
                sure = False
                self._answers()
            elif sure:
                self._fails(failure)
            else:
                sure = True
                await asyncio.sleep(self.again_s)
                continue
            await asyncio.sleep(self.every_s)

    async def _ask(self) -> str | None:
        """None when it answers, else what is wrong."""
        try:
            asker = Asker(self.client, attempts=1)
            await asyncio.wait_for(asker.ask(self.client.fetch_time, "its time"), LONGEST_S)
        except RefusedError as refusal:
            return refusal.problem.text
        except TimeoutError:
            return f"{self.client.id} did not answer within {LONGEST_S:.0f} s"
        return None

    def _fails(self, failure: str) -> None:
        if self.down_since_ms is None:
            self.down_since_ms = self.now_ms()
            text = f"{failure}. Nothing is filled meanwhile; it is asked again every {self.every_s:.0f} s."
            self.tell(Notice(NoticeKind.SILENCE, "the exchange does not answer", text))

    def _answers(self) -> None:
        if self.down_since_ms is not None:
            gone = show_duration(max(self.now_ms() - self.down_since_ms, 1000) // 1000 * 1000)
            self.down_since_ms = None
            text = f"It was out of reach for {gone}. Candles that were missed are fetched and told as late."
            self.tell(Notice(NoticeKind.SILENCE, "the exchange answers again", text))
