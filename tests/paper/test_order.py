"""In whatever order an account hears of things, and however often it begins again: it comes to the same.

Desks alone, without sockets: messages reach them late, though before the candle that they would act in opens, channels
overtake each other, a channel's own messages come in another order than they were posted, and the desk is thrown away
and made anew from its ledger at any moment.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.collect.reading import when_known
from engine.domain import Message
from engine.paper.desk import Desk
from engine.paper.ledger import Ledger
from engine.paper.replay import NEVER, Clock
from engine.paper.statement import Statement, disagreements, statement
from engine.units import DAY_MS, HOUR_MS, MINUTE_MS
from tests.conftest import ROOT
from tests.paper.world import Month, month

CLOSE = """
update close
<<<
close {symbol: BTCUSDT}
>>>
"""
EXAMPLES = int(os.environ.get("SIGNALPROOF_EXAMPLES", "60"))
DAYS = 3


class Hearing:
    """A desk that lives through messages and candles, and can begin again."""

    def __init__(self, world: Month, path: Path) -> None:
        self.world, self.path, self.now_ms = world, path, 0
        self.archive: list[Message] = []
        self.ledger = Ledger(path, every=10_000)
        self._begin()

    def _begin(self) -> None:
        self.desk: Desk = self.world.desk(self.ledger, now_ms=lambda: self.now_ms, stale_ms=6 * HOUR_MS)
        self.clock = Clock(self.desk, self.world.candles)
        for message in sorted(self.archive, key=when_known):
            self.desk.message(message)

    def hear(self, message: Message, now_ms: int) -> None:
        """Candles that are over by now, then a message."""
        self.now_ms = now_ms
        self.clock.run(now_ms - MINUTE_MS + 1)
        self.archive.append(message)
        self.desk.message(message)

    def restart(self) -> None:
        """Nothing is left but the archive and the ledger."""
        self.ledger.flush()
        self.ledger.close()
        self.ledger = Ledger(self.path, every=10_000)
        self._begin()

    def end(self) -> Statement:
        """What it comes to when all candles are told."""
        self.now_ms = max(bars.end_ms for bars in self.world.candles.values())
        self.clock.run(NEVER)
        self.desk.decide(self.now_ms)
        terms = {name: lane.terms for name, lane in self.desk.lanes.items()}
        found = statement(self.ledger.events(), terms)
        self.ledger.close()
        return found


@cache
def patient() -> tuple[Month, list[Message]]:
    """The demo with hours of latency, and its messages; the channels also say when to close."""
    root = Path(tempfile.mkdtemp())
    for name in ("channels", "rules", "strategies"):
        shutil.copytree(ROOT / name, root / name)
    path = root / "strategies" / "demo.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("latency: 5s", "latency: 3h"), encoding="utf-8")
    for path in (root / "channels").glob("demo_*.channel"):
        path.write_text(path.read_text(encoding="utf-8") + CLOSE, encoding="utf-8")
    world = month("demo", "2025-01-20", root)
    shutil.rmtree(root)
    end = (world.loaded.strategy.from_ms or 0) + DAYS * DAY_MS
    known = [message for message in world.messages if message.known_ms < end]
    for number, signal in enumerate(world.played.signals):
        called = signal.message
        if called.known_ms < end and number % 3:  # an answer, or a word about the channel's latest call on the symbol
            at = called.known_ms + 40 * MINUTE_MS * number % (5 * HOUR_MS)
            text, answered = f"close {signal.setup.symbol}", called.message_id if number % 3 == 1 else None
            known.append(
                Message(called.channel, called.chat_id, 100_000 + number, 1, "post", at, None, at, text, answered)
            )
    return world, sorted(known, key=when_known)


@cache
def in_peace() -> Statement:
    """What comes of it when everything is heard at once."""
    world, known = patient()
    with tempfile.TemporaryDirectory() as folder:
        hearing = Hearing(world, Path(folder) / "paper.db")
        for message in known:
            hearing.hear(message, message.known_ms)
        return hearing.end()


def test_it_trades() -> None:
    calls = in_peace().values()
    assert sum(bool(call.get("facts")) for call in calls) > 5
    assert sum(len(call.get("said", ())) for call in calls) > 5


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_order_and_any_number_of_restarts_come_to_the_same(data: st.DataObject) -> None:
    world, known = patient()
    late = data.draw(st.lists(st.floats(0, 1), min_size=len(known), max_size=len(known)), "how late")
    stops = data.draw(st.sets(st.integers(0, len(known)), max_size=6), "restarts")
    latency_ms = world.loaded.strategy.entry_of("demo_keel").latency_ms
    told = []
    for message, part in zip(known, late, strict=True):
        opens_ms = -(-(message.known_ms + latency_ms) // MINUTE_MS) * MINUTE_MS
        told.append((message.known_ms + round(part * (opens_ms - message.known_ms)), message))
    told.sort(key=lambda one: one[0])
    with tempfile.TemporaryDirectory() as folder:
        hearing = Hearing(world, Path(folder) / "paper.db")
        for number, (now_ms, message) in enumerate(told):
            hearing.hear(message, now_ms)
            if number in stops:
                hearing.restart()
        found = disagreements(hearing.end(), in_peace())
    assert [str(one) for one in found] == []
