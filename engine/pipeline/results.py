"""From paths and trades to what a report says: one result per channel, one of the account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np

from engine.collect.reading import ReadResult
from engine.config.strategy import Strategy
from engine.domain import Plan
from engine.market.candles import Floats, Ints
from engine.pipeline.judging import TRIED, Judgement, known_mean
from engine.pipeline.prices import Prices
from engine.pipeline.replay import Replay
from engine.pipeline.stress import plans_of
from engine.report import show
from engine.report.run import (
    AccountResult,
    ChannelResult,
    Followed,
    Funnel,
    Hardened,
    Held,
    Judged,
)
from engine.simulate.equity import EquityCurve
from engine.simulate.table import PathTable
from engine.simulate.walk import WalkResult
from engine.verdict.following import START, Stakes, end_equity, follow
from engine.verdict.hits import MOST_APART, apart, target_hits
from engine.verdict.metrics import measure
from engine.verdict.pump import pump
from engine.verdict.robust import LEFT_OUT, halves, mean_without_best, weakest_without_symbol

if TYPE_CHECKING:
    from engine.channel import Profile

HELD_SYMBOL = "BTCUSDT"


def channel_results(
    readings: dict[str, ReadResult],
    played: Replay,
    walked: WalkResult,
    alone: Mapping[str, AccountResult],
    strategy: Strategy,
    period_ms: tuple[int, int],
    profiles: Sequence[Profile],
    judgements: Sequence[Judgement],
) -> list[Callable[[], ChannelResult]]:
    """What finds out of each of these channels what it did, from all its calls, whatever the account's rules said;
    ``alone`` in its own account. ``profiles`` and ``judgements`` go together.
    """

    @cache
    def own() -> dict[str, list[tuple[bool, float]]]:
        trades, plans = walked.trades.columns, played.table.plans
        found: dict[str, list[tuple[bool, float]]] = {profile.id: [] for profile in profiles}
        for row, filled, net in zip(trades.row.tolist(), trades.filled.tolist(), trades.net.tolist(), strict=True):
            found[plans[row].channel].append((filled, net))
        return found

    def result(profile: Profile, judgement: Judgement) -> ChannelResult:
        return replace(
            _channel(profile, readings[profile.id], played, own()[profile.id], strategy, judgement, period_ms),
            alone=alone.get(profile.id),
            decided=int(played.decided[judgement.rows].sum()),
        )

    return [partial(result, *both) for both in zip(profiles, judgements, strict=True)]


def _channel(
    profile: Profile,
    reading: ReadResult,
    played: Replay,
    own: Sequence[tuple[bool, float]],
    strategy: Strategy,
    judged: Judgement,
    period_ms: tuple[int, int],
) -> ChannelResult:
    """One channel; ``own`` has whether each of its trades in the account was ever in the market, and its net."""
    places, counted, rows, r, verdict = judged.places, judged.counted, judged.rows, judged.r, judged.verdict
    table, record = played.table, judged.record
    end = table.end_ms[rows]
    closed = np.array([played.fates[i] == "closed" for i in counted], np.bool_)
    done = rows[closed]
    figures = measure(r, end, *_distances(table, rows))
    hits = measure(r[closed], end[closed], *_distances(table, done))
    tried = sum(played.fates[i] in TRIED for i in places)
    latency = strategy.entry_of(profile.id).latency_ms
    delay = table.first_ms[rows] - table.planned.act_ms[rows]
    return ChannelResult(
        channel=profile.id,
        name=profile.name,
        trades=len(counted),
        clusters=verdict.interval.clusters if verdict.interval else 0,
        mean_r=figures.expectancy,
        low=verdict.interval.low if verdict.interval else None,
        high=verdict.interval.high if verdict.interval else None,
        median_r=figures.median_r,
        win_rate=hits.win_rate,
        win_rate_low=hits.win_rate_low,
        win_rate_high=hits.win_rate_high,
        fair_win_rate=hits.fair_win_rate if _two_levels(table, done) else None,
        average_win_r=figures.average_win,
        average_loss_r=figures.average_loss,
        profit_factor=figures.profit_factor,
        total_r=figures.total_r,
        max_drawdown_r=figures.max_drawdown_r,
        median_mae_r=_median(judged.mae),
        median_mfe_r=_median(judged.mfe),
        fill_rate=len(counted) / tried if tried else None,
        median_delay_ms=float(np.median(delay)) + latency if len(rows) else None,
        ambiguous=int(table.ambiguous[rows].sum()),
        stop_first_r=known_mean(r if strategy.same_candle == "stop first" else played.other_order[counted]),
        target_first_r=known_mean(r if strategy.same_candle == "target first" else played.other_order[counted]),
        touch_through_r=known_mean(played.through[counted]),
        edited=reading.edited,
        deleted=reading.deleted,
        hindsight=sum(played.fates[i] == "hindsight" for i in places),
        word=verdict.word.value,
        verdict=str(verdict),
        why=verdict.why,
        judged=Judged(
            luck=verdict.luck,
            discovery=verdict.discovery,
            needed=verdict.needed,
            shrunk_r=judged.shrunk_r,
            sharpe=verdict.sharpe,
            random=record.random,
            checks=list(verdict.tests),
        ),
        targets=target_hits(table, rows, judged.cluster),
        latency=list(judged.latency.points),
        gone_after_s=judged.latency.gone_after_s,
        robust=_robust(judged),
        missing=judged.missing,
        pump=pump(plans_of(played, [played.rows[i] for i in places if played.rows[i] >= 0]), played.venue.candles),
        followed=_followed(played, judged, strategy, period_ms),
        funnel=Funnel(
            posted=reading.posted,
            signals=reading.called,
            updates=reading.updated,
            refused=sum(reading.refused.values()),
            unread=reading.unread,
            calls=dict(Counter(played.fates[i] for i in places).most_common()),
            reasons=dict(reading.refused.most_common()),
            unfollowed=dict(reading.why_unfollowed.most_common()),
        ),
        account_trades=sum([filled for filled, _ in own]),
        account_net=sum([net for _, net in own]),
    )


def _two_levels(table: PathTable, done: Ints) -> bool:
    """Whether stop and first target decide who wins, so that a fair share of wins can be named."""
    other = apart(table, done) | np.array([_trails_at_once(table.plans[row]) for row in done.tolist()], np.bool_)
    return int(other.sum()) <= MOST_APART * len(done)


def _trails_at_once(plan: Plan) -> bool:
    """Whether a stop follows before the first target is taken."""
    return plan.trail is not None and plan.trail.after_target == 0


def _robust(judged: Judgement) -> list[Hardened]:
    """The mean R under every reading that takes something away."""
    r, record = judged.r, judged.record
    first, second = halves(record.start_ms, record.end_ms)
    weakest = weakest_without_symbol(r, record.symbols) if len(r) else None
    rows = [Hardened(f"without the best {n}", mean_without_best(r, n)) for n in LEFT_OUT]
    rows += [Hardened("first half", known_mean(r[first])), Hardened("second half", known_mean(r[second]))]
    if weakest is not None:
        rows.append(Hardened(f"without {weakest[0]}, its best symbol", weakest[1]))
    rows += [Hardened(name, mean) for name, mean in record.readings.items()]
    return [*rows, Hardened("missing calls lost", judged.missing.worst_r)]


def _followed(played: Replay, judged: Judgement, strategy: Strategy, period_ms: tuple[int, int]) -> Followed:
    """What an account of its own, without rules, would have made of the channel."""
    rows, money, table = judged.rows, played.money, played.table
    size, risk, entry = strategy.size, money.risk[rows], money.entry[rows]
    lever = np.array([table.plans[row].leverage or strategy.leverage for row in rows.tolist()], np.float64)
    if size.risk is not None:
        quantity = np.minimum(size.risk / risk, lever / entry)
        stake = f"each trade risks {show.percent(size.risk, 1)} of the account"
    else:
        part = size.fraction if size.fraction is not None else (size.fixed or 0.0) / strategy.equity
        quantity, stake = part / entry, f"each trade is {show.percent(part, 1)} of the account"
    bought = (table.fill_price[rows] * table.fill_share[rows]).sum(axis=1)
    sold = (table.leg_price[rows] * table.leg_share[rows]).sum(axis=1)
    stakes = Stakes(
        table.fill_first_ms[rows],
        table.end_ms[rows],
        quantity * money.net[rows],
        quantity * (bought + sold),
        quantity * money.fees[rows],
        quantity * money.funding[rows],
    )
    figures = follow(stakes, *period_ms)
    other_r = played.other_order[judged.counted]
    other = end_equity(stakes.with_net(np.where(np.isfinite(other_r), quantity * risk * other_r, stakes.net)))
    return Followed(stake, min(figures.end, other), max(figures.end, other), figures)


def held_market(prices: Prices, strategy: Strategy, period_ms: tuple[int, int]) -> Held | None:
    """What buying and holding BTC would have made of 1,000; None without its candles."""
    bars = prices.candles(HELD_SYMBOL)
    bars = bars.before(strategy.to_ms) if bars is not None else None
    if bars is None or not len(bars):
        return None
    first = min(int(np.searchsorted(bars.ts, period_ms[0])), len(bars) - 1)
    last = max(int(np.searchsorted(bars.ts, period_ms[1])) - 1, first)
    return Held(HELD_SYMBOL, START * float(bars.close[last] / bars.open[first]))


def _median(values: Floats) -> float | None:
    """The median of what is known, None without anything."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else None


def _distances(table: PathTable, rows: Ints) -> tuple[Floats, Floats]:
    """The distances of stop and first target from the entry, shape (rows,); NaN where a trade has none."""
    entry = table.entry_price[rows]
    return np.abs(entry - table.stop[rows]), np.abs(table.target[rows, 0] - entry)


def account_result(strategy: Strategy, walked: WalkResult, curve: EquityCurve) -> AccountResult:
    """What the account did, and which rules refused how many calls."""
    trades = walked.trades.columns
    refusals = Counter((refused.notes[-1].rule, refused.notes[-1].where) for refused in walked.refused)
    return AccountResult(
        currency=strategy.currency,
        start_equity=strategy.equity,
        end_equity=walked.end_equity,
        trades=int(trades.filled.sum()),
        refused=len(walked.refused),
        max_drawdown=curve.max_drawdown,
        fees=sum(trades.fees[trades.filled].tolist()),
        funding=sum(trades.funding[trades.filled].tolist()),
        refusals=[{"rule": rule, "where": where, "count": n} for (rule, where), n in refusals.most_common()],
    )
