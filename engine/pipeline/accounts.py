"""The accounts of a run: one that all channels share, and one for each channel alone, with the same money and rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.config.strategy import Strategy
from engine.domain import Opinion
from engine.pipeline.progress import Track
from engine.pipeline.replay import Replay
from engine.pipeline.results import account_result
from engine.report.run import AccountResult
from engine.simulate.equity import EquityCurve, curve_of
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
    walk = Walk(played.table, played.money, strategy, rules, played.venue, zone, posted, judged)
    eligible = played.eligible()
    walked = walk.run(eligible, lambda items: track(items, "walking the account"))
    curve = _curve(strategy, walked, played.venue)
    shared = account_result(strategy, walked, curve)
    if len(channels) == 1:
        return Accounts(walked, curve, shared, {channels[0]: shared})
    alone, of_channel = {}, defaultdict[str, list[int]](list)
    for row in eligible:
        of_channel[played.table.plans[row].channel].append(row)
    for channel in track(channels, "walking each channel alone"):
        result = walk.again().run(of_channel[channel])
        alone[channel] = account_result(strategy, result, _curve(strategy, result, played.venue))
    return Accounts(walked, curve, shared, alone)


def _curve(strategy: Strategy, walked: WalkResult, venue: Venue) -> EquityCurve:
    """An account's equity by the hour (by the bar on coarser candles)."""
    start = (
        strategy.from_ms
        if strategy.from_ms is not None
        else min((int(c.ts[0]) for c in venue.candles.values()), default=0)
    )
    end = max((bars.end_ms for bars in venue.candles.values()), default=start)
    step = max(HOUR_MS, strategy.market.timeframe_ms)
    begin = start // strategy.market.timeframe_ms * strategy.market.timeframe_ms
    return curve_of(walked.flows, venue.candles, strategy.equity, begin, end, step)
