"""A month of the demo for a desk: messages, candles, and desks on a ledger."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.collect.reading import when_known
from engine.domain import Message
from engine.market.candles import Candles
from engine.paper.account import Lane
from engine.paper.desk import Desk
from engine.paper.ledger import Event, Ledger
from engine.pipeline import backtest
from engine.pipeline.paperdesk import Loaded, load, reader_of
from engine.pipeline.progress import silent
from engine.pipeline.readings import channel_messages
from engine.pipeline.replay import Replay
from engine.pipeline.statements import inside
from engine.pipeline.workspace import Workspace
from engine.simulate.walk import Walk, WalkResult
from tests.conftest import ROOT


@dataclass(frozen=True)
class Month:
    """A piece of the demo, and what a backtest makes of it."""

    loaded: Loaded
    messages: list[Message]
    played: Replay
    walked: WalkResult
    zone: str

    @property
    def candles(self) -> dict[str, Candles]:
        return dict(self.played.venue.candles)

    def desk(self, ledger: Ledger, candles=None, **more) -> Desk:
        strategy = self.loaded.strategy
        lane = Lane(strategy.name, strategy, self.loaded.rules, self.played.venue.terms)
        readers = {profile.id: reader_of(profile) for profile in self.loaded.profiles}
        candles, timeframe_ms = self.candles if candles is None else candles, strategy.market.timeframe_ms
        return Desk("demo", ledger, {strategy.name: lane}, readers, candles, timeframe_ms, self.zone,
                    self.played.venue.funding, **more)  # fmt: skip


@cache
def month(strategy: str = "demo", to: str = "2025-02-01", root: Path = ROOT) -> Month:
    """The demo up to a day."""
    workspace = Workspace(root)
    loaded = load(workspace, strategy)
    period = backtest._period(loaded.strategy, None, to)
    loaded = Loaded(loaded.file, period, loaded.profiles, loaded.rules)
    prices, world = backtest._prices(workspace, period)
    known = channel_messages(workspace, loaded.profiles, world, period.seed)
    played = backtest._play(workspace, loaded.file, period, loaded.profiles, known, prices, silent).played
    posted = [played.signals[i].message.posted_ms for i in backtest._signal_of_row(played)]
    zone = workspace.settings.timezone
    walk = Walk(played.table, played.money, period, loaded.rules, played.venue, zone, posted)
    walked = walk.run(played.eligible())
    told = sorted((m for found in known.values() for m in found if inside(m, period)), key=when_known)
    return Month(loaded, told, played, walked, zone)


def facts(events: list[Event]) -> list[tuple]:
    """What has to be the same however often a run was stopped."""
    return [(event.kind, event.at_ms, event.row, event.key, event.data) for event in events]
