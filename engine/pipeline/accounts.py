"""The accounts of a run: one that all channels share, and one for each channel alone, with the same money and rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from engine.config.strategy import Strategy
from engine.domain import Opinion
from engine.market.candles import Ints
from engine.pipeline.progress import Track
from engine.pipeline.replay import Replay
from engine.pipeline.results import account_result
from engine.report.run import AccountResult
from engine.simulate.books import Marks
from engine.simulate.equity import EquityCurve, equity_curve
from engine.simulate.flows import Venue
from engine.simulate.judge import Judge
from engine.simulate.walk import Walk, WalkResult
from engine.units import HOUR_MS


@dataclass(frozen=True, slots=True)
class Accounts:
    """The shared account with its equity, and what each channel alone made of the same money."""

    walked: WalkResult
    curve: EquityCurve
    shared: AccountResult
    alone: dict[str, AccountResult]


def walk_accounts(
    played: Replay,
    strategy: Strategy,
    rules: Judge,
    zone: str,
    track: Track,
    judged: Callable[[], Sequence[Opinion]] | None = None,
) -> Accounts:
    """Walk all calls through the shared account, then those of each channel through an account of its own.

    ``judged`` gives the verdict on each row's channel when the row acts, for rules that ask for it.
    """
    posted, channels = [signal.message.posted_ms for signal in played.planned], strategy.channels
    judged = None if judged is None else cache(judged)  # asked once for all accounts
    marks = Marks(played.venue.candles)
    walk = Walk(played.table, played.money, strategy, rules, played.venue, zone, posted, judged, marks)
    walked = walk.run(played.eligible(), lambda items: track(items, "walking the account"))
    curve = _curve(strategy, walked, played.venue)
    shared = account_result(strategy, walked, curve)
    if len(channels) == 1:
        return Accounts(walked, curve, shared, {channels[0]: shared})
    alone = {}
    for channel in track(channels, "walking each channel alone"):
        rows = np.array([i for i, plan in enumerate(played.table.plans) if plan.channel == channel], np.int64)
        place = {row: i for i, row in enumerate(rows.tolist())}
        table, money = played.table.part(rows), played.money.part(rows)
        opinions = None if judged is None else partial(_some, judged, rows)
        own = Walk(table, money, strategy, rules, played.venue, zone, [posted[row] for row in place], opinions, marks)
        result = own.run([place[row] for row in played.eligible() if row in place])
        alone[channel] = account_result(strategy, result, _curve(strategy, result, played.venue))
    return Accounts(walked, curve, shared, alone)


def _some(judged: Callable[[], Sequence[Opinion]], rows: Ints) -> list[Opinion]:
    """The opinions of some rows."""
    found = judged()
    return [found[row] for row in rows.tolist()]


def _curve(strategy: Strategy, walked: WalkResult, venue: Venue) -> EquityCurve:
    """An account's equity by the hour (by the bar on coarser candles)."""
    start = (
        strategy.from_ms
        if strategy.from_ms is not None
        else min((int(c.ts[0]) for c in venue.candles.values()), default=0)
    )
    end = max((bars.end_ms for bars in venue.candles.values()), default=start)
    step = max(HOUR_MS, strategy.market.timeframe_ms)
    trades = list(walked.trades.values())
    begin = start // strategy.market.timeframe_ms * strategy.market.timeframe_ms
    return equity_curve(trades, venue, strategy.equity, begin, end, step)
