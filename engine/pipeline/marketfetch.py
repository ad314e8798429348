"""``cli.py market fetch``: which symbols, which period, and what to say afterwards."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.config.strategy import Strategy
from engine.market.gathering import PARTS, Order, Outcome, RowProgress, gather
from engine.market.seriesfile import StoreError
from engine.market.store import FUNDING, MARK, CandleStore
from engine.market.timeframes import parse_timeframe
from engine.pipeline.errors import InputError
from engine.pipeline.progress import Track
from engine.pipeline.workspace import Workspace
from engine.problem import Problem
from engine.units import DAY_MS, moment_ms, show_time

LOG = logging.getLogger(__name__)
DEFAULT_DAYS = 30
DEFAULT_SOURCE, DEFAULT_TYPE, DEFAULT_TIMEFRAME = "mexc", "swap", "1m"
BEFORE_MS = DAY_MS  # candles before a first signal: its plan may look back a little
AFTER_MS = 7 * DAY_MS  # and after a last one, when the strategy does not say how long a trade may last


@dataclass(frozen=True)
class Request:
    """The command's options; None or () where one was not given."""

    symbols: tuple[str, ...] = ()
    strategy: str | None = None
    from_: str | None = None
    to: str | None = None
    timeframes: tuple[str, ...] = ()
    kind: str | None = None
    source: str | None = None
    only: tuple[str, ...] = ()
    again: bool = False


@dataclass(frozen=True)
class Report:
    """What was done, as lines to print, and what could not be done."""

    text: str
    problems: tuple[Problem, ...]


def fetch_market(workspace: Workspace, request: Request, now_ms: int, track: Track, progress: RowProgress) -> Report:
    """Fetch what is missing. Raises InputError when there is nothing to ask for; what came before that is stored."""
    for timeframe in request.timeframes:
        if parse_timeframe(timeframe) is None:
            raise InputError(Problem(f'"{timeframe}" is no time frame', hint="such as --timeframe 1m, 4h or 1d"))
    store = CandleStore(workspace.candles_path)
    try:
        orders = _orders(workspace, store, request, now_ms, track)
        outcomes = [asyncio.run(gather(order, store, progress)) for order in orders]
    except StoreError as error:
        raise InputError(error.problem) from None
    lines = [line for order, outcome in zip(orders, outcomes, strict=True) for line in told(order, outcome)]
    for line in lines:
        LOG.info("market fetch: %s", line)
    problems = dict.fromkeys(problem for outcome in outcomes for problem in outcome.problems)
    return Report("\n".join(lines), tuple(problems))


def told(order: Order, outcome: Outcome) -> list[str]:
    """An outcome as lines for people."""
    lines = []
    for done in sorted(outcome.candles, key=lambda one: (one.series.symbol, one.series.timeframe_ms, one.series.mark)):
        span = f"{show_time(done.asked.start_ms)} to {show_time(done.asked.end_ms)} UTC"
        text = f"{order.exchange} {order.kind} {done.series}: {done.new:,} new candles, asked for {span}"
        if done.nothing:
            text += "; the exchange has none" if done.problem is None else ""
        elif done.absent:
            text += f"; the exchange has no candle for {done.absent:,} of them"
        if done.begins_ms is not None:
            text += f"; its history begins {show_time(done.begins_ms)}"
        lines.append(text)
    for paid in sorted(outcome.funding, key=lambda one: one.symbol):
        text = f"{order.exchange} swap {paid.symbol} funding: {paid.new:,} new settlements"
        lines.append(text + (f"; its history begins {show_time(paid.begins_ms)}" if paid.begins_ms else ""))
    if outcome.contracts:
        lines.append(f"{order.exchange} {order.kind}: contract facts of {len(outcome.contracts):,} symbols")
    return lines + [f"note: {note}" for note in dict.fromkeys(outcome.notes)]


def _orders(workspace: Workspace, store: CandleStore, request: Request, now_ms: int, track: Track) -> tuple[Order, ...]:
    """What the options ask for. Without symbols and strategy: what the store has, brought up to date."""
    if request.strategy is not None:
        return (_of_strategy(workspace, request, now_ms, track),)
    if request.symbols:
        kind = request.kind or DEFAULT_TYPE
        start_ms = _moment(request.from_, "--from") if request.from_ else now_ms - DEFAULT_DAYS * DAY_MS
        timeframes = request.timeframes or (DEFAULT_TIMEFRAME,)
        return (_order(request, request.source or DEFAULT_SOURCE, kind, request.symbols, timeframes, start_ms),)
    orders = tuple(_updates(store, request))
    if not orders:
        hint = "such as: cli.py market fetch BTCUSDT ETHUSDT --from 2025-01-01, or --strategy NAME"
        raise InputError(
            Problem("nothing to fetch: the store holds no exchange's candles yet", hint=f"name symbols, {hint}")
        )
    return orders


