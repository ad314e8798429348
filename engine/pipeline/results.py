"""From paths and trades to what a report says: one result per channel, one of the account, one row per call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from engine.collect.reading import ReadResult
from engine.config.strategy import Strategy
from engine.domain import Distance, Path, RuleNote, Trade
from engine.market.candles import Floats
from engine.pipeline.progress import Track
from engine.pipeline.replay import COUNTED, Replay
from engine.report.run import AccountResult, ChannelResult, Funnel, HeldOut, Holdout
from engine.report.tables import CallRow
from engine.simulate.equity import EquityCurve
from engine.simulate.table import PathTable
from engine.simulate.walk import Refused, WalkResult
from engine.units import iso
from engine.verdict.metrics import measure
from engine.verdict.verdict import judge

if TYPE_CHECKING:
    from engine.channel import Profile


def channel_results(
    profiles: Sequence[Profile],
    readings: dict[str, ReadResult],
    played: Replay,
    walked: WalkResult,
    strategy: Strategy,
    track: Track,
) -> list[ChannelResult]:
    """What each channel did, from all its calls, whatever the account's rules said."""
    return [
        _channel(profile, readings[profile.id], played, walked, strategy)
        for profile in track(profiles, "judging channels")
    ]


def holdout_result(profiles: Sequence[Profile], played: Replay, strategy: Strategy, period: tuple[str, str]) -> Holdout:
    """What each channel did in the time that was held out."""
    rows = []
    for profile in profiles:
        places = [i for i, s in enumerate(played.signals) if s.message.channel == profile.id]
        counted = [i for i in places if played.fates[i] in COUNTED]
        at, r = np.array([played.rows[i] for i in counted], np.int64), played.r[counted]
        verdict = judge(r, played.table.fill_first_ms[at], played.table.end_ms[at], strategy.seed)
        low, high = (verdict.interval.low, verdict.interval.high) if verdict.interval else (None, None)
        mean = float(r.mean()) if len(r) else None
        rows.append(HeldOut(profile.id, profile.name, len(places), len(counted), mean, low, high, str(verdict)))
    return Holdout(period, rows)


def _channel(
    profile: Profile, reading: ReadResult, played: Replay, walked: WalkResult, strategy: Strategy
) -> ChannelResult:
    places = [i for i, s in enumerate(played.signals) if s.message.channel == profile.id]
    counted = [i for i in places if played.fates[i] in COUNTED]
    rows = np.array([played.rows[i] for i in counted], np.int64)
    table, r = played.table, played.r[counted]
    end = table.end_ms[rows]
    verdict = judge(r, table.fill_first_ms[rows], end, strategy.seed)
    closed = np.array([played.fates[i] == "closed" for i in counted], np.bool_)
    done = rows[closed]
    figures = measure(r, end, *_distances(table, rows))
    hits = measure(r[closed], end[closed], *_distances(table, done))
    own = [walked.trades[row] for row in walked.trades if table.plans[row].channel == profile.id]
    tried = sum(played.fates[i] in (*COUNTED, "expired", "target first", "stop first", "cancelled", "resting") for i in places)
    act = np.array([table.plans[row].act_ms for row in rows.tolist()], np.int64)
    latency = strategy.entry_of(profile.id).latency_ms
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
        fair_win_rate=hits.fair_win_rate,
        profit_factor=figures.profit_factor,
        total_r=figures.total_r,
        max_drawdown_r=figures.max_drawdown_r,
        fill_rate=len(counted) / tried if tried else None,
        median_delay_ms=float(np.median(table.first_ms[rows] - act)) + latency if len(rows) else None,
        ambiguous=int(table.ambiguous[rows].sum()),
        stop_first_r=_mean(r if strategy.same_candle == "stop first" else played.other_order[counted]),
        target_first_r=_mean(r if strategy.same_candle == "target first" else played.other_order[counted]),
        touch_through_r=_mean(played.through[counted]),
        edited=reading.edited,
        hindsight=sum(played.fates[i] == "hindsight" for i in places),
        verdict=str(verdict),
        why=verdict.why,
        funnel=Funnel(
            posted=reading.posted,
            signals=reading.called,
            updates=reading.updated,
            refused=sum(reading.refused.values()),
            unread=reading.unread,
            calls=dict(Counter(played.fates[i] for i in places).most_common()),
            reasons=dict(reading.refused.most_common()),
        ),
        account_trades=sum(bool(trade.path.fills) for trade in own),
        account_net=sum(trade.net for trade in own),
    )


