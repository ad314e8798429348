"""The exchange's live prices for an account, with the fair prices beside them where a contract has such."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from engine.market.feed import Feed
from engine.market.venue import open_client
from engine.notify.notice import Notice, NoticeKind
from engine.pipeline.errors import InputError
from engine.pipeline.paper.fair import FairFeed
from engine.problem import Problem

if TYPE_CHECKING:
    from engine.config.strategy import Market
    from engine.paper.desk import Desk
    from engine.paper.pace import PriceFeed
    from engine.pipeline.paper.known import Knowledge
    from engine.pipeline.paper.telling import Telling
    from engine.pipeline.paper.trading import Settings


@asynccontextmanager
async def live_prices(
    market: Market, settings: Settings, known: Knowledge, desk: Desk, telling: Telling
) -> AsyncIterator[tuple[Any, PriceFeed]]:
    """The client and the feed of a market, closed at the end. Raises InputError where nobody can be asked."""
    client = open_client(market.source, market.type, live=True)
    if isinstance(client, Problem):
        raise InputError(client)
    feed = Feed(client, market.source, market.type, market.timeframe, settings.feed, settings.now_ms)
    try:
        async with feed:
            await known.open(client)
            unknown = known.unknown(client)
            if unknown:
                telling.say(unknown)
            if market.type == "spot" or not client.has.get("fetchMarkOHLCV"):
                yield client, feed
            else:
                yield client, _with_fair(feed, client, market, known, desk, telling)
    finally:
        await client.close()


def _with_fair(feed: Feed, client: Any, market: Market, known: Knowledge, desk: Desk, telling: Telling) -> FairFeed:
    """The live prices, with the fair prices beside them."""

    def missing(text: str) -> None:
        telling.tell(Notice(NoticeKind.ERROR, "fair prices", text))

    listed = known.contracts.market
    source, timeframe, step = market.source, market.timeframe, market.timeframe_ms
    fair = FairFeed(feed, client, source, timeframe, step, desk.unseen_ms, listed, missing)
    desk.look_at(fair.prices)
    return fair