def _updates(store: CandleStore, request: Request) -> Iterable[Order]:
    """One order for each exchange and type in the store, from the end of what is there."""
    groups: dict[tuple[str, str, str], list[tuple[str, int]]] = {}
    for row in store.list():
        wanted = request.source in (None, row.source) and request.kind in (None, row.type)
        traded = row.series != FUNDING and not row.series.startswith(MARK)
        if row.origin and wanted and traded and (not request.timeframes or row.series in request.timeframes):
            groups.setdefault((row.source, row.type, row.series), []).append((row.symbol, row.last_ms))
    for (source, kind, timeframe), symbols in groups.items():
        start_ms = _moment(request.from_, "--from") if request.from_ else min(last for _, last in symbols)
        yield _order(request, source, kind, tuple(symbol for symbol, _ in symbols), (timeframe,), start_ms)


def _order(
    request: Request, source: str, kind: str, symbols: tuple[str, ...], timeframes: tuple[str, ...], start_ms: int
) -> Order:
    """An order with the options that are common to all."""
    end_ms = _moment(request.to, "--to") if request.to else None
    if end_ms is not None and end_ms <= start_ms:
        raise InputError(
            Problem("--to is not later than --from", hint="both are UTC; --to is the first moment not wanted")
        )
    parts = frozenset(request.only) or frozenset(PARTS)
    return Order(source, kind, symbols, timeframes, start_ms, end_ms, parts, request.again)


def _of_strategy(workspace: Workspace, request: Request, now_ms: int, track: Track) -> Order:
    """The symbols that a strategy's signals name, over the time that they and their trades take."""
    from engine.pipeline.readings import channel_messages, read_channels

    path: Path = workspace.find_strategy(request.strategy or "")
    loaded = workspace.strategy(path)
    workspace.check()
    if loaded is None:
        raise InputError(Problem("the strategy cannot be used", workspace.shown(path)))
    strategy: Strategy = loaded.strategy
    market = strategy.market
    source = request.source or market.source
    if source in ("synthetic", "imported"):
        hint = "set market source to an exchange such as mexc, or say --source mexc"
        raise InputError(Problem(f'the prices of source "{source}" are not fetched', workspace.shown(path), hint=hint))
    profiles = [profile for name in strategy.channels if (profile := workspace.profile(name)) is not None]
    readings = read_channels(profiles, channel_messages(workspace, profiles, None, strategy.seed), track)
    signals = [
        signal
        for result in readings.values()
        for signal in result.signals
        if (strategy.from_ms is None or signal.message.known_ms >= strategy.from_ms)
        and (strategy.to_ms is None or signal.message.known_ms < strategy.to_ms)
    ]
    if not signals:
        raise InputError(Problem("its channels have no signal in its period", workspace.shown(path)))
    longest = max(strategy.exit_of(name).close_after_ms or AFTER_MS for name in strategy.channels)
    wait = max(strategy.entry_of(name).valid_for_ms for name in strategy.channels)
    first, last = min(s.message.known_ms for s in signals), max(s.message.known_ms for s in signals)
    start_ms = _moment(request.from_, "--from") if request.from_ else first - BEFORE_MS
    symbols = request.symbols or tuple(sorted({signal.setup.symbol for signal in signals}))
    timeframes = request.timeframes or (market.timeframe,)
    order = _order(request, source, request.kind or market.type, symbols, timeframes, start_ms)
    end_ms = order.end_ms or min(last + wait + longest, now_ms)
    return Order(source, order.kind, symbols, timeframes, start_ms, end_ms, order.parts, order.again)


def _moment(text: str, option: str) -> int:
    """A date option in ms."""
    try:
        return moment_ms(text)
    except ValueError:
        raise InputError(
            Problem(f'{option} "{text}" is not a date', hint="such as 2025-05-04 or 2025-05-04 15:30 (UTC)")
        ) from None
