"""The accounts of a run: one that all channels share, and one for each channel alone, with the same money and rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from engine.beside import LEAST_CALLS, shared_out
from engine.config.strategy import Strategy
from engine.domain import Opinion
from engine.pipeline.progress import Track, silent
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


class Walks:
    """All accounts of a run before the same calls: what is known of those is worked out once, here.

    ``judged`` gives the verdict on each row's channel when the row acts, for rules that ask for it. The two questions
    are independent of each other, so one of them may be asked in another process (``engine.beside``).
    """

    def __init__(
        self,
        played: Replay,
        strategy: Strategy,
        rules: Judge,
        zone: str,
        judged: Callable[[], Sequence[Opinion]] | None = None,
    ) -> None:
        self.played, self.strategy, self.rows = played, strategy, played.eligible()
        posted = [signal.message.posted_ms for signal in played.planned]
        self._walk = Walk(played.table, played.money, strategy, rules, played.venue, zone, posted, judged)
        self._walk.prepare(self.rows)
        if len(self.rows) >= LEAST_CALLS:
            act_ms, end_ms = played.table.planned.act_ms[self.rows], played.table.end_ms[self.rows]
            self._walk.marks.keep(played.table.planned.names, int(act_ms.min()), int(end_ms.max()))

    def shared(self, track: Track = silent) -> tuple[WalkResult, EquityCurve, AccountResult]:
        """All calls through one account."""
        return self._result(self.rows, lambda items: track(items, "walking the account"))

    def alone(self) -> dict[str, Callable[[], AccountResult]]:
        """For each channel the walk of its calls through an account of their own; a single one's is the shared one:
        none.
        """
        channels, of_channel = self.strategy.channels, defaultdict[str, list[int]](list)
        if len(channels) == 1:
            return {}
        for row in self.rows:
            of_channel[self.played.table.plans[row].channel].append(row)
        return {name: partial(self._alone, of_channel[name]) for name in channels}

    def _alone(self, rows: Sequence[int]) -> AccountResult:
        return self._result(rows)[2]

    def _result(
        self, rows: Sequence[int], track: Callable[[Sequence[int]], Iterable[int]] | None = None
    ) -> tuple[WalkResult, EquityCurve, AccountResult]:
        walked = self._walk.again().run(rows, track)
        curve = _curve(self.strategy, walked, self.played.venue)
        return walked, curve, account_result(self.strategy, walked, curve)


def walk_accounts(
    played: Replay,
    strategy: Strategy,
    rules: Judge,
    zone: str,
    track: Track,
    judged: Callable[[], Sequence[Opinion]] | None = None,
) -> Accounts:
    """Both kinds at once; see ``Walks``."""
    walks = Walks(played, strategy, rules, zone, judged)
    alone = walks.alone()
    with shared_out([*alone.values()], len(walks.rows)) as results:
        walked, curve, shared = walks.shared(track)
        found = dict(zip(alone, results(), strict=True))
    return Accounts(walked, curve, shared, found or dict.fromkeys(strategy.channels, shared))


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