def _mean(r: Floats) -> float | None:
    """The mean of what is known, None without anything."""
    known = r[np.isfinite(r)]
    return float(known.mean()) if len(known) else None


def _distances(table: PathTable, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[Floats, Floats]:
    """The distances of stop and first target from the entry, shape (rows,); NaN where a trade has none."""
    entry = table.entry_price[rows]
    return np.abs(entry - table.stop[rows]), np.abs(table.target[rows, 0] - entry)


def account_result(strategy: Strategy, walked: WalkResult, curve: EquityCurve) -> AccountResult:
    """What the account did, and which rules refused how many calls."""
    trades = [trade for trade in walked.trades.values() if trade.path.fills]
    refusals = Counter((refused.notes[-1].rule, refused.notes[-1].where) for refused in walked.refused)
    return AccountResult(
        currency=strategy.currency,
        start_equity=strategy.equity,
        end_equity=walked.end_equity,
        trades=len(trades),
        refused=len(walked.refused),
        max_drawdown=curve.max_drawdown,
        fees=sum(trade.fees for trade in trades),
        funding=sum(trade.funding for trade in trades),
        refusals=[{"rule": rule, "where": where, "count": n} for (rule, where), n in refusals.most_common()],
    )


def call_rows(played: Replay, walked: WalkResult) -> list[CallRow]:
    """One row per call, in order of posting."""
    refused = {entry.row: entry for entry in walked.refused}
    order = sorted(range(len(played.signals)), key=lambda i: (played.signals[i].message.posted_ms, i))
    return [_row(played, i, walked.trades, refused) for i in order]


def _row(played: Replay, i: int, trades: dict[int, Trade], refused: dict[int, Refused]) -> CallRow:
    signal, at, table = played.signals[i], played.rows[i], played.table
    setup = signal.setup
    row = CallRow(
        signal_id=signal.id,
        channel=signal.message.channel,
        posted=iso(signal.message.posted_ms),
        symbol=setup.symbol,
        side=setup.side.value,
        entry_kind=setup.entry_kind.value,
        entry=setup.entries,
        stop=None if isinstance(setup.stop, Distance) else setup.stop,
        targets=tuple(t.price for t in setup.targets if t.price is not None),
        leverage=setup.leverage,
        layout=setup.layout,
        status=played.fates[i],
    )
    if at < 0:
        return row
    path, trade, no = table.path(at), trades.get(at), refused.get(at)
    note = no.notes[-1] if no and no.notes else None
    said: Sequence[RuleNote] = no.notes if no else trade.notes if trade else ()
    r, stop = float(played.money.r[at]), float(table.stop[at])
    row = replace(
        row,
        acted=iso(path.plan.act_ms),
        stop=None if np.isnan(stop) else stop,
        ambiguous=path.ambiguous,
        taken=trade is not None,
        rule=note.rule if note else "",
        rule_where=note.where if note else "",
        notes="; ".join(n.text for n in said),
        r=None if np.isnan(r) else r,
    )
    if path.fills:
        row = replace(
            row,
            filled_at=iso(path.fills[0].ts_ms),
            closed_at=iso(path.legs[-1].ts_ms),
            entry_price=float(table.entry_price[at]),
            exit_reason=path.legs[-1].reason.value,
            exits=_exits(path),
            delay_s=(path.fills[0].ts_ms - signal.message.known_ms) / 1000,
        )
    if trade is None:
        return row
    return replace(
        row,
        quantity=trade.quantity,
        risk=trade.risk,
        gross=trade.gross,
        fees=trade.fees,
        funding=trade.funding,
        net=trade.net,
    )


def _exits(path: Path) -> str:
    """The exits as text: ``target 1 65000 x 0.5 @ 2025-05-04T15:40:00Z; stop ...``."""
    words = [f"{leg.reason.value} {leg.target}" if leg.target else leg.reason.value for leg in path.legs]
    return "; ".join(
        f"{word} {leg.price:.10g} x {leg.share:.3g} @ {iso(leg.ts_ms)}"
        for word, leg in zip(words, path.legs, strict=True)
    )
