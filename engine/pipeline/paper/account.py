"""An account on paper with everything that its page is made of, and its equity over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.paper.worth import newest
from engine.pipeline.paper.alone import Alone as Kept
from engine.pipeline.paper.alone import alone_accounts
from engine.pipeline.paper.events import Told
from engine.pipeline.paper.rows import Last, Standing, last_bars, standing
from engine.report.paperrun import Alone
from engine.simulate.equity import EquityCurve, curve_of
from engine.simulate.flows import Flows, funding_flow, moves_of
from engine.units import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.market.candles import Candles
    from engine.paper.worth import Seen
    from engine.pipeline.paper.book import Book
    from engine.pipeline.paper.fates import CallFate
    from engine.pipeline.paper.sources import Sources
    from engine.simulate.flows import Flow


@dataclass(frozen=True)
class Account:
    """An account with everything that its page is made of."""

    book: Book
    told: Told
    stands: list[Standing]
    fates: list[CallFate]
    alone: dict[str, Alone]
    sources: Sources
    through_ms: int

    @property
    def filled(self) -> list[Standing]:
        """The trades of the account that were filled."""
        return [one for one in self.stands if one.filled]

    @property
    def start(self) -> float:
        """The money that it began with."""
        return float(self.book.begun.data["equity"])

    @property
    def net(self) -> float:
        """What all trades made so far, the open ones left at the last known prices."""
        return sum(one.trade.net for one in self.stands if one.trade is not None)


def account_of(book: Book, sources: Sources, known: Mapping[str, Seen]) -> Account:
    """Bring together what the ledger says of an account; ``known`` are the last prices of what it holds."""
    step_ms = int(book.begun.data["timeframe_ms"])
    told = Told(book.fold.rows, step_ms).take(book.ledger.events(book.account))
    through_ms = sources.end_ms if sources.replay else book.fold.through_ms + step_ms
    kept = alone_accounts(book, known)
    known = newest(known, *(one.prices for one in kept))
    last = last_bars(sources.candles, known, book.fold.through_ms, step_ms)
    stands = [standing(call, last) for call in book.fold.rows]
    alone = {one.channel: _alone(one, last) for one in kept}
    return Account(book, told, stands, book.fates, alone, sources, max(through_ms, book.began_ms))


def _alone(one: Kept, last: Last) -> Alone:
    """A channel's own account, its open trades left at the last known prices."""
    open_ = [found for call in one.open if (found := standing(call, last)).trade is not None]
    net = sum(trade.net for trade in one.trades) + sum(found.trade.net for found in open_ if found.trade)
    filled = len(one.trades) + sum(found.filled for found in open_)
    return Alone(filled, one.refused, one.start, one.start + net, None)


def curve(account: Account) -> tuple[EquityCurve, bool]:
    """The account's equity over time; whether at every candle, or only when the account moved."""
    candles = account.sources.candles
    flows: list[Flow] = []
    for one in account.filled:
        bars = candles.get(one.call.plan.symbol)
        if bars is None or not _covers(bars, one, account.through_ms):
            return _moves(account), False
        flows += _flows(one, bars)
    step = int(account.book.begun.data["timeframe_ms"])
    begin = account.book.began_ms // step * step
    mine = {symbol: candles[symbol] for symbol in {flow.symbol for flow in flows}}
    return curve_of(Flows.of(flows), mine, account.start, begin, account.through_ms, max(HOUR_MS, step)), True


def _covers(bars: Candles, one: Standing, through_ms: int) -> bool:
    """Whether a symbol's candles reach from a trade's entry to its end."""
    assert one.trade is not None
    end = one.trade.path.legs[-1].ts_ms if one.call.over else through_ms - bars.timeframe_ms
    return bool(bars.ts[0] <= one.trade.path.fills[0].ts_ms and bars.end_ms > end)


def _flows(one: Standing, bars: Candles) -> list[Flow]:
    """What a trade did to the account, move by move."""
    trade, call = one.trade, one.call
    assert trade is not None
    found = list(moves_of(trade.path, trade.quantity, call.stepper.terms, bars.end_at))
    last = trade.path.legs[-1].ts_ms
    paid = [(ts, money) for ts, money in call.acting.paid if ts <= last]
    return found + [funding_flow(bars.symbol, ts, money, trade.quantity) for ts, money in paid]


def _moves(account: Account) -> EquityCurve:
    """The equity whenever the account moved, by the prices it knew, and now."""
    points = [(account.book.began_ms, account.start), *account.told.points]
    points.append((max(account.through_ms, points[-1][0]), account.start + account.net))
    ts, equity = (np.array(column) for column in zip(*points, strict=True))
    peak = np.maximum.accumulate(np.maximum(equity, account.start))
    return EquityCurve(ts.astype(np.int64), equity.astype(np.float64), 1 - equity / peak)
