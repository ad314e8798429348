"""A month of the demo for a desk: messages, candles, and desks on a ledger."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.collect.reading import when_known
from engine.domain import Message
from engine.market.candles import Candles
from engine.paper.desk import Desk
from engine.paper.lane import Lane
from engine.paper.ledger import Event, Ledger
from engine.paper.market import Market
from engine.pipeline.accounts import walk_accounts
from engine.pipeline.asked import prices_of, with_period
from engine.pipeline.backtest import played_period
from engine.pipeline.paper.desk import Loaded, load, reader_of
from engine.pipeline.progress import silent
from engine.pipeline.readings import channel_messages
from engine.pipeline.replay import Replay
from engine.pipeline.statements import inside
from engine.pipeline.workspace import Workspace
from engine.simulate.walk import WalkResult
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
        market = Market(candles, timeframe_ms, self.played.venue.funding)
        return Desk("demo", ledger, {strategy.name: lane}, readers, market, self.zone, **more)


@cache
def month(strategy: str = "demo", to: str = "2025-02-01", root: Path = ROOT) -> Month:
    """The demo up to a day."""
    workspace = Workspace(root)
    loaded = load(workspace, strategy)
    period = with_period(loaded.strategy, None, to)
    loaded = Loaded(loaded.file, period, loaded.profiles, loaded.rules)
    prices, world = prices_of(workspace, period)
    known = channel_messages(workspace, loaded.profiles, world, period.seed)
    played = played_period(workspace, loaded.file, period, loaded.profiles, known, prices, silent).played
    zone = workspace.settings.timezone
    walked = walk_accounts(played, period, loaded.rules, zone, silent).walked
    told = sorted((m for found in known.values() for m in found if inside(m, period)), key=when_known)
    return Month(loaded, told, played, walked, zone)


def facts(events: list[Event]) -> list[tuple]:
    """What has to be the same however often a run was stopped."""
    return [(event.kind, event.at_ms, event.row, event.key, event.data) for event in events]
