"""A replay of paper trading held against backtests of the same strategies on the same messages and candles.

With one strategy everything is compared: trades, refusals and the account's money, and each channel alone. An account
of several strategies has no backtest: each is one of a single strategy. So the fate, fills, exits and money of every
call are compared for one unit, whatever the account made of it; only taking and sizes are the account's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from math import isclose
from typing import TYPE_CHECKING

from engine.domain import Path, PathStatus, Trade
from engine.paper.reconcile import TOLERANCE, Difference, differences
from engine.paper.record import Record
from engine.pipeline.accounts import walk_accounts
from engine.pipeline.asof import opinions_at
from engine.pipeline.replay import COUNTED

if TYPE_CHECKING:
    from engine.market.candles import Candles
    from engine.paper.desk import Desk
    from engine.pipeline.backtest import Period
    from engine.pipeline.paper.desk import Loaded
    from engine.pipeline.progress import Track
    from engine.pipeline.replay import Replay
    from engine.verdict.asof import Course


def against_backtest(
    loaded: Loaded,
    period: Period,
    courses: Mapping[str, Course] | None,
    record: Record,
    alone: Mapping[str, Record],
    zone: str,
    track: Track,
) -> list[Difference]:
    """Where a backtest has other trades, or a channel alone other money."""
    played = period.played
    opinions_then = None if courses is None else partial(opinions_at, courses, played.table.plans)
    accounts = walk_accounts(played, loaded.strategy, loaded.rules, zone, track, opinions_then)
    walked = accounts.walked
    ours = {trade.path.plan.signal_id: trade for trade in record.trades.values()}
    theirs = {trade.path.plan.signal_id: trade for trade in walked.trades.values()}
    found = differences(ours, theirs)
    mine, others = ({one.signal_id for one in refused} for refused in (record.refused, walked.refused))
    found += [Difference(name, "refused", str(name in mine), str(name in others)) for name in sorted(mine ^ others)]
    for channel, one in alone.items():
        there = accounts.alone[channel]
        if not isclose(one.equity, there.end_equity, rel_tol=TOLERANCE) or len(one.refused) != there.refused:
            said = (f"{equity:.10g} after {refused} refused" for equity, refused in
                    ((one.equity, len(one.refused)), (there.end_equity, there.refused)))  # fmt: skip
            found.append(Difference(channel, "equity alone", *said))
    return found


Called = tuple[str, Trade | None]
"""The fate of a call in its channel's record, and its trade of one unit where it is a call of its own."""
UNKNOWN: Called = "none", None


def calls_against_backtest(
    desk: Desk, strategy: str, played: Replay, candles: Mapping[str, Candles]
) -> tuple[int, list[Difference]]:
    """How many calls of a strategy were planned here or in a backtest, and where they differ."""
    ours, theirs = _here(desk, strategy, candles), _there(played)
    found: list[Difference] = []
    trades: tuple[dict[str, Trade], dict[str, Trade]] = {}, {}
    for name in sorted({*ours, *theirs}):
        pair = ours.get(name, UNKNOWN), theirs.get(name, UNKNOWN)
        if pair[0][0] != pair[1][0]:
            found.append(Difference(name, "fate", pair[0][0], pair[1][0]))
            continue
        for kept, (_, trade) in zip(trades, pair, strict=True):
            if trade is not None:
                kept[name] = trade
    return len({*ours, *theirs}), found + differences(*trades)


def _here(desk: Desk, strategy: str, candles: Mapping[str, Candles]) -> dict[str, Called]:
    """The calls of a strategy in a shared account, as their channels' records have them at the end of the candles."""
    found: dict[str, Called] = {}
    for call in desk.books.rows:
        if call.lane != strategy:
            continue
        if not call.counted:
            found[call.plan.signal_id] = call.fate, None
            continue
        bars = candles[call.plan.symbol]
        path = call.path_at(desk.market.bar_at(bars.symbol, len(bars) - 1), bars.end_ms)
        money = call.money(path) if path.fills else (0.0, 0.0, 0.0)
        fate = path.status.value
        found[call.plan.signal_id] = (
            "no stop" if fate in COUNTED and not call.risk > 0 else fate,
            _unit(path, *money, call.risk),
        )
    return found


def _there(played: Replay) -> dict[str, Called]:
    """The same calls in a backtest."""
    eligible, money = {*played.eligible()}, played.money
    found: dict[str, Called] = {}
    for signal, row, fate in zip(played.signals, played.rows, played.fates, strict=True):
        if row < 0:
            continue
        trade = None
        if row in eligible:
            path = played.table.path(row)
            paid = [float(column[row]) if path.fills else 0.0 for column in (money.gross, money.fees, money.funding)]
            trade = _unit(path, paid[0], paid[1], paid[2], float(money.risk[row]))
        found[signal.id] = fate, trade
    return found


def _unit(path: Path, gross: float, fees: float, funding: float, risk: float) -> Trade:
    """A path with one unit."""
    net = gross - fees - funding
    counts = path.status in (PathStatus.CLOSED, PathStatus.OPEN) and risk > 0
    return Trade(path, 1.0, risk if risk > 0 else 0.0, gross, fees, funding, net, net / risk if counts else None)
