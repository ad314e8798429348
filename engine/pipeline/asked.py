"""What a run is asked for: its strategy, its period, and whose prices it uses. Everything raises InputError."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.config.strategies import LONGEST_SYNTHETIC_MS, NO_PERIOD, NO_PERIOD_HINT
from engine.config.strategy import Strategy
from engine.market.store import CandleStore
from engine.market.synthetic import SyntheticMarket
from engine.pipeline.errors import InputError
from engine.pipeline.prices import Prices, StoredPrices, SyntheticPrices
from engine.pipeline.workspace import Workspace
from engine.problem import Problem
from engine.units import DAY_MS, iso, moment_ms

if TYPE_CHECKING:
    from engine.config.strategies import StrategyFile
    from engine.domain import Message


def load_strategy(workspace: Workspace, given: str) -> StrategyFile:
    """The strategy with everything it names, without errors."""
    file = workspace.strategy(workspace.find_strategy(given))
    _ = workspace.settings
    workspace.check()
    if file is None:
        raise InputError(findings=workspace.findings)
    return file


def with_period(strategy: Strategy, from_: str | None, to: str | None) -> Strategy:
    """The strategy with the period of the command line over its own."""
    bounds = []
    for name, text, own in (("--from", from_, strategy.from_ms), ("--to", to, strategy.to_ms)):
        try:
            bounds.append(own if text is None else moment_ms(text))
        except ValueError:
            raise InputError(Problem(f"{name} {text} is no date", hint="write it as 2025-03-01")) from None
    start, end = bounds
    if start is not None and end is not None and start >= end:
        raise InputError(
            Problem("the period ends before it begins", hint="--from is the first day, --to the day after")
        )
    return replace(strategy, from_ms=start, to_ms=end)


def cut_at(strategy: Strategy, holdout: str) -> Strategy:
    """The strategy up to the day from which everything is held out."""
    try:
        day = moment_ms(holdout)
    except ValueError:
        raise InputError(Problem(f"--holdout {holdout} is no date", hint="write it as 2025-03-01")) from None
    if day <= (strategy.from_ms or 0) or day >= (strategy.to_ms or day + 1):
        raise outside_period(holdout, strategy.from_ms, None if strategy.to_ms is None else strategy.to_ms - 1)
    return replace(strategy, to_ms=day)


def outside_period(holdout: str, start_ms: int | None, last_ms: int | None) -> InputError:
    """A day to hold out from that leaves nothing on one of its sides; ``last_ms`` is still inside."""
    first = "" if start_ms is None else f" from {iso((start_ms // DAY_MS + 1) * DAY_MS)[:10]}"
    last = "" if last_ms is None else f" to {iso(last_ms)[:10]}"
    hint = f"choose a day{first}{last}" if first or last else ""
    return InputError(Problem(f"--holdout {holdout} does not lie inside the period", hint=hint))


def check_held_out(holdout: str, strategy: Strategy, known: Mapping[str, Sequence[Message]]) -> None:
    """Refuse a day to hold out from, the end of ``strategy``, with all ``known`` messages on one of its sides."""
    posted = [message.posted_ms for found in known.values() for message in found]
    inside = [ms for ms in posted if ms >= (strategy.from_ms or 0)]
    if inside and strategy.to_ms is not None and not min(inside) < strategy.to_ms <= max(inside):
        raise outside_period(holdout, min(inside), max(inside))


def prices_of(workspace: Workspace, strategy: Strategy) -> tuple[Prices, SyntheticMarket | None]:
    """Where this run's prices come from, and the synthetic market if it is that."""
    market = strategy.market
    if market.source != "synthetic":
        before = max(market.timeframe_ms, DAY_MS if strategy.costs.impact else 0)
        start = None if strategy.from_ms is None else strategy.from_ms - before
        store = CandleStore(workspace.candles_path)
        return StoredPrices(store, market, start, strategy.to_ms, strategy.finer), None
    if strategy.from_ms is None or strategy.to_ms is None:
        raise InputError(Problem(NO_PERIOD, strategy.path, hint=NO_PERIOD_HINT))
    if strategy.to_ms - strategy.from_ms > LONGEST_SYNTHETIC_MS:
        raise InputError(Problem("a synthetic market lasts three years at most", strategy.path))
    world = SyntheticMarket(market.seed or 0, strategy.from_ms, strategy.to_ms, market.timeframe_ms)
    return SyntheticPrices(world), world


def no_candles(workspace: Workspace, strategy: Strategy, symbols: Sequence[str]) -> Problem:
    """The problem of a store without any candle for any call."""
    market = strategy.market
    held = sorted({f"{s.source} {s.type} {s.series}" for s in CandleStore(workspace.candles_path).list()})
    named = ", ".join(symbols[:5]) + (" ..." if len(symbols) > 5 else "")
    return Problem(
        f"no {market.source} {market.type} candles of {market.timeframe} for {named}",
        workspace.shown(workspace.candles_path),
        hint="cli.py market import FILE brings them" + (f"; the store has {', '.join(held)}" if held else ""),
    )
