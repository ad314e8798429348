"""From an account on paper to the figures of its page (``engine.report.paperrun``)."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from engine import __version__
from engine.domain import UNTIL_RESUMED_MS, ExitReason
from engine.pipeline.paper.book import running_account
from engine.pipeline.paper.forward import expectations, forward_records
from engine.pipeline.paper.presence import ended, ended_line
from engine.pipeline.paper.rows import open_calls
from engine.pipeline.statements import assumptions
from engine.pipeline.ticks import shown_decimals
from engine.report.paperrun import PAPER_FORMAT, LaneTerms, PaperRun, Pause, Seen
from engine.report.show import count
from engine.simulate.money import fee_of
from engine.units import iso, show_duration, show_time

if TYPE_CHECKING:
    from engine.pipeline.paper.account import Account
    from engine.pipeline.paper.sources import Sources
    from engine.pipeline.workspace import Workspace
    from engine.simulate.equity import EquityCurve


def results_of(workspace: Workspace, account: Account, curve: EquityCurve, exact: bool) -> PaperRun:
    """All figures of the page."""
    book, told, sources = account.book, account.told, account.sources
    filled = [one.trade for one in account.filled if one.trade is not None]
    strategies = {one.strategy.name: one.strategy for one in sources.loaded}
    inputs = {str(name): str(digest) for name, digest in book.begun.data["inputs"].items()}
    named = [str(name) for name in book.begun.data["strategies"]]
    expected = expectations(workspace.runs_path, named, inputs)
    seed = sources.loaded[0].strategy.seed if sources.loaded else 1
    opened = open_calls(account.stands)
    running = not sources.replay and running_account(workspace, book.ledger) == book.account
    return PaperRun(
        format=PAPER_FORMAT,
        created=iso(round(time.time()) * 1000),
        version=__version__,
        account=book.account,
        replay=sources.replay,
        running=running,
        timezone=workspace.settings.timezone,
        currency=book.currency,
        price_source=_origin(sources),
        timeframe=show_duration(book.begun.data["timeframe_ms"]),
        began=iso(book.began_ms),
        through=iso(account.through_ms),
        marked=iso(account.through_ms),
        start_equity=account.start,
        equity=account.start + account.net,
        open_net=sum(one.net for one in opened if one.net is not None),
        max_drawdown=curve.max_drawdown,
        drawdown=float(curve.drawdown[-1]) if len(curve.drawdown) else 0.0,
        exact=exact,
        heard=len(account.fates),
        taken=sum(one.trade is not None for one in account.stands),
        trades=len(filled),
        refused=sum(one.call.refused for one in account.stands),
        fees=sum(trade.fees for trade in filled) - (0.0 if sources.replay else _not_paid_yet(account)),
        funding=sum(trade.funding for trade in filled),
        ledger=workspace.shown(book.ledger.path),
        events=book.ledger.last(),
        head=book.ledger.head(),
        open=opened,
        pauses=_pauses(account),
        channels=forward_records(
            account.stands,
            account.fates,
            strategies,
            sources.names,
            expected,
            account.alone,
            {name: dict(codes.most_common()) for name, codes in book.heard.unfollowed.items()},
            seed,
        ),
        days=sorted(told.days.values(), key=lambda day: day.day, reverse=True),
        seen=seen_of(account),
        happened=told.happened,
        late=told.late,
        late_count=told.late_count,
        gaps=told.gaps,
        lanes=_lanes(account),
        assumptions=_assumptions(workspace, sources),
        warnings=[*([] if running else _ended(workspace, account)), *_warnings(account, exact), *sources.notes],
        inputs=inputs,
        decimals=_decimals(account),
    )


def _origin(sources: Sources) -> str:
    """Where the prices come from."""
    if sources.replay and sources.prices is not None:
        return sources.prices.origin
    market = sources.loaded[0].strategy.market if sources.loaded else None
    return f"live {market.source} {market.type} candles of {market.timeframe}" if market else "prices not known"


def _not_paid_yet(account: Account) -> float:
    """The fees of leaving what is open, which its worth counts already."""
    return sum(
        fee_of(leg, one.call.acting.stepper.terms) * one.trade.quantity
        for one in account.filled
        if one.trade is not None
        for leg in one.trade.path.legs
        if leg.reason is ExitReason.END
    )


def _pauses(account: Account) -> list[Pause]:
    """The halts in force, and why."""
    found = []
    now = account.through_ms if account.sources.replay else round(time.time() * 1000)
    for halt in account.book.halts:
        if halt.until_ms <= now:
            continue
        until = "" if halt.until_ms >= UNTIL_RESUMED_MS else iso(halt.until_ms)
        why = account.told.halts.get(halt.rule, "")
        found.append(Pause(halt.rule, halt.where, until, list(halt.channels), list(halt.symbols), why))
    return found


def seen_of(account: Account) -> list[Seen]:
    """What was said live beside the record, channel by channel."""
    told, calls = account.told, {one.call.row: one.call for one in account.stands}
    pairs, waited, back = (defaultdict[str, list[Any]](list) for _ in range(3))
    for pair in told.pairs:
        call = calls[pair.row]
        into = 1 if pair.record.what.startswith("in ") else -1
        worse = into * call.plan.side.sign * (pair.record.price - pair.live.price) / pair.live.price * 10_000
        apart = into * call.plan.side.sign * (pair.live.price - pair.record.price)
        pairs[call.plan.channel].append((worse, pair.r, apart * pair.record.share * call.quantity))
    for row, (at_ms, _) in told.first.items():
        waited[calls[row].plan.channel].append((at_ms - calls[row].posted_ms) / 1000)
    for row, number in told.withdrawn.items():
        back[calls[row].plan.channel].append(number)
    rows = []
    for channel in sorted({*pairs, *waited, *back}):
        points, r = [bp for bp, _, _ in pairs[channel]], [r for _, r, _ in pairs[channel] if r is not None]
        rows.append(
            Seen(
                channel, len(waited[channel]), len(points), _mean(points), max(points, key=abs, default=None), _mean(r),
                sum(back[channel]), float(np.median(waited[channel])) if waited[channel] else None,
                sum(money for *_, money in pairs[channel]) if pairs[channel] else None,
            )
        )  # fmt: skip
    return rows


def _mean(values: list[float]) -> float | None:
    """The mean, None without any."""
    return float(np.mean(values)) if values else None


def _lanes(account: Account) -> list[LaneTerms]:
    """The strategies and their costs."""
    settings = {one.strategy.name: one.strategy for one in account.sources.loaded}
    return [
        LaneTerms(
            name, terms.maker, terms.taker, terms.slippage, terms.same_candle,
            settings[name].entry.latency_ms if name in settings else None,
        )
        for name, terms in account.book.fold.terms.items()
    ]  # fmt: skip


def _assumptions(workspace: Workspace, sources: Sources) -> list[str]:
    """What a backtest would say of the same strategy; the figures of a backtest alone are left out."""
    if not sources.loaded or sources.prices is None:
        return []
    said = assumptions(sources.loaded[0].strategy, workspace, sources.prices, [])
    return [line for line in said if not line.startswith(("prices:", "the touch-through"))]


def _ended(workspace: Workspace, account: Account) -> list[str]:
    """That nobody trades any more, where nobody stopped it."""
    end = None if account.sources.replay else ended(workspace, account.book)
    if end is None:
        return []
    return [ended_line(end.fault, end.log, show_time(end.at_ms, workspace.settings.timezone)[:16])]


def _warnings(account: Account, exact: bool) -> list[str]:
    """What a reader has to know before any figure."""
    found, told = [], account.told
    if told.gaps:
        away = show_duration(1000 * sum(gap.seconds for gap in told.gaps))
        gaps = count(len(told.gaps), "gap")
        found.append(f"nobody traded for {away} in all ({gaps}); what was missed is marked late")
    if not exact and account.filled:
        found.append(
            "the drawdown is taken when the account moved, not at each candle: it may have been deeper between"
        )
    return found


def _decimals(account: Account) -> dict[str, int]:
    """The decimals of each symbol's tick, where candles tell them."""
    prices, candles = account.sources.prices, account.sources.candles
    if prices is None:
        return {}
    return {symbol: shown_decimals(bars, prices.contracts(symbol)) for symbol, bars in sorted(candles.items())}
