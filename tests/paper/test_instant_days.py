"""Days of the demo at live prices: the record is untouched, and all was said before, once, restarts or not."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.domain import Message
from engine.market.feedevents import ClosedCandle
from engine.paper.instant import Instant
from engine.paper.ledger import Event, Ledger
from engine.paper.prices import PriceBook
from engine.units import MINUTE_MS
from tests.paper.test_parity import VARIANTS, varied
from tests.paper.world import Month, facts, month

DAYS = int(os.environ.get("SIGNALPROOF_LIVE_DAYS", "3"))
SAID = ("live", "withdrawn", "live_alarm", "alarm_withdrawn")


@dataclass
class Days:
    """A desk and its live side on a world's candles; each has four prices: open, high and low in any order, close."""

    world: Month
    path: Path
    live: bool
    restarts: float = 0.0

    def __post_init__(self) -> None:
        self.chance, self.prices = random.Random(3), PriceBook(MINUTE_MS)
        self.now_ms = self.start_ms = self.world.loaded.strategy.from_ms or 0
        self.ledger = Ledger(self.path, every=500)
        self.posts: list[Message] = []
        self.news: list[tuple[Event, Event]] = []
        self.started = 0
        self.start()

    def start(self) -> None:
        """Begin, or begin again."""
        self.desk = self.world.desk(self.ledger, candles=self.prices, now_ms=lambda: self.now_ms, stale_ms=300_000)
        instant = self.instant = Instant(self.desk)
        self.desk.hear = lambda event: self.news.append((event, instant.hear(event)))
        for message in self.posts:
            self.desk.message(message)
        instant.refresh()
        self.started += 1

    def play(self, days: int) -> list[Event]:
        """All events of so many days."""
        waiting = list(self.world.messages)
        for minute in range(days * 1440):
            ts = self.start_ms + minute * MINUTE_MS
            found: list[tuple[int, Message | tuple[str, float]]] = list(self.ticks(ts))
            while waiting and waiting[0].known_ms < ts + MINUTE_MS:
                found.append((waiting[0].known_ms, waiting.pop(0)))
            for at_ms, one in sorted(found, key=lambda pair: pair[0]):
                self.now_ms = max(self.now_ms, at_ms)
                if isinstance(one, Message):
                    self.posts.append(one)
                    self.desk.message(one)
                    self.instant.refresh()
                elif self.live:
                    self.instant.price(one[0], at_ms, one[1])
            self.close(ts)
            if self.chance.random() < self.restarts:
                self.start()
        self.ledger.flush()
        return list(self.ledger.events())

    def ticks(self, ts: int) -> Iterator[tuple[int, tuple[str, float]]]:
        """The prices of a minute."""
        for symbol, bars in self.world.candles.items():
            place = int(bars.ts.searchsorted(ts))
            inside = [float(bars.high[place]), float(bars.low[place])]
            self.chance.shuffle(inside)
            for n, price in enumerate((float(bars.open[place]), *inside, float(bars.close[place]))):
                yield ts + 100 + 15_000 * n + self.chance.randrange(10_000), (symbol, price)

    def close(self, ts: int) -> None:
        """The candles of a minute are over."""
        self.now_ms = ts + MINUTE_MS + 1500
        for symbol, bars in self.world.candles.items():
            i = int(bars.ts.searchsorted(ts))
            row = (float(column[i]) for column in (bars.open, bars.high, bars.low, bars.close, bars.volume))
            self.prices.add(ClosedCandle(symbol, ts, MINUTE_MS, *row, "socket"))
        needed = set(self.desk.symbols())
        if needed:
            self.desk.minute(ts, needed)
            self.instant.told(ts, needed)
        else:
            self.desk.decide(ts)
        self.instant.refresh()


@pytest.mark.parametrize("name", ["as it is", "later calls replace", "an impact on the price", "trailing"])
def test_live_prices_change_nothing_and_tell_everything_first(name: str, workspace: Path, tmp_path: Path) -> None:
    text = varied(workspace, VARIANTS.get(name, {}))
    (workspace / "strategies" / "demo.yaml").write_text(text, encoding="utf-8")
    world = month("demo", "2025-01-20", workspace)
    alone = Days(world, tmp_path / "alone.db", live=False).play(DAYS)
    days = Days(world, tmp_path / "live.db", live=True)
    with_prices = days.play(DAYS)
    assert facts([event for event in with_prices if event.kind not in SAID]) == facts(alone)
    made = [news for event, news in days.news if event.kind == "step" and event.data["taken"]]
    moved = [move for news in made for move in (*news.data["fills"], *news.data["legs"])]
    assert len(made) > DAYS
    assert [move for move in moved if "live" not in move] == [], "whatever the record made was said live before"


def test_over_restarts_nothing_is_said_twice(tmp_path: Path) -> None:
    """A move may come again only when it was withdrawn; the account's word on a call comes once."""
    days = Days(month("demo", "2025-01-20"), tmp_path / "live.db", live=True, restarts=0.02)
    events = days.play(DAYS)
    assert days.started > 10 * DAYS
    decided = [event.row for event in events if event.kind == "live" and event.data["decides"]]
    assert len(decided) == len(set(decided)) > 2 * DAYS
    said: set[tuple[int | None, str]] = set()
    for event in events:
        if event.kind == "live":
            moves = {(event.row, move["what"]) for move in (*event.data["fills"], *event.data["legs"])}
            assert not moves & said
            said |= moves
        elif event.kind == "withdrawn":
            said -= {(event.row, move["what"]) for move in event.data["moves"]}
    assert len(said) > 3 * DAYS
