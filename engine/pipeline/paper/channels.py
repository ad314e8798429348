"""Each channel's record on paper: where its calls went, and what all of them made, whatever the rules refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.paper.call import PaperCall
from engine.pipeline.paper.fates import CallFate
from engine.report.show import count
from engine.simulate.account import NEVER_MS
from engine.verdict.bootstrap import clusters
from engine.verdict.forward import ENOUGH, forward_evidence


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    """One channel in one strategy.

    ``stages`` and ``fates`` count its calls (``CallFate``); each adds up to ``heard``. ``closed`` of its calls of their
    own have closed, with ``sum_r`` and ``mean_r`` (net of costs; None without any). ``evidence`` is the wealth of a bet
    from one unit over the ``bursts`` that are settled; ``shown_after`` bursts it first reached 20 (None: it has not).
    """

    strategy: str
    channel: str
    heard: int
    stages: dict[str, int]
    fates: dict[str, int]
    closed: int
    sum_r: float
    mean_r: float | None
    evidence: float
    bursts: int
    shown_after: int | None

    @property
    def told(self) -> str:
        """The record of its calls in words."""
        if self.mean_r is None:
            return "none of its calls has closed by itself"
        shown = f"an edge is shown at {ENOUGH:g}"
        if self.shown_after is not None:
            shown = f"an edge was shown after {count(self.shown_after, 'burst')}"
        return (
            f"its calls by themselves: {self.closed} closed, {self.sum_r:+.2f} R, mean {self.mean_r:+.2f} R, "
            f"evidence {self.evidence:.2f} ({shown})"
        )


def channel_records(fates: Sequence[CallFate], calls: Sequence[PaperCall]) -> list[ChannelRecord]:
    """The record of each channel that an account heard, by strategy and name."""
    names = sorted({(row.strategy, row.channel) for row in fates})
    return [
        _record(
            strategy,
            channel,
            [row for row in fates if (row.strategy, row.channel) == (strategy, channel)],
            [call for call in calls if (call.lane, call.plan.channel) == (strategy, channel)],
        )
        for strategy, channel in names
    ]


def _record(strategy: str, channel: str, fates: Sequence[CallFate], calls: Sequence[PaperCall]) -> ChannelRecord:
    held = [call for call in calls if call.counted and call.stepper.filled]
    made = [call.r() for call in held]
    r = np.array([np.nan if one is None else one for one in made], np.float64)
    start = np.array([call.stepper.path().fills[0].ts_ms for call in held], np.int64)
    end = np.array([call.end_ms if call.stepper.done else NEVER_MS for call in held], np.int64)
    closed = ~np.isnan(r)
    wealth, bursts, shown = 1.0, 0, None
    if closed.any():
        burst = clusters(start, end)
        settled = closed & ~np.isin(burst, burst[end == NEVER_MS])  # half a burst is not a bet that was settled
        if settled.any():
            found = forward_evidence(r[settled], np.unique(burst[settled], return_inverse=True)[1])
            wealth, bursts, shown = found.wealth, found.bursts, found.reached
    return ChannelRecord(
        strategy, channel, len(fates), dict(Counter(row.stage for row in fates)),
        dict(Counter(row.fate for row in fates).most_common()), int(closed.sum()), float(r[closed].sum()),
        float(r[closed].mean()) if closed.any() else None, wealth, bursts, shown,
    )  # fmt: skip
